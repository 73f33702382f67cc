"""A roster's rows beside the register's tables, and from there into them: set by set, not row by row.

A table of Arrow goes by COPY into a temporary table that the transaction drops at its end; what it
changes in the register is one statement for a million rows as for ten.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    FromClause,
    MetaData,
    Select,
    Subquery,
    Table,
    Text,
    func,
    inspect,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from blocks.register.base import Base

LARGE = 20_000
ROWS = 50_000
MEMORY = "192MB"  # for joining a million rows without going to the disk
BETWEEN = "\x1f"  # parts of a list on their way; no cell holds it
_TYPES = {pa.bool_(): Boolean, pa.date32(): Date, pa.int64(): BigInteger}


class Changed(NamedTuple):
    """How many rows were new, and how many were there with other values."""

    added: int
    changed: int

    def __add__(self, other: tuple) -> "Changed":
        return Changed(self.added + other[0], self.changed + other[1])


def stage(session: Session, table: pa.Table) -> Subquery:
    """Put a table into a temporary one and return it as a subquery with the columns' own types."""
    staged = Table("staged", MetaData(), *(Column(one.name, _TYPES.get(one.type, Text))
                                           for one in table.schema),
                   prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
    session.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
    session.execute(text("DROP TABLE IF EXISTS pg_temp.staged"))
    staged.create(session.connection())
    _copy(session, _flat(table))
    if table.num_rows > LARGE:  # or a million rows are joined by way of the disk
        session.execute(text("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off"))
    session.execute(text("ANALYZE pg_temp.staged"))
    lists = {one.name for one in table.schema if pa.types.is_list(one.type)}
    return select(*(_as_list(one) if one.name in lists else one for one in staged.columns)
                  ).subquery("s")


def _as_list(column: Column) -> ColumnElement:
    return func.string_to_array(column, BETWEEN, type_=ARRAY(Text)).label(column.name)


def _flat(table: pa.Table) -> pa.Table:
    """Return the table with lists as joined texts: COPY's CSV knows no lists."""
    for place, one in enumerate(table.schema):
        if pa.types.is_list(one.type):
            table = table.set_column(place, one.name, pc.binary_join(table[one.name], BETWEEN))
    return table


def _copy(session: Session, table: pa.Table) -> None:
    options = csv.WriteOptions(include_header=False, quoting_style="all_valid")
    connection = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(
            "COPY pg_temp.staged FROM STDIN (FORMAT csv)") as copy:
        for batch in table.to_batches(ROWS):
            sink = pa.BufferOutputStream()
            csv.write_csv(batch, sink, options)
            copy.write(memoryview(sink.getvalue()))


def merge(session: Session, model: type[Base], source: FromClause | None,
          values: Mapping[str, Any], key: Sequence[str], kept: Collection[str] = ()) -> Changed:
    """Insert rows, or write over those with the same key whose values differ; nothing else.

    `values` gives the expression of each column over `source`; those `kept` are written into new
    rows only.
    """
    rows: Select = select(*(value.label(name) if hasattr(value, "label") else value
                            for name, value in values.items()))
    if source is not None:
        rows = rows.select_from(source)
    statement = insert(model).from_select(list(values), rows)
    columns = inspect(model).columns
    others = [name for name in values if name not in key and name not in kept]
    if others:
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=list(key), set_={name: new[name] for name in others},
            where=or_(*(columns[name].is_distinct_from(new[name]) for name in others)))
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    written = statement.returning(literal_column("(xmax = 0)").label("is_new")).cte("written")
    is_new = written.c.is_new
    return Changed(*session.execute(select(func.count().filter(is_new),
                                           func.count().filter(~is_new)).select_from(written)).one())
