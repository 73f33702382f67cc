"""A model small enough to be searched through: outbox, two relays, events, two workers, inbox, sweep.

One scheme is to go from stage 0 to stage LAST. A flow's transaction moves it from k to k+1, has its
effect (a notice, an assignment), takes the inbox line of the event that woke it, and puts line k+1 into
the outbox. A relay leases a line, sends its event, marks it told. Every step of everybody is one move of
the model, in any order; some of them may be faults (see exploring.py). Nothing here knows choucha:
if model and code part ways, one of them is wrong.

    line: none → waits → leased → told; orphaned: its relay died and the lease still runs
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

LAST = 3
NONE, WAITS, LEASED, ORPHANED, TOLD = range(5)


@dataclass(frozen=True)
class Protections:
    """What keeps effects exactly once and nothing stuck; each may be taken away."""

    outbox_inside: bool = True
    lease: bool = True
    inbox: bool = True
    guard: bool = True
    sweep: bool = True


class State(NamedTuple):
    """All that is: in the register, on the way, and in the heads of relays and workers.

    `relays`: (line, has sent) or (); `workers`: (event or sweep, stage, step) or (); `queue`: runs that
    wait, an event's or the sweep's, each with its stage; `effects`, `sent`: how often, by stage.
    `swept`: 1, once amid everything; 2, at rest, and from then on nothing fails any more.
    """

    stage: int = 0
    effects: tuple = (0,) * LAST
    lines: tuple = (WAITS,) + (NONE,) * (LAST - 1)
    sent: tuple = (0,) * LAST
    inbox: frozenset = frozenset()
    relays: tuple = ((), ())
    queue: tuple = ()
    workers: tuple = ((), ())
    swept: int = 0
    faults: int = 0


def put(values: tuple, at: int, value: object) -> tuple:
    return (*values[:at], value, *values[at + 1:])


def held(values: tuple, at: int, value: object) -> tuple:
    """Replace one of two relays or workers: which of them it is makes no difference."""
    return tuple(sorted(put(values, at, value)))


def waiting(one: State) -> Iterator[tuple[tuple, tuple]]:
    """Each run that waits, and the queue without it: none has to be taken first."""
    for run in sorted(set(one.queue)):
        place = one.queue.index(run)
        yield run, one.queue[:place] + one.queue[place + 1:]


def relays(one: State, has: Protections) -> Iterator[tuple[str, State]]:
    """What a relay does next."""
    for at, mind in enumerate(one.relays):
        if not mind:
            for line, stands in enumerate(one.lines):
                if stands == WAITS:
                    leased = put(one.lines, line, LEASED) if has.lease else one.lines
                    yield f"lease {line}", one._replace(lines=leased, relays=held(one.relays, at, (line, False)))
        elif not mind[1]:
            line = mind[0]
            yield f"send {line}", one._replace(
                sent=put(one.sent, line, min(2, one.sent[line] + 1)), relays=held(one.relays, at, (line, True)),
                queue=tuple(sorted((*one.queue, ("event", line)))))
        else:
            yield f"told {mind[0]}", one._replace(
                lines=put(one.lines, mind[0], TOLD), relays=held(one.relays, at, ()))


def workers(one: State, has: Protections) -> Iterator[tuple[str, State]]:
    """What a worker does next: take a run up, look, commit."""
    for at, mind in enumerate(one.workers):
        if not mind:
            for run, rest in waiting(one):
                yield f"take up {run}", one._replace(queue=rest, workers=held(one.workers, at, (*run, "look")))
            continue
        kind, stage, step = mind
        if step == "look":
            is_due = one.stage == stage and not (has.inbox and kind == "event" and stage in one.inbox)
            yield f"look {stage}", one._replace(
                workers=held(one.workers, at, (kind, stage, "commit") if is_due else ()))
        elif step == "commit":
            yield f"commit {stage}", commit(one, has, at, kind, stage)
        else:  # the line, written after the commit: only without the protection
            yield f"write line {stage + 1}", one._replace(
                lines=put(one.lines, stage + 1, WAITS), workers=held(one.workers, at, ()))


def commit(one: State, has: Protections, at: int, kind: str, stage: int) -> State:
    """The transaction: all of it, or, where the row has moved or the event was taken up, nothing."""
    over = one._replace(workers=held(one.workers, at, ()))
    if (has.guard and one.stage != stage) or (has.inbox and kind == "event" and stage in one.inbox):
        return over
    done = over._replace(
        stage=max(one.stage, stage + 1), effects=put(one.effects, stage, min(2, one.effects[stage] + 1)),
        inbox=one.inbox | {stage} if kind == "event" else one.inbox)
    if stage + 1 == LAST or one.lines[stage + 1] != NONE:
        return done
    if has.outbox_inside:
        return done._replace(lines=put(one.lines, stage + 1, WAITS))
    return done._replace(workers=held(one.workers, at, (kind, stage, "write")))


def sweep(one: State, time: int) -> State:
    """Start what is due, from the register alone."""
    return one._replace(swept=time, queue=tuple(sorted((*one.queue, ("sweep", one.stage)))))


def faults(one: State) -> Iterator[tuple[str, State]]:
    """Whatever may go wrong now."""
    worse = one._replace(faults=one.faults + 1)
    for at, mind in enumerate(one.relays):
        if mind:
            line, stands = mind[0], one.lines[mind[0]]
            yield f"relay dies with {line}", worse._replace(relays=held(one.relays, at, ()), lines=put(
                one.lines, line, ORPHANED if stands == LEASED else stands))
            if stands == LEASED:
                yield f"lease of {line} runs out early", worse._replace(lines=put(one.lines, line, WAITS))
    for at, mind in enumerate(one.workers):
        if mind:
            yield f"worker dies with {mind}", worse._replace(workers=held(one.workers, at, ()))
    for run, rest in waiting(one):
        yield f"{run} is lost", worse._replace(queue=rest)
        yield f"{run} comes twice", worse._replace(queue=tuple(sorted((*one.queue, run))))


def going_on(one: State, has: Protections) -> Iterator[tuple[str, State]]:
    """Whatever happens by itself, without a fault and without a sweep; the lease of the dead runs out."""
    yield from relays(one, has)
    yield from workers(one, has)
    for line, stands in enumerate(one.lines):
        if stands == ORPHANED:
            yield f"lease of {line} runs out", one._replace(lines=put(one.lines, line, WAITS))
