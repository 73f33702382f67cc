"""Who must keep away from a business without being asked (回避, art. 9): rules, each with a reason.

Interests are declared pair by pair, or follow from what an inspector has declared of relatives,
addresses and former employers. Better one person too many kept away than one too few.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

CONFLICTS = {
    "interest": "已申报与检查对象有利害关系，应当回避",
    "relative": "检查对象的法定代表人是其申报的亲属",
    "namesake": "与检查对象的法定代表人同名，可能是本人或被误认",
    "address": "检查对象的地址是其申报的住址或亲属的经营场所",
    "former_employer": "曾在检查对象处任职，离职未满规定年限",
}
TIE_KINDS = {"relative": "亲属姓名", "address": "住址或亲属经营场所", "employer": "原任职单位"}


class Business(Protocol):
    """What the rules ask of a business."""

    uscc: str
    name: str
    address: str
    legal_representative: str


@dataclass(frozen=True)
class Tie:
    """What an inspector has declared. `value`: a name, an address, or an employer's name or code;
    `until`: the last day at a former employer (None: still, or not known)."""

    kind: str
    value: str
    until: date | None = None

Found = defaultdict[str, dict[str, str]]


def same(text: str) -> str:
    """Return a name or an address as it is compared: NFKC, without blanks, in one case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def years_before(day: date, years: int) -> date:
    """Return the same day some years before; for 29 February where there is none, the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


class Declared:
    """Everything that a department's inspectors have declared, to be asked business by business."""

    def __init__(self, people: Mapping[str, tuple[str, Collection[Tie]]], first_day: date,
                 years: int) -> None:
        """`people`: certificate number → (name, ties). A former employer is free again from the
        day on which `years` years have passed."""
        self._heads: Found = defaultdict(dict)
        self._addresses: Found = defaultdict(dict)
        self._employers: Found = defaultdict(dict)
        since = years_before(first_day, years)
        for number, (name, ties) in people.items():
            self._heads[same(name)][number] = "namesake"
            for tie in ties:
                if tie.kind == "relative":
                    self._heads[same(tie.value)][number] = "relative"
                elif tie.kind == "address":
                    self._addresses[same(tie.value)][number] = "address"
                elif tie.until is None or tie.until > since:
                    self._employers[same(tie.value)][number] = "former_employer"
        for found in (self._heads, self._addresses, self._employers):
            found.pop("", None)  # nothing written is nothing in common

    def against(self, business: Business) -> dict[str, str]:
        """Return who keeps away from a business: certificate number → code of CONFLICTS."""
        asked = ((self._employers, business.name), (self._employers, business.uscc),
                 (self._addresses, business.address), (self._heads, business.legal_representative))
        away: dict[str, str] = {}
        for found, text in asked:
            if found and (here := found.get(same(text))):
                away |= here
        return away
