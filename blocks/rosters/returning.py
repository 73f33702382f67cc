"""Send a roster back: the same rows in a workbook, each fault beside its row (退回)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from xlsxwriter import Workbook

from blocks.errors import Problem
from blocks.rosters.batches import Row, Sheet, Stream
from blocks.rosters.columns import Kind
from blocks.rosters.headings import HEADING_WITHIN, find_headings
from blocks.rosters.reading import streams
from blocks.rosters.writing import beside, cell_text, new_workbook

ADDED = ("原行号", "问题", "怎么办")
MOST = 200_000  # rows of a whole file sent back; of a larger one only those with faults
WIDTHS = (8, 50, 40)

Places = Mapping[tuple[str, int], list[Problem]]


def write_returned(kind: Kind, path: Path, problems: Iterable[Problem], out: Path, *,
                   whole: bool) -> int:
    """Write the file's sheets again as text, with the faults of each row; return how many rows.

    `whole`: all rows, so that the office corrects and sends the same file again; otherwise those
    with faults only, since the others were taken. Titles and headings are there in both cases.
    """
    found: dict[tuple[str, int], list[Problem]] = defaultdict(list)
    for problem in problems:
        found[problem.sheet, problem.row].append(problem)
    with beside(out) as part, new_workbook(part, kind.label, constant_memory=True) as book:
        return sum(_write(book, kind, sheet, found, whole) for sheet in streams(path))


def _write(book: Workbook, kind: Kind, sheet: Stream, found: Places, whole: bool) -> int:
    rows = (row for batch in sheet.batches() for row in batch.rows())
    top = [row for _, row in zip(range(HEADING_WITHIN), rows, strict=False)]
    table = find_headings(kind, Sheet(sheet.name, top))
    if table is None:
        return 0
    page = book.add_worksheet(sheet.name or kind.label)
    red, bold = book.add_format({"bg_color": "#FCE4E4"}), book.add_format({"bold": True})
    width = max(len(cells) for _, cells in top)
    for place, wide in enumerate(WIDTHS):
        page.set_column(width + place, width + place, wide)
    written = 0
    for line, (number, cells) in enumerate(_chosen(_chain(top, rows), table.row, found, sheet.name,
                                                   whole)):
        _fill(page, line, cells, red if (sheet.name, number) in found else None)
        if number == table.row:
            _fill(page, line, ADDED, bold, width)
        elif said := found.get((sheet.name, number)):
            sentences = ("；".join(f"{p.column}：{p.wrong}" for p in said),
                         "；".join(dict.fromkeys(p.remedy for p in said)))
            _fill(page, line, (str(number), *sentences), red, width)
            written += 1
    return written


def _chain(top: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from top
    yield from rest


def _chosen(rows: Iterator[Row], heading: int, found: Places, sheet: str,
            whole: bool) -> Iterator[Row]:
    for place, row in enumerate(rows):
        if row[0] <= heading or (whole and place < MOST) or (sheet, row[0]) in found:
            yield row


def _fill(page, line: int, cells: Iterable[str], form, first: int = 0) -> None:
    for place, text in enumerate(cells, start=first):
        if text:
            page.write_string(line, place, cell_text(text)[0], form)
