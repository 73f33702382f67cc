"""Scores and ranks (评分) of what was counted (art. 12).

A score is the weighted mean of the marks of those indicators that counted anything: who had nothing
to do has no score, which is not a score of zero. Few rows say little, so every mark has Wilson's
interval, and somebody ranks before another only where their intervals part.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
JASA 22 (1927).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import sqrt

from blocks.rules.appraisal import WHOLE, Indicator, Method

Z = 1.96  # 95 %
WORST, BEST = 1, 5  # of a mean, which is how satisfied businesses were


@dataclass(frozen=True)
class Count:
    """So many rows, whose values come to `total` (of a rate: how many count)."""

    n: int
    total: int

    def __add__(self, other: "Count") -> "Count":
        return Count(self.n + other.n, self.total + other.total)

    @property
    def value(self) -> float | None:
        """Return the rate or the mean; None of nothing."""
        return self.total / self.n if self.n else None


@dataclass(frozen=True)
class Mark:
    """What an indicator is worth, 0 to 1, with the interval that its number of rows allows.

    `gain`: by how many points the score would be higher, were every row as it should be. `missed`:
    how many are not (of a mean: none is told).
    """

    indicator: Indicator
    count: Count
    weight: int
    mark: float
    low: float
    high: float
    gain: float = 0.0

    @property
    def missed(self) -> int:
        if self.indicator.kind == "mean":
            return 0
        return self.count.total if self.indicator.better == "less" else self.count.n - self.count.total


@dataclass(frozen=True)
class Score:
    """Points of 100 with their interval. `marks`: what it is made of, the editions' parts apart."""

    points: float
    low: float
    high: float
    marks: tuple[Mark, ...]

    @property
    def raises(self) -> list[Mark]:
        """Return what would raise it most, the most first, three at most."""
        return sorted((one for one in self.marks if one.gain >= 0.005), key=lambda one: -one.gain)[:3]


def wilson(count: Count) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a rate; of nothing, everything between 0 and 1."""
    n, rate = count.n, count.value
    if rate is None:
        return 0.0, 1.0
    middle, square = rate + Z * Z / (2 * n), Z * Z / n
    half = Z * sqrt(rate * (1 - rate) / n + square / (4 * n))
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def mark(indicator: Indicator, count: Count) -> tuple[float, float, float] | None:
    """Return (mark, low, high), 0 to 1; None: nothing was counted, or it is not scored."""
    if not (indicator.is_scored and count.n):
        return None
    if indicator.kind == "mean":  # as a rate of the points that could be given
        count = Count(count.n * (BEST - WORST), count.total - count.n * WORST)
    rate = count.total / count.n
    low, high = wilson(count)
    return (rate, low, high) if indicator.better == "more" else (1 - rate, 1 - high, 1 - low)


def score(method: Method, counts: Mapping[tuple[int, str], Count]) -> Score | None:
    """Return the score of what was counted: {(edition, indicator): count}; None where nothing was.

    Each row is weighed by the edition of its own day. Where two editions held, each one's part counts
    as much as it had rows that are scored. A part whose indicators weigh less than its edition's `least`
    says too little to be scored.
    """
    parts = [(edition, sum(count.n for (place, key), count in counts.items()
                           if place == edition and method.editions[edition].weights.get(key)),
              _marks(method, edition, counts)) for edition in sorted({place for place, _ in counts})]
    parts = [part for part in parts if part[2] and sum(
        one.weight for one in part[2]) >= method.editions[part[0]].least]
    rows = sum(n for _, n, _ in parts)
    if not rows:
        return None
    marks, points, below, above = [], 0.0, 0.0, 0.0
    for _, n, found in parts:
        whole = sum(one.weight for one in found)
        for one in found:
            share = WHOLE * n / rows * one.weight / whole
            points += share * one.mark
            below += (share * (one.mark - one.low)) ** 2
            above += (share * (one.high - one.mark)) ** 2
            marks.append(replace(one, gain=share * (1 - one.mark)))
    return Score(points, max(0.0, points - sqrt(below)), min(float(WHOLE), points + sqrt(above)), tuple(marks))


def _marks(method: Method, edition: int, counts: Mapping[tuple[int, str], Count]) -> list[Mark]:
    found = []
    for key, weight in method.editions[edition].weights.items():
        count = counts.get((edition, key), Count(0, 0))
        if weight and (worth := mark(method.indicators[key], count)):
            found.append(Mark(method.indicators[key], count, weight, *worth))
    return found


def ranks(scores: Mapping[str, Score | None]) -> dict[str, tuple[int, int]]:
    """Return (best, worst) rank of each that has a score: between these it cannot be told.

    One alone has no rank, nor has who has no score.
    """
    there = {name: one for name, one in scores.items() if one}
    if len(there) < 2:
        return {}
    return {name: (1 + sum(other.low > one.high for other in there.values()),
                   len(there) - sum(other.high < one.low for other in there.values()))
            for name, one in there.items()}


def edition_counts(parts: Iterable[tuple[int, str, int, int]]) -> dict[tuple[int, str], Count]:
    """Return the sums of (edition, indicator, n, total) by edition and indicator."""
    counts: dict[tuple[int, str], Count] = {}
    for edition, key, n, total in parts:
        counts[edition, key] = counts.get((edition, key), Count(0, 0)) + Count(n, total)
    return counts


def total_of(counts: Mapping[tuple[int, str], Count], key: str) -> Count:
    """Return what an indicator counted under all editions."""
    return sum((count for (_, name), count in counts.items() if name == key), Count(0, 0))
