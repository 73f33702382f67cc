"""What always holds in the register (不变式), each declared once as the SELECT of what breaks it.

Constraints and triggers refuse most of this at the door; here the rows themselves are asked, so a
dropped constraint, a trigger that was switched off or a repair by hand is found all the same. Every
query is set-based: no row is asked by itself.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from blocks.register.invariants import (
    appraising,
    drawing,
    inspecting,
    moving,
    publishing,
    references,
    telling,
    timing,
)
from blocks.register.invariants.asking import Invariant, prelude, table_of_moves

INVARIANTS: tuple[Invariant, ...] = (
    *moving.INVARIANTS, *drawing.INVARIANTS, *inspecting.INVARIANTS, *timing.INVARIANTS,
    *publishing.INVARIANTS, *telling.INVARIANTS, *appraising.INVARIANTS, *references.INVARIANTS)


@dataclass(frozen=True)
class Broken:
    """A row that breaks an invariant. `thing`: a kind of moving thing, or a row's kind; `what`: Chinese."""

    invariant: Invariant
    thing: str
    id: int | None
    what: str


def breaking(session: Session, invariant: Invariant) -> list[Broken]:
    """Return what breaks one invariant, at most a hundred rows."""
    rows = session.execute(text(f"{prelude()}{invariant.query} LIMIT 100"), {"moves": table_of_moves()})
    return [Broken(invariant, *row) for row in rows]


def broken(session: Session) -> list[Broken]:
    """Return everything that breaks an invariant; [] is well."""
    session.flush()
    return [one for invariant in INVARIANTS for one in breaking(session, invariant)]
