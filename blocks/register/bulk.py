"""Many rows at once, by PostgreSQL's COPY: a million read in columns, without a million objects."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from psycopg import Copy
from pyarrow import csv
from sqlalchemy import Select, inspect
from sqlalchemy.orm import Session

from blocks.register.base import Base

TEXT = pa.large_string()
STRETCH = 1 << 24  # bytes parsed at a time


def read(session: Session, query: Select) -> pa.Table:
    """Return a query's rows in columns of text, named as the query names them; NULL is empty."""
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    names = [column.name for column in query.selected_columns]
    tables = [pa.table({name: pa.array([], TEXT) for name in names})]
    statement = f"COPY ({compiled}) TO STDOUT (FORMAT csv)"
    with (_connection(session).cursor() as cursor,
          cursor.copy(statement, dict(compiled.params)) as copy):
        tables += [_parsed(stretch, names) for stretch in _stretches(copy)]
    return pa.concat_tables(tables).combine_chunks()


def _stretches(copy: Copy) -> Iterator[bytearray]:
    """Yield what a COPY sends, some megabytes of whole rows at a time."""
    stretch = bytearray()
    for row in copy:
        stretch += row
        if len(stretch) > STRETCH:
            yield stretch
            stretch = bytearray()
    if stretch:
        yield stretch


def _parsed(stretch: bytearray, names: Sequence[str]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(stretch),
        csv.ReadOptions(column_names=names),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=dict.fromkeys(names, TEXT), null_values=[],
                           strings_can_be_null=False))


def _connection(session: Session):
    session.flush()
    return session.connection().connection.driver_connection


def rows(session: Session, query: Select) -> list[tuple]:
    """Return a query's rows in PostgreSQL's binary form: bytes as they are, not twice as long."""
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    with _connection(session).cursor(binary=True) as cursor:
        return cursor.execute(str(compiled), dict(compiled.params)).fetchall()


def write(session: Session, table: type[Base], columns: Sequence[str],
          rows: Iterable[Sequence]) -> None:
    """Add rows to a table, each with a value for each of `columns`."""
    found = inspect(table).columns
    statement = f"COPY {table.__tablename__} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with _connection(session).cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([str(found[name].type.compile(session.get_bind().dialect)).lower()
                        for name in columns])
        for row in rows:
            copy.write_row(row)
