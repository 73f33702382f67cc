"""Who keeps away from a business without being asked (回避, art. 9)."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from blocks.rules.recusal import CONFLICTS, TIE_KINDS, Declared, Tie, same, years_before

FIRST, DAY = date(2026, 11, 23), timedelta(1)
LEFT = date(2023, 11, 23)  # three years before the window's first day


@dataclass(frozen=True)
class Hotel:
    uscc: str = "91445200MA4W12345X"
    name: str = "样例旅馆有限公司"
    address: str = "榕城区进贤门大道1号"
    legal_representative: str = "林某甲"


def kept(*ties: Tie, name: str = "陈某", hotel: Hotel | None = None, years: int = 3) -> str | None:
    declared = Declared({"粤V1": (name, ties)}, FIRST, years)
    return declared.against(hotel or Hotel()).get("粤V1")


@pytest.mark.parametrize(("tie", "why"), [
    (Tie("relative", "林某甲"), "relative"),
    (Tie("relative", " 林某 甲　"), "relative"),
    (Tie("relative", "林某乙"), None),
    (Tie("relative", "榕城区进贤门大道1号"), None),
    (Tie("address", "榕城区进贤门大道１号"), "address"),
    (Tie("address", "榕城区 进贤门大道1号"), "address"),
    (Tie("address", "榕城区进贤门大道11号"), None),
    (Tie("employer", "样例旅馆有限公司"), "former_employer"),
    (Tie("employer", "91445200ma4w12345x"), "former_employer"),
    (Tie("employer", "林某甲"), None),
])
def test_what_was_declared_keeps_away_however_it_is_written(tie, why):
    assert kept(tie) == why


@pytest.mark.parametrize(("until", "why"), [
    (None, "former_employer"),  # still there, or nobody knows
    (LEFT + DAY, "former_employer"), (LEFT, None), (LEFT - DAY, None), (FIRST, "former_employer"),
])
def test_a_former_employer_is_free_from_the_day_on_which_the_years_have_passed(until, why):
    assert kept(Tie("employer", "样例旅馆有限公司", until)) == why


def test_the_years_are_counted_by_the_calendar_and_the_leap_day_ends_on_the_28th():
    assert years_before(date(2028, 2, 29), 3) == date(2025, 2, 28)
    assert years_before(date(2028, 2, 29), 4) == date(2024, 2, 29)
    assert years_before(date(2027, 3, 1), 3) == date(2024, 3, 1)


def test_a_namesake_of_the_legal_representative_is_kept_away():
    assert kept(name="林某甲") == "namesake"
    assert kept(name=" 林 某甲") == "namesake"
    assert kept(Tie("relative", "林某甲"), name="林某甲") == "relative"  # the stronger reason


def test_nothing_written_is_nothing_in_common():
    blank = Hotel(uscc="", name="", address=" ", legal_representative="　")
    ties = [Tie(kind, " ") for kind in TIE_KINDS]
    assert kept(*ties, name="", hotel=blank) is None


def test_of_several_reasons_one_is_told():
    everything = (Tie("relative", "林某甲"), Tie("address", "榕城区进贤门大道1号"),
                  Tie("employer", "样例旅馆有限公司"))
    assert kept(*everything) == "relative"
    assert kept(*everything[1:]) == "address"


def test_each_is_asked_for_himself():
    declared = Declared({"A": ("陈某", [Tie("relative", "林某甲")]), "B": ("林某甲", []),
                         "C": ("黄某", [])}, FIRST, 3)
    assert declared.against(Hotel()) == {"A": "relative", "B": "namesake"}
    assert declared.against(Hotel(legal_representative="别人")) == {}


def test_a_text_is_compared_without_width_blanks_and_case():
    assert same("ＡＢ c　１") == same("abC1") == "abc1"
    assert set(CONFLICTS) == {"interest", "relative", "namesake", "address", "former_employer"}
