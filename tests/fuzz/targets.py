"""What is fuzzed: a target takes an input and returns nothing, or raises what is allowed."""

import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from blocks.errors import RosterError
from blocks.rosters import kinds, read
from blocks.rosters.cells import Places, Wrong, convert
from blocks.rosters.plan_table import read_plan
from blocks.rules import naming, plan_cells
from blocks.rules.plan_cells import Unclear
from tests.conftest import SAMPLE

COUNTIES = {"445202": "榕城区", "445281": "普宁市"}
PLACES = Places(COUNTIES, "445200")
WHERE = {"counties": COUNTIES, "city_code": "445200"}
ENDINGS = ("xlsx", "csv", "csv.gz", "parquet", "txt", "xls")


def seeds() -> dict[str, list[bytes]]:
    """Return good files by ending: what is damaged."""
    import gzip

    rows = [line.split(",") for line in
            (SAMPLE / "targets.csv").read_text("utf-8-sig").splitlines()[:12]]
    plan = (SAMPLE / "plan.csv").read_bytes()
    text = "\n".join(" | ".join(line.split(",")) + " |" for line in plan.decode("utf-8-sig").splitlines())
    csv = "\n".join(map(",".join, rows))
    return {"csv": [csv.encode(), csv.encode("gb18030"), plan], "txt": [text.encode()],
            "csv.gz": [gzip.compress(csv.encode(), mtime=0)], "parquet": [_parquet(rows)],
            "xlsx": [_workbook(rows), _workbook([c.split(",") for c in plan.decode().splitlines()])],
            "xls": [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1500)]}


def _workbook(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    fixed = {"in_memory": True}
    with xlsxwriter.Workbook(out, fixed) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1)})
        sheet = book.add_worksheet("表")
        for number, cells in enumerate(rows):
            sheet.write_row(number + 1, 0, cells)
        sheet.merge_range(len(rows) + 2, 0, len(rows) + 4, 0, "合并")
    return out.getvalue()


def _parquet(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    columns = list(zip(*rows[1:], strict=False))
    pq.write_table(pa.table({name: list(column) for name, column in
                             zip(rows[0], columns, strict=False)}), out)
    return out.getvalue()


def a_roster(path: Path) -> None:
    """Read a file as a roster of businesses."""
    try:
        reading = read("targets", path, **WHERE)
    except RosterError as error:
        assert error.message and error.remedy
        return
    assert reading.rows_in == len(reading.rows) + len(reading.problem_rows)


def a_plan(path: Path) -> None:
    """Read a file as an annual plan."""
    try:
        found = read_plan(path, **WHERE)
    except RosterError as error:
        assert error.message and error.remedy
        return
    returned = {(one.sheet, one.row) for one in found.problems if one.row}
    assert found.rows_in == found.rows_taken + len(returned)


def a_cell(text: str) -> None:
    """Read a text as a cell of every column there is."""
    for kind in kinds().values():
        for one in kind.fields:
            try:
                convert(one, text, PLACES)
            except Wrong as wrong:
                assert wrong.wrong and wrong.remedy


def a_plan_cell(text: str) -> None:
    """Read a text as each cell of a plan."""
    known = {"公安": "gaj", "旅馆": "旅馆"}
    for understand in (plan_cells.share, lambda cell: plan_cells.windows(cell, 2026),
                       lambda cell: naming.names(cell, known, "部门"),
                       lambda cell: naming.items(cell, known),
                       lambda cell: naming.target_kinds(cell, known)):
        try:
            understand(text)
        except Unclear as unclear:
            assert unclear.wrong and unclear.remedy


FILES: tuple[Callable[[Path], None], ...] = (a_roster, a_plan)
CELLS: tuple[Callable[[str], None], ...] = (a_cell, a_plan_cell)
