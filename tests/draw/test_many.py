"""Many hashes in one go: the compiled path and hashlib agree on every byte."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blocks.draw import many
from blocks.draw.hashing import HASHES, digest

ROOT = Path(__file__).parents[2]
SEED = b"5a" * 32
PREFIXES = [b"", b"\x00", b"\x01", b"x" * 63, SEED, SEED + b"y", SEED * 2 + b"z" * 61]

both = pytest.mark.parametrize("hash_name", HASHES)


def messages(lengths, kind=np.int64):
    """Messages of these lengths one after the other, and where each begins and ends."""
    cuts = np.concatenate([[0], np.cumsum(lengths)]).astype(kind)
    data = np.random.default_rng(7).integers(0, 256, int(cuts[-1]), dtype=np.uint8)
    return data, cuts[:-1], cuts[1:]


@both
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_both_paths_agree_on_a_hundred_thousand_ids_of_every_length(hash_name, kind):
    work = messages(np.resize(np.arange(1, 56), 100_000), kind)
    compiled = many.heads(hash_name, *work, SEED, fast=True)
    assert (compiled == many.heads(hash_name, *work, SEED, fast=False)).all()


@both
@pytest.mark.parametrize("prefix", PREFIXES)
def test_both_paths_agree_on_lines_of_every_length_after_any_prefix(hash_name, prefix):
    lengths = np.random.default_rng(1).permutation(np.arange(301))
    data, starts, ends = messages(lengths)
    places = zip(starts, ends, strict=True)
    by_hand = [digest(hash_name, prefix + data[start:end].tobytes()) for start, end in places]
    for fast in (True, False):
        got = many.digests(hash_name, data, starts, ends, prefix, fast=fast)
        assert got.shape == (301, 32) and got.dtype == np.uint8
        assert [row.tobytes() for row in got] == by_hand


@both
@pytest.mark.parametrize("fast", [True, False])
def test_a_level_of_the_tree_is_hashed_pair_by_pair_and_the_odd_one_promoted(hash_name, fast):
    for size in range(1, 71):
        level = np.random.default_rng(size).integers(0, 256, (size, 32), dtype=np.uint8)
        nodes = [one.tobytes() for one in level]
        pairs = zip(nodes[::2], nodes[1::2], strict=False)
        above = [digest(hash_name, b"\x01" + left + right) for left, right in pairs]
        above += nodes[-1:] if size % 2 else []
        assert [one.tobytes() for one in many.parents(hash_name, level, fast=fast)] == above


@pytest.mark.parametrize("fast", [True, False])
def test_the_head_is_the_first_eight_bytes_whatever_number_is_hashed(fast):
    for count in (0, 1, 15, 16, 17, 33):
        work = messages(np.full(count, 18))
        whole = many.digests("sm3", *work, SEED, fast=fast)
        assert whole.shape == (count, 32)
        heads = many.heads("sm3", *work, SEED, fast=fast)
        assert heads.tolist() == [int.from_bytes(one[:8].tobytes(), "big") for one in whole]


@pytest.mark.parametrize("fast", [True, False])
def test_messages_may_lie_anywhere_in_any_buffer_of_bytes(fast):
    text = b"abcabc"
    starts, ends = np.array([3, 0, 6, 0, 5]), np.array([6, 3, 6, 6, 6])
    for data in (text, memoryview(text), bytearray(text), np.frombuffer(text, np.uint8)):
        got = many.digests("sm3", data, starts, ends, fast=fast)
        said = [digest("sm3", one) for one in (b"abc", b"abc", b"", b"abcabc", b"c")]
        assert [one.tobytes() for one in got] == said
    assert got[0].tobytes().hex().startswith("66c7f0f462eeedd9d1f2d46bdc10e4e2")


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("start, end", [(-1, 2), (3, 2), (0, 7), (7, 8)])
def test_a_message_outside_the_data_is_refused(fast, start, end):
    starts, ends = np.array([0] * 20 + [start]), np.array([6] * 20 + [end])
    with pytest.raises(ValueError, match="lie within"):
        many.heads("sha256", b"abcdef", starts, ends, fast=fast)


def test_small_pools_do_not_wait_for_a_compiler():
    assert not many.is_fast(many.FAST_FROM - 1)
    assert many.is_fast(many.FAST_FROM)


WITHOUT = """
import logging, sys
logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
sys.path.insert(0, sys.argv[1])
import numpy as np
from blocks.draw import many
starts = np.zeros(many.FAST_FROM, np.int64)
for _ in range(2):
    print(many.heads("sha256", b"abc", starts, starts + 3)[[0, -1]].tolist())
print("forced" if many.is_fast(len(starts)) else "reference")
"""


@pytest.mark.parametrize("numba", ["raise ImportError('no numba here')", "njit = None"])
def test_without_a_compiler_the_reference_serves_and_the_log_says_so_once(tmp_path, numba):
    (tmp_path / "numba.py").write_text(numba)
    command = [sys.executable, "-c", WITHOUT, str(tmp_path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    head = int("ba7816bf8f01cfea", 16)
    assert said.stdout.splitlines() == [str([head, head])] * 2 + ["reference"]
    assert said.stderr.count("WARNING blocks.draw.many") == 1
    assert "hashlib serves" in said.stderr


def test_a_compiled_path_that_differs_by_one_bit_is_not_trusted():
    def wrong(*work):
        return many.compiled(*work) ^ np.uint64(1)

    many.prove(many.compiled)
    with pytest.raises(ArithmeticError, match="compiled"):
        many.prove(wrong)
