"""From the seal to the result: what decides the draw, and that nothing else does."""

import json
import random
from collections import Counter
from dataclasses import replace

import pytest

from blocks.draw import chain, seed
from blocks.draw.hashing import HASHES, ZERO, hexdigest
from blocks.draw.pool import Candidate
from blocks.draw.result import build_result, replacement_line
from blocks.draw.sealing import method_hash, read_seal, seal_hash
from blocks.draw.strata import StratumRule
from blocks.draw.tickets import draw_stratum
from blocks.errors import DrawError

SEED = "0" * 64


def ids(tickets):
    return [ticket.id for ticket in tickets]


def ordered(candidates, hash_name="sm3", seed_hex=SEED):
    drawn, _ = draw_stratum(candidates, len(candidates), 0, seed_hex, hash_name)
    return ids(drawn)


POOL = [Candidate(f"T{number:03d}", "all") for number in range(60)]


@pytest.mark.parametrize("hash_name", HASHES)
def test_a_ticket_is_the_hash_of_seed_and_id_by_hand(hash_name):
    (ticket,), _ = draw_stratum([Candidate("T1", "all", 3)], 1, 0, SEED, hash_name)
    by_hand = hexdigest(hash_name, (SEED + "T1").encode())
    assert ticket.digest == by_hand
    assert ticket.key == int(by_hand[:16], 16) // 3
    assert ticket.as_record()["key"] == str(ticket.key)


def test_the_order_of_the_input_has_no_part_in_it():
    expected = draw_stratum(POOL, 7, 5, SEED, "sm3")
    for turn in range(20):
        turned = random.Random(turn).sample(POOL, len(POOL))
        assert draw_stratum(turned, 7, 5, SEED, "sm3") == expected


def test_one_added_or_removed_never_reorders_the_others():
    before = ordered(POOL)
    for candidate in POOL:
        rest = [one for one in POOL if one != candidate]
        assert ordered(rest) == [one for one in before if one != candidate.id]


def test_reserves_follow_the_drawn_and_ranks_run_on():
    drawn, reserves = draw_stratum(POOL, 7, 5, SEED, "sm3")
    assert ids(drawn + reserves) == ordered(POOL)[:12]
    assert [ticket.rank for ticket in drawn + reserves] == list(range(1, 13))


def test_none_all_and_more_than_all_can_be_drawn():
    assert draw_stratum(POOL, 0, 0, SEED, "sm3") == ([], [])
    assert len(draw_stratum(POOL, 60, 5, SEED, "sm3")[0]) == 60
    assert draw_stratum(POOL, 60, 5, SEED, "sm3")[1] == []
    assert draw_stratum([], 3, 1, SEED, "sm3") == ([], [])


def test_every_candidate_is_drawn_equally_often():
    """Chi-square with the finite-population factor; 59 degrees, p = 1e-4 at 107."""
    rounds, count, size = 3000, 12, len(POOL)
    drawn = Counter()
    for turn in range(rounds):
        seed_hex = hexdigest("sha256", b"round %d" % turn)
        drawn.update(ids(draw_stratum(POOL, count, 0, seed_hex, "sha256")[0]))
    mean = rounds * count / size
    spread = sum((drawn[one.id] - mean) ** 2 for one in POOL) / mean
    assert spread * (size - 1) / (size - count) < 107


def test_every_pair_is_drawn_equally_often():
    """190 pairs among 20, 5 drawn; p = 1e-4 at about 268 for 189 degrees."""
    pool, rounds = POOL[:20], 4000
    together = Counter()
    for turn in range(rounds):
        seed_hex = hexdigest("sm3", b"pair %d" % turn)
        drawn = sorted(ids(draw_stratum(pool, 5, 0, seed_hex, "sm3")[0]))
        together.update((a, b) for place, a in enumerate(drawn) for b in drawn[place + 1 :])
    mean = rounds * 5 * 4 / (20 * 19)
    assert len(together) == 190
    assert sum((count - mean) ** 2 / mean for count in together.values()) < 268


def test_inclusion_follows_the_weight():
    """Of 400, 40 are drawn with weights 1, 2, 4: exact proportion is 40·w/Σw."""
    pool = [Candidate(f"T{n:03d}", "D", (1, 2, 4, 1)[n % 4]) for n in range(400)]
    drawn, rounds = Counter(), 600
    for turn in range(rounds):
        seed_hex = hexdigest("sha256", b"weights %d" % turn)
        tickets, _ = draw_stratum(pool, 40, 0, seed_hex, "sha256")
        drawn.update(int(ticket.id[1:]) % 4 for ticket in tickets)
    for place, weight in enumerate((1, 2, 4, 1)):
        assert abs(drawn[place] / (100 * rounds) - 40 * weight / 800) < 0.004


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
        [None, "5a" * 32, "5a" * 32, "1", "1664"],
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
        build_result(pool=made.pool[1:], seed_bytes=made.seed, **rest)
    other = maker(made.hash_name, pool=made.pool[1:])
    with pytest.raises(DrawError, match="种子"):
        build_result(pool=made.pool, seed_bytes=other.seed, **rest)


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


def test_a_candidates_weight_changes_only_its_own_place():
    heavier = [replace(one, weight=9) if one.id == "T030" else one for one in POOL]
    before, after = ordered(POOL), ordered(heavier)
    assert [one for one in before if one != "T030"] == [one for one in after if one != "T030"]
    assert after.index("T030") <= before.index("T030")


GOLDEN = {
    "sha256": (
        "8c995c8037ad5322f461b65c5ac272a144f14b72657d75b5df18110a9d93d37d",
        "e296a8dadd62f1557046dcc309162230f58edf6ca3ee49b101c4f758cc85fcb6",
        ["LOW00006", "LOW00009", "LOW00010", "TOP00007", "TOP00005", "TOP00004", "TOP00002"],
    ),
    "sm3": (
        "355f8069082d88b23c71181f54f220b666f1508846fdcbc0e76cb2a98108a997",
        "cd8e9b5698b91840442fa59cd682494e43ac503ff3c6487bb474c152dfbcbcd1",
        ["LOW00005", "LOW00000", "LOW00021", "TOP00011", "TOP00005", "TOP00010", "TOP00003"],
    ),
}
