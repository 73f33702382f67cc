"""The draw's two inner loops, compiled by numba for this machine: the hashes, and who stays in.

Compiled code is kept in `__pycache__`. numba notices there when this file has changed, not when
`lanes` has; `many` compares whatever it gets with the reference before it trusts it.
"""

import numpy as np
from numba import njit

from blocks.draw.lanes import (
    BLOCK,
    LANES,
    compress_sha256,
    compress_sm3,
    load_block,
    store_words,
)

SHA256_START = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
SM3_START = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip


_compiled = njit(nogil=True, cache=True, error_model="numpy")

# What the kernel needs for itself, in vectors of 64 bytes one after the other.
_ROWS, _STATE, _MIDDLE, _ACTIVE, _LEAD, _EDGE, _VECTORS = 0, 16, 24, 32, 33, 34, 35


@_compiled
def _compress(is_sm3, before, after, rows, active):
    if is_sm3:
        compress_sm3(before, after, rows, active)
    else:
        compress_sha256(before, after, rows, active)


@_compiled
def _blocks(length):
    """How many blocks hold `length` bytes, the 0x80 after them, and eight bytes of length."""
    return ((length + 8) >> 6) + 1


@_compiled
def _hash_prefix(is_sm3, prefix, work):
    """Leave in `work` the state after the blocks that the prefix fills, and the rest of it."""
    base, source = np.int64(work.ctypes.data), np.int64(prefix.ctypes.data)
    middle, rows, active = base + BLOCK * _MIDDLE, base + BLOCK * _ROWS, base + BLOCK * _ACTIVE
    whole = len(prefix) // BLOCK
    for block in range(whole):
        for lane in range(LANES):
            load_block(rows + BLOCK * lane, source + BLOCK * block, 0, BLOCK, base, 0)
        _compress(is_sm3, middle, middle, rows, active)
    for place in range(BLOCK * whole, len(prefix)):
        work[_LEAD].view(np.uint8)[place - BLOCK * whole] = prefix[place]


@_compiled
def _hash_stretch(is_sm3, prefix_length, data, starts, ends, begin, end, work, out):
    """Hash the messages begin..end into `out`; return whether each lay within `data`."""
    base = np.int64(work.ctypes.data)
    rows, state, middle = base + BLOCK * _ROWS, base + BLOCK * _STATE, base + BLOCK * _MIDDLE
    active = base + BLOCK * _ACTIVE
    rest, is_within = prefix_length % BLOCK, True
    for first in range(begin, end, LANES):
        together = min(LANES, end - first)  # what the other lanes hold does not matter
        longest, lowest, highest = 0, len(data), 0
        for place in range(first, first + together):
            start, stop = np.int64(starts[place]), np.int64(ends[place])
            is_within &= (start >= 0) & (stop >= start) & (stop <= len(data))
            longest = max(longest, stop - start)
            lowest, highest = min(lowest, start), max(highest, start)
        if not is_within:
            return False
        blocks = _blocks(rest + longest)
        if blocks == 1 and lowest >= rest and highest + BLOCK <= len(data):
            _load_singles(prefix_length, data, starts, ends, first, first + together, work)
            _compress(is_sm3, middle, state, rows, active)
        else:
            for block in range(blocks):
                _load_any(prefix_length, data, starts, ends, first, first + together, block, work)
                _compress(is_sm3, state if block else middle, state, rows, active)
            work[_ACTIVE] = 0xFFFFFFFF
        for word in range(len(out)):
            there = np.int64(out.ctypes.data) + 8 * (word * out.shape[1] + first)
            store_words(state + 2 * BLOCK * word, there)
    return True


@_compiled
def _load_singles(prefix_length, data, starts, ends, first, end, work):
    """Load a group of which each message is one block, away from both ends of `data`."""
    rest = prefix_length % BLOCK
    source = np.int64(data.ctypes.data) - rest
    rows, lead = np.int64(work.ctypes.data), np.int64(work.ctypes.data) + BLOCK * _LEAD
    for place in range(first, end):
        start, length = np.int64(starts[place]), np.int64(ends[place]) - np.int64(starts[place])
        bits = 8 * (prefix_length + length)
        row = rows + BLOCK * (place - first)
        load_block(row, source + start, rest, rest + length, lead, bits)


@_compiled
def _load_any(prefix_length, data, starts, ends, first, end, block, work):
    """Load block number `block` of each message of a group; who has none rests."""
    base, source = np.int64(work.ctypes.data), np.int64(data.ctypes.data)
    rest, done = prefix_length % BLOCK, BLOCK * block
    low = 0 if block else rest
    for lane in range(end - first):
        start = np.int64(starts[first + lane])
        length = rest + np.int64(ends[first + lane]) - start
        at, mark = start - rest + done, min(max(length - done, -1), BLOCK)
        last = _blocks(length) - 1
        bits = 8 * (prefix_length - rest + length) if block == last else 0
        work[_ACTIVE, lane] = 0xFFFFFFFF if block <= last else 0
        text = source + at
        if at < 0 or at + BLOCK > len(data):
            _copy(data, at, low, mark, work)
            text = base + BLOCK * _EDGE
        load_block(base + BLOCK * (_ROWS + lane), text, low, mark, base + BLOCK * _LEAD, bits)


@_compiled
def _copy(data, at, low, mark, work):
    """Copy so much of a block as lies within `data` to where 64 bytes may be read."""
    edge = work[_EDGE].view(np.uint8)
    for byte in range(low, mark):
        edge[byte] = data[at + byte]


def hash_into(out, hash_name: str, data, starts, ends, prefix: bytes, begin: int, end: int) -> None:
    """Hash prefix + data[start:end] of the messages begin..end into those columns of `out`.

    `out` is uint64 (1..4, n rounded up to 16): the first words of each hash; `begin` is a multiple
    of 16, because sixteen columns are written at a time.

    Raises:
        ValueError: a message does not lie within `data`.
    """
    is_sm3 = hash_name == "sm3"
    work = np.zeros((_VECTORS, LANES), np.uint32)
    work[_MIDDLE : _MIDDLE + 8] = np.array([SM3_START if is_sm3 else SHA256_START]).T
    work[_ACTIVE] = 0xFFFFFFFF
    _hash_prefix(is_sm3, np.frombuffer(prefix, np.uint8), work)
    read = [_read_only(one) for one in (data, starts, ends)]
    if not _hash_stretch(is_sm3, len(prefix), *read, begin, end, work, out):
        raise ValueError("a message does not lie within the data")


def passed(heads, strata, weights, highest) -> tuple[np.ndarray, np.ndarray]:
    """`Bar.passed` of `lowest`: the same rule, without what numpy writes down in between."""
    places, keys = np.empty(len(heads), np.int64), np.empty(len(heads), np.uint64)
    none = np.empty(0, np.uint16)
    columns = [_read_only(none if one is None else one) for one in (strata, weights)]
    count = _passed(heads, *columns, highest, places, keys)
    return places[:count], keys[:count].copy()  # a view would keep the whole array in memory


@_compiled
def _passed(heads, strata, weights, highest, places, keys):
    """Fill `places` and `keys`; return how many. No strata: all are in 0; no weights: all are 1."""
    count = 0
    for place in range(len(heads)):
        most = highest[strata[place] if len(strata) else 0]
        weight = np.uint64(weights[place] if len(weights) else 1)
        near = (most >> np.uint64(16)) + np.uint64(1)
        if heads[place] >> np.uint64(16) < near * weight:
            key = heads[place] // weight
            if key <= most:
                places[count], keys[count] = place, key
                count += 1
    return count


def _read_only(array: np.ndarray) -> np.ndarray:
    """The same array as numba shall see every one: in one piece, not to be written to.

    Otherwise each combination of the two would be compiled by itself.
    """
    seen = np.ascontiguousarray(array).view()
    seen.flags.writeable = False
    return seen
