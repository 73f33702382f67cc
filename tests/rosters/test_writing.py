"""What is written can be read again; a name that looks like a formula stays a name."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import python_calamine as calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.rosters import Reading, Repair, kinds, read
from blocks.rosters.cells import clean, convert
from blocks.rosters.columns import Field, Kind, parse_kinds
from blocks.rosters.writing import CUT, LONGEST, shower, write
from blocks.rules.formulas import SIGNS, guard, unguard
from tests.rosters.invented import CITY, PLACES, rows_of

ENDINGS = (".xlsx", ".csv")
SAMPLE = Path(__file__).resolve().parents[2] / "config" / "sample"
HYPERLINK = '=HYPERLINK("http://example.invalid","样例·点我")'
FEW = settings(max_examples=12, deadline=None,
               suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def table(*fields: Field) -> Kind:
    return Kind("things", "样例表", (fields[0].name,), fields)


def column(name: str, type: str = "text", **more: Any) -> Field:
    return Field(name, name, type, **more)


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    with calamine.CalamineWorkbook.from_path(path) as book:
        return {name: list(book.get_sheet_by_name(name).iter_rows()) for name in book.sheet_names}


def xml_of(path: Path, part: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(path) as book:
        return book.read(part).decode()


def repairs(reading: Reading) -> list[Repair]:
    """Return what was put right; that an apostrophe went as it came may be told or not."""
    return [one for one in reading.repaired if guard(one.after) != one.before]


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("ending", ENDINGS)
@FEW
@given(data=st.data())
def test_what_is_written_of_a_roster_is_read_again_as_it_was(kind, ending, tmp_path, data):
    rows = data.draw(rows_of(kind))
    path = tmp_path / f"{kind.name}{ending}"
    assert write(kind, rows, path, PLACES).rows == len(rows)
    reading = read(kind, path, **CITY)
    assert not reading.problems and not repairs(reading)
    assert reading.rows == rows


@pytest.mark.parametrize("kind", sorted(kinds().keys() & {p.stem for p in SAMPLE.glob("*.csv")}))
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_sample_city_goes_out_and_comes_in_again(kind, ending, tmp_path):
    rows = read(kind, SAMPLE / f"{kind}.csv", **CITY).rows
    path = tmp_path / f"{kind}{ending}"
    write(kinds()[kind], rows, path, PLACES)
    again = read(kind, path, **CITY)
    assert again.rows == rows
    assert not again.problems and not again.repaired and not again.ignored_headings


def test_cells_have_the_type_of_their_column(tmp_path):
    kind = table(column("文字"), column("代码", "code"), column("日期", "date"), column("次数", "number"),
                 column("是否", "bool"), column("区县", "county"), column("时刻", "moment"),
                 column("各项", "list", of="code"))
    row = {"文字": "样例", "代码": "007", "日期": date(2026, 11, 24), "次数": 3, "是否": True,
           "区县": "445222", "时刻": datetime(2026, 11, 24, 8, 30, 1), "各项": ["a", "b"]}
    nothing = dict.fromkeys(row) | {"各项": []}
    path = tmp_path / "a.xlsx"
    write(kind, [row, {**row, "区县": "445200", "是否": False}, nothing, row], path, PLACES)
    heading, first, second, empty, _ = sheets_of(path)["样例表"]
    assert heading == list(row)
    assert first == ["样例", "007", date(2026, 11, 24), 3, "是", "揭西县",
                     datetime(2026, 11, 24, 8, 30, 1), "a、b"]
    assert second[4:6] == ["否", "市直"]
    assert empty == [""] * 8


def test_codes_stand_in_text_format_and_dates_in_that_of_a_date(tmp_path):
    kind = table(column("代码", "code"), column("日期", "date"))
    path = tmp_path / "a.xlsx"
    write(kind, [{"代码": "00123", "日期": date(2026, 1, 2)}], path, PLACES)
    sheet, styles = xml_of(path), xml_of(path, "xl/styles.xml")
    numbered = re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])
    styled = {place: numbered[int(style)] for place, style in
              re.findall(r'<c r="([AB]2)" s="(\d+)"', sheet)}
    assert styled["A2"] == "49", "Excel's own number for @"
    assert f'numFmtId="{styled["B2"]}" formatCode="yyyy-mm-dd"' in styles
    assert '<pane ySplit="1"' in sheet and '<autoFilter ref="A1:B2"' in sheet
    assert "<b/>" in styles


@pytest.mark.parametrize("name", [
    HYPERLINK, "=1+1", "+86 样例", "-2+3", "@SUM(A1)", "{=1}", "=cmd|' /C calc'!A0",
    "http://example.invalid/样例", "mailto:a@example.invalid", "internal:Sheet1!A1",
    "<r><t>样例</t></r>", "<r></r>", "样例_x0041_", "TRUE", "1E5", "000123", "  ", "样例\n第二行",
])
def test_in_a_workbook_text_stays_text(name, tmp_path):
    path = tmp_path / "a.xlsx"
    write(table(column("名称"), column("末")), [{"名称": name, "末": "x"}], path, PLACES)
    cells = sheets_of(path)["样例表"][1]
    assert cells[0] in (name, f"{name} ") and cells[1] == "x"
    assert isinstance(cells[0], str)
    sheet = xml_of(path)
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert not any("rels" in n for n in zipfile.ZipFile(path).namelist() if "sheet" in n)


@pytest.mark.parametrize("name", [HYPERLINK, "+1", "-1", "@x", "\t=1", "\r=1"])
def test_in_a_csv_a_formula_stands_behind_an_apostrophe(name, tmp_path):
    path = tmp_path / "a.csv"
    write(table(column("名称")), [{"名称": name}], path, PLACES)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    said = path.read_bytes().decode("utf-8-sig")
    assert said.startswith("名称\r\n") and said.endswith("\r\n")
    assert said.split("\r\n", 1)[1].lstrip('"').startswith(f"'{name[0]}")


@pytest.mark.parametrize("name", ["样例", "样例=1", "'样例'", "''=1", "（=1）", " =1"])
def test_only_there_does_an_apostrophe_appear(name):
    assert guard(name) == name == unguard(name)


@given(st.text() | st.builds("".join, st.tuples(st.sampled_from(SIGNS), st.text())))
def test_the_apostrophe_goes_as_it_came(text):
    kept = unguard(clean(text))
    if unguard(kept) == kept:
        assert unguard(guard(kept)) == kept


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_business_called_hyperlink_keeps_its_name(ending, tmp_path):
    kind = kinds()["departments"]
    rows = [{"code": "-01", "name": HYPERLINK, "short_name": "+样例"}]
    path = tmp_path / f"a{ending}"
    write(kind, rows, path, PLACES)
    reading = read(kind, path, **CITY)
    assert reading.rows == rows and not repairs(reading)


@pytest.mark.parametrize("ending", ENDINGS)
def test_characters_that_nothing_can_hold_are_left_out(ending, tmp_path):
    kind = table(column("名称"), column("末"))
    path = tmp_path / f"a{ending}"
    name = "样\x00例\x0b·\ud800㛃䶮𬭩\ufffe局\x1f"
    write(kind, [{"名称": name, "末": "x"}], path, PLACES)
    (sheet,) = (read(kind, path, **CITY).rows,)
    assert sheet == [{"名称": "样例·㛃䶮𬭩局", "末": "x"}]


@pytest.mark.parametrize("letter", ["样", "𬭩"])
def test_a_cell_longer_than_excel_can_hold_is_cut_and_says_so(letter, tmp_path):
    kind = table(column("名称"))
    long = letter * 40_000
    path = tmp_path / "a.xlsx"
    written = write(kind, [{"名称": long}, {"名称": "短"}], path, PLACES)
    cell = sheets_of(path)["样例表"][1][0]
    assert written.cut == 1
    assert cell.endswith(CUT) and long.startswith(cell.removesuffix(CUT))
    assert LONGEST - 1 <= len(cell.encode("utf-16-le")) // 2 <= LONGEST
    whole = tmp_path / "a.csv"
    assert write(kind, [{"名称": long}], whole, PLACES).cut == 0
    assert long in whole.read_text("utf-8-sig")


def test_the_longest_cell_is_whole(tmp_path):
    path = tmp_path / "a.xlsx"
    written = write(table(column("名称")), [{"名称": "样" * LONGEST}], path, PLACES)
    assert written.cut == 0
    assert sheets_of(path)["样例表"][1][0] == "样" * LONGEST


def test_more_rows_than_a_sheet_holds_go_on_in_a_second_one(tmp_path):
    kind = table(column("代码", "code"), column("名称"))
    rows = [{"代码": str(n), "名称": "样例"} for n in range(7)]
    path = tmp_path / "a.xlsx"
    written = write(kind, rows, path, PLACES, most_rows=3)
    assert (written.rows, written.sheets) == (7, ["样例表", "样例表（2）", "样例表（3）"])
    assert [len(sheet) for sheet in sheets_of(path).values()] == [4, 4, 2]
    assert read(kind, path, **CITY).rows == rows
    whole = write(kind, rows[:6], path, PLACES, most_rows=3)
    assert whole.sheets == ["样例表", "样例表（2）"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_table_without_rows_has_its_headings(ending, tmp_path):
    path = tmp_path / f"a{ending}"
    assert write(kinds()["leave"], [], path, PLACES).rows == 0
    reading = read("leave", path, **CITY)
    assert (reading.rows, reading.problems, reading.rows_in) == ([], [], 0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_breaks_off_leaves_the_file_as_it_was(ending, tmp_path):
    path = tmp_path / f"a{ending}"
    path.write_text("before")

    def rows() -> Iterator[dict[str, str]]:
        yield {"名称": "样例"}
        raise RuntimeError("the register is gone")

    with pytest.raises(RuntimeError):
        write(table(column("名称")), rows(), path, PLACES)
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_that_is_not_there_is_known_before_the_first_row(ending, tmp_path):
    def rows() -> Iterator[dict[str, str]]:
        raise AssertionError("asked for a row")
        yield {}

    with pytest.raises(OSError):
        write(table(column("名称")), rows(), tmp_path / "no" / f"a{ending}", PLACES)


def test_another_ending_is_not_guessed_at(tmp_path):
    with pytest.raises(ValueError, match="ods"):
        write(table(column("名称")), [], tmp_path / "a.ods", PLACES)
    assert list(tmp_path.iterdir()) == []


def test_the_word_written_for_a_choice_is_its_official_one():
    for kind in kinds().values():
        for one in (f for f in kind.fields if f.choices):
            show = shower(one, PLACES)
            for code, word in one.official.items():
                value = [code] if one.type == "list" else code
                assert show(value) == word and convert(one, word, PLACES).value == value
            assert len(one.official) == len(one.words) == len(set(one.choices.values()))


def test_a_kind_that_is_only_written_may_have_moments():
    words = {"blank_words": [], "yes_words": [], "no_words": []}
    fields = [{"name": "at", "heading": "时刻", "type": "moment"}]
    kind = parse_kinds({**words, "kinds": {"k": {"label": "甲", "key": ["at"], "fields": fields}}})
    assert kind["k"].field("at").type == "moment"
