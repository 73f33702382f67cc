"""What staffing will take, before the draw: simulated draws, and what would help (art. 9)."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.forecast import Crew, expected, forecast, shares, simulate
from blocks.draw.shortage import find_shortage


def crew(pools, people, groups, team=2, per_day=2, anywhere=None):
    """People each of whom gets `per_day` more visits with every workday more."""
    def longer(days):
        return [replace(one, max_load=one.max_load + days * per_day) for one in people]
    return Crew(np.array(groups, np.int64), [frozenset(pool) for pool in pools], people, team, longer, anywhere)


def person(name, lead=True, load=2):
    return PairingInspector(name, lead, load)


def draws_of(strata, counts, seed=1, draws=20):
    def fewer(percent):
        kept = [count * percent // 100 for count in counts]
        return sum(kept), simulate(np.array(strata), kept, seed, draws)
    return fewer(100)[1], fewer


def visits_of(asked, places):
    return [PairingVisit(f"V{i}", asked.pools[asked.groups[place]], asked.team)
            for i, place in enumerate(places)]


def test_a_simulated_draw_takes_from_each_stratum_what_is_wanted_and_nobody_twice():
    strata = np.array([0, 1, 0, 1, 1, 0, 2])
    for places in simulate(strata, [2, 3, 0], seed=7, draws=50):
        assert len(set(places.tolist())) == 5
        assert Counter(strata[places].tolist()) == {0: 2, 1: 3}
    again = [places.tolist() for places in simulate(strata, [2, 3, 0], seed=7, draws=50)]
    assert again == [places.tolist() for places in simulate(strata, [2, 3, 0], seed=7, draws=50)]
    assert simulate(np.empty(0, np.int64), [], seed=1, draws=3)[2].tolist() == []


def test_what_is_expected_is_the_share_of_each_county_in_its_stratum():
    strata, places = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert expected(strata, places, [2, 1], 2).round(3).tolist() == [[1.333, 0.667], [0, 1]]
    drawn = simulate(strata, [2, 1], seed=3, draws=4000)
    seen = np.mean([[np.sum(places[one] == p) for p in (0, 1)] for one in drawn], axis=0)
    assert np.allclose(seen, [1.333, 1.667], atol=0.05)


def test_counting_businesses_in_groups_answers_as_looking_at_each_does():
    chance = random.Random(20261124)
    found = Counter()
    for turn in range(400):
        people = [person(f"Z{n}", chance.random() < 0.5, chance.choice([0, 1, 2, 3]))
                  for n in range(chance.randint(0, 5))]
        names = [one.id for one in people]
        pools = [[name for name in names if chance.random() < 0.7]
                 for _ in range(chance.randint(1, 3))]
        asked = crew(pools, people, [chance.randrange(len(pools)) for _ in range(6)])
        drawn, fewer = draws_of([0] * 6, [chance.randint(0, 4)], seed=turn, draws=5)
        answer = forecast(asked, drawn, fewer)
        truth = [find_shortage(visits_of(asked, places), people) is not None for places in drawn]
        assert answer.failed.tolist() == truth
        found[any(truth)] += 1
        if any(truth):
            assert_every_remedy_is_a_remedy(asked, drawn, answer.trouble, fewer)
    assert min(found.values()) > 60, found


def assert_every_remedy_is_a_remedy(asked, drawn, trouble, fewer):
    """Each that is named lets every draw be staffed; one day or person less does not."""
    def staffed(changed, among=drawn):
        return not any(find_shortage(visits_of(changed, places), changed.people) for places in among)

    def with_help(number):
        most = max((one.max_load for one in asked.people), default=0)
        more = [person(f"+{n}", True, max(1, most)) for n in range(number)]
        names = frozenset(one.id for one in more)
        return replace(asked, people=[*asked.people, *more],
                       pools=[pool | names for pool in asked.pools])

    assert trouble.shortage.short > 0
    assert staffed(with_help(trouble.more)) and not staffed(with_help(trouble.more - 1))
    if trouble.days is not None:
        assert staffed(replace(asked, people=asked.longer(trouble.days)))
        assert trouble.days == 1 or not staffed(replace(
            asked, people=asked.longer(trouble.days - 1)))
    if trouble.fewer is not None:
        percents = [p for p in range(101) if fewer(p)[0] == trouble.fewer]
        assert any(staffed(asked, fewer(percent)[1]) for percent in percents)


def test_the_group_it_fails_on_is_named_by_county_and_kind():
    people = [person("甲", load=4), person("乙", lead=False, load=9), person("丙", load=9)]
    pools = [["甲", "乙"], ["甲", "乙", "丙"]]
    asked = crew(pools, people, [0] * 6 + [1] * 4)
    drawn, fewer = draws_of([0] * 10, [10])
    trouble = forecast(asked, drawn, fewer).trouble
    assert trouble.shortage.kind == "lead" and trouble.shortage.leaders == ("甲",)
    assert {visit.partition("#")[0] for visit in trouble.shortage.visits} == {"0"}
    assert (trouble.shortage.needed, trouble.shortage.filled) == (6, 4)


def test_the_area_rule_is_named_only_where_lifting_it_alone_helps():
    people = [person("甲", load=2), person("乙", load=2), person("丙", load=8), person("丁", load=8)]
    near, everybody = [["甲", "乙"], ["丙", "丁"]], [frozenset("甲乙丙丁")] * 2
    drawn, fewer = draws_of([0] * 6, [6])
    helps = forecast(crew(near, people, [0] * 4 + [1] * 2, anywhere=everybody), drawn, fewer)
    assert helps.failed.all() and helps.trouble.lifted
    weak = [replace(one, max_load=2) for one in people]
    assert not forecast(crew(near, weak, [0] * 4 + [1] * 2, anywhere=everybody), drawn,
                        fewer).trouble.lifted
    assert not forecast(crew(near, people, [0] * 4 + [1] * 2), drawn, fewer).trouble.lifted


@pytest.mark.parametrize(("pools", "people", "days"), [
    ([[]], [], None),  # no inspector
    ([["甲", "乙"]], [person("甲", False), person("乙", False)], None),  # no leader
    ([[]], [person("甲"), person("乙")], None),  # all recused
    ([["甲", "乙"]], [person("甲", load=0), person("乙", load=0)], 1),  # a load of zero
    ([["甲"]], [person("甲", load=9)], None),  # one person is no team
])
def test_who_can_never_be_staffed_fails_in_every_draw_and_more_people_would_do(pools, people, days):
    drawn, fewer = draws_of([0] * 4, [2])
    answer = forecast(crew(pools, people, [0] * 4), drawn, fewer)
    assert answer.failed.all() and answer.trouble.more >= 1
    assert answer.trouble.days == days
    assert answer.trouble.fewer is None


def test_interests_that_are_impossible_only_together_are_seen():
    """Any one of the three businesses can be staffed, and not all of them."""
    people = [person("甲", load=2), person("乙", load=2), person("丙", load=1)]
    asked = crew([["甲", "乙"], ["甲", "丙"], ["乙", "丙"]], people, [0, 1, 2])
    for places in ([0], [1], [2], [0, 1], [0, 2]):
        assert not forecast(asked, [np.array(places)], lambda percent: (0, [])).failed.any()
    drawn, fewer = draws_of([0] * 3, [3])
    assert forecast(asked, drawn, fewer).failed.all()


def test_a_draw_of_nobody_needs_nobody():
    answer = forecast(crew([], [], []), *draws_of([], []))
    assert not answer.failed.any() and answer.trouble is None


def test_how_often_somebody_fails_counts_a_draw_once():
    failed = {"a": np.array([True, False, False, True]), "b": np.array([True, False, True, False])}
    assert shares(failed) == ({"a": 0.5, "b": 0.5}, 0.75)
    assert shares({}) == ({}, 0.0)
