"""Rows as columns of text, some thousands at a time: a million rows without a million lists."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest

import pyarrow as pa
import pyarrow.compute as pc

Row = tuple[int, list[str]]
Merged = tuple[int, int, int, int]  # first and last row (from 1), first and last column (from 0)
TEXT = pa.large_string()
ROWS = 50_000


@dataclass(frozen=True)
class Batch:
    """Rows of one sheet that are not blank.

    `numbers` are their numbers as Excel shows them (int64); `texts` holds one array of large_string
    for each column, all of one length, "" where a row is shorter than the widest.
    """

    numbers: pa.Array
    texts: list[pa.Array]

    def rows(self) -> Iterator[Row]:
        """Yield the rows one by one, for whoever needs few of them."""
        columns = [one.to_pylist() for one in self.texts]
        for place, number in enumerate(self.numbers.to_pylist()):
            yield number, [column[place] for column in columns]

    def after(self, count: int) -> "Batch":
        """Return the batch without its first `count` rows."""
        return Batch(self.numbers.slice(count), [one.slice(count) for one in self.texts])

    def where(self, mask: pa.Array) -> "Batch":
        """Return the rows for which the mask is true."""
        return Batch(self.numbers.filter(mask), [one.filter(mask) for one in self.texts])

    def without_blank_rows(self) -> "Batch":
        """Return the rows that hold anything but white space."""
        blank = pa.repeat(pa.scalar(True), len(self.numbers))
        for column in self.texts:
            if not pc.any(blank).as_py():
                return self
            blank = pc.and_(blank, pc.equal(pc.utf8_trim_whitespace(column), ""))
        return self.where(pc.invert(blank))

    def column(self, place: int) -> pa.Array:
        """Return a column; beyond the widest row there is nothing but empty cells."""
        if place < len(self.texts):
            return self.texts[place]
        return pa.repeat(pa.scalar("", TEXT), len(self.numbers))


def batches(rows: Iterable[Row], size: int = ROWS) -> Iterator[Batch]:
    """Yield numbered rows in batches."""
    rows = iter(rows)
    while taken := list(islice(rows, size)):
        columns = zip_longest(*(cells for _, cells in taken), fillvalue="")
        yield Batch(pa.array([number for number, _ in taken], pa.int64()),
                    [pa.array(column, TEXT) for column in columns])


def numbered(rows: Iterable[list[str]], size: int = ROWS) -> Iterator[Batch]:
    """Yield rows in batches, numbered from 1; blank ones are counted and left out."""
    rows, first = iter(rows), 1
    while taken := list(islice(rows, size)):
        columns = [pa.array(column, TEXT) for column in zip_longest(*taken, fillvalue="")]
        whole = Batch(pa.array(range(first, first + len(taken)), pa.int64()), columns)
        first += len(taken)
        if len((batch := whole.without_blank_rows()).numbers):
            yield batch


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name (empty for CSV) and its rows that are not blank."""

    name: str
    rows: list[Row]
    merged: tuple[Merged, ...] = ()

    def batches(self) -> Iterator[Batch]:
        return batches(self.rows)


@dataclass(frozen=True)
class Stream:
    """One sheet as it comes: its batches can be read once, before the next sheet is asked for."""

    name: str
    coming: Iterator[Batch]
    merged: tuple[Merged, ...] = ()

    def batches(self) -> Iterator[Batch]:
        return self.coming
