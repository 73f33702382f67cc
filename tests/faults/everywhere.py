"""A case killed at every boundary that it meets, one after another, tried again, and asked about."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from random import Random

from blocks.errors import InspectionError
from blocks.register.database import transaction
from tests import scenes as registers
from tests.faults import oracle
from tests.faults.acts import Act, everything
from tests.faults.boundaries import WATCH, Killed, die_anew, names
from tests.faults.campaign import Outcome, outcome
from tests.faults.cases import CASES, ELSEWHERE, Case, Work
from tests.faults.prefect_far_away import NONE
from tests.faults.scenes import beginning_of
from tests.faults.schedule import Schedule
from tests.faults.workers import far_from_prefect
from tests.faults.world import Ground, World, entered


def of_case(where: Ground, number: int) -> Outcome:
    """Kill a case at its first boundary, at the next …, until it meets none that is new."""
    case = CASES[number]

    def work() -> None:
        known: set[str] = set()
        while _killed(where, case, known):
            pass

    return outcome(f"case {case.name} from {case.stage}", work)


def _killed(where: Ground, case: Case, known: set[str]) -> bool:
    """Tell whether the case met a boundary that was not known, and was killed there.

    Raises:
        oracle.Broken: a kill before the first commit left something behind, or the oracle says no.
    """
    random, first = Random(len(known)), not WATCH.crashed
    with entered(where, case.stage, random, NONE, beginning_of(case.stage)) as world, ExitStack() as undo:
        far_from_prefect(world.carry, undo)
        schedule = Schedule(world, random)
        try:
            for step in case.before:
                _ready(schedule, world, step)()
            again = _ready(schedule, world, case.work)
            before = registers.everything() if first else None
            try:
                with WATCH.fated(die_anew(known)):
                    again()
                met = False
            except Killed:
                met = True
                if before and registers.everything() != before:
                    raise oracle.Broken("wrong", "a kill before the commit left something behind") from None
                with suppress(InspectionError, ConnectionError):
                    again()
            schedule.quiet()
            oracle.ask(world)
        except BaseException as error:
            error.add_note(f"killed at {sorted(WATCH.crashed)}")
            raise
        return met


def _ready(schedule: Schedule, world: World, step: str | Work) -> Callable[[], None]:
    """Return a step that can be tried again; a person's act keeps the key of its submission."""
    if not isinstance(step, str):
        return lambda: step(world)
    act = named(world.code, step)
    key = schedule.submission(act)
    return lambda: schedule.send(act, key)


def named(code: str, name: str) -> Act:
    """Return the act of a name: `module.function`, and what else its line must hold."""
    function, _, condition = name.partition(" ")
    with transaction() as session:
        acts = everything(session, code)
    return next(act for act in acts if act.name.startswith(f"{function}(") and condition in act.name)


def unreached(crashed: set[str]) -> list[str]:
    """Return the boundaries at which nothing was killed, and for which no reason is given."""
    return sorted(name for name in names() - crashed if name.partition(" ")[2] not in ELSEWHERE)
