"""One schedule: a function of its seed. What people and processes do, and what goes wrong meanwhile."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random

from blocks.errors import InspectionError, NotAnswering
from blocks.register import guard
from blocks.register.database import transaction
from blocks.register.directories import account, business_account
from blocks.steps import relaying
from tests.faults import oracle
from tests.faults.acts import Act, any_of, forward
from tests.faults.boundaries import WATCH, Fate, Killed, cut_off_at, die_at
from tests.faults.prefect_far_away import NONE, Faults, Run
from tests.faults.province_far_away import SHARE
from tests.faults.scenes import STAGES, beginning_of
from tests.faults.workers import carry_out, far_from_prefect, together
from tests.faults.world import Ground, Submission, World, entered

TO_THE_END = 0.15  # of the schedules: people go on until the results are public
MOST_ACTS = 80
RELAYED = 0.6  # of the moves are followed by the relay at once


@dataclass(frozen=True)
class Plan:
    """What schedules are made of. `plant` puts a bug into a world, to be taken out again by the stack."""

    stages: tuple[str, ...] = tuple(STAGES)
    moves: dict[str, int] = field(default_factory=dict)
    to_the_end: float = TO_THE_END
    plant: Callable[[World, ExitStack], None] = lambda world, undo: None


USUAL = Plan()
MOVES = {"person": 50, "deliver": 22, "two_persons": 6, "two_workers": 6, "twice": 4, "clock": 5, "sweep": 3,
         "night": 2, "notices": 2, "wiped": 1}


class Schedule:
    """The moves of one seed in one world."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.number = 0

    def go(self, shares: dict[str, int]) -> None:
        """Make between 5 and 25 moves, more often few."""
        for _ in range(5 + int(21 * self.random.random() ** 2)):
            getattr(self, self.random.choices(list(shares), list(shares.values()))[0])()
            if self.random.random() < RELAYED:
                self.relay()

    def note(self, *said: object) -> None:
        self.world.log.append(" ".join(map(str, said)))

    # what goes wrong

    def fate(self, most: int) -> Fate | None:
        """Return what befalls a process with up to `most` boundaries: nothing, a kill, a cut."""
        lot, number = self.random.random(), self.random.randint(1, most)
        if lot < 0.55:
            return None
        self.note("  fate", "kill" if lot < 0.85 else "cut", number)
        return die_at(number) if lot < 0.85 else cut_off_at((number + 1) // 2, self.world.cut)

    # what people do

    def choice(self) -> Act | None:
        with transaction() as session:
            return any_of(session, self.world.code, self.random)

    def submission(self, act: Act) -> str:
        """Return the key of a new submission by this act's person."""
        self.number += 1
        with transaction() as session:
            who = business_account(session) if act.login == "business" else account(session, act.login)
            self.world.submissions[f"key-{self.number}"] = Submission(act.name, who.id)
        return f"key-{self.number}"

    def send(self, act: Act, key: str) -> None:
        """Send a submission in once; note whether the person was told that it is done.

        What was carried out before is answered with what was told then, as `portal.performing` does.
        """
        sent = self.world.submissions[key]
        try:
            with guard.guarded(guard.Guard(sent.account_id, key, act.shown)):
                act.do()
            sent.told = True
        except guard.Repeated:
            sent.told = True
        except InspectionError:
            with transaction() as session:
                sent.told = guard.outcome(session, sent.account_id, key) is not None
            if not sent.told:
                raise

    def insist(self, act: Act, key: str, fate: Fate | None) -> None:
        """Send a submission in, and again where no answer came back, as a browser's user does."""
        for attempt in range(3):
            try:
                with WATCH.fated(fate if attempt == 0 else None):
                    self.send(act, key)
                return
            except (Killed, NotAnswering):
                continue
            except InspectionError as error:
                self.note("  refused", error.message.splitlines()[0])
                return

    def person(self) -> None:
        act = self.choice()
        if act is None:
            return
        if self.random.random() < 0.06 and act.shown:  # the page was made before somebody else's move
            act = replace(act, shown=(*act.shown[:2], act.shown[2] - 1))
        key = self.submission(act)
        self.note(key, act.name)
        fate = self.fate(4)
        if fate is not None and self.random.random() < 0.2:  # and the person gives up
            with WATCH.fated(fate), suppress(Killed, InspectionError):
                self.send(act, key)
        else:
            self.insist(act, key, fate)

    def twice(self) -> None:
        """A double click: the same submission, sent in by two threads at once."""
        act = self.choice()
        if act is not None:
            key = self.submission(act)
            self.note(key, "twice", act.name)
            self.both(*[partial(self.insist, act, key, None)] * 2)

    def two_persons(self) -> None:
        first, second = self.choice(), self.choice()
        if first is None or second is None:
            return
        works = []
        for act in (first, second):
            key = self.submission(act)
            self.note(key, "at once", act.name)
            works.append(partial(self.insist, act, key, self.fate(4)))
        self.both(*works)

    def both(self, *works: Callable[[], None]) -> None:
        together(self.world, works, self.random)

    # what processes do

    def taken(self) -> Run | None:
        """Take a run out of the queue, any."""
        queue = self.world.prefect.queue
        return queue.pop(self.random.randrange(len(queue))) if queue else None

    def run(self, run: Run, fate: Fate | None) -> None:
        """Let a run go on until it ends or is killed; who is refused or not answered ends, too."""
        try:
            with WATCH.fated(fate):
                carry_out(run)
        except (Killed, InspectionError, ConnectionError) as error:
            self.note("  ended by", type(error).__name__, error)

    def deliver(self) -> None:
        run = self.taken()
        if run is not None:
            self.note("run", run)
            self.run(run, self.fate(8))

    def two_workers(self) -> None:
        first = self.taken()
        if first is None:
            return
        second = self.taken() or first
        self.note("two runs", first, second)
        self.both(*[partial(self.run, run, self.fate(8)) for run in (first, second)])

    def sweep(self) -> None:
        self.note("sweep")
        self.run(Run("sweep"), self.fate(8))

    def night(self) -> None:
        self.note("two nights")
        self.both(*[partial(self.run, Run("nightly"), self.fate(30)) for _ in range(2)])

    def notices(self) -> None:
        self.note("notices")
        self.run(Run("reminders"), self.fate(12))

    def wiped(self) -> None:
        self.note("Prefect's database is wiped")
        self.world.prefect.wipe()

    def relay(self) -> None:
        """The relay looks what stands in the outbox; now and then there are two."""
        fates = [self.fate(5) for _ in range(self.random.choice((1, 1, 1, 2)))]
        if len(fates) == 1:
            self.relays(fates[0])
        else:
            self.note("two relays")
            self.both(*[partial(self.relays, fate) for fate in fates])

    def relays(self, fate: Fate | None) -> None:
        with suppress(Killed, NotAnswering), WATCH.fated(fate), self.world.prefect.client() as to:
            relaying.relay(to)

    def clock(self) -> None:
        if self.random.random() < 0.3:
            self.world.next_morning()
        else:
            self.world.later(timedelta(minutes=self.random.randint(1, 90)))
        self.note("it is", self.world.now)

    # and then it is quiet

    def quiet(self) -> None:
        """Faults stop; every hint is lost; one sweep, and what it starts."""
        self.world.prefect.faults = NONE
        self.world.prefect.wipe()
        self.world.later(timedelta(minutes=11))  # deliveries that nobody took are tried again after ten
        carry_out(Run("sweep"))
        self.drain()
        self.run(Run("reminders"), None)  # what the work just done tells people

    def drain(self) -> None:
        for _ in range(200):
            self.relays(None)
            queue = self.world.prefect.queue
            if not queue:
                return
            carry_out(queue.pop(0))
        raise oracle.Broken("stuck", f"the runs never come to rest: {queue[:3]}")

    def is_done(self, act: Act) -> bool:
        key = self.submission(act)
        self.note(key, "at last", act.name)
        self.insist(act, key, None)
        return self.world.submissions[key].told

    def to_the_end(self) -> None:
        """People go on, one forward act after another, until the results are public."""
        for _ in range(MOST_ACTS):
            self.world.later(timedelta(minutes=1))
            with transaction() as session:
                acts = forward(session, self.world.code)
            if not any(self.is_done(act) for act in acts):
                break
            self.drain()
        self.run(Run("reminders"), None)
        with transaction() as session:
            oracle.at_its_end(session, self.world.code)


def carried_out(seed: int, where: Ground, plan: Plan = USUAL) -> World:
    """Carry out the schedule of a seed and ask the oracle.

    Raises:
        oracle.Broken: something was lost, done twice or is stuck; the world's log is told with it.
    """
    random = Random(seed)
    stage = random.choice(plan.stages)
    faults = Faults(lost=1.0) if random.random() < 0.15 else Faults()
    with entered(where, stage, random, faults, beginning_of(stage)) as world, ExitStack() as undo:
        schedule = Schedule(world, random)
        far_from_prefect(world.carry, undo)
        plan.plant(world, undo)
        if random.random() < SHARE:
            world.tell("http")
        try:
            schedule.go(MOVES | plan.moves)
            schedule.quiet()
            oracle.ask(world)
            if random.random() < plan.to_the_end:
                schedule.to_the_end()
                oracle.ask(world)
        except BaseException as error:
            error.add_note("\n".join([f"seed {seed}, from {stage}, {faults}", *world.log]))
            raise
        return world
