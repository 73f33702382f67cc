"""The unified social credit code (GB 32100-2015)."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.rules import uscc

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "targets" / "jieyang.csv"
FIRST17 = st.builds(
    lambda first, second, division, rest: f"{first}{second}{division:06d}{rest}",
    st.sampled_from(uscc.FIRST), st.sampled_from(uscc.ALPHABET), st.integers(0, 999_999),
    st.text(uscc.ALPHABET, min_size=9, max_size=9))
GOOD = "91350100M000100Y43"  # the worked example of GB 32100-2015


def with_check(first17: str) -> str:
    return first17 + uscc.check_character(first17)


def test_worked_example_of_the_standard():
    assert uscc.check_character("91350100M000100Y4") == "3"
    assert uscc.problem(GOOD) is None


def test_organisation_code_of_the_standard():
    assert uscc.organisation_check_character("D2143569") == "X"
    assert uscc.organisation_check_character(GOOD[8:16]) == GOOD[16]
    with pytest.raises(ValueError):
        uscc.organisation_check_character("D214356")


@pytest.mark.parametrize("text", [
    f" {GOOD}\n", GOOD.lower(), "９１３５０１００Ｍ０００１００Ｙ４３", f"　{GOOD}"])
def test_full_width_blanks_and_lower_case_are_the_same_code(text):
    assert uscc.normalise(text) == GOOD
    assert uscc.problem(text) is None


@pytest.mark.parametrize("first", list("123456789NYA"))
def test_first_characters_in_use(first):
    assert uscc.problem(with_check(f"{first}1445202MA4UXXXX1".replace("XXXX", "1234"))) is None


@pytest.mark.parametrize(("text", "said"), [
    ("", "现为0位"), (GOOD[:17], "现为17位"), (GOOD + "1", "现为19位"),
    (GOOD[:17] + "4", "校验位"), (GOOD.replace("M", "I"), "「I」"), (GOOD.replace("M", "-"), "「-」"),
    ("4" * 15, "旧注册号"), ("0" + GOOD[1:], "第1位"), ("B" + GOOD[1:], "第1位"),
    ("91A50100M000100Y43", "行政区划"),
])
def test_what_is_wrong_is_said(text, said):
    assert said in uscc.problem(text)


def test_old_registration_numbers_are_recognised():
    assert uscc.is_old_registration("445200000012345")
    assert uscc.is_old_registration("４４５２００００００１２３４５")
    assert not uscc.is_old_registration("44520000001234")
    assert not uscc.is_old_registration("4452000000123456")
    assert not uscc.is_old_registration(GOOD)


def test_division_is_characters_3_to_8():
    assert uscc.county_of(GOOD) == "350100"


@pytest.mark.parametrize("first17", ["", "9" * 16, "9" * 18, "I" * 17, "9144520019333277-"])
def test_check_character_asks_for_17_characters(first17):
    with pytest.raises(ValueError):
        uscc.check_character(first17)


@given(FIRST17, st.integers(0, 17), st.sampled_from(uscc.ALPHABET))
def test_any_one_wrong_character_is_found(first17, place, other):
    code = with_check(first17)
    assert uscc.problem(code) is None
    wrong = code[:place] + other + code[place + 1:]
    assert (uscc.problem(wrong) is None) == (wrong == code)


@given(FIRST17, st.integers(0, 16))
def test_two_neighbours_exchanged_are_found(first17, place):
    code = with_check(first17)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2:]
    assert (uscc.problem(wrong) is None) == (wrong == code)


def test_real_codes_of_the_city_are_all_valid():
    if not REAL.exists():
        pytest.skip(f"no real companies at {REAL}")
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        codes = [row["统一社会信用代码"] for row in csv.DictReader(file)]
    assert len(codes) == 1263
    assert [code for code in codes if uscc.problem(code)] == []
    organisations = [uscc.normalise(code)[8:17] for code in codes]
    assert all(uscc.organisation_check_character(o[:8]) == o[8] for o in organisations)
