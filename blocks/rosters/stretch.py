"""Check one batch of rows column by column, and keep what was said about each row."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocks.errors import Problem
from blocks.rosters.batches import TEXT, Batch
from blocks.rosters.cells import Places, clean
from blocks.rosters.columns import Field, Kind, is_footer
from blocks.rosters.columnwise import Column, convert_column
from blocks.rosters.counties import derive
from blocks.rosters.headings import Table

SHOWN = 200  # characters of a wrong cell that are repeated in the report


@dataclass(frozen=True)
class Repair:
    """A cell that was put right without asking (修正): where, from what, to what, why."""

    row: int
    column: str
    before: str
    after: str
    why: str
    sheet: str = ""

    def __str__(self) -> str:
        return f"{self.sheet}第{self.row}行「{self.column}」：{self.before} → {self.after}（{self.why}）"


@dataclass
class Stretch:
    """A batch of rows with its values. Rows are named by their place in `numbers`."""

    sheet: str
    headings: Mapping[str, str]
    numbers: np.ndarray
    texts: dict[str, pa.Array]
    values: dict[str, pa.Array] = field(default_factory=dict)
    defaulted: dict[str, np.ndarray] = field(default_factory=dict)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    repairs: list[tuple[int, Repair]] = field(default_factory=list)
    notes: list[tuple[int, Problem]] = field(default_factory=list)
    outside: list[Problem] = field(default_factory=list)  # rows that could not be split into cells
    footers: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def rows_in(self) -> int:
        return len(self.numbers) + len(self.outside)

    def add(self, row: int, problem: Problem) -> None:
        self.problems.append((row, problem))

    def fault(self, one: Field, row: int, wrong: str, remedy: str) -> None:
        self.add(row, self.about(one, row, wrong, remedy))

    def about(self, one: Field, row: int, wrong: str, remedy: str) -> Problem:
        """Return a sentence about a cell, with the place at which an officer finds it."""
        text = clean(self.texts[one.name][row].as_py())[:SHOWN]
        return Problem(int(self.numbers[row]), self.headings.get(one.name, one.heading), text,
                       wrong, remedy, self.sheet)

    def faulty(self) -> np.ndarray:
        mask = np.zeros(len(self.numbers), bool)
        mask[[row for row, _ in self.problems]] = True
        return mask

    def sorted_problems(self) -> list[Problem]:
        """Return the problems row by row, those of a row in the order of its columns."""
        return sorted([*self.outside, *(problem for _, problem in self.problems)],
                      key=lambda problem: problem.row)

    def table(self, schema: pa.Schema, mask: np.ndarray) -> pa.Table:
        """Return the chosen rows as values, with their place."""
        whole = pa.table([*self.values.values(), pa.repeat(pa.scalar(self.sheet, TEXT),
                          len(self.numbers)), pa.array(self.numbers, pa.int64())], schema=schema)
        return whole if mask.all() else whole.filter(pa.array(mask))

    def drop(self, rows: list[int]) -> None:
        """Take rows out that are none."""
        kept = np.ones(len(self.numbers), bool)
        kept[rows] = False
        moved = np.cumsum(kept) - 1
        mask = pa.array(kept)
        self.numbers = self.numbers[kept]
        self.texts = {name: one.filter(mask) for name, one in self.texts.items()}
        self.values = {name: one.filter(mask) for name, one in self.values.items()}
        self.defaulted = {name: one[kept] for name, one in self.defaulted.items()}
        for said in (self.problems, self.repairs, self.notes):
            said[:] = [(int(moved[row]), what) for row, what in said if kept[row]]


def check_batch(kind: Kind, table: Table, batch: Batch, places: Places,
                known: Mapping[str, Set[str]]) -> Stretch:
    """Return a batch with its values and every fault that a row shows by itself."""
    batch, outside = _split_off_shifted(table, batch)
    texts = {one.name: batch.column(table.matched.columns[one.name])
             if one.name in table.matched.columns else _nothing(batch) for one in kind.fields}
    stretch = Stretch(table.name, table.matched.headings, batch.numbers.to_numpy(), texts,
                      outside=outside)
    for one in kind.fields:
        allowed = known.get(one.name, known.get(one.refers)) if one.refers else None
        _take(stretch, one, convert_column(one, texts[one.name], places, allowed), places)
    _compare_dates(kind, stretch)
    _find_footers(kind, stretch, batch)
    return stretch


def _nothing(batch: Batch) -> pa.Array:
    return pa.repeat(pa.scalar("", TEXT), len(batch.numbers))


def _split_off_shifted(table: Table, batch: Batch) -> tuple[Batch, list[Problem]]:
    """Part from a CSV the rows that run past the headings: a comma without quotes shifted them."""
    beyond = batch.texts[table.matched.width:]
    if table.name or not beyond:
        return batch, []
    mask = np.zeros(len(batch.numbers), bool)
    for column in beyond:
        mask |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
    shifted = [Problem(number, "整行", clean(next(filter(None, reversed(cells)), ""))[:SHOWN],
                       "单元格比表头多，内容可能错位", "请检查这一行是否有未加引号的逗号", table.name)
               for number, cells in batch.where(pa.array(mask)).rows()]
    return (batch.where(pa.array(~mask)), shifted) if shifted else (batch, [])


def _take(stretch: Stretch, one: Field, column: Column, places: Places) -> None:
    for row, wrong in column.wrong.items():
        stretch.fault(one, row, wrong.wrong, wrong.remedy)
    for row, cell in column.repaired.items():
        before = stretch.texts[one.name][row].as_py().strip()[:SHOWN]
        stretch.repairs.append((row, Repair(
            int(stretch.numbers[row]), stretch.headings[one.name], before, str(cell.value)[:SHOWN],
            cell.why, stretch.sheet)))
    for row, cell in column.noted.items():
        stretch.notes.append((row, stretch.about(one, row, cell.note, "换发后请以新代码重新登记")))
    stretch.values[one.name] = column.values
    if column.defaulted is not None:
        stretch.defaulted[one.name] = column.defaulted
    if one.derive:
        _derive_county(stretch, one, column, places)


def _derive_county(stretch: Stretch, one: Field, column: Column, places: Places) -> None:
    """Counties need the whole row; so the column stands after those it is derived from, or not."""
    texts = {"uscc": stretch.values["uscc"], "region": stretch.texts[one.name],
             "address": stretch.texts["address"], "name": stretch.values["name"]}
    found = derive(column.values, column.wrong, texts, places)
    stretch.values[one.name] = found.values
    stretch.defaulted[one.name] = found.defaulted
    for row, said in found.contradicted.items():
        stretch.notes.append((row, stretch.about(one, row, said, "已按登记的所在区县处理，请核对")))


def _compare_dates(kind: Kind, stretch: Stretch) -> None:
    for first, last in kind.order:
        later = pc.greater(stretch.values[first], stretch.values[last]).fill_null(False)
        for row in np.flatnonzero(later.to_numpy(zero_copy_only=False)):
            begin = stretch.values[first][int(row)].as_py()
            stretch.fault(kind.field(last), int(row),
                          f"早于“{kind.field(first).heading}”（{begin}）", "请核对这两个日期")


def _find_footers(kind: Kind, stretch: Stretch, batch: Batch) -> None:
    """Part the lines below a table (合计, 填表人：…) from rows: only lines that are faulty anyway."""
    faulty = np.flatnonzero(stretch.faulty())
    cells = zip(faulty, batch.where(pa.array(stretch.faulty())).rows(), strict=True)
    found = {int(row): next(filter(None, map(str.strip, line))) for row, (_, line) in cells}
    gone = [row for row, text in found.items() if is_footer(kind, text)]
    stretch.footers = [(stretch.sheet, int(stretch.numbers[row]), found[row]) for row in gone]
    if gone:
        stretch.drop(gone)
