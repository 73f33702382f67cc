"""Proving that something was public on a day (G5): the act, its file, its line of the trail."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks.draw.hashing import hexdigest
from blocks.public_site.files import tree
from blocks.register import published
from blocks.register.published import Publication
from blocks.register.trail import TrailLine


@dataclass(frozen=True)
class Receipt:
    """That one version of a result was public: since when, until when, and what binds it.

    `on_trail`: the number and hash of the trail line that holds the file's SHA-256; none, and the
    receipt proves nothing. `stands`: what is served at that address now is still the same file.
    """

    content: dict[str, Any]
    path: str
    sha256: str
    since: datetime
    until: datetime | None
    on_trail: tuple[int, str] | None
    stands: bool


def receipts(session: Session, what: str, on: date) -> list[Receipt]:
    """Return the receipts of what was public on a day, of a business (its code) or a check (its id)."""
    wanted = (Publication.check_id == int(what) if what.isdecimal() and len(what) < 15
              else Publication.uscc == what)
    acts = published.acts(session, wanted)
    ends = {(one.check_id, one.record_number): one for one in acts if one.act == "withdrawn"}
    found = []
    for one in acts:
        end = ends.get((one.check_id, one.record_number))
        if one.act == "published" and one.day <= on and (end is None or end.day > on):
            found.append(Receipt(
                one.content, one.path, one.sha256, one.read_back_at, end.read_back_at if end else None,
                _on_trail(session, one), hexdigest("sha256", tree().read(one.path) or b"") == one.sha256))
    return found


def _on_trail(session: Session, act: Publication) -> tuple[int, str] | None:
    line = session.execute(select(TrailLine.number, TrailLine.hash).where(
        TrailLine.thing == "check", TrailLine.thing_id == act.check_id,
        TrailLine.details["files"][act.path].astext == act.sha256)).first()
    return (line.number, line.hash) if line else None
