"""Find the headings of a sheet below its titles, and what is wrong with them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from blocks.errors import Problem
from blocks.rosters.batches import Batch, Sheet, Stream
from blocks.rosters.columns import Field, Kind, Matched, match

HEADING_WITHIN = 10  # rows: titles and notes stand above the headings, but not many
MEANT_FROM = 2  # a sheet with fewer known headings is an explanation, not a table


@dataclass(frozen=True)
class Understood:
    """How a sheet was understood: in which row its headings stand, and what each is taken for."""

    sheet: str
    row: int
    columns: tuple[tuple[str, str], ...]  # as written in the file, the official heading
    ignored: tuple[str, ...]
    absent: tuple[str, ...] = ()  # fields without a column


@dataclass(frozen=True)
class Table:
    """A sheet with its headings found; `batches` are the rows below them."""

    name: str
    row: int
    matched: Matched
    batches: Iterator[Batch]

    @property
    def is_meant(self) -> bool:
        """Whether it is a table of this kind at all, and not an explanation or another list."""
        return len(self.matched.columns) >= MEANT_FROM

    def understood(self, kind: Kind) -> Understood:
        pairs = tuple((written, kind.field(name).heading)
                      for name, written in self.matched.headings.items())
        absent = tuple(one.name for one in kind.fields if one.name not in self.matched.columns)
        return Understood(self.name, self.row, pairs, self.matched.ignored, absent)


def find_headings(kind: Kind, sheet: Sheet | Stream) -> Table | None:
    """Return the sheet as a table: below its first whole line of headings, or its best. None: no
    rows."""
    batches = iter(sheet.batches())
    first = next(batches, None)
    if first is None:
        return None
    best, row, below = match(kind, []), 0, 1
    for place, (number, cells) in enumerate(Batch.rows(_top(first))):
        matched = match(kind, cells)
        if place == 0 or len(matched.columns) > len(best.columns):
            best, row, below = matched, number, place + 1
        if not matched.missing:
            break
    rest = first.after(below)
    return Table(sheet.name, row, best, chain([rest] if len(rest.numbers) else [], batches))


def _top(batch: Batch) -> Batch:
    return Batch(batch.numbers.slice(0, HEADING_WITHIN),
                 [one.slice(0, HEADING_WITHIN) for one in batch.texts])


def heading_faults(kind: Kind, sheet: str, matched: Matched) -> list[Problem]:
    """Return what keeps a sheet from being read: columns missing, and columns written twice."""
    return [*(_missing(kind, sheet, one) for one in matched.missing),
            *(_doubled(sheet, matched, one) for one in matched.doubled)]


def _missing(kind: Kind, sheet: str, one: Field) -> Problem:
    return Problem(0, one.heading, "", f"《{kind.label}》缺少必填列“{one.heading}”",
                   f"请补上这一列；可用的列名：{one.accepted_headings()}", sheet)


def _doubled(sheet: str, matched: Matched, one: Field) -> Problem:
    return Problem(0, matched.headings[one.name], "", "这一列名出现了两次，不知以哪一列为准",
                   "请删去多余的一列，或改掉其中一个列名", sheet)


def tables(kind: Kind, sheets: Iterable[Sheet | Stream], ignored: list[str]) -> Iterator[Table]:
    """Yield the sheets that are tables of this kind; if none is, the first, for its faults."""
    first, is_any_meant = None, False
    for sheet in sheets:
        table = find_headings(kind, sheet)
        if table is None:
            continue
        if table.is_meant:
            is_any_meant = True
            yield table
            continue
        if first is None:
            first = Table(table.name, table.row, table.matched, iter(()))
        ignored.append(table.name)
    if not is_any_meant and first is not None:
        ignored.remove(first.name)
        yield first
