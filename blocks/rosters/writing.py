"""Write a table that leaves the register: a workbook with typed cells, or a CSV.

Columns are a `Kind` (`columns`), rows are dicts by the names of its fields, in any number: a row is
forgotten when it is written. What is written of a roster can be taken in again as it was
(`rosters.read`). A workbook keeps dates as dates, numbers as numbers, codes as text; nothing in it
is ever a formula or a link, whatever a business is called. A CSV is UTF-8 with BOM (`formulas`).
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import east_asian_width

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from blocks.rosters.cells import Places
from blocks.rosters.columns import Field, Kind
from blocks.rules.formulas import guard

MOST_ROWS = 1_048_575  # below the headings: a sheet has 1,048,576 lines
LONGEST = 32_767  # UTF-16 units that Excel keeps in a cell
CUT = "……（内容过长，此处截断；完整内容请导出为 CSV）"
LONGEST_AS_TEXT = 255  # Excel shows ##### for a longer one in text format
FIRST_DATE = date(1900, 3, 1)  # before it Excel counts a day that never was
CITY = "市直"
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": False}
WIDTHS = {"date": 12, "moment": 20, "bool": 6, "number": 10, "uscc": 22, "code": 16, "county": 10,
          "choice": 12, "list": 28, "text": 30}
NUMBER_FORMATS = {"date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss", "number": 1}
TEXT = 49  # Excel's own number for its text format, @
HEADING = {"bold": True, "bg_color": "#D9E2EC", "border": 1, "text_wrap": True, "valign": "vcenter"}

# What XML forbids, and halves of characters that no encoding holds.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class Written:
    """What was written: rows, the names of the sheets, and how many cells had to be cut."""

    rows: int = 0
    sheets: list[str] = field(default_factory=list)
    cut: int = 0


def write(kind: Kind, rows: Iterable[Mapping[str, Any]], path: Path, places: Places,
          most_rows: int = MOST_ROWS) -> Written:
    """Write rows into an .xlsx or .csv, whole or not at all; what stood there is replaced.

    `most_rows`: how many a sheet takes before the next begins.

    Raises:
        ValueError: the path ends otherwise.
        OSError: the file cannot be written.
    """
    written = Written()
    with beside(path) as part:
        match path.suffix.lower():
            case ".xlsx":
                _write_workbook(kind, rows, part, places, most_rows, written)
            case ".csv":
                _write_csv(kind, rows, part, places, written)
            case ending:
                raise ValueError(f"neither .xlsx nor .csv: {ending}")
    return written


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a path in the same folder; what is written there takes the other's place at the end."""
    part = path.with_name(f".{path.name}.part")
    part.touch()  # so that a folder in which we may not write is known before the work
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_workbook(path: Path, title: str, **options: Any) -> Iterator[Workbook]:
    """Yield a workbook in which no text becomes a formula; saved at the end.

    Raises:
        OSError: it cannot be written.
    """
    try:
        with (TemporaryDirectory() as folder,
              Workbook(path, {**SAFE, "tmpdir": folder, "use_zip64": True, **options}) as book):
            book.set_properties({"title": title})
            yield book
    except FileCreateError as error:
        raise error.args[0] from None


def shower(one: Field, places: Places) -> Callable[[Any], Any]:
    """Return the function that turns a value of this column into what a person reads in it.

    It returns str, int, date, datetime or None; None, too, where there is nothing to say.
    """
    if one.type == "list":
        inner = _shower(one, one.of, places)
        return lambda values: "、".join(str(inner(value)) for value in values or ()) or None
    show = _shower(one, one.type, places)
    return lambda value: None if value in (None, "") else show(value)


def _shower(one: Field, type_: str, places: Places) -> Callable[[Any], Any]:
    match type_:
        case "date" | "moment" | "number":
            return lambda value: value
        case "bool":
            return {True: "是", False: "否"}.__getitem__
        case "choice":
            return lambda code: one.official.get(code, code)
        case "county":
            names = {**places.counties, places.city_code: CITY}
            return lambda code: names.get(code, code)
    return writable


def writable(text: str) -> str:
    """Return the text without the characters that no XML and no encoding can hold."""
    return text if text.isprintable() else _FORBIDDEN.sub("", text)


def width_of(text: str) -> int:
    """Return how many columns of a terminal or sheet a text takes; a Chinese character takes two."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _write_csv(kind: Kind, rows: Iterable[Mapping[str, Any]], path: Path, places: Places,
               written: Written) -> None:
    columns = [(one.name, shower(one, places)) for one in kind.fields]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([one.heading for one in kind.fields])
        for row in rows:
            lines.writerow([_csv_text(show(row[name])) for name, show in columns])
            written.rows += 1


def _csv_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, str):
        return guard(value)
    return "" if value is None else str(value)


def _write_workbook(kind: Kind, rows: Iterable[Mapping[str, Any]], path: Path, places: Places,
                    most_rows: int, written: Written) -> None:
    with new_workbook(path, kind.label, constant_memory=True) as book:
        pen = _Pen(book, kind, places, written)
        sheet, line = pen.sheet(), 0
        for row in rows:
            if line == most_rows:
                pen.finish(sheet, line)
                sheet, line = pen.sheet(), 0
            line += 1
            pen.row(sheet, line, row)
        pen.finish(sheet, line)


class _Pen:
    """Writes the sheets of one table, each with its headings; counts what it writes."""

    def __init__(self, book: Workbook, kind: Kind, places: Places, written: Written) -> None:
        self.book, self.kind, self.written = book, kind, written
        self.heading = book.add_format(HEADING)
        self.formats = [column_format(book, one) for one in kind.fields]
        self.long = book.add_format({"quote_prefix": True})  # stays text when somebody edits it
        self.columns = [(place, one.name, shower(one, places), form)
                        for place, (one, form) in enumerate(zip(kind.fields, self.formats,
                                                                strict=True))]

    def sheet(self) -> Worksheet:
        """Begin a sheet: headings, frozen, and how wide its columns are."""
        number = len(self.written.sheets) + 1
        name = self.kind.label + (f"（{number}）" if number > 1 else "")
        self.written.sheets.append(name)
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, (one, form) in enumerate(zip(self.kind.fields, self.formats, strict=True)):
            sheet.set_column(place, place, column_width(one), form)
            sheet.write_string(0, place, one.heading, self.heading)
        return sheet

    def row(self, sheet: Worksheet, line: int, row: Mapping[str, Any]) -> None:
        for place, name, show, form in self.columns:
            value = show(row[name])
            if value is None:
                continue
            if isinstance(value, str):
                self._text(sheet, line, place, value, form)
            elif isinstance(value, date):
                self._date(sheet, line, place, value, form)
            else:
                sheet.write_number(line, place, value, form)
        self.written.rows += 1

    def _date(self, sheet: Worksheet, line: int, place: int, value: date, form: Format) -> None:
        """Write a day or a moment as Excel counts it; as text where Excel cannot count it."""
        if (value.date() if isinstance(value, datetime) else value) < FIRST_DATE:
            sheet.write_string(line, place, _csv_text(value))
        else:
            sheet.write_datetime(line, place, value, form)

    def _text(self, sheet: Worksheet, line: int, place: int, text: str, form: Format) -> None:
        if len(text) > LONGEST_AS_TEXT:
            form = self.long
        text, is_cut = cell_text(text)
        self.written.cut += is_cut
        sheet.write_string(line, place, text, form)

    def finish(self, sheet: Worksheet, last: int) -> None:
        """Give a sheet what needs its number of rows: the filter, no warnings about codes."""
        width = len(self.columns) - 1
        sheet.autofilter(0, 0, last, width)
        if last:
            sheet.ignore_errors({"number_stored_as_text": f"A2:XFD{last + 1}"})


def column_format(book: Workbook, one: Field) -> Format:
    """Return how a column's cells look; in text format Excel neither counts nor shortens codes."""
    return book.add_format({"num_format": NUMBER_FORMATS.get(one.type, TEXT)})


def column_width(one: Field) -> int:
    """Return a width in which the heading, with its filter's arrow, and most values fit."""
    return max(WIDTHS[one.type], width_of(one.heading) + 4)


def cell_text(text: str) -> tuple[str, bool]:
    """Return the text as a cell of a workbook may hold it, and whether something had to go."""
    text, is_cut = _fitting(writable(text))
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # the library would take it for markup and not escape it
    return text, is_cut


def _fitting(text: str) -> tuple[str, bool]:
    """Return as much of a text as a cell holds, and whether something had to go."""
    if len(text.encode("utf-16-le")) // 2 <= LONGEST:
        return text, False
    kept = text.encode("utf-16-le")[:2 * (LONGEST - len(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT, True
