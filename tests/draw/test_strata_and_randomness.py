"""How many of which kind, and which random values may be used."""

import random

import pytest

from blocks.draw.pool import Candidate
from blocks.draw.randomness import Source, check_sources, check_value, commitment, instant
from blocks.draw.strata import StratumRule, allot, sealed_strata
from blocks.errors import DrawError

SEALED, DUE = "2026-11-23T02:00:00Z", "2026-11-23T02:00:01Z"
SECRET = "5a" * 32


def of(size, code="A"):
    return [Candidate(f"{code}{number}", code) for number in range(size)]


@pytest.mark.parametrize(
    ("size", "numerator", "denominator", "count"),
    [(7, 10, 100, 1), (0, 1, 10, 0), (10, 1, 10, 1), (11, 1, 10, 2), (7, 0, 1, 0), (7, 1, 1, 7)],
)
def test_a_ratio_means_at_least(size, numerator, denominator, count):
    (sealed,) = sealed_strata([StratumRule("A", "ratio", numerator, denominator)], of(size))
    assert sealed["count"] == count
    assert (sealed["numerator"], sealed["denominator"]) == (numerator, denominator)


def test_a_number_is_never_more_than_the_stratum_holds():
    (sealed,) = sealed_strata([StratumRule("A", "number", 9, reserves=3)], of(4))
    assert sealed == {
        "code": "A", "size": 4, "mode": "number", "numerator": 4, "denominator": 1,
        "count": 4, "reserves": 0,
    }  # fmt: skip


def test_strata_stand_in_order_of_code_and_an_empty_one_stays():
    rules = [StratumRule(code, "ratio", 1, 2, reserves=1) for code in ("D", "A", "B")]
    sealed = sealed_strata(rules, of(4, "D") + of(1, "A"))
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
        sealed_strata(rules, of(3))


def test_a_weight_outside_a_weighted_stratum_is_refused():
    heavy = [Candidate("A1", "A", 2)]
    with pytest.raises(DrawError, match="权重"):
        sealed_strata([StratumRule("A", "number", 1)], heavy)
    assert sealed_strata([StratumRule("A", "weighted", 1)], heavy)[0]["count"] == 1


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


def reveal(code="sfj"):
    return Source("reveal", code, DUE, commitment("sm3", code, SECRET))


def test_a_source_due_at_the_moment_of_the_seal_is_refused_and_a_second_later_is_not():
    assert check_sources([Source("drand", "quicknet/9", DUE)], SEALED) == 256
    with pytest.raises(DrawError, match="封存之前或同时"):
        check_sources([Source("drand", "quicknet/9", SEALED)], SEALED)


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [Source("weather", "x", DUE)],
        [Source("drand", "quicknet", DUE)],
        [Source("reveal", "sfj", DUE)],
        [Source("reveal", "sfj", DUE, "AB")],
        [Source("drand", "quicknet/9", DUE, "ab" * 32)],
        [Source("drand", "quick=net/9", DUE)],
        [Source("drand", "quick\nnet/9", DUE)],
        [Source("drand", "quicknet/9", "2026-11-24")],
        [Source("drand", "quicknet/9", "2026-1-24T02:00:00Z")],
        [Source("drand", "quicknet/9", DUE), Source("drand", "quicknet/9", DUE)],
        [Source("typed", "沪指", DUE)],
        [Source("typed", "彩票/63", DUE)],
        [Source("dice", "现场/31", DUE)],
    ],
)
def test_sources_that_will_not_do_are_refused(sources):
    with pytest.raises(DrawError) as refused:
        check_sources(sources, SEALED)
    assert refused.value.remedy


def test_enough_bits_are_64_and_a_source_without_a_length_counts_nothing():
    assert check_sources([Source("typed", "彩票/64", DUE)], SEALED) == 64
    assert check_sources([Source("dice", "现场/32", DUE)], SEALED) == 64
    assert check_sources([reveal(), Source("typed", "沪指", DUE)], SEALED) == 256


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (reveal(), SECRET),
        (Source("drand", "quicknet/9", DUE), "ab" * 32),
        (Source("typed", "沪指", DUE), "3,871.24"),
        (Source("typed", "彩票/4", DUE), "01,02"),
        (Source("dice", "现场/3", DUE), "166"),
    ],
)
def test_a_good_value_is_returned_as_it_is(source, value):
    assert check_value(source.kind, value, source, "sm3") == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (reveal(), "5b" * 32),
        (reveal(), "missing"),
        (reveal(), SECRET.upper()),
        (Source("drand", "quicknet/9", DUE), "ab" * 31),
        (Source("typed", "沪指", DUE), "三千"),
        (Source("typed", "沪指", DUE), "１２"),
        (Source("typed", "沪指", DUE), ".,-"),
        (Source("typed", "沪指", DUE), "1\n2"),
        (Source("typed", "彩票/4", DUE), "01,023"),
        (Source("dice", "现场", DUE), "167"),
        (Source("dice", "现场/3", DUE), "16"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_do(source, value):
    with pytest.raises(DrawError) as refused:
        check_value(source.kind, value, source, "sm3")
    assert refused.value.remedy


def test_a_value_for_another_kind_is_refused():
    with pytest.raises(DrawError):
        check_value("dice", "1", Source("typed", "沪指", DUE), "sm3")


def test_a_commitment_binds_the_department_too():
    assert commitment("sm3", "a", SECRET) != commitment("sm3", "b", SECRET)


def test_a_time_that_does_not_exist_is_refused():
    with pytest.raises(DrawError):
        instant("2026-02-30T00:00:00Z")
