"""Who may be drawn: businesses into a pool, inspectors into a seat (art. 8(1), 9).

Every exclusion has a code, kept with the draw, and a Chinese sentence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol

OPEN_STATUSES = ("存续", "在业", "开业", "在营", "正常")

TARGET_EXCLUSIONS = {
    "closed": "登记状态不是存续（在营）",
    "under_way": "正在另一项联合抽查中",
    "low_risk_this_year": "信用风险低且本年度已被抽查过",
}
INSPECTOR_EXCLUSIONS = {
    "inactive": "已不在执法检查人员名录",
    "certificate": "执法证在检查期间不是每天有效",
    "not_qualified": "不具备本次检查事项的资格",
    "interest": "与检查对象有利害关系，应当回避",
}


class Person(Protocol):
    """What eligibility needs to know of an inspector."""

    active: bool
    certificate_from: date
    certificate_to: date
    item_codes: list[str]


@dataclass(frozen=True)
class Place:
    """A seat to be filled: for which items, on which days."""

    items: frozenset[str]
    first_day: date
    last_day: date


def target_exclusion(status: str, risk_class: str, *, under_way: bool,
                     visited_this_year: bool) -> str | None:
    """Return why a business may not be drawn, as a code of TARGET_EXCLUSIONS, or None."""
    if status not in OPEN_STATUSES:
        return "closed"
    if under_way:
        return "under_way"
    return "low_risk_this_year" if risk_class == "A" and visited_this_year else None


def exclusion(person: Person, place: Place, target: str, interests: Collection[str]) -> str | None:
    """Return why an inspector may not take a seat at `target`, or None if eligible (art. 9).

    `interests`: the targets in which this inspector is interested. The certificate must be valid
    on every day of the window, for the visit's day is not yet known.
    """
    if not person.active:
        return "inactive"
    if person.certificate_from > place.first_day or person.certificate_to < place.last_day:
        return "certificate"
    if person.item_codes and not place.items & set(person.item_codes):
        return "not_qualified"
    return "interest" if target in interests else None
