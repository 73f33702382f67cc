"""A proposal goes where problems were found, spends no more visits, leaves nobody out (art. 12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.rules.learning import LEAST, Stratum, expected, pooled, proposal, uniform

YEAR = {"A": Stratum(10_000, 200, 10), "B": Stratum(5_000, 200, 20), "C": Stratum(1_000, 100, 20),
        "D": Stratum(500, 100, 40)}
strata = st.integers(1, 5000).flatmap(lambda size: st.integers(0, size).flatmap(
    lambda visited: st.builds(Stratum, st.just(size), st.just(visited), st.integers(0, visited))))
years = st.dictionaries(st.sampled_from("ABCD"), strata, min_size=1)


def test_a_uniform_draw_is_what_each_class_found_by_its_size():
    assert uniform(YEAR) == pytest.approx((10_000 * .05 + 5_000 * .1 + 1_000 * .2 + 500 * .4) / 16_500)
    assert uniform({}) is None
    assert uniform({"A": Stratum(100, 0, 0)}) is None


def test_more_is_drawn_where_more_was_found():
    rates = proposal([YEAR])
    assert rates["A"] < rates["B"] < rates["C"] < rates["D"]
    before, after = expected(YEAR, {name: one.rate for name, one in YEAR.items()}), expected(YEAR, rates)
    assert before.visits == 600
    assert after.visits == pytest.approx(600, abs=4)
    assert before.problems == pytest.approx(90, abs=3)


def test_where_all_are_alike_a_proposal_is_the_uniform_draw():
    alike = {name: Stratum(1000, 100, 10) for name in "ABCD"}
    assert proposal([alike]) == pytest.approx(dict.fromkeys("ABCD", 0.1))


def test_the_seldom_visited_are_uncertain():
    seldom, often = Stratum(1000, 1, 0), Stratum(1000, 900, 90)
    few, many = (expected({"A": one}, {"A": 0.2}) for one in (seldom, often))
    assert few.high - few.low > 4 * (many.high - many.low)


def test_of_years_without_a_visit_nothing_is_learnt():
    assert proposal([]) == {}
    assert proposal([{"A": Stratum(100, 0, 0)}]) == {}


def test_years_are_taken_together():
    assert pooled([YEAR, {"A": Stratum(1, 1, 1)}])["A"] == Stratum(10_001, 201, 11)


def test_the_same_question_has_the_same_answer():
    assert expected(YEAR, proposal([YEAR])) == expected(YEAR, proposal([YEAR]))


@given(st.lists(years, min_size=1, max_size=3))
def test_no_class_is_left_out_and_none_is_drawn_more_than_whole(past):
    rates, together = proposal(past), pooled(past)
    if not sum(one.visited for one in together.values()):
        assert rates == {}
        return
    assert set(rates) == set(together)
    assert all(LEAST <= rate <= 1 for rate in rates.values())
    spent, budget = (sum(rates[name] * one.size for name, one in together.items()),
                     sum(one.visited for one in together.values()))
    assert spent <= max(budget, sum(LEAST * one.size for one in together.values())) * 1.001 + 1e-6 or all(
        rate in (LEAST, 1) for rate in rates.values())


@given(years)
def test_a_simulation_finds_no_more_than_it_visits(year):
    told = expected(year, dict.fromkeys(year, 0.3))
    assert 0 <= told.low <= told.problems + 1e-9 <= told.visits + 1e-9
    assert told.high <= told.visits
