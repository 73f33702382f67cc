"""Check a roster (名单文件) and collect every fault of every row, not only the first.

A row is either taken or listed: `rows_in == len(rows) + len(problem_rows)`, always; what stands
below a table (合计, 填表人：…) is no row and is told as a footer. Faults of a whole sheet (a missing
column) have row 0 and stop that sheet before any of its rows is counted. Whether a roster with
faults is taken in at all (no: all or nothing) is the caller's decision.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from blocks.errors import Problem
from blocks.rosters.batches import Sheet, Stream
from blocks.rosters.cells import Places
from blocks.rosters.columns import Kind, kinds
from blocks.rosters.columnwise import type_of
from blocks.rosters.duplicates import duplicates
from blocks.rosters.headings import Understood, heading_faults, tables
from blocks.rosters.stretch import Repair, Stretch, check_batch

__all__ = ["Reading", "Repair", "check"]


@dataclass
class Reading:
    """What a roster holds: a table of values by field name, and everything said about the others.

    `table` has, after the fields, `sheet_` and `row_`: where the row stands. `defaults` counts, by
    field, the taken rows whose value is not in the file but a default; for `county_code` those that
    fell to the city itself (市直). `notes` are taken rows that somebody should look into.
    """

    kind: str
    table: pa.Table
    problems: list[Problem] = field(default_factory=list)
    repaired: list[Repair] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    rows_in: int = 0
    understood: list[Understood] = field(default_factory=list)
    footers: list[tuple[str, int, str]] = field(default_factory=list)
    ignored_sheets: list[str] = field(default_factory=list)
    defaults: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the taken rows as dicts by field name, for whoever needs few of them."""
        return self.table.drop_columns(["sheet_", "row_"]).to_pylist()

    @property
    def ignored_headings(self) -> list[str]:
        return [heading for one in self.understood for heading in one.ignored]

    @property
    def absent(self) -> frozenset[str]:
        """Return the fields that some sheet has no column for: nothing is known about them."""
        return frozenset(name for one in self.understood for name in one.absent)

    @property
    def problem_rows(self) -> set[tuple[str, int]]:
        """Return sheet and number of every row with at least one fault."""
        return {(problem.sheet, problem.row) for problem in self.problems if problem.row}

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def without(self, problems: list[Problem]) -> "Reading":
        """Return the reading with more rows listed, and these no longer taken."""
        gone = {(problem.sheet, problem.row) for problem in problems}
        at = zip(self.table["sheet_"].to_pylist(), self.table["row_"].to_pylist(), strict=True)
        kept = pa.array([place not in gone for place in at], pa.bool_())
        return Reading(self.kind, self.table.filter(kept), self.problems + problems, self.repaired,
                       self.notes, self.rows_in, self.understood, self.footers,
                       self.ignored_sheets, self.defaults)


def check(
    kind: str | Kind,
    sheets: Iterable[Sheet | Stream],
    *,
    counties: Mapping[str, str],
    city_code: str,
    known: Mapping[str, Set[str]] | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Reading:
    """Return what the sheets hold.

    Args:
        kind: a `Kind`, or the name of one in `config/rosters.yaml`.
        sheets: as `reading.read_table` or `reading.streams` return them.
        counties: code → Chinese name of the county-level divisions.
        city_code: the six digits of the city itself.
        known: sets of existing codes, by the `refers` (or the name) of a column: `department_code`,
            `certificate_no`, `item_code`, `uscc`. A column whose set is not given is not compared.
        progress: is told how many rows have been checked so far.

    Raises:
        KeyError: there is no kind of that name.
    """
    kind = kinds()[kind] if isinstance(kind, str) else kind
    reading = Reading(kind.name, _schema(kind).empty_table())
    places = Places(counties, city_code)
    stretches: list[Stretch] = []
    for table in tables(kind, sheets, reading.ignored_sheets):
        reading.understood.append(table.understood(kind))
        faults = heading_faults(kind, table.name, table.matched)
        reading.problems += faults
        for batch in () if faults else table.batches:
            stretches.append(check_batch(kind, table, batch, places, known or {}))
            reading.rows_in += stretches[-1].rows_in
            progress(reading.rows_in)
    for number, row, problem in duplicates(kind, stretches):
        stretches[number].add(row, problem)
    _gather(kind, stretches, reading)
    return reading


def _schema(kind: Kind) -> pa.Schema:
    columns = [(one.name, type_of(one)) for one in kind.fields]
    return pa.schema([*columns, ("sheet_", pa.large_string()), ("row_", pa.int64())])


def _gather(kind: Kind, stretches: list[Stretch], reading: Reading) -> None:
    """Put together the rows that are taken, and what is said about them and the others."""
    taken: list[pa.Table] = []
    counted: Counter[str] = Counter()
    for one in stretches:
        right = ~one.faulty()
        reading.problems += one.sorted_problems()
        reading.repaired += [repair for row, repair in one.repairs if right[row]]
        reading.notes += [note for row, note in one.notes if right[row]]
        reading.footers += one.footers
        counted.update({name: int(np.count_nonzero(mask & right))
                        for name, mask in one.defaulted.items()})
        taken.append(one.table(_schema(kind), right))
    if taken:
        reading.table = pa.concat_tables(taken)
    reading.defaults = {one.name: counted[one.name] for one in kind.fields if counted[one.name]}
