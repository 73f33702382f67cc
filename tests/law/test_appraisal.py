"""Scores say what was counted and no more: no score of nothing, no rank where intervals touch (art. 12)."""

from copy import deepcopy
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blocks import settings
from blocks.errors import InspectionError
from blocks.rules.appraisal import Method, period_of
from blocks.rules.deadlines import CLOCKS
from blocks.rules.scoring import Count, ranks, score, total_of, wilson

DATA = yaml.safe_load((settings.CONFIG / "appraisal.yaml").read_text("utf-8"))
LEAST = DATA["editions"][0].pop("least")  # each rule of scoring is looked at by itself
METHOD = Method.from_data(DATA)
WEIGHTS = METHOD.editions[0].weights


def two_editions() -> Method:
    """From July on, publicity alone counts."""
    data = deepcopy(DATA)
    data["editions"].append({"since": date(2026, 7, 1), "source": "本市设定", "weights": {"on_time_publicity": 100}})
    return Method.from_data(data)


def of(**counts: tuple[int, int]):
    return score(METHOD, {(0, key): Count(*count) for key, count in counts.items()})


def test_every_clock_has_its_indicator():
    assert {one.of for one in METHOD.indicators.values() if one.question == "clock"} == set(CLOCKS)


def test_weights_sum_to_a_hundred_and_cite_their_source():
    assert sum(WEIGHTS.values()) == 100
    assert all(edition.source for edition in METHOD.editions)


@pytest.mark.parametrize(("change", "saying"), [
    (lambda data: data["editions"][0]["weights"].update(joint=6), "权重合计为101，应为100"),
    (lambda data: data["editions"][0]["weights"].pop("joint"), "权重合计为95"),
    (lambda data: data["editions"][0]["weights"].update(joint=-5, closed=15), "不小于 0 的整数"),
    (lambda data: data["editions"][0]["weights"].update(joint=4.5, closed=5.5), "不小于 0 的整数"),
    (lambda data: data["editions"][0]["weights"].update(joint=0, problems=5), "问题发现率只统计、不计分"),
    (lambda data: data["editions"][0]["weights"].update(joint=0, beauty=5), "没有 beauty 这个指标"),
    (lambda data: data["editions"][0].pop("source"), "since（日期）、source 和 weights"),
    (lambda data: data["editions"][0].update(least=101), "0 到 100 的整数"),
    (lambda data: data["editions"][0].update(least="很多"), "0 到 100 的整数"),
    (lambda data: data["editions"].append(data["editions"][0]), "从早到晚"),
    (lambda data: data["editions"].clear(), "从早到晚"),
    (lambda data: data["indicators"].append(data["indicators"][0]), "重复的 key"),
    (lambda data: data["indicators"][0].update(kind="mood"), "kind 应为"),
    (lambda data: data["indicators"][0].pop("label"), "应写明 key"),
    (lambda data: data.pop("successors"), "三部分"),
    (lambda data: data["successors"].append({"from": "1", "to": "2"}), "from、to、since"),
])
def test_a_faulty_declaration_is_refused_with_a_sentence(change, saying):
    data = deepcopy(DATA)
    change(data)
    with pytest.raises(InspectionError) as refused:
        Method.from_data(data)
    assert saying in refused.value.message
    assert "appraisal.yaml" in refused.value.remedy


@pytest.mark.parametrize(("rows", "is_scored"), [
    ({"items_covered": (4, 0)}, False),  # 4
    ({"items_covered": (4, 0), "check_done": (3, 3), "joint": (2, 2)}, False),  # 19
    ({"check_done": (3, 3), "task_done": (2, 2)}, True),  # 20
    ({"items_covered": (4, 0), "check_done": (3, 3), "task_done": (2, 2)}, True),  # 24
])
def test_one_or_two_light_indicators_alone_make_no_score(rows, is_scored):
    data = deepcopy(DATA)
    data["editions"][0]["least"] = LEAST
    told = score(Method.from_data(data), {(0, key): Count(*count) for key, count in rows.items()})
    assert LEAST == 20 and (told is not None) == is_scored


def test_who_had_nothing_to_do_has_no_score_which_is_no_zero():
    assert score(METHOD, {}) is None
    assert of(joint=(0, 0)) is None
    assert of(workload=(12, 300), problems=(9, 4)) is None, "what is told, not scored, makes no score"
    nothing_right = of(joint=(4, 0))
    assert nothing_right is not None
    assert nothing_right.points == 0


def test_only_what_counted_something_weighs():
    both, one = of(joint=(10, 10), closed=(10, 0)), of(joint=(10, 10))
    assert both is not None
    assert one is not None
    assert both.points == pytest.approx(100 * WEIGHTS["joint"] / (WEIGHTS["joint"] + WEIGHTS["closed"]))
    assert one.points == 100


def test_what_is_better_less_is_marked_the_other_way():
    told = of(corrections=(10, 1))
    assert told is not None
    assert told.points == pytest.approx(90)
    assert told.marks[0].missed == 1


def test_satisfaction_is_marked_between_one_and_five():
    for total, points in ((10, 0), (30, 50), (50, 100)):
        told = of(satisfaction=(10, total))
        assert told is not None
        assert told.points == pytest.approx(points)


def test_one_visit_says_little():
    """Three of three may be luck: Wilson's lower bound is 0.438."""
    assert wilson(Count(3, 3)) == pytest.approx((0.4385, 1), abs=1e-4)
    assert wilson(Count(100, 90)) == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert wilson(Count(0, 0)) == (0, 1)
    told = of(joint=(1, 1))
    assert told is not None
    assert told.low < 30 < told.high == 100


def test_ranks_part_only_where_intervals_part():
    few = {"one visit, right": of(joint=(1, 1)), "one visit, wrong": of(joint=(1, 0)), "idle": None}
    assert ranks(few) == {"one visit, right": (1, 2), "one visit, wrong": (1, 2)}
    many = {"a": of(joint=(1000, 990)), "b": of(joint=(1000, 900)), "c": of(joint=(1000, 905)), "idle": None}
    assert ranks(many) == {"a": (1, 1), "b": (2, 3), "c": (2, 3)}


def test_nobody_ranks_alone():
    assert ranks({"a": of(joint=(9, 9)), "idle": None}) == {}
    assert ranks({}) == {}


def test_a_row_is_weighed_by_the_edition_of_its_own_day():
    method = two_editions()
    assert [method.in_force(day) for day in (date(2026, 6, 30), date(2026, 7, 1))] == [0, 1]
    told = score(method, {(0, "joint"): Count(30, 30), (1, "joint"): Count(50, 0),
                          (1, "on_time_publicity"): Count(10, 5)})
    assert told is not None
    assert told.points == pytest.approx(100 * 30 / 40 + 50 * 10 / 40), "joint of July weighs nothing"


def test_a_day_before_the_first_edition_is_refused():
    with pytest.raises(InspectionError, match="还没有生效的权重"):
        METHOD.in_force(date(2018, 12, 31))


def test_a_merged_county_counts_as_the_one_it_is_part_of_from_its_day():
    data = deepcopy(DATA)
    data["successors"] = [
        {"from": "445203", "to": "445202", "since": date(2026, 5, 1), "source": "样例"},
        {"from": "445202", "to": "445201", "since": date(2027, 1, 1), "source": "样例"}]
    method = Method.from_data(data)
    days = (date(2026, 4, 30), date(2026, 5, 1), date(2027, 1, 1))
    assert [method.county("445203", day) for day in days] == ["445203", "445202", "445201"]
    assert method.county("445222", days[2]) == "445222"


def test_counties_that_succeed_each_other_in_a_ring_are_refused():
    data = deepcopy(DATA)
    data["successors"] = [{"from": a, "to": b, "since": date(2026, 1, 1), "source": "样例"} for a, b in ("ab", "ba")]
    with pytest.raises(InspectionError, match="转了一圈"):
        Method.from_data(data).county("a", date(2026, 2, 1))


def test_what_would_raise_the_score_most_comes_first():
    told = of(joint=(10, 9), on_time_publicity=(10, 5), closed=(4, 4), check_done=(10, 8))
    assert told is not None
    assert [(one.indicator.key, one.missed) for one in told.raises] == [
        ("on_time_publicity", 5), ("check_done", 2), ("joint", 1)]
    assert told.points + sum(one.gain for one in told.marks) == pytest.approx(100)


def test_what_if_changes_weights_and_nothing_else():
    other = METHOD.weighing({"joint": 100})
    told = score(other, {(0, "joint"): Count(4, 1), (0, "closed"): Count(4, 4)})
    assert told is not None
    assert told.points == 25
    assert METHOD.editions[0].weights["joint"] == 5
    with pytest.raises(InspectionError, match="权重合计为99"):
        METHOD.weighing({"joint": 99})


COUNTS = st.dictionaries(
    st.tuples(st.just(0), st.sampled_from([key for key in WEIGHTS if key != "satisfaction"])),
    st.integers(0, 500).flatmap(lambda n: st.builds(Count, st.just(n), st.integers(0, n))), max_size=20)


@given(COUNTS)
def test_a_score_lies_within_its_interval_and_within_a_hundred(counts):
    told = score(METHOD, counts)
    assert (told is None) == (sum(count.n for count in counts.values()) == 0)
    if told:
        assert -1e-9 <= told.low <= told.points + 1e-9
        assert told.points - 1e-9 <= told.high <= 100 + 1e-9
        assert {one.indicator.key for one in told.marks} == {key for (_, key), one in counts.items() if one.n}


def test_counts_of_all_editions_make_one_figure():
    assert total_of({(0, "joint"): Count(3, 1), (1, "joint"): Count(2, 2), (0, "closed"): Count(9, 9)},
                    "joint") == Count(5, 3)


@pytest.mark.parametrize(("text", "first", "last"), [
    ("2026", date(2026, 1, 1), date(2026, 12, 31)), ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ("2026-12", date(2026, 12, 1), date(2026, 12, 31)), ("2026-11", date(2026, 11, 1), date(2026, 11, 30))])
def test_a_period_is_a_month_or_a_year(text, first, last):
    assert period_of(text) == (first, last)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "26", "2026-1", "0000", "9999-12", "二〇二六",
                                  "2026-11-01"])
def test_what_is_neither_is_refused_with_a_sentence(text):
    with pytest.raises(InspectionError, match="看不懂考核期"):
        period_of(text)
