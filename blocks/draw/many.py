"""Many hashes in one go: a whole pool's tickets, a whole level of its Merkle tree.

There are two paths, equal to the bit. The reference is `hashlib`, one message after another, half a
microsecond each. The fast one is `kernels`: sixteen messages side by side, compiled by numba, some
twenty times as fast on each core; but compiling takes seconds the first time, so it serves from FAST_FROM
messages on and nobody with a small pool waits for a compiler. Before it may serve it must agree
with the reference on this machine; where it cannot be had, the reference serves everybody and the
log says so once.

`fast=None` chooses like that. True and False force a path, for tests and benchmarks; a fast path
that was forced and cannot be had raises what is wrong with it.
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from blocks.draw.hashing import HASHES, prefixed

FAST_FROM = 200_000
THREADS = min(8, os.cpu_count() or 1)
_STRETCH = 1 << 16  # messages the reference turns into Python objects at a time
_NODE = b"\x01"  # RFC 6962, section 2.1

log = logging.getLogger(__name__)


def digests(
    hash_name: str,
    data,
    starts,
    ends,
    prefix: bytes = b"",
    *,
    fast: bool | None = None,
    threads: int = THREADS,
) -> np.ndarray:
    """Return HASH(prefix + data[start:end]) of each message, as (n, 32) uint8.

    `data` is a uint8 array or any buffer of bytes; `starts` and `ends` are integer arrays (n,),
    int32 or int64, used as they are.

    Raises:
        ValueError: a message does not lie within `data`.
    """
    fast = _chosen(fast, len(starts))
    words = _words(hash_name, data, starts, ends, prefix, 4, fast, threads)
    return words.astype(">u8", order="C").view(np.uint8)


def heads(
    hash_name: str,
    data,
    starts,
    ends,
    prefix: bytes = b"",
    *,
    fast: bool | None = None,
    threads: int = THREADS,
) -> np.ndarray:
    """Return the first 8 bytes of each digest, big-endian, as uint64 (n,): a ticket's U.

    Raises:
        ValueError: a message does not lie within `data`.
    """
    fast = _chosen(fast, len(starts))
    return _words(hash_name, data, starts, ends, prefix, 1, fast, threads).reshape(-1)


def parents(hash_name: str, level: np.ndarray, *, fast: bool | None = None) -> np.ndarray:
    """Return the Merkle level above `level`: (n, 32) uint8 to ((n + 1) // 2, 32).

    A node is H(01 + left + right); an odd node at the end is promoted unchanged.
    """
    pairs = len(level) // 2
    starts = np.arange(pairs, dtype=np.int64) * 64
    flat = np.ascontiguousarray(level, np.uint8).reshape(-1)
    above = digests(hash_name, flat, starts, starts + 64, _NODE, fast=fast)
    return np.concatenate([above, level[2 * pairs :]])


def is_fast(messages: int) -> bool:
    """Whether so many messages are worth the fast path, and it can be had."""
    return messages >= FAST_FROM and _is_to_be_had()


def _chosen(fast: bool | None, messages: int) -> bool:
    return is_fast(messages) if fast is None else fast


@cache
def _is_to_be_had() -> bool:
    """Whether the fast path compiles, runs, and agrees with the reference; asked once."""
    try:
        prove(compiled)
    except Exception as why:  # whatever a compiler may raise: the draw does not depend on it
        log.warning("the compiled hashes cannot be had (%s); hashlib serves, which is slower", why)
        return False
    return True


def prove(path: Callable) -> None:
    """Compare a path with the reference on messages of every length up to three blocks.

    Raises:
        ArithmeticError: they differ.
    """
    ends = np.arange(200, dtype=np.int64)
    work = (np.arange(200, dtype=np.uint8), np.zeros_like(ends), ends, b"\x01", 4)
    for hash_name in HASHES:
        if (path(hash_name, *work, 1) != _reference(hash_name, *work)).any():
            raise ArithmeticError(f"compiled {hash_name} is not {hash_name}")


def _words(hash_name, data, starts, ends, prefix, words, fast, threads) -> np.ndarray:
    if len(starts) != len(ends):
        raise ValueError("as many messages must end as begin")
    content = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
    work = (hash_name, content, np.asarray(starts), np.asarray(ends), prefix, words)
    return compiled(*work, threads) if fast else _reference(*work)


def compiled(hash_name, data, starts, ends, prefix, words, threads) -> np.ndarray:
    """Return the first `words` 64-bit words of each digest by the fast path, (n, words) uint64."""
    from blocks.draw import kernels
    from blocks.draw.lanes import LANES

    count = len(starts)
    groups = -(-count // LANES)
    out = np.empty((words, groups * LANES), np.uint64)
    cuts = [groups * part // threads * LANES for part in range(threads)] + [count]

    def hash_part(begin: int, end: int) -> None:
        kernels.hash_into(out, hash_name, data, starts, ends, prefix, begin, end)

    if threads == 1:
        hash_part(0, count)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(hash_part, cuts, cuts[1:]))
    return out[:, :count].T


def _reference(hash_name, data, starts, ends, prefix, words) -> np.ndarray:
    hashed = prefixed(hash_name, prefix)
    content = memoryview(data)
    out = np.empty((len(starts), words), np.uint64)
    for first in range(0, len(out), _STRETCH):
        here = slice(first, first + _STRETCH)
        _check_within(data, starts[here], ends[here])
        places = zip(starts[here].tolist(), ends[here].tolist(), strict=True)
        joined = b"".join([hashed(content[start:end]) for start, end in places])
        out[here] = np.frombuffer(joined, ">u8").reshape(-1, 4)[:, :words]
    return out


def _check_within(data, starts, ends) -> None:
    if ((starts < 0) | (ends < starts) | (ends > len(data))).any():
        raise ValueError("a message does not lie within the data")
