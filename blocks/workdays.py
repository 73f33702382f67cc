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

The last week of December may belong to both years: the notice of 2019 made 29 December 2018 a
workday and 31 December 2018 a holiday. Every notice since 2005 that reached back did so in a year
whose 1 January is a Sunday, a Monday or a Tuesday (2007, 2008, 2012, 2019); only before such a year
is the last week of December settled no sooner than the next notice is there.

**A local override** (本地安排: a typhoon, a local holiday) is a notice of the same shape that stands
above the year's schedule, with its own source.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from blocks.errors import CalendarGap, InspectionError

WEEKDAYS = "一二三四五六日"
MAKE_UP_AHEAD = 2
TAIL_BEGINS = (12, 25)
REACHES_BACK = (6, 0, 1)  # weekdays of a 1 January whose notice may move days of the December before
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

    def __init__(self, years: Iterable[int], off: Mapping[date, str], worked: Iterable[date]) -> None:
        self.official_years = frozenset(years)
        self._off = dict(off)
        self._worked = frozenset(worked)

    @classmethod
    def from_years(cls, years: Iterable[Mapping[str, Any]],
                   local: Iterable[Mapping[str, Any]] = ()) -> "WorkCalendar":
        """Build the calendar from one mapping a year: year, source, holidays, make_up_workdays.

        Args:
            local: overrides of the same shape, several a year if need be; the later one wins.

        Raises:
            InspectionError: a mapping is not of that shape, or contradicts itself or another.
        """
        seen: list[int] = []
        off: dict[date, str] = {}
        worked: set[date] = set()
        for data in years:
            _add(data, seen, off, worked)
            seen.append(data["year"])
        if both := sorted(off.keys() & worked):
            raise _fault(both[0].year, f"{both[0]} 既是放假日又是调休上班日")
        for data in local:
            own_off: dict[date, str] = {}
            own_worked: set[date] = set()
            _add(data, [], own_off, own_worked, weekends_only=False)
            off = {day: name for day, name in off.items() if day not in own_worked} | own_off
            worked = (worked - own_off.keys()) | own_worked
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
        in_tail = ((day.month, day.day) >= TAIL_BEGINS
                   and date(day.year + 1, 1, 1).weekday() in REACHES_BACK)
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
                                  "个工作日是哪一天", f"请用 choucha calendar import 导入{missing}年的放假安排")
            gap = gap or missing
            if self.is_workday(day):
                left -= 1
            elif missing and ahead:
                ahead, left = ahead - 1, left - 1
        explained = f"自{_short(start)}起第{n}个工作日{self._says_moved(start, day)}"
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

    def _says_moved(self, start: date, last: date) -> str:
        """Name the holidays that took a weekday, and the make-up days that were counted."""
        span = [start + timedelta(i) for i in range(1, (last - start).days + 1)]
        names = dict.fromkeys(self._off[day] for day in span if day.weekday() < 5 and day in self._off)
        counted = [_short(day) for day in span if day in self._worked and day.weekday() > 4]
        said = ([f"不含{'、'.join(names)}"] if names else []) + (
            [f"计入{'、'.join(counted)}调休上班"] if counted else [])
        return f"（{'，'.join(said)}）" if said else ""

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
    return InspectionError(f"{year}年的放假安排有误：{what}", "请对照公布的通知改正这份文件；什么都没有改动")


def _add(data: Mapping[str, Any], seen: list[int], off: dict[date, str], worked: set[date], *,
         weekends_only: bool = True) -> None:
    """Put one notice's days into `off` and `worked`; a day named twice is refused."""
    year = _checked_year(data, seen)
    for holiday in data["holidays"]:
        for day in _span(year, holiday):
            if day in off:
                raise _fault(year, f"{day} 写了两次（{off[day]}、{holiday['name']}）")
            off[day] = holiday["name"]
    for day in data["make_up_workdays"]:
        if day in worked:
            raise _fault(year, f"调休上班日 {day} 写了两次")
        worked.add(_make_up(year, day, weekends_only))


def _checked_year(data: Mapping[str, Any], seen: list[int]) -> int:
    year = data.get("year") if isinstance(data, Mapping) else None
    if not isinstance(year, int):
        raise _fault("某", "没有写明 year")
    if wrong := sorted(KEYS ^ set(data)):
        raise _fault(year, f"缺少或多出「{'、'.join(map(str, wrong))}」")
    if not all(isinstance(data[name], list) for name in KEYS - {"year"}) or not data["source"]:
        raise _fault(year, "source、holidays、make_up_workdays 应各是一列，source 不能空")
    if year in seen:
        raise _fault(year, "同一年有两份")
    return year


def _span(year: int, holiday: Mapping[str, Any]) -> Iterator[date]:
    """Return a holiday's days; `days`, where the paper says how many, must agree."""
    if not isinstance(holiday, Mapping):
        raise _fault(year, "holidays 的每一项应写明 name、from、to")
    first, last = holiday.get("from"), holiday.get("to")
    if set(holiday) - {"days"} != {"name", "from", "to"} or not _is_day(year, first, last):
        raise _fault(year, f"「{holiday.get('name')}」应写明 name、from、to 三项，日期属于本年度")
    if last < first:
        raise _fault(year, f"「{holiday['name']}」的 to 早于 from")
    length = (last - first).days + 1
    if holiday.get("days", length) != length:
        raise _fault(year, f"「{holiday['name']}」通知写的是放假{holiday['days']}天，from 至 to 是{length}天")
    return (first + timedelta(i) for i in range(length))


def _make_up(year: int, day: object, weekends_only: bool) -> date:
    if not _is_day(year, day) or (weekends_only and day.weekday() < 5):
        raise _fault(year, f"调休上班日 {day} 应是本年度的周六或周日")
    return day


def _is_day(year: int, *days: object) -> bool:
    """A day of that year, or of the last week of December before it."""
    return all(type(d) is date and (d.year == year or (
        d.year == year - 1 and (d.month, d.day) >= TAIL_BEGINS)) for d in days)
