"""The dated numbers (art. 15)."""

import copy
import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from blocks.errors import InspectionError, RuleViolation
from blocks.rules.regulation import READERS, Regulation

FILE = Path(__file__).resolve().parents[2] / "config" / "regulation.yaml"
DATA = yaml.safe_load(FILE.read_text("utf-8"))
TODAY = date(2026, 11, 23)


def changed(name: str, *entries: dict) -> dict:
    data = copy.deepcopy(DATA)
    data[name] = list(entries)
    return data


def entry(value: object, since: object, **more: object) -> dict:
    return {"value": value, "since": since, "source": "本市设定", **more}


def test_numbers_of_the_city_today():
    now = Regulation.in_force(DATA, TODAY)
    assert (now.publicity_workdays, now.approval_workdays, now.acceptance_workdays) == (20, 5, 3)
    assert (now.staffing_workdays, now.recording_workdays, now.review_workdays) == (3, 5, 3)
    assert (now.recusal_workdays, now.contribution_workdays) == (3, 2)
    assert now.reminder_workdays == (10, 5, 3, 1, 0)
    assert now.supervision_letter_after_days_late == 3
    assert (now.min_inspectors_per_check, now.min_departments) == (2, 2)
    assert now.max_visits_per_inspector_per_day == 4
    assert (now.max_visits_per_inspector_per_year, now.former_employment_years) == (200, 3)
    assert now.area_rule == "any"
    assert now.hash == "sm3"


def test_rates_are_exact_fractions_by_risk_class():
    now = Regulation.in_force(DATA, TODAY)
    assert [now.sampling_rate(c) for c in "ABCD"] == [
        Fraction(1, 100), Fraction(1, 50), Fraction(1, 10), Fraction(1, 2)]
    assert now.reserves_share == Fraction(1, 5)
    with pytest.raises(RuleViolation, match="A、B、C、D"):
        now.sampling_rate("E")


def test_publicity_cites_article_11():
    assert DATA["publicity_workdays"][0]["source"] == "细则第11条"


def test_change_holds_from_its_day_on():
    data = changed("acceptance_workdays", entry(3, date(2019, 1, 1)), entry(4, date(2026, 7, 1)))
    assert Regulation.in_force(data, date(2026, 6, 30)).acceptance_workdays == 3
    assert Regulation.in_force(data, date(2026, 7, 1)).acceptance_workdays == 4
    assert Regulation.in_force(data, date(2026, 7, 2)).acceptance_workdays == 4


def test_day_before_the_first_entry_has_no_numbers():
    assert Regulation.in_force(DATA, date(2019, 1, 1)).publicity_workdays == 20
    with pytest.raises(InspectionError, match="还没有生效"):
        Regulation.in_force(DATA, date(2018, 12, 31))


def test_scheme_keeps_its_numbers_as_plain_json():
    now = Regulation.in_force(DATA, TODAY)
    record = now.as_record()
    assert Regulation.from_record(json.loads(json.dumps(record))) == now
    assert record["min_inspectors_per_check"] == 2
    assert record["sampling_rates"]["C"] == {"numerator": 1, "denominator": 10}
    assert set(record) == set(DATA) == set(READERS)


def test_missing_name_is_named():
    data = {name: entries for name, entries in DATA.items() if name != "review_workdays"}
    with pytest.raises(InspectionError, match="缺少 review_workdays"):
        Regulation.in_force(data, TODAY)
    with pytest.raises(InspectionError, match="缺少"):
        Regulation.from_record({})


def test_unknown_name_is_named():
    with pytest.raises(InspectionError, match="没有 publicty_workdays 这一项"):
        Regulation.in_force({**DATA, "publicty_workdays": []}, TODAY)


@pytest.mark.parametrize(("name", "value"), [
    ("publicity_workdays", 0), ("publicity_workdays", "20"), ("publicity_workdays", True),
    ("publicity_workdays", 2.5), ("reminder_workdays", [1, 3]), ("reminder_workdays", []),
    ("reminder_workdays", 5), ("reminder_workdays", [3, 3]), ("hash", "md5"),
    ("hash", ["sm3"]), ("sampling_rates", {"A": {"numerator": 1, "denominator": 100}}),
    ("reserves_share", {"numerator": 6, "denominator": 5}), ("reserves_share", 0.2),
    ("reserves_share", {"numerator": 1, "denominator": 0}),
])
def test_faulty_value_is_refused_by_name(name, value):
    with pytest.raises(InspectionError, match=name):
        Regulation.in_force(changed(name, entry(value, date(2019, 1, 1))), TODAY)


@pytest.mark.parametrize("entries", [
    [], [entry(3, "2019-01-01")], [{"value": 3, "since": date(2019, 1, 1)}],
    [entry(3, date(2019, 1, 1), until=date(2020, 1, 1))], [entry(3, date(2019, 1, 1), source="")],
    [entry(3, date(2020, 1, 1)), entry(4, date(2019, 1, 1))],
    [entry(3, date(2019, 1, 1)), entry(4, date(2019, 1, 1))], [3],
])
def test_undated_or_uncited_entry_is_refused(entries):
    with pytest.raises(InspectionError, match="review_workdays"):
        Regulation.in_force(changed("review_workdays", *entries), TODAY)


def test_fault_in_a_coming_entry_is_found_today():
    with pytest.raises(InspectionError):
        Regulation.in_force(changed("review_workdays", entry(3, date(2019, 1, 1)),
                                    entry(-1, date(2030, 1, 1))), TODAY)


def test_a_record_made_before_there_was_such_a_number_is_read_as_what_held_then():
    now = Regulation.in_force(DATA, TODAY)
    record = json.loads(json.dumps(now.as_record()))
    for name in ("max_visits_per_inspector_per_year", "area_rule", "former_employment_years"):
        del record[name]
    old = Regulation.from_record(record)
    assert old.area_rule == "any" and old.former_employment_years == 3
    assert old.max_visits_per_inspector_per_year >= 1_000_000  # nobody counted
    assert old.publicity_workdays == now.publicity_workdays
    del record["hash"]
    with pytest.raises(InspectionError, match="hash"):
        Regulation.from_record(record)


@pytest.mark.parametrize(("name", "value"), [
    ("max_visits_per_inspector_per_year", 0), ("max_visits_per_inspector_per_day", 0),
    ("former_employment_years", 0), ("former_employment_years", "3"), ("area_rule", "near"),
    ("area_rule", None),
])
def test_a_limit_of_zero_or_a_rule_that_is_none_is_refused_in_words(name, value):
    with pytest.raises(InspectionError, match=name):
        Regulation.in_force(changed(name, entry(value, date(2019, 1, 1))), TODAY)
