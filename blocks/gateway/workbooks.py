"""The exchange that works everywhere: workbooks in the platform's own shape, and its exports read back."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from blocks import rosters, settings
from blocks.errors import Problem, RosterError
from blocks.gateway.mapping import Layout
from blocks.rosters.checking import Reading
from blocks.rosters.writing import HEADING, TEXT, beside, cell_text, new_workbook

PLACES = {"counties": settings.COUNTIES, "city_code": settings.CITY_CODE}
STATED_TOTAL = r"共\s*(\d+)\s*[家户人条行项个]"


def write(layout: Layout, rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write rows into a workbook as the platform imports them, whole or not at all; return how many.

    Raises:
        Refused: a row lacks what the platform demands, or a word has no code there.
        OSError: it cannot be written.
    """
    lines = [[column.value(row) for column in layout.columns] for row in rows]
    with beside(path) as part, new_workbook(part, layout.label) as book:
        sheet = book.add_worksheet(layout.sheet)
        sheet.freeze_panes(1, 0)
        day, text = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": TEXT})
        for place, column in enumerate(layout.columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.heading, book.add_format(HEADING))
        for number, line in enumerate(lines, 1):
            for place, value in enumerate(line):
                if isinstance(value, str):
                    sheet.write_string(number, place, cell_text(value)[0], text)
                elif isinstance(value, int):
                    sheet.write_number(number, place, value)
                else:
                    sheet.write_datetime(number, place, value, day)
    return len(lines)


def rows_of(layout: Layout, items: Iterable[Mapping[str, Any]], where: Path) -> list[dict[str, Any]]:
    """Return rows that came by HTTP, by our fields, checked as if they had come in a workbook."""
    def text(value: Any) -> str:
        return "、".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)

    lines = [[text(item.get(column.field)) for column in layout.columns] for item in items]
    table = [(1, [column.heading for column in layout.columns]), *enumerate(lines, 2)]
    return _checked(layout, where, rosters.check(layout.kind, [rosters.Sheet("", table, ())], **PLACES))


def read(layout: Layout, path: Path) -> list[dict[str, Any]]:
    """Return the rows of a platform's export by our own fields, each with `row_`; all or nothing.

    Raises:
        RosterError: every fault is listed: unknown headings, codes and dates that are none, a file cut off.
    """
    return _checked(layout, path, rosters.read(layout.kind, path, **PLACES))


def _checked(layout: Layout, path: Path, reading: Reading) -> list[dict[str, Any]]:
    problems = [*reading.problems, *_unknown(layout, reading), *_cut_off(reading)]
    if problems:
        raise refused(layout, path, problems)
    numbers = reading.table["row_"].to_pylist()
    return [{**row, "row_": number} for row, number in zip(reading.rows, numbers, strict=True)]


def refused(layout: Layout, path: Path, problems: list[Problem]) -> RosterError:
    """Return the refusal of a whole file, with everything that is wrong with it."""
    return RosterError(f"平台文件“{path.name}”（{layout.label}）有{len(problems)}处问题，一行都没有收", problems,
                       "请按所列逐处核对，或改对照表，再导入一次；登记的内容没有改动")


def _unknown(layout: Layout, reading: Reading) -> list[Problem]:
    return [Problem(0, heading, "", "平台的这一列，对照表里没有", "请在对照表里写明它是什么，或列入 ignore")
            for heading in reading.ignored_headings if heading not in layout.ignore]


def _cut_off(reading: Reading) -> list[Problem]:
    """Compare with the total that the file itself states below its table, where it does."""
    stated = [int(found[1]) for _, _, text in reading.footers if (found := re.search(STATED_TOTAL, text))]
    return [Problem(0, "合计", str(number), f"文件自称共{number}条，实有{reading.rows_in}条，可能不完整",
                    "请从平台重新导出") for number in stated if number != reading.rows_in]
