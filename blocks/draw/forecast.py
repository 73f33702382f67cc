"""What staffing a draw will take, before anything is drawn (人员测算): simulated draws, exact cuts.

Visits of businesses that the same people may go to are counted together, which is exact (see
`staffing_cut`), so a hundred simulated draws of a million businesses take seconds. The generator
is numpy's, seeded by the caller: it has nothing to do with the draw to come, and cannot.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from blocks.draw.candidates import PairingInspector
from blocks.draw.shortage import Shortage, shortage_in
from blocks.draw.staffing_cut import Classes, cut

DRAWS = 200
_MOST_HELP = 4096  # more people, days or fewer targets than this are not looked for


@dataclass(frozen=True)
class Crew:
    """A department's people and where they may go.

    `groups` (n,) says of each business of the pool in which group it is; `pools[g]` who may be sent
    to a business of group g. `longer(days)`: the same people with so many more workdays. `anywhere`:
    the pools with the area rule lifted, None where there is none.
    """

    groups: np.ndarray
    pools: Sequence[frozenset[str]]
    people: Sequence[PairingInspector]
    team: int
    longer: Callable[[int], Sequence[PairingInspector]]
    anywhere: Sequence[frozenset[str]] | None = None


@dataclass(frozen=True)
class Trouble:
    """Why a department could not staff some of the simulated draws.

    `shortage` names groups by number in `visits` ("g#i" is the i-th business of group g), of one
    failing draw with the most seats empty. What alone would let every simulated draw be staffed, or
    None: `more` people who may lead and go anywhere; `lifted`: without the area rule; `days`: so
    many more workdays; `fewer`: so many businesses in all instead.
    """

    shortage: Shortage
    more: int | None
    lifted: bool
    days: int | None
    fewer: int | None


@dataclass(frozen=True)
class Forecast:
    """`failed` (draws,) bool: which simulated draws the department cannot staff."""

    failed: np.ndarray
    trouble: Trouble | None


def simulate(strata: np.ndarray, counts: Sequence[int], seed: int,
             draws: int = DRAWS) -> list[np.ndarray]:
    """Return simulated draws, each the places of the businesses drawn.

    `strata` (n,): the stratum of each business, by number; `counts[s]` are drawn of stratum s.
    """
    chance = np.random.default_rng(seed)
    members = [np.flatnonzero(strata == stratum) for stratum in range(len(counts))]
    empty = np.empty(0, np.int64)
    return [np.concatenate([empty, *(
        chance.choice(each, min(count, len(each)), replace=False, shuffle=False)
        for each, count in zip(members, counts, strict=True) if count)]) for _ in range(draws)]


def forecast(crew: Crew, drawn: Sequence[np.ndarray],
             fewer: Callable[[int], tuple[int, Sequence[np.ndarray]]]) -> Forecast:
    """Return which of the simulated draws a department can staff, and what would help it.

    `fewer(percent)`: how many businesses that share of the sample is, and such draws simulated.
    """
    sizes = [_sizes(crew, places) for places in drawn]
    short = [_short(crew, each) for each in sizes]
    failed = np.array([bool(empty) for empty in short], dtype=bool)
    if not failed.any():
        return Forecast(failed, None)
    failing = [each for each, empty in zip(sizes, short, strict=True) if empty]
    worst = sizes[int(np.argmax(short))]
    shortage = shortage_in(_classes(crew, worst, named=True), crew.people)
    return Forecast(failed, Trouble(
        shortage,
        _least(lambda number: _all_staffed(_helped(crew, number), failing)),
        crew.anywhere is not None and _all_staffed(replace(crew, pools=crew.anywhere), failing),
        _least(lambda days: _all_staffed(replace(crew, people=crew.longer(days)), failing)),
        _fewer(crew, fewer)))


def _sizes(crew: Crew, places: np.ndarray) -> np.ndarray:
    return np.bincount(crew.groups[places], minlength=len(crew.pools))


def _classes(crew: Crew, sizes: np.ndarray, *, named: bool = False) -> Classes:
    """Return the groups that have visits as classes; their visits by name only where asked."""
    number = {one.id: place for place, one in enumerate(crew.people)}
    may_lead = np.array([one.may_lead for one in crew.people], dtype=bool)
    wanted = np.flatnonzero(sizes)
    pools = [crew.pools[group] for group in wanted]
    person = np.array([number[one] for pool in pools for one in sorted(pool)], dtype=np.int64)
    return Classes(
        [[f"{group}#{i}" for i in range(sizes[group] * named)] for group in wanted.tolist()], pools,
        sizes[wanted], np.full(len(wanted), crew.team),
        np.repeat(np.arange(len(pools)), [len(pool) for pool in pools]), person, may_lead[person],
        np.array([one.max_load for one in crew.people], dtype=np.int64))


def _short(crew: Crew, sizes: np.ndarray) -> int:
    """Return how many seats stay empty at best."""
    grouped = _classes(crew, sizes)
    return cut(grouped, np.arange(len(grouped.ids)), "both")[1]


def _all_staffed(crew: Crew, sizes: Sequence[np.ndarray]) -> bool:
    return not any(_short(crew, each) for each in sizes)


def _helped(crew: Crew, number: int) -> Crew:
    """Return the crew with so many more who may lead and go anywhere, as free as the freest."""
    most = max((one.max_load for one in crew.longer(0)), default=0)
    helpers = [PairingInspector(f"+{n}", True, max(1, most)) for n in range(number)]
    names = frozenset(one.id for one in helpers)
    return replace(crew, people=[*crew.people, *helpers],
                   pools=[pool | names for pool in crew.pools])


def _least(helps: Callable[[int], bool]) -> int | None:
    """Return the least number from 1 on that helps (more never helps less), or None."""
    high = 1
    while not helps(high):
        high *= 2
        if high > _MOST_HELP:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(middle) else (middle, high)
    return high


def _fewer(crew: Crew, fewer: Callable[[int], tuple[int, Sequence[np.ndarray]]]) -> int | None:
    """Return the most businesses, by whole percents of the sample, that can always be staffed."""
    low, high = 0, 100
    while high - low > 1:
        percent = (low + high) // 2
        _, drawn = fewer(percent)
        is_staffed = _all_staffed(crew, [_sizes(crew, places) for places in drawn])
        low, high = (percent, high) if is_staffed else (low, percent)
    return fewer(low)[0] or None


def expected(strata: np.ndarray, places: np.ndarray, counts: Sequence[int],
             number: int) -> np.ndarray:
    """Return how many businesses of each stratum and place are drawn on average, (strata, places).

    `places` (n,) numbers each business's place, of which there are `number`.
    """
    cells = np.bincount(strata * number + places, minlength=len(counts) * number)
    table = cells.reshape(len(counts), number)
    return table * (np.array(counts) / np.maximum(1, table.sum(axis=1)))[:, None]


def shares(failed: Mapping[str, np.ndarray]) -> tuple[dict[str, float], float]:
    """Return how often each department, and any of them, cannot staff a simulated draw."""
    each = {code: float(draws.mean()) for code, draws in failed.items()}
    return each, float(np.any(list(failed.values()), axis=0).mean()) if failed else 0.0
