"""The lowest keys seen so far, of each stratum, while a pool of unknown size passes.

Whoever lies above as many as are wanted is out for good. So there is a bar that only falls, and of
a large pool few candidates get further than their hash. Whole numbers throughout: no float decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np

HIGHEST = 2**64 - 1
_SLACK = 1 << 16  # how many more than twice the wanted are kept before a cut
_STEP = 16  # of which part of the kept a cut's bar is guessed


@dataclass(frozen=True)
class Found:
    """Candidates that may still be drawn: `keys` uint64, `strata` uint16, `ids` S, each (n,)."""

    keys: np.ndarray
    strata: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, part) -> "Found":
        """Those that a slice or an array of places names."""
        return Found(self.keys[part], self.strata[part], self.ids[part])

    @staticmethod
    def joined(pieces: Sequence["Found"]) -> "Found":
        """All the pieces in one."""
        columns = ("keys", "strata", "ids")
        return Found(*(np.concatenate([getattr(p, name) for p in pieces]) for name in columns))


@dataclass(frozen=True)
class Bar:
    """What a candidate must not pass to stay in, by stratum.

    `is_open` bool: whether any are drawn from it at all; `highest` uint64: the highest key.
    """

    is_open: np.ndarray
    highest: np.ndarray

    def admitted(self, strata: np.ndarray | None) -> np.ndarray | slice | None:
        """What picks out the candidates of open strata before anything is hashed; None: all."""
        if strata is None:
            return None if self.is_open[0] else slice(0)
        return None if self.is_open.all() else np.flatnonzero(self.is_open[strata])

    def under(self, found: Found) -> Found:
        """Those of `found` that do not pass the bar."""
        highest = self.highest[0] if len(self.highest) == 1 else self.highest[found.strata]
        return found[np.flatnonzero(found.keys <= highest)]

    def passed(
        self,
        heads: np.ndarray,
        strata: np.ndarray | None,
        weights: np.ndarray | None,
        fast: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of those whose key is low enough, and their keys.

        Division is slow, so first a product that needs none and never rules out wrongly:
        U // w <= t means U < (t + 1) * w, hence U >> 16 < ((t >> 16) + 1) * w, and the right side
        is at most 2^48 * 65535: it fits into 64 bits.
        """
        if fast:
            from blocks.draw import kernels

            return kernels.passed(heads, strata, weights, self.highest)
        highest = self.highest[0] if strata is None else self.highest[strata]
        if weights is None:
            places = np.flatnonzero(heads <= highest)
            return places, heads[places]
        places = np.flatnonzero((heads >> 16) < ((highest >> 16) + 1) * weights)
        keys = heads[places] // weights[places]
        low = keys <= (highest if strata is None else highest[places])
        return places[low], keys[low]


class Lowest:
    """The lowest of each stratum so far, and some more, until they are too many and are cut."""

    def __init__(self, wanted: Sequence[int], each: Callable = map) -> None:
        self._each = each  # a map, perhaps by several threads
        self.wanted = np.asarray(wanted, np.int64)
        self.bar = Bar(self.wanted > 0, np.full(len(wanted), HIGHEST, np.uint64))
        nobody = np.empty(0, np.uint16)
        self._pieces = [Found(nobody.astype(np.uint64), nobody, nobody.astype("S1"))]
        self._count = 0
        self._room = 2 * int(self.wanted.sum()) + _SLACK

    def add(self, found: Found) -> None:
        """Keep these too."""
        self._pieces.append(found)
        self._count += len(found)
        if self._count > self._room:
            self._cut()

    def by_stratum(self) -> list[Found]:
        """Give away what is kept of each stratum, in no order: all the wanted are among them."""
        found = Found.joined(self._pieces)
        self._pieces.clear()
        return [found[places] for places in self._places(found)]

    def foreseen(self, sample: Found, step: int) -> Bar:
        """Guess a bar from every `step`-th candidate: where it will end, or a little higher.

        Five standard deviations higher than expected, so that it leaves enough as good as always.
        """
        return self._lowered(
            sample, [_with_margin(count // step) for count in self.wanted.tolist()]
        )

    def is_enough(self, pieces: Sequence[Found], bar: Bar) -> bool:
        """Whether what was found under a lower bar than ours has all that are wanted."""
        counts = sum(np.bincount(piece.strata, minlength=len(self.wanted)) for piece in pieces)
        return bool(((counts >= self.wanted) | (bar.highest == self.bar.highest)).all())

    def _cut(self) -> None:
        """Lower the bar, and drop who lies above it.

        A guess is as good as the lowest bar possible and much cheaper, if it leaves enough.
        """
        bar = self.foreseen(Found.joined([piece[::_STEP] for piece in self._pieces]), _STEP)
        left = list(self._each(bar.under, self._pieces))
        if not self.is_enough(left, bar) or self._is_crowded(left):
            found = Found.joined(self._pieces)
            bar = self._lowered(found, [count - 1 for count in self.wanted.tolist()])
            left = [bar.under(found)]
        self.bar, self._pieces, self._count = bar, left, sum(map(len, left))
        self._room = max(self._room, 2 * self._count)  # ties at the bar may be any number

    def _is_crowded(self, left: Sequence[Found]) -> bool:
        return 4 * sum(map(len, left)) > 3 * self._room

    def _lowered(self, found: Found, ranks: Sequence[int]) -> Bar:
        """The bar at that key of each stratum which has this rank, from 0, in `found`."""
        highest = self.bar.highest.copy()
        for s, places in enumerate(self._places(found)):
            keys = found.keys[places]
            if 0 <= ranks[s] < len(keys):
                highest[s] = np.partition(keys, ranks[s])[ranks[s]]
        return Bar(self.bar.is_open, highest)

    def _places(self, found: Found) -> list:
        """For each stratum, what picks it out of `found`."""
        strata = len(self.wanted)
        if strata == 1:
            return [slice(None)]
        order = np.argsort(found.strata, kind="stable")
        cuts = np.searchsorted(found.strata[order], np.arange(1, strata))
        return np.split(order, cuts)[:strata]


def _with_margin(expected: int) -> int:
    return expected + 1 + 5 * (isqrt(expected) + 1)
