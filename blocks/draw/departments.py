"""The pairings of several departments in one go: they share no inspector, so none waits for another.

They run in threads. Hashing, sorting and the walks let each other run, but OR-Tools holds Python's
lock while it solves; so where the work is a province's, it solves in processes of its own.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

import numpy as np

from blocks.draw import many, solver
from blocks.draw.candidates import Graph, PairingInspector, PairingVisit
from blocks.draw.pairing import Pairing, pair
from blocks.errors import InspectionError

APART_FROM = 200_000  # visits: below, starting a process takes longer than it saves

log = logging.getLogger(__name__)
Solve = Callable[[Graph], np.ndarray | None]


@dataclass(frozen=True)
class Problem:
    """What `pairing.pair` takes, of one department."""

    seed: str
    visits: Sequence[PairingVisit]
    inspectors: Sequence[PairingInspector]
    hash_name: str
    relaxed: Mapping[str, Sequence[PairingVisit]] = field(default_factory=dict)


def pair_all(
    problems: Mapping[str, Problem], *, threads: int = many.THREADS, apart: bool | None = None
) -> dict[str, Pairing | InspectionError]:
    """Return each department's pairing, or what a person must put right; in the given order.

    The answers are those of `pair`. An error is a `StaffingError` where no lawful pairing exists,
    another `DrawError` where the input is wrong; it never keeps back another department's answer.
    `apart`: whether to solve in processes of their own; None lets the number of visits decide.
    """
    each = max(1, threads // max(1, len(problems)))
    if apart is None:
        visits = sum(len(problem.visits) for problem in problems.values())
        apart = visits >= APART_FROM and len(problems) > 1 and threads > 1

    def answer(problem: Problem) -> Pairing | InspectionError:
        try:
            return pair(
                problem.seed,
                problem.visits,
                problem.inspectors,
                problem.hash_name,
                relaxed=problem.relaxed,
                threads=each,
                solve=solve,
            )
        except InspectionError as error:
            return error

    # While as many are solved as there are cores, one more is made ready.
    with _solving(threads, apart) as solve, ThreadPoolExecutor(threads + apart) as pool:
        return dict(zip(problems, pool.map(answer, problems.values()), strict=True))


@contextmanager
def _solving(processes: int, apart: bool):
    """Yield what solves a graph: here, or in one of some processes as long as those can be had."""
    if not apart:
        yield solver.cheapest
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as workers:

        def solve(graph: Graph) -> np.ndarray | None:
            try:
                return workers.submit(solver.cheapest, graph).result()
            except (BrokenProcessPool, OSError, AssertionError) as why:  # the last: a daemon's child
                log.warning("no process to solve in (%s); solving here, which is slower", why)
                return solver.cheapest(graph)

        yield solve
