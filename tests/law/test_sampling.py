"""How many of whom are drawn (art. 8(2)), in whole numbers."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blocks.draw.strata import sealed_strata
from blocks.errors import RuleViolation
from blocks.rules.regulation import Regulation
from blocks.rules.sampling import check_sampling, parse_rate, strata_rules, stratum_of

CONFIG = Path(__file__).resolve().parents[2] / "config"
REGULATION = Regulation.in_force(
    yaml.safe_load((CONFIG / "regulation.yaml").read_text("utf-8")), date(2026, 1, 1))


@dataclass(frozen=True)
class Business:
    risk_class: str = "B"
    on_abnormal_list: bool = False
    on_serious_list: bool = False
    complaints: int = 0


def counts(sampling: dict, sizes: dict[str, int]) -> dict[str, int]:
    """Return how many of each stratum the seal would say are drawn."""
    return {s["code"]: s["count"] for s in sealed_strata(
        strata_rules(sampling, sizes, REGULATION), sizes)}


def reserves(sampling: dict, sizes: dict[str, int]) -> dict[str, int]:
    return {rule.code: rule.reserves for rule in strata_rules(sampling, sizes, REGULATION)}


@pytest.mark.parametrize(("text", "rate"), [
    ("5%", Fraction(1, 20)), ("0.5%", Fraction(1, 200)), ("1/20", Fraction(1, 20)),
    (" 1 / 3 ", Fraction(1, 3)), ("100%", Fraction(1)), ("0%", Fraction(0)), ("5％", Fraction(1, 20)),
    ("100.0%", Fraction(1)), ("0/7", Fraction(0)),
])
def test_a_rate_is_read_exactly(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "5", "0.05", 0.05, "-5%", "100.1%", "101%", "2/1", "1/0", "5%%",
                                  "百分之五", "1e1%", "5%\n6%", None])
def test_what_is_no_rate_between_0_and_100_percent_is_refused(text):
    with pytest.raises(RuleViolation, match="第8条"):
        parse_rate(text)


@pytest.mark.parametrize(("rate", "size", "drawn"), [
    ("10%", 7, 1), ("10%", 10, 1), ("10%", 11, 2), ("1/3", 9, 3), ("1/3", 10, 4), ("0.5%", 1, 1),
    ("0%", 500, 0), ("100%", 500, 500), ("5%", 0, 0),
])
def test_a_ratio_is_at_least_so_it_rounds_up(rate, size, drawn):
    assert counts({"mode": "ratio", "rates": {"B": rate}}, {"B": size}) == {"B": drawn}


def test_a_class_without_a_rate_in_the_scheme_takes_the_citys():
    assert counts({"mode": "ratio"}, {"A": 100, "B": 100, "C": 100, "D": 100}) == {
        "A": 1, "B": 2, "C": 10, "D": 50}


def test_a_raised_stratum_has_its_rate_so_many_times_but_never_beyond_all():
    sampling = {"mode": "ratio", "rates": {"B": "4%", "D": "60%"}}
    assert counts(sampling, {"B": 100, "B+2": 100, "D": 10, "D+2": 10}) == {
        "B": 4, "B+2": 8, "D": 6, "D+2": 10}


@pytest.mark.parametrize(("business", "stratum"), [
    (Business(), "B"), (Business("C", on_abnormal_list=True), "C+2"),
    (Business("D", complaints=3), "D+3"), (Business("D", True, False, 1), "D+3"),
    (Business(on_serious_list=True), "B"),
])
def test_who_is_listed_or_complained_about_is_drawn_in_a_stratum_of_its_own(business, stratum):
    assert stratum_of(business, {"on_abnormal_list": 2, "complaints": 3}) == stratum


def test_a_raise_of_one_changes_nothing():
    assert stratum_of(Business(complaints=1), {"complaints": 1}) == "B"


@pytest.mark.parametrize(("number", "sizes", "drawn"), [
    (10, {"A": 50, "B": 50}, {"A": 5, "B": 5}),
    (3, {"A": 60, "B": 90, "C": 36, "D": 14}, {"A": 1, "B": 1, "C": 1, "D": 0}),
    (1, {"A": 1, "B": 1}, {"A": 1, "B": 0}),                      # a tie goes by code
    (99, {"A": 2, "B": 3}, {"A": 2, "B": 3}),                     # more than there are
    (10, {"B": 10, "B+2": 10}, {"B": 3, "B+2": 7}),
    (50, {"B": 100, "C+10": 5}, {"B": 45, "C+10": 5}),            # what one lacks, another gives
])
def test_a_number_is_shared_by_largest_remainder(number, sizes, drawn):
    assert counts({"mode": "number", "number": number}, sizes) == drawn


@given(st.integers(1, 80), st.dictionaries(
    st.sampled_from(["A", "B", "B+2", "C", "C+3", "D", "D+10"]), st.integers(1, 30), min_size=1))
def test_exactly_the_number_asked_for_is_drawn_as_long_as_there_are_so_many(number, sizes):
    drawn = counts({"mode": "number", "number": number}, sizes)
    assert sum(drawn.values()) == min(number, sum(sizes.values()))
    assert all(drawn[code] <= sizes[code] for code in sizes)


@pytest.mark.parametrize(("drawn", "kept"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (0, 0)])
def test_a_fifth_stands_in_reserve_at_least_one_where_any_is_drawn(drawn, kept):
    assert reserves({"mode": "number", "number": drawn}, {"B": 100}) == {"B": kept}


@pytest.mark.parametrize(("sampling", "said"), [
    ({}, "没有写明抽查比例或数量"),
    ({"mode": "some"}, "没有写明抽查比例或数量"),
    ({"mode": "ratio", "rates": {"B": "many"}}, "「many」看不懂"),
    ({"mode": "ratio", "rates": {"E": "5%"}}, "没有信用风险类别「E」"),
    ({"mode": "number"}, "应为正整数"),
    ({"mode": "number", "number": 0}, "应为正整数"),
    ({"mode": "number", "number": -3}, "应为正整数"),
    ({"mode": "number", "number": 2.5}, "应为正整数"),
    ({"mode": "number", "number": True}, "应为正整数"),
    ({"mode": "ratio", "raise": {"beauty": 2}}, "提高抽查频次的写法看不懂"),
    ({"mode": "ratio", "raise": {"complaints": 0}}, "提高抽查频次的写法看不懂"),
    ({"mode": "ratio", "raise": {"complaints": "twice"}}, "提高抽查频次的写法看不懂"),
    ({"mode": "ratio", "raise": {"complaints": True}}, "提高抽查频次的写法看不懂"),
    ({"mode": "ratio", "rates": "5%"}, "sampling.rates"),
    ({"mode": "ratio", "raise": 2}, "sampling.raise"),
])
def test_a_faulty_ratio_or_number_is_named(sampling, said):
    assert any(said in f"{w.message}{w.remedy}" for w in check_sampling(sampling))


def test_a_ratio_without_rates_is_lawful_for_the_citys_hold():
    assert check_sampling({"mode": "ratio"}) == []
