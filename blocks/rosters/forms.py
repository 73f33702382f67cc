"""The forms a department fills in (名录模板): a sheet with drop-down lists, and how to fill it in.

The first sheet is the table, with its headings and prepared rows; the second explains every column
and is no table to `checking`; a third, hidden one holds the lists that do not fit into a cell's rule.
Taken in as it is, a form holds no row and no fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from blocks.rosters.cells import Places
from blocks.rosters.columns import Field, Kind
from blocks.rosters.explaining import explain, own_blanks
from blocks.rosters.writing import (
    CITY,
    FIRST_DATE,
    HEADING,
    beside,
    column_format,
    column_width,
    new_workbook,
)

PREPARED = 2000
LONGEST_LIST = 255  # characters of a list that stands in the rule itself, commas among them
LISTS = "选项"
REQUIRED = {**HEADING, "bg_color": "#F6C9C4", "font_color": "#8C1D13"}
LAST_DATE = date(9999, 12, 31)


def write_form(kind: Kind, path: Path, places: Places,
               departments: Mapping[str, str] | None = None) -> None:
    """Write the empty form of a kind; `departments` maps the codes one may choose to their names.

    Raises:
        OSError: the file cannot be written.
    """
    with beside(path) as part, new_workbook(part, f"{kind.label}模板") as book:
        form = _Form(book, kind, places, departments or {})
        sheet = form.table()
        explain(book, kind, places, departments or {}, PREPARED)
        form.hide_lists()
        sheet.activate()


def options(one: Field, places: Places, departments: Mapping[str, str]) -> list[str]:
    """Return what one may choose in a column; nothing where anything may be written."""
    type_ = one.of if one.type == "list" else one.type
    if type_ == "bool":
        return ["是", "否"]
    if type_ == "county":
        return [*places.counties.values(), CITY]
    if one.refers == "department_code":
        return list(departments)
    return list(one.words)


@dataclass
class _Form:
    """A form being written; `lists` are those for the hidden sheet, by their column's heading."""

    book: Workbook
    kind: Kind
    places: Places
    departments: Mapping[str, str]
    lists: dict[str, list[str]] = field(default_factory=dict)

    def table(self) -> Worksheet:
        """Write the sheet that is filled in."""
        sheet = self.book.add_worksheet(self.kind.label)
        sheet.freeze_panes(1, 0)
        optional, required = self.book.add_format(HEADING), self.book.add_format(REQUIRED)
        sheet.set_row(0, 24)
        for place, one in enumerate(self.kind.fields):
            form = column_format(self.book, one)
            sheet.set_column(place, place, column_width(one), form)
            sheet.write_string(0, place, one.heading + "*" * one.required,
                               required if one.required else optional)
            rule = self._rule(one)
            if rule:
                sheet.data_validation(1, place, PREPARED, place, rule)
        last = len(self.kind.fields) - 1
        sheet.autofilter(0, 0, PREPARED, last)
        sheet.ignore_errors({"number_stored_as_text": f"A2:XFD{PREPARED + 1}"})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def _rule(self, one: Field) -> dict[str, Any] | None:
        """Return what Excel is to ask of a column's cells, and what it is to say."""
        found = options(one, self.places, self.departments)
        if found:
            return _said(one, "请从下拉列表中选择", self._choosing(one, found))
        match one.type:
            case "date":
                return _said(one, "请填写日期，例如 2026-01-02", {
                    "validate": "date", "criteria": "between", "minimum": FIRST_DATE,
                    "maximum": LAST_DATE, "error_type": "warning" if own_blanks(self.kind, one) else "stop"})
            case "number":
                return _said(one, "请填写不小于 0 的整数，不带单位", {
                    "validate": "integer", "criteria": "between", "minimum": 0,
                    "maximum": 999_999_999})
            case "uscc":
                return _said(one, "统一社会信用代码应为 18 位", {
                    "validate": "length", "criteria": "==", "value": 18, "error_type": "warning"})
        return None

    def _choosing(self, one: Field, found: Sequence[str]) -> dict[str, Any]:
        """Return the rule of a drop-down list; where several may be written it only offers."""
        if len(",".join(found)) > LONGEST_LIST or any(set(word) & {",", '"'} for word in found):
            self.lists[one.heading] = list(found)
            column = chr(ord("A") + len(self.lists) - 1)
            source: Any = f"='{LISTS}'!${column}$2:${column}${len(found) + 1}"
        else:
            source = list(found)
        is_closed = one.type in ("choice", "bool") and not one.lenient
        return {"validate": "list", "source": source, "show_error": one.type != "list",
                "error_type": "stop" if is_closed else "warning"}

    def hide_lists(self) -> None:
        """Write the long lists where nobody is in their way, and where no roster is read."""
        if not self.lists:
            return
        sheet = self.book.add_worksheet(LISTS)
        sheet.hide()
        for place, (heading, words) in enumerate(self.lists.items()):
            for line, word in enumerate([heading, *words]):
                sheet.write_string(line, place, word)


def _said(one: Field, what: str, rule: dict[str, Any]) -> dict[str, Any]:
    """Return the rule with what stands beside the cell, and what is said when it is broken."""
    several = "；可填多个，用、分隔" if one.type == "list" else ""
    return {"error_type": "stop", "input_title": one.heading, "input_message": f"{what}{several}",
            "error_title": one.heading, "error_message": what, **rule}
