"""Who may be drawn: businesses into a pool, inspectors into a seat (art. 8(1), 9).

Every exclusion has a code, kept with the draw, and a Chinese sentence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from blocks.rules.recusal import CONFLICTS

OPEN_STATUSES = ("存续", "在业", "开业", "在营", "正常")

TARGET_EXCLUSIONS = {
    "closed": "登记状态不是存续（在营）",
    "under_way": "正在另一项联合抽查中，时间上不能合并",
    "low_risk_this_year": "信用风险低且本年度已被抽查过",
    "year_full": "本年度被抽查已达上限",
    "department_full": "本年度被其中一个部门抽查已达上限",
}
INSPECTOR_EXCLUSIONS = {
    "inactive": "已不在执法检查人员名录",
    "certificate": "执法证在检查期间不是每天有效",
    "not_qualified": "不具备本次全部检查事项的资格",
    "on_leave": "检查期间的工作日都请了假",
    "load_full": "本年度或检查期间的任务已满",
    "area": "按区域规则不能检查该县（市、区）的对象",
    "last_time": "上一次检查该对象的就是此人，不连续检查",
    **CONFLICTS,
}



class Person(Protocol):
    """What eligibility needs to know of an inspector."""

    active: bool
    certificate_from: date | None
    certificate_to: date | None
    item_codes: list[str]


@dataclass(frozen=True)
class Place:
    """A seat to be filled: for which items, on which days."""

    items: frozenset[str]
    first_day: date
    last_day: date


def target_exclusion(status: str, risk_class: str, *, under_way: bool,
                     visited_this_year: bool, year_full: bool = False,
                     department_full: bool = False) -> str | None:
    """Return why a business may not be drawn, as a code of TARGET_EXCLUSIONS, or None.

    `year_full`, `department_full`: the year's visits to it, by all or by one of the departments
    that would come, have reached the cap (art. 14). Inspections for cause are no visits here.
    """
    if status not in OPEN_STATUSES:
        return "closed"
    if under_way:
        return "under_way"
    if risk_class == "A" and visited_this_year:
        return "low_risk_this_year"
    if year_full:
        return "year_full"
    return "department_full" if department_full else None


def exclusion(person: Person, place: Place, *, free_days: int = 1, room: int = 1) -> str | None:
    """Return why an inspector may take no seat at all, as a code of INSPECTOR_EXCLUSIONS, or None.

    The certificate must be valid on every day of the window, for the visit's day is not yet known.
    Who is not qualified for all items of the check (none named: all of the department's) does not
    count toward the two whom each item needs. `free_days`: workdays of the window without leave;
    `room`: visits that the daily and yearly limits still allow.
    """
    if not person.active:
        return "inactive"
    begins, ends = person.certificate_from, person.certificate_to
    if begins is None or ends is None or begins > place.first_day or ends < place.last_day:
        return "certificate"
    if person.item_codes and not place.items <= set(person.item_codes):
        return "not_qualified"
    if free_days < 1:
        return "on_leave"
    return "load_full" if room < 1 else None


def is_out_of_area(rule: str, own: str | None, county: str, counties: Collection[str]) -> bool:
    """Whether the area rule keeps an inspector of county `own` from a business of `county`.

    Who or what belongs to no county (`counties` has no such code: the city itself) fits everywhere.
    """
    if rule == "any" or own not in counties or county not in counties:
        return False
    return (own == county) == (rule == "other_county")
