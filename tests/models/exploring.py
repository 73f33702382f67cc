"""Breadth first through every state of the model; what must hold in each, and the way to one that must not be."""

from collections import deque

from tests.models.relay_model import LAST, TOLD, Protections, State, faults, going_on, sweep

FAULTS = 2
ALL = Protections()


class Wrong(Exception):
    """A state that must not be, and the way there."""


def look_at(one: State) -> None:
    """Hold what must hold at every moment."""
    if 2 in one.effects:
        raise Wrong("an effect came twice")
    if 2 in one.sent and not one.faults:
        raise Wrong("an event was sent twice, and nothing had failed")


def look_at_rest(one: State) -> None:
    """Hold what must hold when nothing more happens."""
    if one.stage < LAST or one.effects != (1,) * LAST:
        raise Wrong("it is stuck")
    if set(one.lines) != {TOLD}:
        raise Wrong("a move was never told")


def explore(has: Protections = ALL, most: int = FAULTS) -> int:
    """Look at every state that can be reached with so many faults; return how many there are.

    Raises:
        Wrong: one must not be; says which, and every step on the shortest way there.
    """
    came: dict[State, tuple[State, str] | None] = {State(): None}
    coming = deque(came)

    def go(one: State, name: str, to: State) -> None:
        if to not in came:
            came[to] = (one, name)
            coming.append(to)

    one = State()
    try:
        while coming:
            one = coming.popleft()
            look_at(one)
            for name, to in (steps := list(going_on(one, has))):
                go(one, name, to)
            is_due = has.sweep and one.stage < LAST
            if not steps and is_due and one.swept < 2:
                go(one, "sweep at rest", sweep(one, 2))
            elif not steps:
                look_at_rest(one)
            elif is_due and one.swept == 0:
                go(one, "sweep", sweep(one, 1))
            for name, to in faults(one) if one.faults < most and one.swept < 2 else ():
                go(one, name, to)
    except Wrong as wrong:
        raise Wrong(f"{wrong}: {' → '.join(way(came, one))}") from None
    return len(came)


def way(came: dict, one: State) -> list[str]:
    names: list[str] = []
    while (step := came[one]) is not None:
        one, name = step
        names.append(name)
    return names[::-1]
