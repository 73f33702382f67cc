"""Read a workbook or a Parquet file in a process of its own and send its rows as columns of text.

A workbook of 300 KB can unfold to gigabytes, and a cell in the last row of the last column makes
any reader ask for billions of cells. So this file is run by `child` with limits: memory (1 GB, and
more only where the file itself is large) and seconds (60 for each 100,000 rows); when it dies, the
office gets a sentence and nothing else is harmed. It imports nothing of the project, so that it
starts quickly. What it sends: see `child`; error codes: password, broken, large.
"""

import contextlib
import datetime
import gc
import itertools
import json
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

MEMORY = 1024**3
USUAL = 20 * 1024**2  # bytes of a file; what is beyond gets GROWTH times as much memory more
GROWTH = 24
MOST_MEMORY = 2 * 1024**3
SECONDS = 60
ROWS = 20_000  # sent at a time
MAX_COLUMNS = 256
MOST_MERGED = 20_000
EXACT = 10**15  # Excel keeps 15 digits; a longer number has already lost its end
TEXT = pa.large_string()


class TooLarge(Exception):
    """More columns than any roster has."""


def as_text(cell: Any) -> str:
    """Return a cell as an officer sees it; dates as ISO, whole numbers without `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, list):
        return "、".join(map(as_text, cell))
    return str(cell)


def _number(value: float) -> str:
    if abs(value) >= EXACT:
        return f"{value:.5E}"  # as Excel shows it, so that nobody takes it for a code
    return str(int(value)) if value == int(value) else repr(float(value))


Merged = list[tuple[int, int, int, int]]


def workbook_sheets(path: str) -> Iterator[tuple[str, Merged, Iterable[list[Any]]]]:
    """Yield name, merged cells and rows of the visible worksheets."""
    import python_calamine as calamine

    with calamine.CalamineWorkbook.from_path(path) as book:
        for about in book.sheets_metadata:
            is_table = about.typ == calamine.SheetTypeEnum.WorkSheet
            if is_table and about.visible == calamine.SheetVisibleEnum.Visible:
                sheet = book.get_sheet_by_name(about.name)
                if sheet.total_width > MAX_COLUMNS:
                    raise TooLarge
                yield about.name, merged_cells(sheet), sheet.iter_rows()


def merged_cells(sheet: Any) -> Merged:
    """Return first and last row (from 1), first and last column (from 0) of each merged range that
    spans rows. The rows begin at the first column that holds anything."""
    ranges = (sheet.merged_cell_ranges or [])[:MOST_MERGED]
    left = (sheet.start or (0, 0))[1]
    return [(top + 1, bottom + 1, first - left, last - left)
            for (top, first), (bottom, last) in ranges if bottom > top and first >= left]


def parquet_sheets(path: str) -> Iterator[tuple[str, Merged, Iterable[list[Any]]]]:
    """Yield the one table of a Parquet file; its column names are row 1."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        if len(names) > MAX_COLUMNS:
            raise TooLarge
        rows = (list(row) for batch in file.iter_batches(ROWS)
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
        yield "", [], itertools.chain([names], rows)


def frames(rows: Iterable[list[Any]]) -> Iterator[bytes]:
    """Yield the rows, each with its number, as streams of Arrow."""
    rows = iter(rows)
    first = 1
    while taken := list(itertools.islice(rows, ROWS)):
        columns = [_column(column) for column in itertools.zip_longest(*taken, fillvalue="")]
        yield _packed([pa.array(range(first, first + len(taken)), pa.int64()), *columns])
        first += len(taken)
        _allow_more_seconds()


def _column(cells: tuple) -> pa.Array:
    try:
        return pa.array(cells, TEXT).fill_null("")
    except pa.ArrowException:  # not all of them are text
        return pa.array([cell if cell.__class__ is str else as_text(cell) for cell in cells], TEXT)


def _packed(columns: list[pa.Array]) -> bytes:
    table = pa.table(columns, names=[str(place) for place in range(len(columns))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def send(path: str, out: Any) -> None:
    """Send sheet by sheet, at last the end."""
    read = parquet_sheets if path.lower().endswith(".parquet") else workbook_sheets
    for name, merged, rows in read(path):
        _say(out, {"sheet": name, "merged": merged})
        for frame in frames(rows):
            _say(out, {"bytes": len(frame)})
            out.write(frame)
    _say(out, {"end": True})


def _say(out: Any, frame: dict[str, Any]) -> None:
    out.write(json.dumps(frame).encode() + b"\n")


def _allow_more_seconds() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + SECONDS
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def failure(error: BaseException) -> str:
    """Return the code of what is wrong with the file."""
    name = type(error).__name__
    if name == "PasswordError":
        return "password"
    return "large" if isinstance(error, TooLarge | MemoryError | pa.ArrowMemoryError) else "broken"


def main() -> None:
    """Set the limits, read, send."""
    path = sys.argv[1]
    gc.disable()  # rows make no cycles, and looking for them takes half the time
    with contextlib.suppress(ValueError, OSError):
        size = os.path.getsize(path)
        memory = min(MEMORY + GROWTH * max(0, size - USUAL), MOST_MEMORY)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _allow_more_seconds()
    out = sys.stdout.buffer
    try:
        send(path, out)
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more
    except Exception as error:  # whatever a damaged file brings about, the parent gets a code
        _say(out, {"error": failure(error)})
    out.flush()


if __name__ == "__main__":
    main()
