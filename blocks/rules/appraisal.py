"""Appraisal (考核, art. 12): what is counted and what it weighs, as config/appraisal.yaml declares it.

Weights are the city's own, dated and cited; each row that is counted is weighed by the edition in
force on its own day. `scoring` makes scores of the counts, `register.counting` counts.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from blocks.errors import InspectionError

FILE = "config/appraisal.yaml"
KINDS = ("rate", "mean", "number")
BETTER = ("more", "less", "none")
WHOLE = 100


@dataclass(frozen=True)
class Indicator:
    """`question`: what counts it; `of`: its clock. `directory`: of the directory of today."""

    key: str
    label: str
    article: int
    kind: str
    better: str
    question: str
    of: str = ""
    directory: bool = False

    @property
    def is_scored(self) -> bool:
        return self.better != "none" and self.kind != "number"


@dataclass(frozen=True)
class Edition:
    """What indicators weigh from a day on; weights sum to 100. `least`: of them that must have counted
    something, or there is no score."""

    since: date
    source: str
    weights: Mapping[str, int]
    least: int = 0


@dataclass(frozen=True)
class Successor:
    """A county that is part of another since a day."""

    old: str
    new: str
    since: date


@dataclass(frozen=True)
class Method:
    """What is appraised: indicators by key, editions by day, merged counties."""

    indicators: Mapping[str, Indicator]
    editions: tuple[Edition, ...]
    successors: tuple[Successor, ...] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Method":
        """Build from the parsed config/appraisal.yaml.

        Raises:
            InspectionError: something is missing, unknown, twice, or the weights do not sum.
        """
        if not isinstance(data, Mapping) or set(data) != {"indicators", "editions", "successors"}:
            raise _fault("应只有 indicators、editions 和 successors 三部分")
        listed = [_indicator(row) for row in data["indicators"] or ()]
        indicators = {one.key: one for one in listed}
        if not listed or len(indicators) < len(listed):
            raise _fault("没有指标，或有重复的 key")
        editions = tuple(_edition(row, indicators) for row in data["editions"] or ())
        if not editions or any(a.since >= b.since for a, b in pairwise(editions)):
            raise _fault("editions 应至少有一版，since 从早到晚")
        return cls(indicators, editions, tuple(_successor(row) for row in data["successors"] or ()))

    def in_force(self, on: date) -> int:
        """Return which edition holds on a day: its place in `editions`.

        Raises:
            InspectionError: none does yet.
        """
        place = bisect_right([one.since for one in self.editions], on) - 1
        if place < 0:
            raise _fault(f"{on} 时还没有生效的权重")
        return place

    def county(self, code: str, on: date) -> str:
        """Return the county that a county is part of on a day: itself, or who succeeded it."""
        seen = {code}
        while found := [one.new for one in self.successors if one.old == code and one.since <= on]:
            code = found[-1]
            if code in seen:
                raise _fault(f"区县 {code} 的 successors 转了一圈")
            seen.add(code)
        return code

    def weighing(self, weights: Mapping[str, int]) -> "Method":
        """Return the same with other weights in every edition: what if (nothing is stored).

        Raises:
            InspectionError: they do not sum to 100, or weigh what is not scored.
        """
        _check_weights(weights, self.indicators)
        return replace(self, editions=tuple(replace(one, weights=dict(weights)) for one in self.editions))


def _fault(what: str) -> InspectionError:
    return InspectionError(f"考核指标有误：{what}", f"请改正 {FILE}；什么都没有改动")


def _indicator(row: Any) -> Indicator:
    try:
        one = Indicator(**row)
    except TypeError:
        raise _fault(f"{row} 应写明 key、label、article、kind、better、question") from None
    if one.kind not in KINDS or one.better not in BETTER:
        raise _fault(f"{one.key} 的 kind 应为 {'、'.join(KINDS)}，better 应为 {'、'.join(BETTER)}")
    return one


def _edition(row: Any, indicators: Mapping[str, Indicator]) -> Edition:
    if not isinstance(row, Mapping) or set(row) - {"least"} != {"since", "source", "weights"} or type(
            row["since"]) is not date or not str(row["source"] or "").strip():
        raise _fault("每一版应写明 since（日期）、source 和 weights")
    least = row.get("least", 0)
    if type(least) is not int or not 0 <= least <= WHOLE:
        raise _fault(f"least（至少多少权重有记录才计分）应为 0 到 {WHOLE} 的整数")
    _check_weights(row["weights"], indicators)
    return Edition(row["since"], row["source"], dict(row["weights"]), least)


def _check_weights(weights: Any, indicators: Mapping[str, Indicator]) -> None:
    if not isinstance(weights, Mapping) or not weights:
        raise _fault("没有写权重")
    if unknown := [str(key) for key in weights if key not in indicators]:
        raise _fault(f"没有 {'、'.join(unknown)} 这个指标")
    if unscored := [indicators[key].label for key, weight in weights.items()
                    if weight and not indicators[key].is_scored]:
        raise _fault(f"{'、'.join(unscored)}只统计、不计分，不能有权重")
    wrong = [indicators[key].label for key, weight in weights.items()
             if type(weight) is not int or weight < 0]
    if wrong:
        raise _fault(f"{'、'.join(wrong)}的权重应为不小于 0 的整数")
    if (whole := sum(weights.values())) != WHOLE:
        raise _fault(f"权重合计为{whole}，应为{WHOLE}")


def _successor(row: Any) -> Successor:
    if not isinstance(row, Mapping) or set(row) != {"from", "to", "since", "source"} or type(
            row["since"]) is not date:
        raise _fault("successors 的每一项应写明 from、to、since（日期）、source")
    return Successor(str(row["from"]), str(row["to"]), row["since"])


def period_of(text: str) -> tuple[date, date]:
    """Return the first and last day of a period: a month `2026-11` or a year `2026`.

    Raises:
        InspectionError: it is neither.
    """
    said = re.fullmatch("([0-9]{4})(?:-(0[1-9]|1[0-2]))?", text)
    try:
        if said is None:
            raise ValueError
        year, month = int(said[1]), int(said[2] or 0)
        first = date(year, month or 1, 1)
        following = date(year + 1, 1, 1) if month in (0, 12) else date(year, month + 1, 1)
        return first, date.fromordinal(following.toordinal() - 1)
    except ValueError:
        raise InspectionError(f"看不懂考核期「{text[:20]}」", "请写月份（如 2026-11）或年度（如 2026）") from None
