"""Workdays (工作日) by the State Council's yearly holiday schedules, and due dates counted in them.

Counting begins on the workday after the start and the last day counts whole (Civil Code art. 201
says so of periods in days; the city's rules say only "workdays").

**A year whose schedule is not published** is never guessed silently. A due date that must cross it
is *provisional* and counts the EARLIEST possible date, so that no later notice can show that a
result was published too late (G5):

- no weekday is lost to a holiday, not even to those fixed by law such as 1 January: a date that
  errs may only err towards early;
- the first two weekend days met count as worked, for a schedule may place make-up workdays
  (调休上班日) ahead of the holiday they pay for. Never in the schedules of 2014 to 2026 did more
  than two run ahead of the days off (three were last seen in 2013). `tests/law/test_workdays.py`
  hides each year in turn and shows that no provisional date is later than the true one;
- where that leaves a weekend day, the workday before it is the due date.

The last week of December belongs to both years: the notice of 2019 made 29 December 2018 a workday
and 31 December 2018 a holiday. From 25 December a year is settled only when the next one is, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from blocks.errors import CalendarGap, InspectionError

WEEKDAYS = "一二三四五六日"
MAKE_UP_AHEAD = 2
TAIL_BEGINS = (12, 25)
KEYS = {"year", "source", "holidays", "make_up_workdays"}
_DAY = timedelta(1)


@dataclass(frozen=True)
class Due:
    """A last day, whole. `explained`: a Chinese sentence saying how it was counted."""

    on: date
    provisional: bool
    explained: str


class WorkCalendar:
    """Which days are worked. Built from parsed files of `config/calendar/`; immutable."""

    def __init__(self, years: Iterable[int], off: Iterable[date], worked: Iterable[date]) -> None:
        self.official_years = frozenset(years)
        self._off = frozenset(off)
        self._worked = frozenset(worked)

    @classmethod
    def from_years(cls, years: Iterable[Mapping[str, Any]]) -> "WorkCalendar":
        """Build the calendar from one mapping a year: year, source, holidays, make_up_workdays.

        Raises:
            InspectionError: a mapping is not of that shape, or contradicts itself or another.
        """
        seen: list[int] = []
        off: set[date] = set()
        worked: set[date] = set()
        for data in years:
            year = _checked_year(data, seen)
            seen.append(year)
            for holiday in data["holidays"]:
                off.update(_span(year, holiday))
            worked.update(_make_up(year, day) for day in data["make_up_workdays"])
        if both := sorted(off & worked):
            raise _fault(both[0].year, f"{both[0]} 既是放假日又是调休上班日")
        return cls(seen, off, worked)

    def is_official(self, year: int) -> bool:
        """Tell whether the schedule of a year is in the calendar."""
        return year in self.official_years

    def is_workday(self, day: date) -> bool:
        """Tell whether a day is worked; where nothing is published, Monday to Friday are."""
        return day in self._worked or (day.weekday() < 5 and day not in self._off)

    def missing_year(self, day: date) -> int | None:
        """Return the year whose schedule must be published before this day is settled, or None."""
        if not self.is_official(day.year):
            return day.year
        in_tail = (day.month, day.day) >= TAIL_BEGINS
        return day.year + 1 if in_tail and not self.is_official(day.year + 1) else None

    def add(self, start: date, n: int, *, strict: bool = False) -> Due:
        """Return the n-th workday after `start` (n from 1), as early as it can possibly be.

        Raises:
            CalendarGap: `strict`, and the count crosses a day that is not settled.
        """
        if n < 1:
            raise ValueError(f"a period has at least one workday, not {n}")
        day, left, ahead, gap = start, n, MAKE_UP_AHEAD, None
        while left:
            day += _DAY
            missing = self.missing_year(day)
            if missing and strict:
                raise CalendarGap(f"{self._says_missing(missing)}，不能确定{_short(start)}起第{n}"
                                  "个工作日是哪一天", f"请补充 config/calendar/{missing}.yaml")
            gap = gap or missing
            if self.is_workday(day):
                left -= 1
            elif missing and ahead:
                ahead, left = ahead - 1, left - 1
        explained = f"自{_short(start)}起第{n}个工作日"
        if gap is None:
            return Due(day, False, explained)
        return Due(self._not_weekend(day, start), True,
                   f"{explained}；{self._says_missing(gap)}，按最早可能日期暂定")

    def between(self, a: date, b: date) -> int:
        """Return how many workdays are left from `a` to `b`, `b` counted and `a` not.

        0 on the day itself; negative when `b` is past: the workdays since.
        """
        first, last = min(a, b), max(a, b)
        span = (first + timedelta(i) for i in range(1, (last - first).days + 1))
        count = sum(map(self.is_workday, span))
        return count if a <= b else -count

    def _not_weekend(self, day: date, start: date) -> date:
        """Return the last workday up to `day`; `day` itself where none lies after `start`."""
        back = day
        while not self.is_workday(back):
            back -= _DAY
        return back if back > start else day

    def _says_missing(self, year: int) -> str:
        published_later = year > max(self.official_years, default=0)
        return f"{year}年放假安排{'尚未公布' if published_later else '没有录入'}"


def say_left(due: Due, today: date, calendar: WorkCalendar) -> str:
    """Say in Chinese how many workdays are left or overdue, with the date and its weekday.

    The year is named where it differs from today's. That a date is provisional is for the caller
    to add: `due.explained` says why.
    """
    year = f"{due.on.year}年" if due.on.year != today.year else ""
    when = f"（{year}{_short(due.on)} 周{WEEKDAYS[due.on.weekday()]}）"
    if due.on == today:
        return f"今天到期{when}"
    left = calendar.between(today, due.on)
    if due.on > today:
        return f"还剩 {left} 个工作日{when}"
    return f"已逾期 {-left} 个工作日{when}" if left else f"已逾期{when}"


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _fault(year: object, what: str) -> InspectionError:
    return InspectionError(f"{year}年的放假安排有误：{what}", f"请改正 config/calendar/{year}.yaml")


def _checked_year(data: Mapping[str, Any], seen: list[int]) -> int:
    year = data.get("year")
    if not isinstance(year, int):
        raise _fault("某", "没有写明 year")
    if wrong := sorted(KEYS ^ set(data)):
        raise _fault(year, f"缺少或多出「{'、'.join(wrong)}」")
    if year in seen:
        raise _fault(year, "同一年有两份")
    return year


def _span(year: int, holiday: Mapping[str, Any]) -> Iterator[date]:
    first, last = holiday.get("from"), holiday.get("to")
    if set(holiday) != {"name", "from", "to"} or not _is_day(year, first, last):
        raise _fault(year, f"「{holiday.get('name')}」应写明 name、from、to 三项，日期属于本年度")
    if last < first:
        raise _fault(year, f"「{holiday['name']}」的 to 早于 from")
    return (first + timedelta(i) for i in range((last - first).days + 1))


def _make_up(year: int, day: object) -> date:
    if not _is_day(year, day) or day.weekday() < 5:
        raise _fault(year, f"调休上班日 {day} 应是本年度的周六或周日")
    return day


def _is_day(year: int, *days: object) -> bool:
    """A day of that year, or of the last week of December before it."""
    return all(isinstance(d, date) and (d.year == year or (
        d.year == year - 1 and (d.month, d.day) >= TAIL_BEGINS)) for d in days)
