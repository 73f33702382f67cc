"""Read a table that was copied from a page as text: cells between `|`, a row over several lines.

Only what is certain becomes cells: a row is complete when it has as many cells as the headings.
Every other line stays one cell, so that it is told, never lost; so do rows whose columns are parted
by nothing but spaces. Rows have the number of their first line.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from blocks.rosters.batches import Batch, Row, batches
from blocks.rosters.csv_file import as_text
from blocks.rosters.refusal import refuse

LONGEST = 2_000_000  # characters of a file: a plan of a thousand entries has 300,000
FEWEST = 3  # cells of a line of headings
_BAR = re.compile(r"[|｜]")
_NUMBERED = re.compile(r"\s*\d{1,4}\s*[|｜]")
_SPACED = re.compile(r"\s*\d{1,4}[.、]?\s+\S")


def read(path: Path) -> Iterator[Batch]:
    """Yield the rows of a text.

    Raises:
        RosterError: too long, or in no known encoding.
    """
    with as_text(path) as file:
        text = file.read(LONGEST + 1)
    if len(text) > LONGEST:
        refuse(path, "文字太长，不像是一张表", "请把表格另存为 .xlsx")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)
             if line.strip()]
    rows = barred(lines) if any(_cells(line) for _, line in lines) else spaced(lines)
    yield from batches(rows)


def _cells(line: str) -> list[str] | None:
    """Return the cells of a line that looks like headings or a whole row, else None."""
    cells = _split(line)
    return cells if len(cells) >= FEWEST else None


def _split(line: str) -> list[str]:
    cells = [cell.strip() for cell in _BAR.split(line)]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def barred(lines: Iterable[Row | tuple[int, str]]) -> Iterator[Row]:
    """Yield the rows of lines with bars. Lines are joined until a row is as wide as the headings."""
    width = 0
    held: list[tuple[int, str]] = []
    for number, line in lines:
        if not width:
            cells = _cells(line)
            width = len(cells) if cells else 0
            yield number, cells or [line]
            continue
        if (held and _NUMBERED.match(line)) or not _BAR.search(line):
            yield from _each(held)
            held = []
        held.append((number, line))
        whole = _split("".join(text for _, text in held))
        if len(whole) == width:
            yield held[0][0], whole
            held = []
        elif len(whole) > width or not _BAR.search(line):
            yield from _each(held)
            held = []
    yield from _each(held)


def _each(held: list[tuple[int, str]]) -> Iterator[Row]:
    """Return lines that make no whole row, as one cell: the row is cut, or its cells are lost."""
    if held:
        yield held[0][0], ["".join(text for _, text in held)]


def spaced(lines: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """Yield headings (from the line that begins with 序号) as cells, and each numbered row as one
    cell with the lines that continue it."""
    held: list[tuple[int, str]] = []
    below = is_heading = False
    for number, line in lines:
        if not below and line.startswith("序号"):
            below = is_heading = True
        elif below and _SPACED.match(line):
            yield from _headings(held) if is_heading else _each(held)
            held, is_heading = [], False
        elif not below:
            yield number, [line]
            continue
        held.append((number, line))
    yield from _each(held)


def _headings(held: list[tuple[int, str]]) -> Iterator[Row]:
    yield held[0][0], " ".join(text for _, text in held).split()
