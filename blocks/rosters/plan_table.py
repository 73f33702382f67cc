"""Read an annual plan (年度抽查计划, art. 14) as offices publish it: merged cells, cut rows, titles.

Each row is taken or returned with a question: `rows_in == rows_taken + returned`, always. A blank
cell is filled only where the workbook says that it is merged, or where its row continues a numbered
one; both are told. What a taken cell means is for `rules.planning`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blocks.errors import Problem
from blocks.rosters.batches import Row, Sheet
from blocks.rosters.cells import clean
from blocks.rosters.checking import check
from blocks.rosters.columns import Kind, Matched, is_footer, plan_kind
from blocks.rosters.headings import Understood, find_headings, heading_faults
from blocks.rosters.reading import read_table
from blocks.rosters.refusal import refuse

MOST_ROWS = 5000  # of a plan; a provincial one has some hundreds
CARRIED = ("name", "draw_kind", "field", "targets", "share", "months", "lead", "participants", "level")
ONE_INSPECTION = ("number", "name", "draw_kind", "field", "targets", "share", "months", "lead",
                  "participants", "mode")
SHOWN = 60
_NUMBER = re.compile(r"\d{1,4}[.、]?")
_CUT = "可能是原文在此截断，或合并的单元格被拆散，不知各格属于哪一列"
_REWRITE = "请对照原计划把这一行各列补齐"


@dataclass
class PlanReading:
    """What a plan's file holds.

    `entries`: {"written": {field: text}, "rows": [sheet, number] of each row}, in order. `problems`:
    rows returned. `notes`: blank cells that were filled. `footers`: lines that are no rows.
    """

    entries: list[dict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    footers: list[tuple[str, int, str]] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)
    rows_in: int = 0

    @property
    def rows_taken(self) -> int:
        return sum(len(entry["rows"]) for entry in self.entries)


def read_plan(path: Path, *, counties: Mapping[str, str], city_code: str) -> PlanReading:
    """Read a plan's file and put the rows of one inspection together.

    Raises:
        RosterError: the file cannot be read, is no table, or far too long for a plan.
    """
    kind, found = plan_kind(), PlanReading()
    sheets = read_table(path)
    if sum(len(sheet.rows) for sheet in sheets) > MOST_ROWS:
        refuse(path, f"超过 {MOST_ROWS} 行，不像是一份计划", "请确认选对了文件")
    reading = check(kind, [_whole(kind, sheet, found) for sheet in sheets], counties=counties,
                    city_code=city_code)
    own = len(found.problems)
    found.problems = sorted([*found.problems, *reading.problems],
                            key=lambda one: (one.sheet, one.row))
    found.footers = sorted([*found.footers, *reading.footers])
    found.understood, found.rows_in = reading.understood, reading.rows_in + own
    found.entries = list(_entries(reading.table.to_pylist()))
    return found


def _whole(kind: Kind, sheet: Sheet, found: PlanReading) -> Sheet:
    """Return the sheet with merged cells filled, without the lines that are no rows or are cut."""
    table = find_headings(kind, sheet)
    if table is None or not table.is_meant or heading_faults(kind, sheet.name, table.matched):
        return sheet
    above = [row for row in sheet.rows if row[0] <= table.row]
    below = [row for row in sheet.rows if row[0] > table.row]
    filler = _Filler(kind, sheet, table.matched, above[-1][1], found)
    return Sheet(sheet.name, above + [row for row in map(filler.take, below) if row])


class _Filler:
    """Walks down a sheet and knows the row above."""

    def __init__(self, kind: Kind, sheet: Sheet, matched: Matched, headings: list[str],
                 found: PlanReading) -> None:
        self.kind, self.sheet, self.matched, self.found = kind, sheet, matched, found
        self.headings = headings
        self.number = matched.columns.get("number")
        self.above: list[str] | None = None
        self.merged = {(row, column): (top, first) for top, bottom, first, last in sheet.merged
                       for row in range(top, bottom + 1) for column in range(first, last + 1)}
        self.written = dict(sheet.rows)

    def take(self, row: Row) -> Row | None:
        """Return a row with its blank cells filled, or None: told as a footer or a problem."""
        number, cells = row[0], list(row[1])
        filled = [cell for cell in cells if cell.strip()]
        if cells == self.headings or is_footer(self.kind, filled[0]):
            self.found.footers.append((self.sheet.name, number, clean(filled[0])))
            return None
        self._fill_merged(number, cells)
        if self.number is None:
            return number, cells
        first = cells[self.number].strip() if self.number < len(cells) else ""
        if first and not _NUMBER.fullmatch(first):
            whole = len(filled) == 1 and first[0].isdigit()
            return self._ask(number, filled, "各格不全，或没有分隔" if whole else "这里应是序号")
        if not first and (self.above is None or len(filled) == 1):
            return self._ask(number, filled, "没有序号，也不知道接着哪一行")
        if not first:
            self._continue(number, cells)
        self.above = cells
        return number, cells

    def _ask(self, number: int, filled: list[str], wrong: str) -> None:
        self.above = None  # what follows cannot be told to continue this one
        self.found.problems.append(Problem(
            number, "整行", clean(filled[0])[:SHOWN], f"{wrong}；{_CUT}", _REWRITE,
            self.sheet.name))

    def _fill_merged(self, number: int, cells: list[str]) -> None:
        """Fill what the workbook itself says is one cell."""
        for column, text in enumerate(cells):
            top = self.merged.get((number, column))
            if top and not text.strip() and top[0] in self.written:
                cells[column] = self.written[top[0]][top[1]]

    def _continue(self, number: int, cells: list[str]) -> None:
        """Fill the blank cells of a row that continues the numbered one above it."""
        taken = []
        for name in ("number", *CARRIED):
            column = self.matched.columns.get(name)
            if column is not None and not cells[column].strip() and self.above[column].strip():
                cells[column] = self.above[column]
                if name != "number":
                    taken.append(f"{self.matched.headings[name]}＝{clean(cells[column])[:20]}")
        if taken:
            self.found.notes.append(Problem(
                number, "整行", clean(next(c for c in cells if c.strip()))[:SHOWN],
                f"没有序号，看作上一项的续行，空白处随上一行：{'，'.join(taken)}", "不对的话请逐格填写后再导入",
                self.sheet.name))


def _entries(rows: list[dict]) -> Iterator[dict]:
    """Put together the rows that are one inspection: all the same but for the items."""
    entry: dict | None = None
    for row in rows:
        place = [row.pop("sheet_"), row.pop("row_")]
        written = {name: text for name, text in row.items() if text}
        same = entry is not None and bool(row["number"]) and all(
            entry["written"].get(name) == written.get(name) for name in ONE_INSPECTION)
        if same and entry["rows"][-1][0] == place[0]:
            entry["written"]["items"] += "\n" + written["items"]
            entry["rows"].append(place)
            continue
        if entry is not None:
            yield entry
        entry = {"written": written, "rows": [place]}
    if entry is not None:
        yield entry
