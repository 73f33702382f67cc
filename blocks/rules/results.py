"""Result categories (检查结果), follow-ups (后续处置) and lawful grounds not to publish (不予公示),
as `config/results.yaml` lists them.

Source: the categories of the national enterprise credit publicity system; art. 10 (deal with what
is found, answer for its truth), art. 11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from blocks.errors import InspectionError, RuleViolation

FILE = "config/results.yaml"


@dataclass(frozen=True)
class Category:
    """A result category. The code is stable, the label is what is published."""

    code: str
    label: str
    needs_follow_up: bool
    needs_description: bool


@dataclass(frozen=True)
class FollowUp:
    """What may follow a finding. `stays_open`: it is closed later, with evidence."""

    code: str
    label: str
    stays_open: bool


@dataclass(frozen=True)
class Ground:
    """A lawful ground to withhold a result, or (`only_after`) only to take down a public one."""

    code: str
    label: str
    basis: str
    only_after: bool


Listed = TypeVar("Listed", Category, FollowUp, Ground)


@dataclass(frozen=True)
class Results:
    """All categories, follow-ups and grounds, by code, in the order of the file."""

    categories: Mapping[str, Category]
    follow_ups: Mapping[str, FollowUp]
    grounds: Mapping[str, Ground]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Results":
        """Build from the parsed config/results.yaml.

        Raises:
            InspectionError: a row lacks something, is unknown, or stands twice.
        """
        if set(data) != {"categories", "follow_ups", "grounds"}:
            raise _fault("应只有 categories、follow_ups 和 grounds 三部分")
        categories = [Category(*row) for row in _rows(
            data["categories"], ("code", "label", "follow_up", "description"))]
        follow_ups = [FollowUp(*row) for row in _rows(
            data["follow_ups"], ("code", "label", "stays_open"))]
        grounds = [Ground(*row) for row in _rows(
            data["grounds"], ("code", "label", "basis", "only_after"), texts=3)]
        return cls(_by_code(categories), _by_code(follow_ups), _by_code(grounds))

    def category(self, code: str) -> Category:
        """Return a category by its code.

        Raises:
            RuleViolation: no such category; lists what is allowed.
        """
        return _find(self.categories, code, "检查结果")

    def follow_up(self, code: str) -> FollowUp:
        """Return a follow-up by its code.

        Raises:
            RuleViolation: no such follow-up; lists what is allowed.
        """
        return _find(self.follow_ups, code, "后续处置")

    def ground(self, code: str) -> Ground:
        """Return a lawful ground not to publish by its code.

        Raises:
            RuleViolation: no such ground; lists what is allowed.
        """
        return _find(self.grounds, code, "不予公示的理由")


def _find(known: Mapping[str, Listed], code: str, what: str) -> Listed:
    if code not in known:
        allowed = "、".join(f"{one.code}（{one.label}）" for one in known.values())
        raise RuleViolation(f"没有「{code}」这种{what}", f"可用：{allowed}")
    return known[code]


def _fault(what: str) -> InspectionError:
    return InspectionError(f"检查结果分类有误：{what}", f"请改正 {FILE}")


def _rows(rows: Any, keys: Sequence[str], texts: int = 2) -> list[tuple[Any, ...]]:
    """Return each row's values in the order of `keys`: so many texts, then yes or no."""
    checked = []
    for row in rows or ():
        if not isinstance(row, Mapping) or set(row) != set(keys):
            raise _fault(f"{row} 应写明 {'、'.join(keys)}")
        values = tuple(row[key] for key in keys)
        right = [isinstance(v, str) and v != "" for v in values[:texts]]
        right += [isinstance(v, bool) for v in values[texts:]]
        if not all(right):
            raise _fault(f"{row} 的 {'、'.join(keys[:texts])} 应为文字，其余应为 true 或 false")
        checked.append(values)
    return checked


def _by_code(listed: list[Listed]) -> dict[str, Listed]:
    by_code = {one.code: one for one in listed}
    if not listed or len(by_code) < len(listed):
        raise _fault("列表为空，或有重复的 code")
    return by_code
