"""What may be public, and the scanner for what may not (art. 11, G11). All numbers are invented."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from blocks.errors import RuleViolation
from blocks.rules import uscc
from blocks.rules.disclosure import PUBLIC_FIELDS, check_public, public_result, scan

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "targets" / "jieyang.csv"
COMPANY = "91350100M000100Y43"
CARD = "6222020000000000004"
MOBILE = "13800138000"


def identity(first17: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(c) * w for c, w in zip(first17, weights, strict=True))
    return first17 + "10X98765432"[total % 11]


PERSON = identity("44520219900307123")


def luhn(first: str) -> str:
    digits = [int(c) for c in reversed(first)]
    total = sum(sum(divmod(2 * d, 10)) for d in digits[::2]) + sum(digits[1::2])
    return first + str(-total % 10)


def record(**more: object) -> dict:
    return {
        "business": "某某商行", "uscc": COMPANY, "scheme_code": "2026-001",
        "scheme_title": "宾馆联合抽查", "lead": "市场监管局", "authority": "市公安局",
        "items": [{"code": "GA-01", "name": "治安管理", "department_id": 3, "answer": "合格"}],
        "category": "no_problem", "result": "未发现问题", "inspected_on": date(2026, 11, 20),
        "version": 2, "made_on": date(2026, 11, 23), "plan_id": None, "plan_name": None,
        "draw_kind": "targeted", "due_on": date(2026, 12, 21), "public_on": date(2026, 11, 24),
        "late_workdays": 0, **more}


def kinds(text: str) -> list[str]:
    return [leak.kind for leak in scan(text)]


def test_only_listed_fields_are_public():
    told = public_result(record(finding="老板张三", answers={"GA-01": "x"}, recorded_by_id=7,
                                inspectors=["李四"], legal_person="张三", phone=MOBILE))
    assert tuple(told) == PUBLIC_FIELDS
    assert told["items"] == [{"code": "GA-01", "name": "治安管理"}]
    assert "张三" not in json.dumps(told, ensure_ascii=False)
    assert told["inspected_on"] == "2026-11-20"


def test_absent_fields_stay_absent():
    assert public_result({"business": "某某商行", "finding": "x"}) == {"business": "某某商行"}


def test_personal_number_in_a_public_field_stops_publication():
    with pytest.raises(RuleViolation) as raised:
        public_result(record(business=f"某某商行（{MOBILE}）"))
    assert raised.value.article == 11
    with pytest.raises(RuleViolation):
        public_result(record(items=[{"code": "GA-01", "name": PERSON}]))
    with pytest.raises(RuleViolation):
        public_result(record(uscc=PERSON))


@pytest.mark.parametrize("value", [{"name": "张三"}, ["张三"], 1.5, object()])
def test_nothing_can_be_hidden_inside_an_allowed_field(value):
    with pytest.raises(TypeError):
        public_result(record(business=value))
    with pytest.raises(TypeError):
        public_result(record(items=[{"code": "GA-01", "name": value}]))


@pytest.mark.parametrize(("text", "found"), [
    (f"身份证{PERSON}。", ["identity"]),
    (f"{PERSON[:6]} {PERSON[6:14]} {PERSON[14:]}", ["identity"]),
    (PERSON.translate({48 + n: 0xFF10 + n for n in range(10)}), ["identity"]),  # full width
    (PERSON[:9] + "\u200b" + PERSON[9:], ["identity"]),
    (PERSON[:17] + ("0" if PERSON[17] != "0" else "1"), []),          # wrong check character
    (identity("44520219901332123"), []),                              # no such birthday
    (identity("44520202990307123"), []),
    ("a" + PERSON, []), (PERSON + "7", []), (f"ab{PERSON}cd", []),
    (MOBILE, ["mobile"]), (f"电话：{MOBILE}张", ["mobile"]), (f"+86{MOBILE}", ["mobile"]),
    ("86-138-0013-8000", ["mobile"]), ("138 0013 8000", ["mobile"]), ("１３８００１３８０００", ["mobile"]),
    ("12800138000", []), ("1380013800", []), ("138001380001", []), (f"x{MOBILE}", []),
    (f"{MOBILE}ab", []), (f"sha{MOBILE}f00", []),
    (luhn("622202000000000"), ["bank_card"]), (luhn("622202000000000123"), ["bank_card"]),
    (luhn("62220200000000012"), ["bank_card"]), (luhn("6222020000000001"), ["bank_card"]),
    (luhn("62220200000000"), []),                                      # 15 digits
    (luhn("6222020000000001234"), []),                                 # 20 digits
    ("6222020000000000", []), ("0000000000000000", []),
    ("6222 0200 0000 0008", []),
    (COMPANY, []), ("2026-11-23 2026-11-24", []), ("", []), ("2026年11月23日第1号", []),
])
def test_scanner(text, found):
    assert kinds(text) == found


def test_grouped_bank_card_is_found():
    card = luhn("622202000000000")
    assert kinds(" ".join(card[n:n + 4] for n in range(0, 16, 4))) == ["bank_card"]
    card = luhn("622202000000000123")
    assert kinds("-".join(card[n:n + 4] for n in range(0, 19, 4))) == ["bank_card"]


def test_check_character_x_in_both_cases():
    person = next(p for n in range(100, 200) if (p := identity(f"44520219900307{n}"))[17] == "X")
    assert kinds(person) == kinds(person.lower()) == ["identity"]


def test_identity_number_that_would_pass_as_a_credit_code_is_still_found():
    both = [p for n in range(1000) if uscc.problem(p := identity(f"44520219900307{n:03d}")) is None]
    assert both
    assert all(kinds(p) == ["identity"] for p in both)


def test_numeric_credit_codes_are_no_leak_even_where_their_luhn_sum_fits():
    codes = (f"9144520{n:010d}" for n in range(1, 4000))
    numeric = [c for c in (f + uscc.check_character(f) for f in codes) if c.isdigit()]
    fitting = [c for c in numeric if luhn(c[:17]) == c]
    assert fitting
    assert all(kinds(c) == [] for c in fitting)


def test_digests_and_addresses_of_a_page_are_no_leak():
    assert kinds(f"66c7f0f4{MOBILE}d1f2d46b") == []
    assert kinds('<a href="../draws/2026-001/1/seal.json">2026-11-23T02:00:00Z</a>') == []


def test_several_leaks_in_order_with_their_numbers_hidden():
    text = f"张三 {MOBILE}，卡{luhn('622202000000000')}，证{PERSON}"
    leaks = scan(text)
    assert [leak.kind for leak in leaks] == ["mobile", "bank_card", "identity"]
    assert leaks[0].at == 3
    assert leaks[0].shown == "13*******00"
    with pytest.raises(RuleViolation) as raised:
        check_public(text)
    assert raised.value.article == 11
    assert PERSON not in str(raised.value)
    assert MOBILE not in str(raised.value)
    assert "居民身份证号码" in str(raised.value)


def test_clean_text_passes():
    check_public(f"{COMPANY} 未发现问题")


def test_no_real_company_is_taken_for_a_person():
    if not REAL.exists():
        pytest.skip(f"no real companies at {REAL}")
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r for r in rows if scan(f"{r['企业名称']}\t{r['统一社会信用代码']}")] == []
