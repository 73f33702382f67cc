"""Learning from results (art. 12): what past years found in each risk class, and ratios that would find more.

A proposal spends the visits of the past where problems were found, and leaves no class out: every rate
is at least `LEAST`. It changes nothing; a person decides. What it would have found is simulated over
the past years: where a class was hardly visited, nobody knows, and the interval says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

LEAST = 0.01  # of every class: nobody may be sure not to be drawn
REPEATED = 2000
PRIOR = 0.5  # Jeffreys: half a visit with a problem, half a visit without


@dataclass(frozen=True)
class Stratum:
    """What a year found in a risk class: businesses in the pools, visits with a result, with problems."""

    size: int
    visited: int
    problems: int

    def __add__(self, other: "Stratum") -> "Stratum":
        return Stratum(self.size + other.size, self.visited + other.visited, self.problems + other.problems)

    @property
    def rate(self) -> float:
        """The share that was visited."""
        return self.visited / self.size if self.size else 0.0

    @property
    def hits(self) -> float | None:
        """The share of visits that found problems; None where nobody went."""
        return self.problems / self.visited if self.visited else None


@dataclass(frozen=True)
class Expected:
    """What ratios would come to in a year: visits, and problems found with a 90 % interval."""

    visits: int
    problems: float
    low: float
    high: float


Year = Mapping[str, Stratum]


def pooled(years: Sequence[Year]) -> dict[str, Stratum]:
    """Return the years' strata together, by class."""
    classes = sorted({name for year in years for name in year})
    return {name: sum((year[name] for year in years if name in year), Stratum(0, 0, 0)) for name in classes}


def actual(year: Year) -> dict[str, float]:
    """Return the rates at which a year visited."""
    return {name: one.rate for name, one in year.items()}


def uniform(strata: Year) -> float | None:
    """Return which share of visits would have found problems, had all been drawn alike; None if unknown."""
    known = {name: one for name, one in strata.items() if one.hits is not None and one.size}
    if not known:
        return None
    return sum(one.size * (one.hits or 0) for one in known.values()) / sum(one.size for one in known.values())


def proposal(years: Sequence[Year]) -> dict[str, float]:
    """Return a rate for every class: as many visits as before, in proportion to what was found.

    Nothing where the years hold no visit: there is nothing to learn from.
    """
    strata = {name: one for name, one in pooled(years).items() if one.size}
    budget = sum(one.visited for one in strata.values())
    if not budget:
        return {}
    weights = {name: (one.problems + PRIOR) / (one.visited + 2 * PRIOR) for name, one in strata.items()}
    rates, free = dict.fromkeys(strata, LEAST), set(strata)
    for _ in strata:  # whoever reaches a bound stays there, the others share what is left
        left = budget - sum(rates[name] * strata[name].size for name in strata if name not in free)
        whole = sum(weights[name] * strata[name].size for name in free)
        wanted = {name: weights[name] * left / whole for name in free}
        bound = {name for name, rate in wanted.items() if not LEAST <= rate <= 1}
        rates |= {name: min(1.0, max(LEAST, rate)) for name, rate in wanted.items()}
        if not bound or bound == free:
            break
        free -= bound
    return rates


def expected(year: Year, rates: Mapping[str, float], seed: int = 0) -> Expected:
    """Simulate what these rates would have come to in a year, from what it found in each class."""
    random = np.random.default_rng(seed)
    visits = {name: min(one.size, ceil(rates.get(name, 0) * one.size - 1e-9)) for name, one in year.items()}
    found = np.zeros(REPEATED)
    for name, one in sorted(year.items()):
        chance = random.beta(one.problems + PRIOR, one.visited - one.problems + PRIOR, REPEATED)
        found += random.binomial(visits[name], chance)
    low, high = np.quantile(found, (0.05, 0.95))
    return Expected(sum(visits.values()), float(found.mean()), float(low), float(high))
