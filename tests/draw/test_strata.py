"""How many of which kind."""

import random

import pytest

from blocks.draw import sealing
from blocks.draw.hashing import ZERO
from blocks.draw.pool import Candidate, of_candidates
from blocks.draw.randomness import Source
from blocks.draw.strata import StratumRule, allot, sealed_strata
from blocks.errors import DrawError


@pytest.mark.parametrize(
    ("size", "numerator", "denominator", "count"),
    [(7, 10, 100, 1), (0, 1, 10, 0), (10, 1, 10, 1), (11, 1, 10, 2), (7, 0, 1, 0), (7, 1, 1, 7)],
)
def test_a_ratio_means_at_least(size, numerator, denominator, count):
    (sealed,) = sealed_strata([StratumRule("A", "ratio", numerator, denominator)], {"A": size})
    assert sealed["count"] == count
    assert (sealed["numerator"], sealed["denominator"]) == (numerator, denominator)


def test_a_number_is_never_more_than_the_stratum_holds():
    (sealed,) = sealed_strata([StratumRule("A", "number", 9, reserves=3)], {"A": 4})
    assert sealed == {
        "code": "A", "size": 4, "mode": "number", "numerator": 4, "denominator": 1,
        "count": 4, "reserves": 0,
    }  # fmt: skip


def test_strata_stand_in_order_of_code_and_an_empty_one_stays():
    rules = [StratumRule(code, "ratio", 1, 2, reserves=1) for code in ("D", "A", "B")]
    sealed = sealed_strata(rules, {"D": 4, "A": 1})
    assert [(one["code"], one["size"], one["count"], one["reserves"]) for one in sealed] == [
        ("A", 1, 1, 0), ("B", 0, 0, 0), ("D", 4, 2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        [StratumRule("B", "ratio", 1, 2)],
        [StratumRule("A", "ratio", 1, 2), StratumRule("A", "number", 1)],
        [StratumRule("A", "ratio", 3, 2)],
        [StratumRule("A", "ratio", 1, 0)],
        [StratumRule("A", "ratio", -1, 2)],
        [StratumRule("A", "ratio", 0.1, 1)],
        [StratumRule("A", "number", 1, 2)],
        [StratumRule("A", "every k-th", 1)],
        [StratumRule("A", "number", 1, reserves=-1)],
    ],
)
def test_a_rule_that_is_missing_doubled_or_senseless_is_refused(rules):
    with pytest.raises(DrawError):
        sealed_strata(rules, {"A": 3})


def seal(pool, strata):
    return sealing.build_seal(
        hash_name="sm3", scheme="S", draw_number=1, previous=ZERO, sealed_at="2026-11-23T02:00:00Z",
        pool=pool, strata=strata, exclusions=sealing.NOTHING, inspectors=sealing.NOTHING,
        interests=sealing.NOTHING, pairing={}, method=ZERO,
        sources=[Source("dice", "现场/40", "2026-11-23T03:00:00Z")],
    )  # fmt: skip


def test_a_weight_outside_a_weighted_stratum_is_refused():
    heavy = of_candidates([Candidate("A1", "A", 2)])
    with pytest.raises(DrawError, match="权重"):
        seal(heavy, sealed_strata([StratumRule("A", "number", 1)], heavy.sizes))
    assert seal(heavy, sealed_strata([StratumRule("A", "weighted", 1)], heavy.sizes))


def test_strata_counted_from_another_pool_cannot_be_sealed():
    pool = of_candidates([Candidate("A1", "A")])
    with pytest.raises(DrawError, match="户数"):
        seal(pool, sealed_strata([StratumRule("A", "number", 1)], {"A": 2}))


def test_the_largest_remainder_gets_the_seat_and_a_tie_goes_by_code():
    assert allot(10, {"A": 6, "B": 3, "C": 4}) == {"A": 5, "B": 2, "C": 3}
    assert allot(1, {"B": 5, "A": 5}) == {"A": 1, "B": 0}
    assert allot(3, {"B": 5, "A": 5}) == {"A": 2, "B": 1}
    assert allot(0, {"A": 0}) == {"A": 0}
    assert allot(0, {}) == {}


def test_an_allotment_adds_up_and_stays_within_one_of_its_share():
    chance = random.Random(7)
    for _ in range(300):
        sizes = {str(code): chance.randrange(40) for code in range(chance.randrange(1, 8))}
        whole = sum(sizes.values())
        total = chance.randint(0, whole)
        shares = allot(total, sizes)
        assert sum(shares.values()) == total
        for code, size in sizes.items():
            assert shares[code] <= size
            assert whole == 0 or abs(shares[code] * whole - total * size) < whole


def test_more_than_there_are_cannot_be_allotted():
    with pytest.raises(DrawError):
        allot(3, {"A": 2})
