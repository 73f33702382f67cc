"""The pool's lines and its Merkle root."""

import hashlib
import random

import pytest

from blocks.draw import merkle
from blocks.draw.columns import canonical_objects
from blocks.draw.hashing import HASHES, ZERO, canonical_json
from blocks.draw.pool import (
    Candidate,
    attributes_hash,
    of_candidates,
    of_columns,
    parse_pool,
    records_root,
)
from blocks.errors import DrawError


def lines_of(candidates):
    return bytes(of_candidates(candidates).tsv).decode().splitlines()


def root(lines, hash_name):
    return merkle.root(merkle.leaves(lines, hash_name), hash_name)


def by_the_rfc(leaves):
    """RFC 6962, 2.1, as it is written there: split at the largest power of two below n."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = by_the_rfc(leaves[:split]), by_the_rfc(leaves[split:])
    return hashlib.sha256(b"\1" + left + right).digest()


@pytest.mark.parametrize("size", range(1, 18))
def test_the_root_is_that_of_rfc_6962(size):
    leaves = [b"%d" % place for place in range(size)]
    assert root(leaves, "sha256") == by_the_rfc(leaves).hex()


@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("size", range(1, 18))
def test_every_proof_leads_to_the_root_and_no_other_line_does(size, hash_name):
    lines = [b"line %d" % place for place in range(size)]
    leaves = merkle.leaves(lines, hash_name)
    top = merkle.root(leaves, hash_name)
    for place, line in enumerate(lines):
        path = merkle.proof(leaves, place, hash_name)
        assert merkle.verify(line, path, top, hash_name)
        assert not merkle.verify(line + b"x", path, top, hash_name)
        for at in range(len(path)):
            turned = {"left": "right", "right": "left"}[path[at][0]]
            false = [*path[:at], (turned, path[at][1]), *path[at + 1 :]]
            assert not merkle.verify(line, false, top, hash_name)
            assert not merkle.verify(line, path[:at], top, hash_name)


def test_a_malformed_proof_is_simply_not_one():
    assert not merkle.verify(b"a", [("left", "zz")], ZERO, "sm3")
    assert not merkle.verify(b"a", [("up", ZERO)], ZERO, "sm3")


def test_no_leaves_have_the_root_of_zeros_and_no_proof():
    assert root([], "sm3") == ZERO
    with pytest.raises(DrawError):
        merkle.proof(merkle.leaves([], "sm3"), 0, "sm3")


def test_lines_are_sorted_by_id_whatever_the_order_of_input():
    candidates = [Candidate(code, "all") for code in ("B", "A", "10", "9", "_", "H:" + "a" * 40)]
    lines = lines_of(candidates)
    assert [line.split("\t")[1] for line in lines] == ["10", "9", "A", "B", "H:" + "a" * 40, "_"]
    for turn in range(20):
        assert lines_of(random.Random(turn).sample(candidates, len(candidates))) == lines


def test_a_line_is_written_as_the_design_says():
    assert lines_of([Candidate("A1", "D类", 10, "ab" * 32)]) == [
        "SJD1\tA1\tD类\t10\t" + "ab" * 32
    ]
    salted = lines_of([Candidate("A1", "all", salt="0f")])
    assert salted == [f"SJD1\tA1\tall\t1\t{ZERO}\t0f"]


def test_a_pool_read_back_is_the_same():
    plain = [Candidate("A", "x", 3, "ab" * 32), Candidate("B", "y")]
    salted = [Candidate("A", "x", salt="0a"), Candidate("B", "y", 2, salt="00ff")]
    for candidates in (plain, salted, []):
        pool = of_candidates(candidates)
        again = parse_pool(bytes(pool.tsv))
        assert again.tsv == pool.tsv and again.sizes == pool.sizes
        assert again.weights.tolist() == [one.weight for one in candidates]
        assert [again.find(one.id) for one in candidates] == list(range(len(candidates)))
    assert again.find("A") is None


def test_either_all_lines_are_salted_or_none():
    with pytest.raises(DrawError, match="盐值"):
        of_candidates([Candidate("A", "x"), Candidate("B", "y", salt="00ff")])


def test_an_id_there_twice_is_refused_and_named():
    with pytest.raises(DrawError, match="A1"):
        of_candidates([Candidate("A1", "x"), Candidate("A1", "y")])


@pytest.mark.parametrize(
    "bad",
    [
        Candidate("a1", "x"),
        Candidate("A" * 56, "x"),
        Candidate("", "x"),
        Candidate("A1", ""),
        Candidate("A1", "x\ty"),
        Candidate("A1", "x\n"),
        Candidate("A1", "x", 0),
        Candidate("A1", "x", 65536),
        Candidate("A1", "x", True),
        Candidate("A1", "x", 1, "AB" * 32),
        Candidate("A1", "x", 1, ZERO, "f"),
    ],
)
def test_a_candidate_that_cannot_stand_in_a_line_is_refused(bad):
    with pytest.raises(DrawError):
        of_candidates([bad])


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"SJD1\tA\tx\t1\t" + ZERO.encode(),
        b"SJD1\tA\tx\t01\t" + ZERO.encode() + b"\n",
        b"SJD1\tA\tx\t1\n",
        b"SJD1\tA\tx\t-1\t" + ZERO.encode() + b"\n",
        b"SJD1\tB\tx\t1\t" + ZERO.encode() + b"\nSJD1\tA\tx\t1\t" + ZERO.encode() + b"\n",
    ],
)
def test_a_damaged_pool_is_refused(data):
    with pytest.raises(DrawError):
        parse_pool(data)


@pytest.mark.parametrize("hash_name", HASHES)
def test_records_have_one_root_whatever_their_order_and_their_keys_order(hash_name):
    records = [canonical_json({"id": str(n), "reason": "本年度已抽查"}).decode() for n in range(9)]
    turned = records[::-1]
    assert records_root(records, hash_name) == records_root(turned, hash_name)
    assert records_root(records, hash_name) != records_root(records[1:], hash_name)
    assert records_root([], hash_name) == {"root": ZERO, "size": 0}


def test_attributes_are_hashed_in_canonical_form():
    assert attributes_hash({"b": 1, "a": 2}, "sm3") == attributes_hash({"a": 2, "b": 1}, "sm3")


def test_the_pools_root_is_that_of_its_lines_and_counts_them():
    pool = of_columns(["B", "A", "C"], ["x", "x", "y"])
    lines = [pool.line(place).encode() for place in range(3)]
    assert pool.sealed("sm3") == {"root": root(lines, "sm3"), "size": 3}


NAMES = ["揭阳市“好”旅馆", 'quote " and \\ back', "tab\t and \x00\x1f\n", "𬭩〓＝", "", "\x7f\u2028"]


def test_objects_in_columns_are_canonical_json_row_by_row():
    """What RFC 8785 asks of texts: only controls, quotes and backslashes are escaped."""
    rows = [{"name": name, "county": str(n)} for n, name in enumerate(NAMES)]
    written = canonical_objects({key: [row[key] for row in rows] for key in ("name", "county")})
    assert written.to_pylist() == [canonical_json(row).decode() for row in rows]
    assert len(canonical_objects({"id": []})) == 0
