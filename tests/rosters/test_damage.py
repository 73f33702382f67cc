"""One damaged cell in a good file is named by sheet, row and heading, and no other row is."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from blocks.rosters import check, kinds, read, read_table
from blocks.rosters.columns import Field, Kind
from blocks.rosters.writing import SAFE, cell_text, shower
from tests.rosters.damages import broken, damages
from tests.rosters.invented import CITY, PLACES, rows_of

KINDS = pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
FEW = settings(max_examples=3, deadline=None, database=None, phases=(Phase.generate,),
               suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
DICE = st.randoms(use_true_random=False)
TITLES = ("揭阳市名录", "单位：样例·市某局　　日期：2026-11-24", "（样例）")
DECORATED = ("{}", "*{}", " {} ", "{}（必填）", "{}：", "*{}\n(见说明)")


@dataclass
class Page:
    """A table as an office lays it out: titles, blank lines, columns in any order, other headings."""

    kind: Kind
    rows: list[list[Any]]
    numbers: list[int]  # of the rows, as Excel shows them
    columns: list[Field]
    headings: list[str]
    above: int

    def place(self, row: int, one: Field) -> tuple[int, int]:
        return row, self.columns.index(one)

    def lines(self) -> list[list[Any]]:
        """Return every line of the sheet, from line 1."""
        blank: list[Any] = []
        lines = [[TITLES[n % len(TITLES)]] for n in range(self.above)] + [self.headings]
        for number, cells in zip(self.numbers, self.rows, strict=True):
            lines += [blank] * (number - 1 - len(lines)) + [cells]
        return lines

    def named(self, row: int, one: Field) -> tuple[int, str]:
        """Return how a problem names this cell."""
        return self.numbers[row], self.headings[self.columns.index(one)].strip()

    def with_cell(self, row: int, one: Field, written: Any) -> "Page":
        rows = [list(cells) for cells in self.rows]
        rows[row][self.columns.index(one)] = written
        return Page(self.kind, rows, self.numbers, self.columns, self.headings, self.above)


def laid_out(kind: Kind, rows: list[dict[str, Any]], dice: random.Random) -> Page:
    columns = list(kind.fields)
    dice.shuffle(columns)
    headings = [dice.choice(DECORATED).format(dice.choice((one.heading, *one.synonyms)))
                for one in columns]
    above, numbers = dice.randrange(4), []
    for _ in rows:
        numbers.append((numbers[-1] if numbers else above + 1) + dice.choice((1, 1, 1, 2, 3)))
    cells = [[shower(one, PLACES)(row[one.name]) for one in columns] for row in rows]
    return Page(kind, cells, numbers, columns, headings, above)


def known(kind: Kind, rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Return the codes to which the good rows refer: all of them exist."""
    found: dict[str, set[str]] = {}
    for one in (one for one in kind.fields if one.refers):
        for value in (row[one.name] for row in rows):
            many = value if isinstance(value, list) else [value] if value else []
            found.setdefault(one.refers, set()).update(many)
    return found


def write_csv(path: Path, page: Page, encoding: str = "utf-8-sig") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(page.lines())


def write_workbook(path: Path, pages: list[Page]) -> None:
    with Workbook(path, SAFE) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, page in enumerate(pages):
            sheet = book.add_worksheet(f"表{number}")
            for line, cells in enumerate(page.lines()):
                for place, value in enumerate(cells):
                    if isinstance(value, str):
                        sheet.write_string(line, place, cell_text(value)[0])
                    elif isinstance(value, int | float):
                        sheet.write_number(line, place, value)
                    elif value is not None and value.year > 1900:
                        sheet.write_datetime(line, place, value, day)
                    elif value is not None:
                        sheet.write_string(line, place, value.isoformat())


def all_damages(page: Page, dice: random.Random) -> list[tuple[Page, tuple[int, str]]]:
    """Return the page with each damage in some row of it, and how it must be named."""
    found = []
    for one, written in damages(page.kind):
        row = dice.randrange(len(page.rows))
        found.append((page.with_cell(row, one, written), page.named(row, one)))
    for first, last in page.kind.order:
        row, (_, begun) = dice.randrange(len(page.rows)), page.place(0, page.kind.field(first))
        one = page.kind.field(last)
        if page.rows[row][begun] and page.rows[row][begun].year > 1900:
            earlier = page.rows[row][begun].replace(year=page.rows[row][begun].year - 1, day=1)
            found.append((page.with_cell(row, one, earlier), page.named(row, one)))
    return found


def places(problems) -> set[tuple[int, str]]:
    return {(problem.row, problem.column) for problem in problems}


@KINDS
@FEW
@given(data=st.data())
def test_a_damaged_cell_of_a_csv_is_named(kind, tmp_path, data):
    rows, dice = data.draw(rows_of(kind)), data.draw(DICE)
    page, path, codes = laid_out(kind, rows, dice), tmp_path / "a.csv", known(kind, rows)
    write_csv(path, page)
    good = read(kind, path, **CITY, known=codes)
    assert good.rows_in == len(good.rows) == len(rows) and not good.problems
    for damaged, where in all_damages(page, dice):
        write_csv(path, damaged, dice.choice(("utf-8-sig", "utf-8", "gb18030")))
        reading = read(kind, path, **CITY, known=codes)
        assert places(reading.problems) == {where}, damaged.rows
        assert reading.rows_in == len(rows) and len(reading.rows) == len(rows) - 1


@KINDS
@FEW
@given(data=st.data())
def test_a_damaged_cell_of_a_workbook_is_named(kind, tmp_path, data):
    rows, dice = data.draw(rows_of(kind)), data.draw(DICE)
    page, path, codes = laid_out(kind, rows, dice), tmp_path / "a.xlsx", known(kind, rows)
    damaged = all_damages(page, dice)
    write_workbook(path, [page, *(one for one, _ in damaged)])
    first, *sheets = read_table(path)
    assert not check(kind, [first], **CITY, known=codes).problems
    for sheet, (_, where) in zip(sheets, damaged, strict=True):
        reading = check(kind, [sheet], **CITY, known=codes)
        assert places(reading.problems) == {where}, sheet
        assert {problem.sheet for problem in reading.problems} == {sheet.name}
        assert reading.rows_in == len(rows) and len(reading.rows) == len(rows) - 1


@KINDS
@FEW
@given(data=st.data())
def test_a_key_that_another_row_has_names_both_rows_and_no_third(kind, tmp_path, data):
    rows, dice = data.draw(rows_of(kind).filter(lambda many: len(many) > 1)), data.draw(DICE)
    page, path = laid_out(kind, rows, dice), tmp_path / "a.csv"
    for names in (one for one in kind.keys if len(one) == 1):
        one = kind.field(names[0])
        here, there = dice.sample(range(len(rows)), 2)
        if not (written := page.rows[there][page.columns.index(one)]):
            continue
        write_csv(path, page.with_cell(here, one, written))
        reading = read(kind, path, **CITY)
        assert places(reading.problems) >= {page.named(here, one), page.named(there, one)}
        assert {row for row, _ in places(reading.problems)} == {page.numbers[here], page.numbers[there]}


@KINDS
@FEW
@given(data=st.data())
def test_a_comma_too_many_names_the_row(kind, tmp_path, data):
    rows, dice = data.draw(rows_of(kind)), data.draw(DICE)
    page, path = laid_out(kind, rows, dice), tmp_path / "a.csv"
    row = dice.randrange(len(rows))
    page.rows[row] = [*page.rows[row][:-1], page.rows[row][-1] or "", "多出一格"]
    write_csv(path, page)
    assert places(read(kind, path, **CITY).problems) == {(page.numbers[row], "整行")}


@KINDS
@FEW
@given(data=st.data())
def test_what_is_put_right_in_a_cell_is_told_with_its_row_and_heading(kind, tmp_path, data):
    rows, dice = data.draw(rows_of(kind)), data.draw(DICE)
    page, path = laid_out(kind, rows, dice), tmp_path / "a.csv"
    write_csv(path, page)
    before = read(kind, path, **CITY)
    for one in (one for one in kind.fields if one.type in ("text", "code", "uscc")):
        row = dice.randrange(len(rows))
        if not (written := page.rows[row][page.columns.index(one)]):
            continue
        place = dice.randrange(1, len(written)) if len(written) > 1 else 1
        hidden = dice.choice("\x07\x1b\u200b\u202e\ufeff\uffff\ufffe\x7f")
        write_csv(path, page.with_cell(row, one, written[:place] + hidden + written[place:]))
        reading = read(kind, path, **CITY)
        assert reading.rows == before.rows and not reading.problems
        told = {(repair.row, repair.column) for repair in reading.repaired}
        assert told - {(r.row, r.column) for r in before.repaired} <= {page.named(row, one)} <= told


def test_every_type_of_column_is_damaged_somehow():
    damaged = {(kind.name, one.name) for kind in kinds().values() for one, _ in damages(kind)}
    whole = {(kind.name, one.name) for kind in kinds().values() for one in kind.fields
             if one.type != "text" and not one.lenient and (one.type, one.of) != ("list", "text")}
    assert whole <= damaged
    code = "91445202YL4400013B"
    assert broken(code) != code
