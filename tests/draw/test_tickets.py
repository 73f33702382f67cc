"""Who is drawn depends on the tickets, on nothing else, and on everybody's alike."""

import random
from collections import Counter
from itertools import pairwise
from math import comb

import numpy as np
import pytest

from blocks.draw import many
from blocks.draw.hashing import HASHES, digest, hexdigest
from blocks.draw.tickets import Batch, draw

SEED = "0" * 64
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY._:-"

both = pytest.mark.parametrize("hash_name", HASHES)


def batch(ids, strata=None, weights=None, kind=np.int64):
    cuts = np.cumsum([0, *map(len, ids)]).astype(kind)
    data = np.frombuffer("".join(ids).encode(), np.uint8)
    columns = (None if one is None else np.array(one, np.uint16) for one in (strata, weights))
    return Batch(data, cuts[:-1], cuts[1:], *columns)


def tickets(drawn):
    columns = zip(drawn.keys.tolist(), drawn.digests, drawn.ids, strict=True)
    return [(key, one.tobytes(), id_.decode()) for key, one, id_ in columns]


def by_hand(rows, stratum, count, seed_hex, hash_name):
    """The definition, word for word: rows are (id, stratum, weight)."""
    every = []
    for id_, its, weight in rows:
        if its == stratum:
            ticket = digest(hash_name, (seed_hex + id_).encode())
            every.append((int.from_bytes(ticket[:8], "big") // weight, ticket, id_))
    return sorted(every)[:count]


def ordered(ids, hash_name="sm3", seed_hex=SEED, weights=None):
    (drawn,) = draw([batch(ids, weights=weights)], [len(ids)], seed_hex, hash_name)
    return [id_.decode() for id_ in drawn.ids]


POOL = [f"T{number:03d}" for number in range(60)]


def any_pool(chance):
    ids = {"".join(chance.choices(LETTERS, k=chance.randint(1, 55))) for _ in range(200)}
    ids.add("H:" + "a1" * 20)
    rows = [
        (id_, chance.randrange(4), chance.choice([1, 1, 2, 4, 65534, 65535])) for id_ in sorted(ids)
    ]
    return chance.sample(rows, chance.randint(0, len(rows)))


def split(rows, chance):
    """The rows in batches of any size, empty ones too, with offsets of either width."""
    cuts = sorted(chance.choices(range(len(rows) + 1), k=chance.randint(0, 4)))
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        ids, strata, weights = zip(*rows[begin:end], strict=True) if end > begin else ([], [], [])
        yield batch(ids, strata, weights, chance.choice([np.int32, np.int64]))


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("turn", range(60))
def test_the_draw_is_what_the_definition_says_in_any_order_and_any_batches(turn, fast):
    chance = random.Random(turn)
    rows, seed_hex, hash_name = any_pool(chance), f"{turn:064x}", HASHES[turn % 2]
    wanted = [chance.choice([0, 1, 2, 10, 500]) for _ in range(4)]
    got = draw(split(rows, chance), wanted, seed_hex, hash_name, fast=fast)
    for stratum, count in enumerate(wanted):
        assert tickets(got[stratum]) == by_hand(rows, stratum, count, seed_hex, hash_name)


def million(weights, sizes=(1_100_000,)):
    """Ids of eighteen digits in batches, and every ticket's key, D and place in the right order."""
    total = sum(sizes)
    letters = np.random.default_rng(5).integers(48, 58, (total, 18), dtype=np.uint8)
    starts = np.arange(total, dtype=np.int32) * np.int32(18)
    whole = Batch(letters.reshape(-1), starts, starts + np.int32(18), None, weights)
    cuts = np.cumsum([0, *sizes])
    batches = [whole[begin:end] for begin, end in pairwise(cuts.tolist())]
    heads = many.heads("sha256", whole.data, whole.starts, whole.ends, SEED.encode(), fast=True)
    keys = heads // weights
    order = np.lexsort((heads, keys))
    return batches, letters.view("S18").reshape(-1)[order], keys[order]


def is_right(batches, ids, keys, count):
    (drawn,) = draw(batches, [count], SEED, "sha256")
    return (drawn.ids == ids[:count]).all() and (drawn.keys == keys[:count]).all()


def test_a_large_pool_gives_the_same_at_once_or_in_pieces():
    weights = np.random.default_rng(1).choice(np.array([1, 2, 4, 65535], np.uint16), 1_100_000)
    at_once, ids, keys = million(weights)
    for count in (1, 999, 55_000, 300_000):
        assert is_right(at_once, ids, keys, count)
    pieces, *_ = million(weights, (1, 0, 99_999, 400_000, 600_000))
    for count in (10, 55_000, 900_000):
        assert is_right(pieces, ids, keys, count)


def test_a_sample_that_misleads_costs_time_and_changes_nothing():
    """Every 16th, of which the bar is foreseen, is heavy; the others are not."""
    weights = np.ones(1_100_000, np.uint16)
    weights[::16] = 65535
    assert is_right(*million(weights), 200_000)


def test_a_pool_with_no_wish_for_anybody_is_neither_hashed_nor_drawn():
    beyond = Batch(np.zeros(1, np.uint8), np.array([5]), np.array([9]))  # hashing it would fail
    (drawn,) = draw([beyond], [0], SEED, "sm3")
    assert len(drawn) == 0 and drawn.digests.shape == (0, 32) and list(drawn) == []
    shut = Batch(beyond.data, np.array([5, 0]), np.array([9, 1]), np.array([0, 1], np.uint16))
    assert [len(one) for one in draw([shut], [0, 1], SEED, "sm3")] == [0, 1]
    with pytest.raises(ValueError):
        draw([shut], [1, 1], SEED, "sm3")


@both
def test_a_ticket_is_the_hash_of_seed_and_id_by_hand(hash_name):
    (drawn,) = draw([batch(["T1"], None, [3])], [1], SEED, hash_name)
    said = hexdigest(hash_name, (SEED + "T1").encode())
    record = {"rank": 1, "id": "T1", "digest": said, "key": str(int(said[:16], 16) // 3)}
    assert list(drawn) == [record]


def test_ranks_run_on_from_the_drawn_through_the_reserves():
    (drawn,) = draw([batch(POOL)], [12], SEED, "sm3")
    whole = list(drawn)
    assert [one["id"] for one in whole] == ordered(POOL)[:12]
    assert [one["rank"] for one in whole] == list(range(1, 13))
    assert [*drawn.records(0, 7), *drawn.records(7, 5)] == whole
    assert list(drawn.records(10, 5)) == whole[10:] and list(drawn.records(12)) == []


def test_one_added_or_removed_never_reorders_the_others():
    before = ordered(POOL)
    for gone in POOL:
        rest = [one for one in POOL if one != gone]
        assert ordered(rest) == [one for one in before if one != gone]


def test_none_all_and_more_than_all_can_be_drawn():
    assert len(draw([batch(POOL)], [0], SEED, "sm3")[0]) == 0
    assert [len(draw([batch(POOL)], [count], SEED, "sm3")[0]) for count in (60, 65)] == [60, 60]
    assert [len(one) for one in draw([], [3, 1], SEED, "sm3")] == [0, 0]
    assert draw([batch([])], [], SEED, "sm3") == []


def test_equal_keys_are_ordered_by_the_whole_ticket_and_all_of_them_are_seen():
    """The same ids thirty thousand times are ties at the bar, as many as one likes to make."""
    ids = POOL * 500
    for count in (1, 501, 5_000):
        (drawn,) = draw([batch(ids)], [count], SEED, "sm3")
        rows = [(id_, 0, 1) for id_ in POOL]
        each = [one for one in by_hand(rows, 0, 60, SEED, "sm3") for _ in range(500)]
        assert tickets(drawn) == each[:count]


def test_a_candidates_weight_changes_only_its_own_place():
    heavy = [9 if id_ == "T030" else 1 for id_ in POOL]
    before, after = ordered(POOL), ordered(POOL, weights=heavy)
    assert [one for one in before if one != "T030"] == [one for one in after if one != "T030"]
    assert after.index("T030") <= before.index("T030")


def test_every_candidate_is_drawn_equally_often():
    """Chi-square with the finite-population factor; 59 degrees, p = 1e-4 at 107."""
    rounds, count, size = 3000, 12, len(POOL)
    drawn, pool = Counter(), batch(POOL)
    for turn in range(rounds):
        drawn.update(
            draw([pool], [count], hexdigest("sha256", b"round %d" % turn), "sha256")[0].ids.tolist()
        )
    mean = rounds * count / size
    spread = sum((times - mean) ** 2 for times in drawn.values()) / mean
    assert len(drawn) == size
    assert spread * (size - 1) / (size - count) < 107


def test_every_pair_is_drawn_equally_often():
    """190 pairs among 20, 5 drawn; p = 1e-4 at about 268 for 189 degrees."""
    rounds, pool = 4000, batch(POOL[:20])
    together = Counter()
    for turn in range(rounds):
        (one,) = draw([pool], [5], hexdigest("sm3", b"pair %d" % turn), "sm3")
        drawn = sorted(one.ids.tolist())
        together.update((a, b) for place, a in enumerate(drawn) for b in drawn[place + 1 :])
    mean = rounds * comb(5, 2) / comb(20, 2)
    assert len(together) == 190
    assert sum((count - mean) ** 2 / mean for count in together.values()) < 268


def test_inclusion_follows_the_weight():
    """Of 2,000, 200 are drawn, each by 200·w/Σw; within five standard deviations of the mean."""
    kinds, rounds = (1, 2, 4, 10), 400
    ids, weights = [f"T{n:04d}" for n in range(2000)], [kinds[n % 4] for n in range(2000)]
    pool, drawn = batch(ids, None, weights), Counter()
    for turn in range(rounds):
        (one,) = draw([pool], [200], hexdigest("sha256", b"weights %d" % turn), "sha256")
        drawn.update(int(id_[1:]) % 4 for id_ in one.ids)
    for place, weight in enumerate(kinds):
        exact = 200 * weight / sum(weights)
        slack = 5 * (exact * (1 - exact) / (500 * rounds)) ** 0.5
        assert abs(drawn[place] / (500 * rounds) - exact) < slack + 0.0005
