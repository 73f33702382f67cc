"""Who may be drawn, and when each visit takes place (art. 8(1), 9; G15)."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from blocks.rules.eligibility import (
    INSPECTOR_EXCLUSIONS,
    OPEN_STATUSES,
    TARGET_EXCLUSIONS,
    Place,
    exclusion,
    is_out_of_area,
    target_exclusion,
)
from blocks.rules.recusal import CONFLICTS
from blocks.rules.scheduling import fix_times, half_days
from blocks.workdays import WorkCalendar

CONFIG = Path(__file__).resolve().parents[2] / "config"
CALENDAR = WorkCalendar.from_years(
    yaml.safe_load((CONFIG / "calendar" / f"{year}.yaml").read_text("utf-8"))
    for year in range(2019, 2027))
FIRST, LAST, DAY = date(2026, 11, 23), date(2026, 12, 18), timedelta(1)
PLACE = Place(frozenset({"LG-01", "LG-02"}), FIRST, LAST)


COUNTIES = {"445202": "榕城区", "445281": "普宁市"}


@dataclass(frozen=True)
class Person:
    active: bool = True
    certificate_from: date | None = FIRST
    certificate_to: date | None = LAST
    item_codes: list[str] = field(default_factory=list)


@pytest.mark.parametrize(("person", "why"), [
    (Person(), None),
    (Person(certificate_to=LAST - DAY), "certificate"),
    (Person(certificate_to=LAST + DAY), None),
    (Person(certificate_from=FIRST + DAY), "certificate"),
    (Person(certificate_from=FIRST - DAY), None),
    (Person(certificate_from=None), "certificate"),
    (Person(certificate_to=None), "certificate"),
    (Person(active=False), "inactive"),
    (Person(item_codes=["LG-02", "LG-01", "PX-01"]), None),
    (Person(item_codes=["LG-02", "PX-01"]), "not_qualified"),  # two persons for each item
    (Person(item_codes=["PX-01"]), "not_qualified"),
    (Person(active=False, certificate_to=FIRST, item_codes=["PX-01"]), "inactive"),
    (Person(certificate_to=FIRST, item_codes=["PX-01"]), "certificate"),
])
def test_who_may_take_a_seat(person, why):
    assert exclusion(person, PLACE) == why


def test_who_has_no_day_or_no_visit_left_may_not():
    assert exclusion(Person(), PLACE, free_days=0) == "on_leave"
    assert exclusion(Person(), PLACE, free_days=1, room=0) == "load_full"
    assert exclusion(Person(), PLACE, free_days=0, room=0) == "on_leave"
    assert exclusion(Person(), PLACE, free_days=1, room=1) is None


@pytest.mark.parametrize(("rule", "own", "county", "out"), [
    ("any", "445202", "445281", False), ("any", "445202", "445202", False),
    ("same_county", "445202", "445202", False), ("same_county", "445202", "445281", True),
    ("other_county", "445202", "445202", True), ("other_county", "445202", "445281", False),
    # who or what belongs to the city itself fits everywhere
    ("same_county", None, "445281", False), ("other_county", None, "445281", False),
    ("same_county", "445202", "445200", False), ("other_county", "445200", "445200", False),
    ("same_county", "999999", "445281", False),
])
def test_the_area_rule_binds_those_who_belong_to_a_county(rule, own, county, out):
    assert is_out_of_area(rule, own, county, COUNTIES) is out


@pytest.mark.parametrize("risk_class", "ABCD")
@pytest.mark.parametrize("status", ["注销", "吊销", "迁出", "停业", ""])
def test_a_business_that_is_not_open_is_never_drawn(status, risk_class):
    assert target_exclusion(status, risk_class, under_way=False, visited_this_year=False) == "closed"


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_an_open_business_may_be_drawn_whatever_the_word_for_it(status):
    assert target_exclusion(status, "B", under_way=False, visited_this_year=False) is None


def test_a_business_in_another_inspection_under_way_is_left_alone():
    assert target_exclusion("存续", "D", under_way=True, visited_this_year=False) == "under_way"


@pytest.mark.parametrize(("risk_class", "why"), [
    ("A", "low_risk_this_year"), ("B", None), ("C", None), ("D", None)])
def test_only_low_risk_is_spared_a_second_visit_in_a_year(risk_class, why):
    assert target_exclusion("存续", risk_class, under_way=False, visited_this_year=True) == why
    assert target_exclusion("存续", risk_class, under_way=False, visited_this_year=False) is None


def test_every_reason_has_its_chinese_sentence():
    assert set(TARGET_EXCLUSIONS) == {"closed", "under_way", "low_risk_this_year", "year_full",
                                      "department_full"}
    assert set(INSPECTOR_EXCLUSIONS) == {
        "inactive", "certificate", "not_qualified", "on_leave", "load_full", "area", "last_time",
        *CONFLICTS}
    assert all({**TARGET_EXCLUSIONS, **INSPECTOR_EXCLUSIONS}.values())


def test_half_days_skip_weekends_and_holidays_and_use_the_make_up_saturday():
    days = [day for day, _ in half_days(date(2026, 9, 30), date(2026, 10, 12), CALENDAR)][::2]
    assert days == [date(2026, 9, 30), date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10),
                    date(2026, 10, 12)]  # 10 October is a Saturday that is worked


def test_each_workday_has_a_morning_and_an_afternoon_the_last_day_whole():
    assert half_days(FIRST, FIRST, CALENDAR) == [(FIRST, "am"), (FIRST, "pm")]
    assert half_days(date(2026, 11, 28), date(2026, 11, 29), CALENDAR) == []


def test_no_inspector_is_at_two_visits_in_one_half_day():
    teams = {1: "甲乙", 2: "乙丙", 3: "丁戊", 4: "甲丁", 5: "乙戊"}
    fixed = fix_times(teams, half_days(FIRST, FIRST + DAY, CALENDAR), set())
    bound = [(person, *slot) for visit, slot in fixed.items() for person in teams[visit]]
    assert set(fixed) == set(teams)
    assert len(set(bound)) == len(bound)


def test_visits_are_spread_out_so_that_people_are_left_to_take_a_seat():
    fixed = fix_times({1: "甲乙", 2: "丙丁", 3: "戊己"}, half_days(FIRST, FIRST + DAY, CALENDAR), set())
    assert len(set(fixed.values())) == 3


def test_where_spreading_leaves_a_visit_out_they_are_packed():
    fixed = fix_times({1: "甲乙", 2: "丙丁", 3: "甲丙"}, half_days(FIRST, FIRST, CALENDAR), set())
    assert fixed == {1: (FIRST, "am"), 2: (FIRST, "am"), 3: (FIRST, "pm")}


def test_who_is_bound_elsewhere_is_left_there():
    fixed = fix_times({1: "甲乙"}, half_days(FIRST, FIRST, CALENDAR), {("乙", FIRST, "am")})
    assert fixed == {1: (FIRST, "pm")}


def test_a_visit_for_which_no_half_day_is_left_is_missing_and_the_others_are_fixed():
    teams = {1: "甲乙", 2: "甲丙", 3: "甲丁", 4: "戊己"}
    assert set(fix_times(teams, half_days(FIRST, FIRST, CALENDAR), set())) == {1, 2, 4}
    assert fix_times(teams, [], set()) == {}


def test_what_was_taken_before_is_not_changed():
    taken = {("甲", FIRST, "am")}
    fix_times({1: "甲"}, half_days(FIRST, FIRST, CALENDAR), taken)
    assert taken == {("甲", FIRST, "am")}
