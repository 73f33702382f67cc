"""Tickets (签): one hash each, and the lowest win.

`D = HASH(seed + id)`; `U` = its first 8 bytes; `key = U // weight`; ordered by (key, D, id). With
all weights 1 this is a simple random sample; with weights it is sequential Poisson sampling
(Ohlsson 1998), in whole numbers. Each ticket depends on nothing but the seed and its own id, so a
candidate more or less never reorders the others.

The pool passes once, in batches, and need not fit into memory: see `lowest` for what is kept.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from blocks.draw import many
from blocks.draw.lowest import Bar, Found, Lowest

_STRETCH = 1 << 16  # candidates ticketed in one go: what they need stays in a core's cache
_AHEAD = 8  # stretches waiting for each thread: a file comes in bursts


@dataclass(frozen=True)
class Batch:
    """A stretch of the pool, in columns; `starts`, `ends`, `strata`, `weights` have one length n.

    The id of a candidate is data[start:end] (uint8; int32 or int64), 1 to 55 bytes without a zero
    byte. `strata` (uint16) says which stratum, `weights` (uint16, 1..65535) the weight; None means
    that all are in stratum 0, or that all weigh 1.
    """

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    strata: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, part) -> "Batch":
        """The candidates that a slice or an array of places names."""
        columns = (self.starts, self.ends, self.strata, self.weights)
        return Batch(self.data, *(None if one is None else one[part] for one in columns))


@dataclass(frozen=True)
class Drawn:
    """The lowest tickets of one stratum, in order: `ids` S(n,), `digests` uint8 (n, 32), `keys`
    uint64 (n,)."""

    ids: np.ndarray
    digests: np.ndarray
    keys: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[dict]:
        return self.records()

    def records(self, first: int = 0, count: int | None = None) -> Iterator[dict]:
        """Yield `count` tickets from place `first` (from 0) on, as `result.json` writes them.

        Ranks count from 1; a key may pass 2^53, so it is text.
        """
        last = len(self) if count is None else min(first + count, len(self))
        for place in range(first, last):
            yield {
                "rank": place + 1,
                "id": self.ids[place].decode(),
                "digest": self.digests[place].tobytes().hex(),
                "key": str(self.keys[place]),
            }


def draw(
    batches: Iterable[Batch],
    wanted: Sequence[int],
    seed_hex: str,
    hash_name: str,
    *,
    fast: bool | None = None,
) -> list[Drawn]:
    """Return, for each stratum s, its `wanted[s]` lowest tickets; fewer where there are fewer.

    The batches pass once. `seed_hex` is 64 characters; `fast` as in `many`.
    """
    batches = iter(batches)
    if fast is None:
        fast, batches = _is_large(batches)
    with ThreadPoolExecutor(many.THREADS if fast else 1) as pool:
        ticketing = _Ticketing(hash_name, seed_hex.encode(), fast)
        return _Sieve(ticketing, Lowest(wanted, pool.map), pool).drawn_from(batches)


def _is_large(batches: Iterator[Batch]) -> tuple[bool, Iterator[Batch]]:
    """Look ahead just far enough to see whether the pool is worth the fast path."""
    seen: list[Batch] = []
    size = 0
    while size < many.FAST_FROM and (batch := next(batches, None)) is not None:
        seen.append(batch)
        size += len(batch)
    return many.is_fast(size), chain(seen, batches)


def _parts(batch: Batch) -> Iterator[Batch]:
    for first in range(0, len(batch), _STRETCH):
        yield batch[first : first + _STRETCH]


@dataclass(frozen=True)
class _Ticketing:
    """One draw's hash, its seed, and which path of `many` it takes."""

    hash_name: str
    seed: bytes
    fast: bool

    def below(self, bar: Bar, part: Batch) -> Found:
        """Return the candidates of `part` whose ticket does not pass the bar."""
        admitted = bar.admitted(part.strata)
        if admitted is not None:
            part = part[admitted]
        columns = (part.data, part.starts, part.ends)
        heads = many.heads(self.hash_name, *columns, self.seed, fast=self.fast, threads=1)
        places, keys = bar.passed(heads, part.strata, part.weights, self.fast)
        part = part[places]
        strata = np.zeros(len(keys), np.uint16) if part.strata is None else part.strata
        return Found(keys, strata, _ids(part))

    def digests(self, ids: np.ndarray) -> np.ndarray:
        starts = np.arange(len(ids), dtype=np.int64) * ids.itemsize
        columns = (ids.view(np.uint8), starts, starts + np.strings.str_len(ids))
        return many.digests(self.hash_name, *columns, self.seed, fast=self.fast, threads=1)


@dataclass(frozen=True)
class _Sieve:
    """One draw under way; the work is shared out among the threads of `pool`."""

    ticketing: _Ticketing
    lowest: Lowest
    pool: ThreadPoolExecutor

    def drawn_from(self, batches: Iterable[Batch]) -> list[Drawn]:
        ahead: deque[Future] = deque()
        for batch in batches:
            if self._foreseen(batch):
                continue
            for part in _parts(batch):
                if len(ahead) > _AHEAD * many.THREADS:
                    self.lowest.add(ahead.popleft().result())
                ahead.append(self.pool.submit(self.ticketing.below, self.lowest.bar, part))
        while ahead:
            self.lowest.add(ahead.popleft().result())
        strata = zip(self.lowest.by_stratum(), self.lowest.wanted.tolist(), strict=True)
        return [self._in_order(found, min(count, len(found))) for found, count in strata]

    def _foreseen(self, batch: Batch) -> bool:
        """Take the lowest of a large batch under a bar foreseen from a sample of its tickets.

        It spares most of those who would be kept only until the bar has fallen to their key. The
        guess decides nothing: unless it leaves as many as are wanted, the answer is False and the
        batch must pass as any other.
        """
        if len(batch) < 4 * max(_STRETCH, self.lowest.wanted.sum()):
            return False
        step = max(16, len(batch) // _STRETCH)
        sample = self.ticketing.below(self.lowest.bar, batch[::step])
        bar = self.lowest.foreseen(sample, step)
        pieces = list(self.pool.map(partial(self.ticketing.below, bar), _parts(batch)))
        if not self.lowest.is_enough(pieces, bar):
            return False
        for found in pieces:
            self.lowest.add(found)
        return True

    def _in_order(self, found: Found, count: int) -> Drawn:
        """Return the `count` lowest by (key, D, id)."""
        if not count:
            return Drawn(found.ids[:0], np.empty((0, 32), np.uint8), found.keys[:0])
        cuts = [count * part // many.THREADS for part in range(many.THREADS)]
        places = np.argpartition(found.keys, [*cuts[1:], count - 1])
        rest = places[count:]
        tied = rest[found.keys[rest] == found.keys[places[count - 1]]]
        places = np.append(places[:count], tied)
        keys, ids = np.empty(len(places), np.uint64), np.empty(len(places), found.ids.dtype)
        digests = np.empty((len(places), 32), np.uint8)

        def put(begin: int, end: int) -> None:
            here = places[begin:end]
            here = here[np.argsort(found.keys[here])]
            keys[begin:end], ids[begin:end] = found.keys[here], found.ids[here]
            digests[begin:end] = self.ticketing.digests(ids[begin:end])

        list(self.pool.map(put, cuts, [*cuts[1:], len(places)]))
        _settle_ties(keys, digests, ids)
        return Drawn(ids[:count], digests[:count], keys[:count])


def _settle_ties(keys: np.ndarray, digests: np.ndarray, ids: np.ndarray) -> None:
    """Put those whose neighbour has the same key into the order of (key, D, id), in place."""
    same = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same)[: len(keys)])
    order = sorted(tied.tolist(), key=lambda at: (keys[at], digests[at].tobytes(), ids[at]))
    digests[tied], ids[tied] = digests[order], ids[order]


def _ids(part: Batch) -> np.ndarray:
    """Copy the ids out of the batch, so that its memory can go."""
    lengths = part.ends - part.starts
    width = max(1, int(lengths.max(initial=0)))
    last = len(part.data) - width
    if last < 0:
        return np.zeros(len(part), f"S{width}")  # nobody, or only empty ids
    windows = np.ndarray(last + 1, f"S{width}", part.data, strides=(1,))
    ids = windows[np.minimum(part.starts, last)]
    shifted = np.flatnonzero(part.starts > last)
    for place in shifted:
        ids[place] = part.data[part.starts[place] : part.ends[place]].tobytes()
    if (lengths < width).any():
        ids.view(np.uint8).reshape(-1, width)[np.arange(width) >= lengths[:, None]] = 0
    return ids
