"""From the seal to the result: what decides the draw, and that nothing else does."""

import json
import random

import pytest

from blocks.draw import chain, seed
from blocks.draw.hashing import HASHES, ZERO
from blocks.draw.pool import of_candidates
from blocks.draw.result import build_result, replacement_line
from blocks.draw.sealing import method_hash, read_seal, seal_hash
from blocks.draw.strata import StratumRule
from blocks.errors import DrawError


def test_the_golden_draw_of_both_hashes(made):
    result = json.loads(made.result)
    drawn = [ticket["id"][8:] for one in result["strata"] for ticket in one["drawn"]]
    assert (seal_hash(made.seal), result["base"], drawn) == GOLDEN[made.hash_name]


def test_all_counts_of_the_result_are_those_of_the_seal(made):
    strata = json.loads(made.result)["strata"]
    assert [(one["code"], one["size"], one["count"]) for one in strata] == [
        ("A", 23, 3),
        ("D", 12, 4),
    ]
    assert [len(one["drawn"]) for one in strata] == [3, 4]
    assert [len(one["reserves"]) for one in strata] == [3, 2]


def test_a_missing_reveal_is_written_and_skipped(made):
    lines = made.seed.decode().splitlines()
    assert lines[:3] == ["SJD-SEED-1", made.hash_name, seal_hash(made.seal)]
    assert lines[5] == "reveal:消防=missing" and made.seed.endswith(b"\n")


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None] * 5,
        [None, None, None, "1", "1664"],
        ["ab" * 32, "5b" * 32, None, "1", "1664"],
        ["ab" * 32, "5a" * 32, None, None, "1664"],
        ["ab" * 32, "5a" * 32, None, "1", "166"],
        ["ab" * 32, "5a" * 32, None, "1", "1667"],
    ],
)
def test_wrong_or_missing_values_make_no_seed(made, values):
    with pytest.raises(DrawError) as refused:
        seed.seed_text(made.seal, values)
    assert refused.value.remedy


def test_departments_have_seeds_of_their_own():
    seeds = {seed.seed_inspectors("ab", department, "sm3") for department in ("a", "b")}
    assert len(seeds | {seed.seed_targets("ab", "sm3")}) == 3


def test_the_seal_is_the_same_whatever_the_order_of_the_pool(maker, made):
    turned = random.Random(3).sample(made.pool, len(made.pool))
    assert maker(made.hash_name, pool=turned).seal == made.seal


def test_any_change_of_the_pool_changes_the_seal(maker, made):
    fewer = maker(made.hash_name, pool=made.pool[1:])
    assert seal_hash(fewer.seal) != seal_hash(made.seal)


def test_an_empty_pool_can_be_sealed_and_drawn(maker):
    empty = maker("sm3", pool=[], rules=[StratumRule("all", "ratio", 1, 10)])
    assert read_seal(empty.seal)["pool"] == {"root": ZERO, "size": 0}
    assert json.loads(empty.result)["strata"][0]["drawn"] == []


def test_a_pool_or_seed_that_is_not_the_seals_is_not_drawn(made, maker):
    rest = {"seal_bytes": made.seal, "evidence": []}
    with pytest.raises(DrawError, match="待抽库"):
        build_result(pool=of_candidates(made.pool[1:]), seed_bytes=made.seed, **rest)
    other = maker(made.hash_name, pool=made.pool[1:])
    with pytest.raises(DrawError, match="种子"):
        build_result(pool=of_candidates(made.pool), seed_bytes=other.seed, **rest)


def test_a_seal_that_is_not_canonical_is_refused(made):
    with pytest.raises(DrawError):
        read_seal(json.dumps(json.loads(made.seal)).encode())
    with pytest.raises(DrawError):
        read_seal(b"{")
    with pytest.raises(DrawError):
        read_seal(b"[]")


def test_the_methods_hash_does_not_depend_on_order_and_does_on_every_byte():
    one = method_hash("sm3", {"a": b"1", "b": b"2"})
    assert one == method_hash("sm3", {"b": b"2", "a": b"1"})
    assert one != method_hash("sm3", {"a": b"1", "b": b"3"})


def test_reserves_step_in_strictly_in_order(made, replacements):
    strata = json.loads(made.result)["strata"]
    lines = [json.loads(line) for line in replacements.splitlines()]
    reserves = [ticket["id"] for one in strata for ticket in one["reserves"]]
    assert [line["id_in"] for line in lines] == [reserves[0], reserves[1], reserves[3]]
    assert [line["rank_in"] for line in lines] == [4, 5, 5]
    assert set(lines[0]) == {"rank_out", "id_out", "reason", "rank_in", "id_in", "at"}


def test_a_replacement_needs_a_reason_somebody_who_is_in_and_a_reserve(made):
    stratum = json.loads(made.result)["strata"][0]
    rest = {"reason": "已注销", "at": "2026-12-01T01:00:00Z"}
    first, waiting = stratum["drawn"][0]["id"], stratum["reserves"][0]["id"]
    for id_out, change in ((waiting, {}), ("NOBODY", {}), (first, {"reason": " "})):
        with pytest.raises(DrawError):
            replacement_line(made.result, [], id_out=id_out, **rest | change)
    earlier = []
    for _ in range(3):
        line = replacement_line(made.result, earlier, id_out=first, **rest)
        earlier.append(json.loads(line))
        with pytest.raises(DrawError, match="不在抽中名单"):
            replacement_line(made.result, earlier, id_out=first, **rest)
        first = earlier[-1]["id_in"]
    with pytest.raises(DrawError, match="备选已用完"):
        replacement_line(made.result, earlier, id_out=first, **rest)


def a_chain(*moves):
    lines = []
    for place, (kind, scheme, number) in enumerate(moves):
        before, name = (lines[-1] if lines else None), HASHES[place % 2]
        lines.append(chain.next_line(before, kind, scheme, number, "ab" * 32, name))
    return lines


def test_a_chain_of_several_schemes_holds_and_names_what_is_open():
    lines = a_chain(
        ("sealed", "x", 1), ("sealed", "y", 1), ("drawn", "x", 1), ("void", "x", 1),
        ("sealed", "x", 2),
    )  # fmt: skip
    assert sorted(chain.check(lines)) == [("x", 2), ("y", 1)]
    assert chain.check([]) == []
    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "moves",
    [
        [("sealed", "x", 2)],
        [("drawn", "x", 1)],
        [("void", "x", 0)],
        [("sealed", "x", 1), ("sealed", "x", 2)],
        [("sealed", "x", 1), ("drawn", "x", 1), ("sealed", "x", 2)],
        [("sealed", "x", 1), ("drawn", "x", 2)],
        [("sealed", "x", 1), ("void", "x", 1), ("drawn", "x", 1)],
        [("sealed", "x", 1), ("void", "x", 1), ("sealed", "x", 3)],
    ],
)
def test_gaps_and_second_seals_are_found(moves):
    with pytest.raises(DrawError, match="不合次序"):
        chain.check(a_chain(*moves))


@pytest.mark.parametrize("key", ["number", "kind", "file", "previous", "head"])
def test_a_changed_line_of_the_chain_is_found(key):
    lines = a_chain(("sealed", "x", 1), ("drawn", "x", 1))
    wrong = {"number": 3, "kind": "void", "file": ZERO, "previous": ZERO, "head": ZERO}[key]
    with pytest.raises(DrawError, match="第 2 行"):
        chain.check([lines[0], lines[1] | {key: wrong}])
    with pytest.raises(DrawError):
        chain.check(lines[1:])


def test_an_unknown_kind_cannot_be_chained():
    with pytest.raises(DrawError):
        chain.next_line(None, "redrawn", "x", 1, ZERO, "sm3")


GOLDEN = {
    "sha256": (
        "5613d4e328062acc9201e7afaa8a618a931d06a34559c9f295dcfb44a38a89d1",
        "fc5a2cea27068bffb5fdf7ae7e504d5d42e656bb441c0dc0bcb591e9104e8d3d",
        ["LOW00002", "LOW00007", "LOW00011", "TOP00009", "TOP00005", "TOP00003", "TOP00007"],
    ),
    "sm3": (
        "36e5c7308c7f9adad485638e274e2418014e7a8398aa23ab14193466625646f6",
        "656bc2de3758518f46290c928e7463fdd513016d3a1875db9d849773af52dc6c",
        ["LOW00000", "LOW00017", "LOW00021", "TOP00007", "TOP00002", "TOP00008", "TOP00001"],
    ),
}
