"""The sample city is what its generator makes, and every file of it can be taken in."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest
import yaml

from blocks.rosters import kinds, read

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "config" / "sample"
KINDS = ("departments", "accounts", "items", "inspectors", "interests", "targets")


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location(
        "invent_sample", ROOT / "tests" / "data" / "invent_sample.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rows(city):
    return {kind: read(kind, SAMPLE / f"{kind}.csv", **city).rows for kind in KINDS}


def test_the_committed_files_are_what_the_generator_makes(generator):
    made = generator.files()
    assert set(made) == {path.name for path in SAMPLE.glob("*.csv")} - {"plan.csv"}
    for name, content in made.items():
        assert (SAMPLE / name).read_bytes() == content, f"{name}: run tests/data/invent_sample.py"


def test_the_generator_makes_the_same_twice(generator):
    assert generator.files() == generator.files()


@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_file_is_taken_in_without_a_fault(city, rows, kind):
    known = {
        "department_code": {row["code"] for row in rows["departments"]},
        "item_code": {row["code"] for row in rows["items"]},
        "certificate_no": {row["certificate_no"] for row in rows["inspectors"]},
        "uscc": {row["uscc"] for row in rows["targets"]},
    }
    reading = read(kind, SAMPLE / f"{kind}.csv", **city, known=known)
    assert not reading.problems and not reading.repaired and not reading.defaults
    assert not reading.ignored_headings and reading.rows_in == len(reading.rows)


def test_the_sample_has_the_size_it_says(rows):
    assert {kind: len(found) for kind, found in rows.items()} == {
        "departments": 8, "accounts": 79, "items": 12, "inspectors": 60, "interests": 6,
        "targets": 400,
    }
    of_kind = Counter(row["kind"] for row in rows["targets"])
    assert sorted(of_kind.values()) == [40, 80, 80, 200]
    risks = Counter(row["risk_class"] for row in rows["targets"])
    assert {risk: round(many / 4) for risk, many in risks.items()} == {"A": 30, "B": 45, "C": 18,
                                                                       "D": 7}
    assert sum(row["complaints"] > 0 for row in rows["targets"]) == 3
    assert len({row["county_code"] for row in rows["inspectors"]}) == 5


def test_everything_invented_says_so(rows):
    named = rows["accounts"] + rows["inspectors"] + rows["targets"]
    assert all("样例" in row["name"] for row in named)
    assert all(row["uscc"][8:].startswith("YL44") for row in rows["targets"])
    assert all(row["certificate_no"].startswith("YL") for row in rows["inspectors"])


def test_the_organisation_part_of_every_code_has_its_own_check_character(rows, generator):
    assert generator.organisation_code("D2143569") == "D2143569X"  # the example of GB 11714
    for row in rows["targets"]:
        body = row["uscc"][8:17]
        assert generator.organisation_code(body[:8]) == body


def test_every_inspector_has_one_account_and_every_department_two_people_and_a_leader(rows):
    certificates = [row["certificate_no"] for row in rows["accounts"] if row["certificate_no"]]
    assert sorted(certificates) == [row["certificate_no"] for row in rows["inspectors"]]
    for department in rows["departments"]:
        own = [r for r in rows["inspectors"] if r["department_code"] == department["code"]]
        assert len(own) >= 2 and any(row["may_lead"] for row in own)


def test_a_business_belongs_to_the_departments_whose_items_fit_it(rows):
    for target in rows["targets"]:
        fitting = {i["department_code"] for i in rows["items"] if target["kind"] in i["target_kinds"]}
        assert set(target["department_codes"]) == fitting


def test_the_scheme_names_what_the_sample_has(rows):
    scheme = yaml.safe_load((SAMPLE / "scheme.yaml").read_text(encoding="utf-8"))
    items = {row["code"]: row for row in rows["items"]}
    assert {items[code]["department_code"] for code in scheme["lead_items"]} == {scheme["lead"]}
    for department in scheme["participants"]:
        kinds_of = [i["target_kinds"] for i in items.values() if i["department_code"] == department]
        assert any("旅馆" in found for found in kinds_of)
    assert set(scheme["scope"]["kinds"]) <= {row["kind"] for row in rows["targets"]}
    assert scheme["mode"] in kinds()["items"].field("mode").choices.values()
