"""Rosters (名单文件): the Excel and CSV files in which offices send their lists.

A roster is the file only. `reading` opens it (in a child process where it is a workbook), `columns`
knows the headings from `config/rosters.yaml`, `cells` understands one cell, `checking` collects
every fault with its row. No SQL, no Prefect: what becomes of the rows is the register's business.
"""

from pathlib import Path
from typing import Any

from blocks.rosters.checking import Reading, Repair, check
from blocks.rosters.columns import Kind, kinds, load_kinds
from blocks.rosters.reading import Sheet, read_table, streams
from blocks.rosters.returning import write_returned

__all__ = ["Kind", "Reading", "Repair", "Sheet", "check", "kinds", "load_kinds", "read",
           "read_table", "streams", "write_returned"]


def read(kind: str | Kind, path: str | Path, **context: Any) -> Reading:
    """Read a file and check it; `context` is what `checking.check` asks for.

    Raises:
        RosterError: the file itself cannot be read.
        KeyError: there is no kind of that name.
    """
    return check(kind, streams(path), **context)
