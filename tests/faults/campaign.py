"""Many schedules over two processes, and what came of them."""

import logging
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from tests.conftest import throw_away_folder
from tests.faults import oracle, scenes
from tests.faults.boundaries import WATCH
from tests.faults.schedule import carried_out
from tests.faults.world import Ground, environment_kept

KINDS = ("lost", "twice", "stuck")
WINDOW = 64  # schedules a process is given at a time: at the end of each the faster ones wait for the slowest


@dataclass(frozen=True)
class Outcome:
    """What came of one schedule. `kind`: None where all is well; `crashed`: boundaries it was killed at."""

    name: str
    kind: str | None
    told: str
    seconds: float
    crashed: frozenset[str]
    log: tuple[str, ...] = ()


@dataclass
class Tally:
    """What came of all."""

    outcomes: list[Outcome] = field(default_factory=list)

    def line(self) -> str:
        counted = Counter(one.kind for one in self.outcomes)
        wrong = f" wrong {counted['wrong']}" if counted["wrong"] else ""
        return f"schedules {len(self.outcomes)} " + " ".join(f"{kind} {counted[kind]}" for kind in KINDS) + wrong

    @property
    def broken(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.kind]

    @property
    def crashed(self) -> set[str]:
        return set().union(*(one.crashed for one in self.outcomes))


@contextmanager
def ground() -> Iterator[Ground]:
    """Yield a throw-away cluster with every stage in it."""
    quieten()
    try:
        with environment_kept(), throw_away_folder() as folder, scenes.a_throw_away_cluster(folder) as cluster:
            yield scenes.make(cluster, folder)
    finally:
        structlog.reset_defaults()


def quieten() -> None:
    """An event that is not taken is no news here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def outcome(name: str, work: Callable[[], Any]) -> Outcome:
    """Do the work of one schedule; return what came of it."""
    WATCH.crashed.clear()
    begun = time.monotonic()
    kind, told, log = None, "", ()
    try:
        log = tuple(getattr(work(), "log", ()))
    except KeyboardInterrupt:
        raise
    except oracle.Broken as error:
        kind, told = error.kind, _told(error)
    except BaseException as error:  # whatever else it is, it is no end of a schedule
        kind, told = "wrong", "".join(traceback.format_exception(error))
    return Outcome(name, kind, told, time.monotonic() - begun, frozenset(WATCH.crashed), log)


def _told(error: BaseException) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def of_seed(where: Ground, seed: int) -> Outcome:
    return outcome(f"seed {seed}", lambda: carried_out(seed, where))


_WHERE: list[Ground] = []


def _settle(where: Ground) -> None:
    quieten()
    _WHERE.append(where)


def _one(work: tuple[Callable[..., Outcome], Any]) -> Outcome:
    of, what = work
    return of(_WHERE[-1], what)


def many(where: Ground, of: Callable[..., Outcome], whats: Sequence[Any], jobs: int,
         until: float = float("inf"), say: Callable[[Outcome], None] = lambda one: None) -> Tally:
    """Have each of `whats` done by `of`, in so many processes; begin no window after `until` (monotonic)."""
    tally = Tally()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _settle, (where,)) as pool:
        for start in range(0, len(whats), WINDOW * jobs):
            if time.monotonic() > until:
                break
            for one in pool.map(_one, [(of, what) for what in whats[start:start + WINDOW * jobs]]):
                tally.outcomes.append(one)
                say(one)
    return tally
