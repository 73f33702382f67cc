"""The numbers in force on a day (art. 15): periods, rates, limits, each dated and cited.

`config/regulation.yaml` holds, for every name, a list of entries `value, since, source, note` in
order of `since`; a change is a new entry, never an edit of an old one. `Regulation.in_force` picks
what held on a day. A scheme keeps `as_record()` of the day of its approval, so that a later change
moves nothing under its feet.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from fractions import Fraction
from typing import Any

from blocks.errors import InspectionError, RuleViolation

RISK_CLASSES = ("A", "B", "C", "D")
HASHES = ("sm3", "sha256")
AREA_RULES = ("any", "same_county", "other_county")
FILE = "config/regulation.yaml"
# what a record made before there was such a number is read as: what held until then
SINCE_THEN = {"max_visits_per_inspector_per_year": 1_000_000, "area_rule": "any",
              "former_employment_years": 3, "max_visits_per_business_per_year": 1_000_000,
              "max_visits_per_business_and_department_per_year": 1_000_000,
              "plan_opening_workdays": 20, "follow_up_workdays": 15, "objection_workdays": 15,
              "letter_workdays": 3}


@dataclass(frozen=True)
class Regulation:
    """The numbers of the law and of the city's own choice on one day.

    `_workdays`: whole workdays. `reminder_workdays`: before the due date, descending, 0 the day
    itself. Rates and shares are exact fractions, never floats.
    """

    publicity_workdays: int
    approval_workdays: int
    acceptance_workdays: int
    staffing_workdays: int
    recording_workdays: int
    review_workdays: int
    recusal_workdays: int
    contribution_workdays: int
    follow_up_workdays: int
    objection_workdays: int
    letter_workdays: int
    reminder_workdays: tuple[int, ...]
    supervision_letter_after_days_late: int
    min_inspectors_per_check: int
    min_departments: int
    max_visits_per_inspector_per_day: int
    max_visits_per_inspector_per_year: int
    max_visits_per_business_per_year: int
    max_visits_per_business_and_department_per_year: int
    area_rule: str
    former_employment_years: int
    plan_opening_workdays: int
    sampling_rates: tuple[tuple[str, Fraction], ...]
    reserves_share: Fraction
    hash: str

    @classmethod
    def in_force(cls, data: Mapping[str, Any], on: date) -> "Regulation":
        """Return what was in force on a day. `data`: the parsed config/regulation.yaml.

        Raises:
            InspectionError: an unknown or missing name, a faulty entry, or nothing in force yet.
        """
        _same_names(data)
        return cls(**{name: _in_force(name, data[name], on) for name in READERS})

    def as_record(self) -> dict[str, Any]:
        """Return a JSON-able flat mapping of integers, to be frozen into a scheme."""
        record = asdict(self)
        record["reminder_workdays"] = list(self.reminder_workdays)
        record["reserves_share"] = _as_pair(self.reserves_share)
        record["sampling_rates"] = {c: _as_pair(rate) for c, rate in self.sampling_rates}
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Regulation":
        """Return the regulation that `as_record` wrote down, in this version or an earlier one.

        Raises:
            InspectionError: a name is unknown or missing, or a value is faulty.
        """
        record = SINCE_THEN | dict(record)
        _same_names(record)
        return cls(**{name: _read(name, record[name]) for name in READERS})

    def sampling_rate(self, risk_class: str) -> Fraction:
        """Return the default rate of a credit risk class (信用风险分类), A to D.

        Raises:
            RuleViolation: no such class.
        """
        rates = dict(self.sampling_rates)
        if risk_class not in rates:
            raise RuleViolation(f"没有信用风险类别「{risk_class}」",
                                f"类别为 {'、'.join(RISK_CLASSES)}")
        return rates[risk_class]


def _count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("应为正整数")
    return value


def _ladder(value: Any) -> tuple[int, ...]:
    steps = tuple(value) if isinstance(value, list) else ()
    whole = all(type(step) is int and step >= 0 for step in steps)
    if not steps or not whole or list(steps) != sorted(set(steps), reverse=True):
        raise ValueError("应为从大到小、不重复的非负整数")
    return steps


def _share(value: Any) -> Fraction:
    if not isinstance(value, Mapping) or set(value) != {"numerator", "denominator"}:
        raise ValueError("应写明 numerator（分子）和 denominator（分母）")
    numerator, denominator = value["numerator"], _count(value["denominator"])
    if type(numerator) is not int or not 0 <= numerator <= denominator:
        raise ValueError("应为 0 到 1 之间的分数")
    return Fraction(numerator, denominator)


def _rates(value: Any) -> tuple[tuple[str, Fraction], ...]:
    if not isinstance(value, Mapping) or set(value) != set(RISK_CLASSES):
        raise ValueError("应分别写明 A、B、C、D 四类")
    return tuple((risk_class, _share(value[risk_class])) for risk_class in RISK_CLASSES)


def _area_rule(value: Any) -> str:
    if value not in AREA_RULES:
        raise ValueError(f"应为 {'、'.join(AREA_RULES)} 之一")
    return value


def _hash(value: Any) -> str:
    if value not in HASHES:
        raise ValueError(f"应为 {' 或 '.join(HASHES)}")
    return value


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "reminder_workdays": _ladder, "sampling_rates": _rates, "reserves_share": _share,
    "hash": _hash, "area_rule": _area_rule,
}
READERS = {field.name: SPECIAL.get(field.name, _count) for field in fields(Regulation)}


def _as_pair(share: Fraction) -> dict[str, int]:
    return {"numerator": share.numerator, "denominator": share.denominator}


def _fault(what: str) -> InspectionError:
    return InspectionError(f"规则数值有误：{what}", f"请改正 {FILE}")


def _same_names(data: Mapping[str, Any]) -> None:
    if missing := [name for name in READERS if name not in data]:
        raise _fault(f"缺少 {'、'.join(missing)}")
    if unknown := sorted(set(map(str, data)) - set(READERS)):
        raise _fault(f"没有 {'、'.join(unknown)} 这一项")


def _read(name: str, value: Any) -> Any:
    try:
        return READERS[name](value)
    except ValueError as error:
        raise _fault(f"{name} 的值「{value}」{error}") from None


def _in_force(name: str, entries: Any, on: date) -> Any:
    """Check every entry, then return the value of the last one that has begun by `on`."""
    if not isinstance(entries, list) or not entries:
        raise _fault(f"{name} 应为带日期的列表")
    begun = None
    previous = date.min
    for entry in entries:
        since, value = _entry(name, entry)
        if since <= previous:
            raise _fault(f"{name} 各项的 since 应从早到晚")
        previous = since
        begun = value if since <= on else begun
    if begun is None:
        raise _fault(f"{on} 时 {name} 还没有生效的值")
    return begun


def _entry(name: str, entry: Any) -> tuple[date, Any]:
    keys = set(entry) if isinstance(entry, Mapping) else set()
    if not {"value", "since", "source"} <= keys <= {"value", "since", "source", "note"}:
        raise _fault(f"{name} 的每一项应写明 value、since、source，另可写 note")
    if type(entry["since"]) is not date or not str(entry["source"] or "").strip():
        raise _fault(f"{name} 的 since 应为日期，source 不能为空")
    return entry["since"], _read(name, entry["value"])
