"""The form of every roster: what may be chosen, what is explained, and that it is no roster yet."""

import re
import zipfile
from html import unescape
from pathlib import Path

import pytest
import python_calamine as calamine

from blocks.rosters import kinds, read
from blocks.rosters.cells import Places, convert
from blocks.rosters.columns import plain
from blocks.rosters.explaining import NAME, example, what
from blocks.rosters.forms import LISTS, PREPARED, options, write_form
from tests.rosters.conftest import COUNTIES

PLACES = Places(COUNTIES, "445200")
CITY = {"counties": COUNTIES, "city_code": "445200"}
FEW = {"gaj": "样例·市公安局", "wjj": "样例·市卫生健康局"}
MANY = {f"ju{number:02d}": f"样例·第{number}局" for number in range(60)}
KINDS = pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)


@pytest.fixture
def form(tmp_path):
    """Return a function that writes a form and returns its path."""

    def write(name: str, departments: dict[str, str] = FEW) -> Path:
        path = tmp_path / f"{name}模板.xlsx"
        write_form(kinds()[name], path, PLACES, departments)
        return path

    return write


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read(f"xl/{name}.xml").decode()


def rules(path: Path) -> dict[str, str]:
    """Return the rule of each column that has one, by its letter."""
    found = re.findall(r"<dataValidation .*?</dataValidation>", part(path, "worksheets/sheet1"))
    return {re.search(r'sqref="([A-Z]+)2:\1(\d+)"', rule)[1]: unescape(rule) for rule in found}


def letter(kind: str, name: str) -> str:
    return chr(ord("A") + [one.name for one in kinds()[kind].fields].index(name))


def choices(path: Path, kind: str, name: str) -> list[str]:
    return re.search(r'<formula1>"(.*)"</formula1>', rules(path)[letter(kind, name)])[1].split(",")


@KINDS
@pytest.mark.parametrize("departments", [{}, FEW, MANY], ids=["none", "few", "many"])
def test_an_empty_form_is_read_as_a_table_without_rows_and_without_faults(kind, departments, form):
    reading = read(kind, form(kind.name, departments), **CITY)
    assert (reading.rows_in, reading.rows, reading.problems) == (0, [], [])
    assert reading.ignored_sheets == [NAME] and reading.ignored_headings == []


@KINDS
def test_every_column_has_its_heading_and_what_must_be_filled_has_a_star_and_a_colour(kind, form):
    path = form(kind.name)
    with calamine.CalamineWorkbook.from_path(path) as book:
        assert book.sheet_names[:2] == [kind.label, NAME]
        (headings,) = book.get_sheet_by_index(0).iter_rows()
    assert [plain(h) for h in headings] == [plain(one.heading) for one in kind.fields]
    assert [h.endswith("*") for h in headings] == [one.required for one in kind.fields]
    styles = re.findall(r'<c r="[A-Z]+1" s="(\d+)"', part(path, "worksheets/sheet1"))
    coloured = {s for s, one in zip(styles, kind.fields, strict=True) if one.required}
    others = {s for s, one in zip(styles, kind.fields, strict=True) if not one.required}
    assert len(coloured) == 1 and not coloured & others


@KINDS
def test_what_can_be_chosen_has_a_list_of_words_that_are_taken(kind, form):
    path = form(kind.name)
    for one in kind.fields:
        offered = options(one, PLACES, FEW)
        if not offered:
            continue
        assert choices(path, kind.name, one.name) == offered
        for word in offered:
            assert convert(one, word, PLACES).value not in (None, "", [])
    has_choice = [one for one in kind.fields if one.type in ("choice", "bool", "county")]
    assert all(options(one, PLACES, {}) for one in has_choice)


def test_counties_and_departments_can_be_chosen(form):
    path = form("inspectors")
    assert choices(path, "inspectors", "county_code") == [*COUNTIES.values(), "市直"]
    assert choices(path, "inspectors", "department_code") == ["gaj", "wjj"]
    assert choices(form("accounts"), "accounts", "roles")[0] == "办公室"
    assert "showErrorMessage" not in rules(form("accounts"))[letter("accounts", "roles")], \
        "several may be written"


def test_a_list_too_long_for_a_rule_stands_on_a_hidden_sheet(form):
    path = form("inspectors", MANY)
    rule = rules(path)[letter("inspectors", "department_code")]
    assert f"<formula1>'{LISTS}'!$A$2:$A$61</formula1>" in rule
    assert re.search(rf'name="{LISTS}" sheetId="3" state="hidden"', part(path, "workbook"))
    with calamine.CalamineWorkbook.from_path(path) as book:
        listed = [row[0] for row in book.get_sheet_by_name(LISTS).iter_rows()]
    assert listed == ["部门代码", *MANY]
    assert LISTS not in part(form("inspectors"), "workbook"), "a short one needs no sheet"


@pytest.mark.parametrize(("departments", "is_inline"), [
    ({"a" * 126: "甲", "b" * 128: "乙"}, True), ({"a" * 127: "甲", "b" * 128: "乙"}, False),
    ({"a,b": "甲"}, False), ({'a"b': "甲"}, False), ({"=1+1": "甲"}, True)])
def test_a_list_stands_in_the_rule_up_to_255_characters(departments, is_inline, form):
    rule = rules(form("inspectors", departments))[letter("inspectors", "department_code")]
    assert ('<formula1>"' in rule) == is_inline


def test_dates_numbers_and_credit_codes_are_asked_for_as_such(form):
    found = rules(form("items"))
    assert 'type="date"' in found[letter("items", "effective_from")]
    assert "errorStyle" not in found[letter("items", "effective_from")]
    assert 'errorStyle="warning"' in found[letter("items", "effective_to")], "长期 may be written"
    found = rules(form("targets"))
    assert 'type="whole"' in found[letter("targets", "complaints")]
    assert "<formula1>18</formula1>" in found[letter("targets", "uscc")]
    assert 'errorStyle="warning"' in found[letter("targets", "risk_class")], "other words are taken"


@KINDS
def test_rules_hold_for_two_thousand_rows(kind, form):
    sheet = part(form(kind.name), "worksheets/sheet1")
    places = re.findall(r'<dataValidation [^>]*sqref="([^"]*)"', sheet)
    assert all(re.fullmatch(rf"([A-Z])2:(?:\1){PREPARED + 1}", place) for place in places)


@KINDS
def test_excel_eats_no_digit_of_a_code(kind, form):
    path = form(kind.name)
    sheet, styles = part(path, "worksheets/sheet1"), part(path, "styles")
    numbered = re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])
    of_column = {int(n): numbered[int(style)] for n, style in
                 re.findall(r'<col min="(\d+)" max="\1" [^>]*style="(\d+)"', sheet)}
    for number, one in enumerate(kind.fields, 1):
        is_text = one.type not in ("date", "number")
        assert (of_column[number] == "49") == is_text, one.name


@KINDS
def test_every_column_is_explained_with_an_example_that_is_taken(kind, form):
    with calamine.CalamineWorkbook.from_path(form(kind.name)) as book:
        rows = list(book.get_sheet_by_name(NAME).iter_rows())
    explained = {row[0].strip("「」"): row[1:] for row in rows if row[0].startswith("「")}
    assert list(explained) == [one.heading for one in kind.fields]
    for one in kind.fields:
        must, said, synonyms, shown = explained[one.heading][:4]
        assert must == ("必填" if one.required else "选填")
        assert said == what(kind, one, PLACES) and synonyms.split("、") == list(one.synonyms)
        assert shown == example(one, PLACES)
        assert convert(one, shown, PLACES).value not in (None, "", [])


def test_the_explanation_tells_synonyms_defaults_and_who_the_departments_are(form):
    targets = {one.name: what(kinds()["targets"], one, PLACES) for one in kinds()["targets"].fields}
    assert "A（也可写 A类、A级）" in targets["risk_class"] and "空着按“B”处理" in targets["risk_class"]
    assert "空着按“否”处理" in targets["on_abnormal_list"]
    assert "揭西县（445222）" in targets["county_code"] and "市直" in targets["county_code"]
    assert "用、或逗号、分号分隔" in targets["department_codes"]
    items = kinds()["items"]
    assert "没有的空着，或写 至今、长期、长期有效" in what(items, items.field("effective_to"), PLACES)
    with calamine.CalamineWorkbook.from_path(form("targets", MANY)) as book:
        told = list(book.get_sheet_by_name(NAME).iter_rows())
    assert sum(row[0] in MANY and row[2] == MANY[row[0]] for row in told) == 60
    assert any("choucha import targets" in row[0] for row in told)


def test_a_form_filled_in_with_the_examples_is_taken(form, workbook):
    for kind in kinds().values():
        headings = [f"{one.heading}{'*' * one.required}" for one in kind.fields]
        shown = [example(one, PLACES) for one in kind.fields]
        cells = {f"{chr(65 + i)}{line}": text for line, row in ((1, headings), (2, shown))
                 for i, text in enumerate(row)}
        reading = read(kind, workbook({kind.label: cells}), **CITY)
        assert len(reading.rows) == 1 and not reading.problems, reading.problems


def test_a_folder_that_is_not_there_gets_no_form(tmp_path):
    with pytest.raises(OSError):
        write_form(kinds()["leave"], tmp_path / "no" / "a.xlsx", PLACES)
