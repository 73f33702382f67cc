"""Read an Excel workbook in a process of its own and print its rows as JSON.

A workbook of 300 KB can unfold to gigabytes, and a cell in the last row of the last column makes
any reader ask for billions of cells. So this file is run by `reading` as a child with 1 GB and
60 seconds; when it dies, the office gets a sentence and nothing else is harmed. It imports nothing
of the project, so that it starts quickly.

Output: {"sheets": [{"name": str, "rows": [[row number, [text, ...]], ...]}]} or {"error": code},
codes: password, broken, large.
"""

import contextlib
import datetime
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

import python_calamine as calamine

MEMORY = 1024**3
SECONDS = 60
MAX_ROWS = 300_000
MAX_COLUMNS = 256
EXACT = 10**15  # Excel keeps 15 digits; a longer number has already lost its end


class TooLarge(Exception):
    """More rows or columns than any roster has."""


def as_text(cell: Any) -> str:
    """Return a cell as an officer sees it; dates as ISO, whole numbers without `.0`."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    return str(cell)


def _number(value: float) -> str:
    if abs(value) >= EXACT:
        return f"{value:.5E}"  # as Excel shows it, so that nobody takes it for a code
    return str(int(value)) if value == int(value) else repr(float(value))


def sheets(path: str) -> Iterator[dict[str, Any]]:
    """Yield the visible worksheets; blank rows are left out, the others keep their number."""
    with calamine.CalamineWorkbook.from_path(path) as book:
        for about in book.sheets_metadata:
            is_table = about.typ == calamine.SheetTypeEnum.WorkSheet
            if is_table and about.visible == calamine.SheetVisibleEnum.Visible:
                sheet = book.get_sheet_by_name(about.name)
                yield {"name": about.name, "rows": _rows(sheet)}


def _rows(sheet: Any) -> list[list[Any]]:
    if sheet.total_width > MAX_COLUMNS:
        raise TooLarge
    rows: list[list[Any]] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [as_text(cell) for cell in cells]
        if any(text.strip() for text in texts):
            rows.append([number, texts])
        if len(rows) > MAX_ROWS:
            raise TooLarge
    return rows


def answer(path: str) -> dict[str, Any]:
    """Return the sheets, or the code of what is wrong with the file."""
    try:
        return {"sheets": list(sheets(path))}
    except calamine.PasswordError:
        return {"error": "password"}
    except (TooLarge, MemoryError):
        return {"error": "large"}
    except (calamine.CalamineError, OSError, ValueError, OverflowError):
        return {"error": "broken"}


def main() -> None:
    """Set the limits, read, print."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(json.dumps(answer(sys.argv[1]), ensure_ascii=True).encode())


if __name__ == "__main__":
    main()
