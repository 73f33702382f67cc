"""No row points to nothing: every foreign key of the models, asked of the rows themselves.

One query per table, from the models: what a trigger of PostgreSQL refuses, unless somebody switched it
off or restored a part of the tables.
"""

from sqlalchemy import Table

from blocks.register.base import Base
from blocks.register.invariants.asking import Invariant

# no foreign key there since migration 0006: a directory is checked by statement
BESIDE_THE_MODELS = {"target_listings": (("target_id", "targets", "id"), ("department_id", "departments", "id"))}


def _references(table: Table) -> list[tuple[str, str, str]]:
    """Return (column, table, column) of what a table's rows point to."""
    declared = {(key.parent.name, key.column.table.name, key.column.name) for key in table.foreign_keys}
    return sorted(declared | set(BESIDE_THE_MODELS.get(table.name, ())))


def _orphans(table: Table) -> Invariant:
    number = "id" if "id" in table.columns else "NULL::bigint"
    queries = (f"SELECT '{table.name}', {number}, '{column} = ' || t.{column} || ' 不存在' FROM {table.name} t "
               f"WHERE t.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {other} o WHERE o.{key} = t.{column})"
               for column, other, key in _references(table))
    return Invariant(f"references_{table.name}", "G1", f"表 {table.name} 的每一行所指的都在",
                     " UNION ALL ".join(queries))


INVARIANTS = tuple(_orphans(table) for table in Base.metadata.sorted_tables if _references(table))
