"""Workdays: every day against another source, the boundary dates, and years not yet published."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import chinese_calendar
import pytest
import yaml

from blocks.errors import CalendarGap, InspectionError
from blocks.workdays import MAKE_UP_AHEAD, REACHES_BACK, Due, WorkCalendar, say_left

FOLDER = Path(__file__).resolve().parents[2] / "config" / "calendar"
YEARS = [yaml.safe_load(p.read_text("utf-8")) for p in sorted(FOLDER.glob("*.yaml"))]
CALENDAR = WorkCalendar.from_years(YEARS)
LAST = max(CALENDAR.official_years)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def known_to_package(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def year_data(**changes: object) -> dict:
    plain = {"year": 2030, "source": ["https://www.gov.cn/"], "holidays": [],
             "make_up_workdays": []}
    return {**plain, **changes}


def test_years_follow_one_another_from_2019():
    assert sorted(CALENDAR.official_years)[0] == 2019
    assert all(b == a + 1 for a, b in pairwise(sorted(CALENDAR.official_years)))
    assert LAST >= 2026


def test_every_year_names_its_source_paper():
    for data in YEARS:
        assert data["source"] and all("www.gov.cn/" in address for address in data["source"])


@pytest.mark.parametrize("year", [y for y in sorted(CALENDAR.official_years)
                                  if known_to_package(y)])
def test_every_day_agrees_with_chinesecalendar(year):
    differs = [d for d in days(date(year, 1, 1), date(year, 12, 31))
               if CALENDAR.is_workday(d) != chinese_calendar.is_workday(d)]
    assert differs == []


def test_package_knows_at_least_2019_to_2025():
    assert all(known_to_package(y) for y in range(2019, 2026))


@pytest.mark.parametrize(("day", "worked"), [
    (date(2026, 2, 13), True),    # Friday before
    (date(2026, 2, 14), True),    # make-up Saturday
    (date(2026, 2, 15), False),   # first day of the Spring Festival
    (date(2026, 2, 23), False),   # last day, a Monday
    (date(2026, 2, 24), True),
    (date(2026, 2, 27), True),
    (date(2026, 2, 28), True),    # make-up Saturday after
    (date(2026, 3, 1), False),    # plain Sunday
    (date(2018, 12, 31), False),  # given by the notice of 2019
])
def test_boundary_days(day, worked):
    assert CALENDAR.is_workday(day) is worked


def test_counting_begins_on_the_workday_after():
    assert CALENDAR.add(date(2026, 11, 23), 1) == Due(
        date(2026, 11, 24), False, "自11月23日起第1个工作日")
    assert CALENDAR.add(date(2026, 11, 20), 1).on == date(2026, 11, 23)  # Friday → Monday
    assert CALENDAR.add(date(2026, 11, 21), 1).on == date(2026, 11, 23)  # Saturday → Monday


def test_twenty_workdays_across_the_spring_festival_and_its_make_up_saturdays():
    assert CALENDAR.add(date(2026, 2, 5), 20).on == date(2026, 3, 11)
    assert CALENDAR.add(date(2026, 2, 6), 20).on == date(2026, 3, 12)
    assert CALENDAR.add(date(2026, 2, 7), 20).on == date(2026, 3, 12)


def test_make_up_saturday_counts_and_can_be_the_last_day():
    assert CALENDAR.add(date(2026, 2, 12), 2).on == date(2026, 2, 14)
    assert CALENDAR.add(date(2026, 2, 13), 2).on == date(2026, 2, 24)
    assert CALENDAR.add(date(2026, 2, 14), 1).on == date(2026, 2, 24)


@pytest.mark.parametrize(("a", "b", "left"), [
    (date(2026, 2, 12), date(2026, 2, 24), 3),
    (date(2026, 2, 24), date(2026, 2, 24), 0),
    (date(2026, 2, 25), date(2026, 2, 24), -1),
    (date(2026, 2, 28), date(2026, 2, 24), -4),
    (date(2026, 3, 1), date(2026, 2, 24), -4),
    (date(2026, 2, 23), date(2026, 2, 14), 0),   # past, but no workday since
])
def test_workdays_between(a, b, left):
    assert CALENDAR.between(a, b) == left


def test_between_takes_back_what_add_gave():
    for start in days(date(2025, 1, 1), date(2026, 6, 30)):
        assert CALENDAR.between(start, CALENDAR.add(start, 20).on) == 20


def test_period_of_no_workday_is_a_bug():
    with pytest.raises(ValueError):
        CALENDAR.add(date(2026, 1, 5), 0)


class TestYearNotPublished:
    ONE = WorkCalendar.from_years([d for d in YEARS if d["year"] <= 2026])

    def test_nothing_is_provisional_up_to_31_december_where_no_notice_reaches_back(self):
        assert self.ONE.add(date(2026, 12, 3), 20) == Due(
            date(2026, 12, 31), False, "自12月3日起第20个工作日")
        assert self.ONE.add(date(2026, 12, 4), 20).provisional

    def test_last_week_of_december_waits_for_the_next_notice_before_a_tuesday_new_year(self):
        before_2019 = WorkCalendar.from_years([year_data(year=2018)])
        due = before_2019.add(date(2018, 12, 24), 1)
        assert (due.on, due.provisional) == (date(2018, 12, 25), True)
        assert "2019年放假安排尚未公布" in due.explained

    def test_31_december_counts_the_earliest_possible_date(self):
        # After 31 December 2026, a Thursday: Fri 1, Sat 2 and Sun 3 might be worked, Mon 4 …
        due = self.ONE.add(date(2026, 12, 31), 20)
        assert due.on == date(2027, 1, 26)
        assert due.provisional
        assert due.explained == (
            "自12月31日起第20个工作日；2027年放假安排尚未公布，按最早可能日期暂定")

    @pytest.mark.parametrize(("start", "n", "on"), [
        (date(2026, 12, 30), 1, date(2026, 12, 31)),
        (date(2026, 12, 30), 2, date(2027, 1, 1)),
        (date(2026, 12, 30), 3, date(2027, 1, 1)),   # Saturday 2 would do; the workday before
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2027, 1, 1), 1, date(2027, 1, 2)),     # no workday before it lies after the start
    ])
    def test_around_the_turn_of_the_year(self, start, n, on):
        assert self.ONE.add(start, n).on == on

    def test_strict_raises_where_it_would_be_provisional(self):
        assert self.ONE.add(date(2026, 12, 3), 20, strict=True).on == date(2026, 12, 31)
        with pytest.raises(CalendarGap, match="2027年放假安排尚未公布"):
            self.ONE.add(date(2026, 12, 4), 20, strict=True)

    def test_year_before_the_first_is_named_as_missing_not_unpublished(self):
        assert "2017年放假安排没有录入" in self.ONE.add(date(2017, 5, 1), 3).explained

    def test_official_years(self):
        assert self.ONE.is_official(2026)
        assert not self.ONE.is_official(2027)
        assert self.ONE.missing_year(date(2026, 12, 31)) is None
        assert self.ONE.missing_year(date(2027, 1, 1)) == 2027
        assert self.ONE.missing_year(date(2025, 12, 31)) is None


@pytest.mark.parametrize("hidden", [d["year"] for d in YEARS if d["year"] > 2019])
def test_no_provisional_date_is_later_than_the_true_one(hidden):
    """G5: hide a year and all after it; whatever its notice then says, we were not too late."""
    before = WorkCalendar.from_years([d for d in YEARS if d["year"] < hidden])
    for start in days(date(hidden - 1, 11, 20), date(hidden, 12, 31)):
        for n in (1, 2, 3, 5, 10, 20, 30):
            guess, true = before.add(start, n), CALENDAR.add(start, n)
            if true.provisional:
                continue
            assert start < guess.on <= true.on, (start, n)
            assert guess.provisional or guess.on == true.on, (start, n)


def test_no_schedule_since_2014_lets_more_make_up_days_run_ahead_than_assumed():
    ahead, most = 0, 0
    for day in days(date(2014, 1, 1), date(2025, 12, 31)):
        ahead = max(0, ahead + chinese_calendar.is_workday(day) - (day.weekday() < 5))
        most = max(most, ahead)
    assert most == MAKE_UP_AHEAD


@pytest.mark.parametrize(("today", "said"), [
    (date(2026, 11, 23), "还剩 3 个工作日（11月26日 周四）"),
    (date(2026, 11, 25), "还剩 1 个工作日（11月26日 周四）"),
    (date(2026, 11, 26), "今天到期（11月26日 周四）"),
    (date(2026, 11, 27), "已逾期 1 个工作日（11月26日 周四）"),
    (date(2026, 11, 30), "已逾期 2 个工作日（11月26日 周四）"),
    (date(2027, 1, 4), "已逾期 27 个工作日（2026年11月26日 周四）"),
])
def test_what_is_left_in_words(today, said):
    one = WorkCalendar.from_years([d for d in YEARS if d["year"] <= 2026])
    assert say_left(Due(date(2026, 11, 26), False, ""), today, one) == said


def test_weekend_after_the_due_date_is_late_without_a_number():
    due = Due(date(2026, 11, 27), False, "")
    assert say_left(due, date(2026, 11, 28), CALENDAR) == "已逾期（11月27日 周五）"


@pytest.mark.parametrize(("changes", "said"), [
    ({"year": None}, "没有写明 year"),
    ({"make_up_workdays": [date(2030, 1, 2)]}, "周六或周日"),
    ({"make_up_workdays": [date(2031, 1, 4)]}, "本年度"),
    ({"holidays": [{"name": "元旦", "from": date(2030, 1, 3), "to": date(2030, 1, 1)}]}, "早于"),
    ({"holidays": [{"name": "元旦", "from": "2030-01-01", "to": date(2030, 1, 1)}]}, "日期"),
    ({"holidays": [{"name": "元旦", "from": date(2030, 1, 1), "to": date(2030, 1, 5)}],
      "make_up_workdays": [date(2030, 1, 5)]}, "既是放假日又是调休上班日"),
    ({"more": 1}, "more"),
    ({"source": []}, "source"),
    ({"make_up_workdays": [date(2030, 1, 5), date(2030, 1, 5)]}, "写了两次"),
    ({"holidays": [{"name": "元旦", "from": date(2030, 1, 1), "to": date(2030, 1, 3)},
                   {"name": "春节", "from": date(2030, 1, 3), "to": date(2030, 1, 5)}]}, "写了两次"),
    ({"holidays": [{"name": "元旦", "from": date(2030, 1, 1), "to": date(2030, 1, 3), "days": 4}]},
     "放假4天.*是3天"),
])
def test_faulty_year_is_refused_with_its_reason(changes, said):
    with pytest.raises(InspectionError, match=said):
        WorkCalendar.from_years([year_data(**changes)])


@pytest.mark.parametrize(("start", "due"), [
    ("2025-01-16", "2025-02-19"), ("2025-01-20", "2025-02-21"), ("2025-04-18", "2025-05-20"),
    ("2025-09-26", "2025-10-30"), ("2025-09-28", "2025-10-31"), ("2025-12-05", "2026-01-05"),
    ("2026-01-23", "2026-02-27"), ("2026-02-13", "2026-03-19"), ("2026-04-30", "2026-06-01"),
    ("2026-09-30", "2026-11-03"), ("2026-10-10", "2026-11-06"), ("2026-11-23", "2026-12-21"),
    ("2026-12-03", "2026-12-31"),
])
def test_twenty_workdays_as_counted_by_hand(start, due):
    assert CALENDAR.add(date.fromisoformat(start), 20).on == date.fromisoformat(due)
    assert not CALENDAR.add(date.fromisoformat(start), 20).provisional


def test_an_explanation_names_the_holidays_left_out_and_the_make_up_days_counted():
    assert CALENDAR.add(date(2026, 3, 9), 20).explained == "自3月9日起第20个工作日（不含清明节）"
    assert CALENDAR.add(date(2026, 9, 18), 20).explained == (
        "自9月18日起第20个工作日（不含中秋节、国庆节，计入9月20日、10月10日调休上班）")


def test_a_local_override_stands_above_the_schedule():
    storm = year_data(year=2026, source=["本市防风指挥部公告"], holidays=[
        {"name": "台风停工", "from": date(2026, 11, 25), "to": date(2026, 11, 25)}],
        make_up_workdays=[date(2026, 11, 28)])
    local = WorkCalendar.from_years(YEARS, [storm])
    assert local.add(date(2026, 11, 24), 1).on == date(2026, 11, 26)
    assert local.is_workday(date(2026, 11, 28))
    assert "不含台风停工" in local.add(date(2026, 11, 24), 3).explained


def test_no_notice_since_2005_reached_back_before_another_new_year_than_assumed():
    moved = {y for y in range(2005, 2026) for n in range(1, 8)
             if chinese_calendar.is_workday(date(y, 1, 1) - timedelta(n))
             != ((date(y, 1, 1) - timedelta(n)).weekday() < 5)}
    assert moved == {2007, 2008, 2012, 2019}
    assert {date(y, 1, 1).weekday() for y in moved} == set(REACHES_BACK)


def test_from_1_december_on_the_next_years_schedule_is_there():
    """The one test that asks the clock: it fails until the new notice is in config/calendar."""
    today = date.today()
    assert today.month < 12 or today.year < LAST, (
        f"{today.year + 1}年放假安排应已公布，请补充 config/calendar/{today.year + 1}.yaml")


def test_same_year_twice_is_refused():
    with pytest.raises(InspectionError, match="同一年有两份"):
        WorkCalendar.from_years([year_data(), year_data()])
