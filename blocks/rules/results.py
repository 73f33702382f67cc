"""Result categories (检查结果) and follow-ups (后续处置), as `config/results.yaml` lists them.

Source: the categories of the national enterprise credit publicity system; art. 10 (deal with what
is found, answer for its truth).
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


Listed = TypeVar("Listed", Category, FollowUp)


@dataclass(frozen=True)
class Results:
    """All categories and follow-ups, by code, in the order of the file."""

    categories: Mapping[str, Category]
    follow_ups: Mapping[str, FollowUp]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Results":
        """Build from the parsed config/results.yaml.

        Raises:
            InspectionError: a row lacks something, is unknown, or stands twice.
        """
        if set(data) != {"categories", "follow_ups"}:
            raise _fault("应只有 categories 和 follow_ups 两部分")
        categories = [Category(*row) for row in _rows(
            data["categories"], ("code", "label", "follow_up", "description"))]
        follow_ups = [FollowUp(*row) for row in _rows(
            data["follow_ups"], ("code", "label", "stays_open"))]
        return cls(_by_code(categories), _by_code(follow_ups))

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


def _find(known: Mapping[str, Listed], code: str, what: str) -> Listed:
    if code not in known:
        allowed = "、".join(f"{one.code}（{one.label}）" for one in known.values())
        raise RuleViolation(f"没有「{code}」这种{what}", f"可用：{allowed}")
    return known[code]


def _fault(what: str) -> InspectionError:
    return InspectionError(f"检查结果分类有误：{what}", f"请改正 {FILE}")


def _rows(rows: Any, keys: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return each row's values in the order of `keys`: two texts, then yes or no."""
    checked = []
    for row in rows or ():
        if not isinstance(row, Mapping) or set(row) != set(keys):
            raise _fault(f"{row} 应写明 {'、'.join(keys)}")
        values = tuple(row[key] for key in keys)
        right = [isinstance(v, str) and v != "" for v in values[:2]]
        right += [isinstance(v, bool) for v in values[2:]]
        if not all(right):
            raise _fault(f"{row} 的 code、label 应为文字，其余应为 true 或 false")
        checked.append(values)
    return checked


def _by_code(listed: list[Listed]) -> dict[str, Listed]:
    by_code = {one.code: one for one in listed}
    if not listed or len(by_code) < len(listed):
        raise _fault("列表为空，或有重复的 code")
    return by_code
