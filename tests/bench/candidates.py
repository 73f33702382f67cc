"""Candidates as a province has them: codes of eighteen characters (GB 32100-2015), weights by risk.

Quickly: twenty million in a few seconds, and in the memory that they need themselves.
"""

from collections.abc import Iterator

import numpy as np

LENGTH = 18
LETTERS = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
WEIGHTS = np.array([1, 2, 4, 10], np.uint16)
SHARES = (0.40, 0.35, 0.20, 0.05)
_COUNTIES = np.arange(440103, 440183)
_STRETCH = 1 << 20


def stretches(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (codes uint8 (n, 18), weights uint16 (n,)), `count` altogether, always the same ones.

    Nine letters hold the running number, multiplied so that neighbours look unlike: no code twice.
    """
    chance = np.random.default_rng(20261123)
    for first in range(0, count, _STRETCH):
        numbers = np.arange(first, min(first + _STRETCH, count), dtype=np.uint64)
        codes = np.empty((len(numbers), LENGTH), np.uint8)
        codes[:, :2] = np.frombuffer(b"91", np.uint8)
        _write(codes[:, 2:8], chance.choice(_COUNTIES, len(numbers)), 10)
        _write(codes[:, 8:17], numbers * np.uint64(7_368_787_001) % np.uint64(31**9), 31)
        _write(codes[:, 17:], chance.integers(0, 31, len(numbers)), 31)
        yield codes, chance.choice(WEIGHTS, len(numbers), p=SHARES)


def in_memory(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (data uint8, offsets int32 (count + 1,), weights uint16) as Arrow has them."""
    data = np.empty((count, LENGTH), np.uint8)
    weights = np.empty(count, np.uint16)
    first = 0
    for codes, its in stretches(count):
        here = slice(first, first + len(codes))
        data[here], weights[here] = codes, its
        first += len(codes)
    offsets = np.arange(count + 1, dtype=np.int32)
    offsets *= LENGTH
    return data.reshape(-1), offsets, weights


def _write(columns: np.ndarray, numbers: np.ndarray, base: int) -> None:
    """Write each number into its row of letters, the last digit last."""
    rest = numbers
    for place in reversed(range(columns.shape[1])):
        rest, digit = np.divmod(rest, rest.dtype.type(base))
        columns[:, place] = LETTERS[digit]
