"""What the public is told of a check: the result of each version, that it was taken down, that one
is withheld; by the allow-lists of `rules.disclosure`, and read as the role that sees nothing else."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site import paths
from blocks.register import catalogue, published
from blocks.register.published import Publication
from blocks.rules.disclosure import public_form


def publications(session: Session, check_id: int, numbers: Sequence[int], due_on: date | None,
                 today: date) -> list[Publication]:
    """Return the acts that publish these reviewed versions of a check's result today.

    `due_on`: the last day by which the last of them had to be public, if its clock runs. A result
    that comes later says by how many workdays: lateness is shown, never hidden (art. 11).

    Raises:
        RuleViolation: a version may not be public as it stands, or its category has no label.
    """
    late = max(0, -settings.calendar().between(today, due_on)) if due_on else 0
    return [_made("published", check_id, row.number, row.scheme_id, row.uscc, {
        **row._mapping, "version": row.number, "items": _items(session, row),
        "result": settings.results().category(row.category).label, "due_on": due_on,
        "public_on": today, "late_workdays": late}, today)
        for row in published.results(session, check_id, numbers)]


def _items(session: Session, row: Row) -> list[dict[str, str]]:
    """Return the inspected items by code and name, as the scheme was approved under."""
    return [{"code": item.code, "name": item.name}
            for item in catalogue.items(session, row.item_codes, row)]


def withdrawals(session: Session, check_id: int, ground: str, today: date) -> list[Publication]:
    """Return the acts that take down every version of a check's result that is public."""
    told = published.acts(session, Publication.check_id == check_id)
    gone = {one.record_number for one in told if one.act == "withdrawn"}
    why = settings.results().ground(ground)
    acts = []
    for one in told:
        if one.act == "published" and one.record_number not in gone:
            acts.append(_made("withdrawn", one.check_id, one.record_number, one.scheme_id, one.uscc, {
                **one.content, "withdrawn_on": today, "ground": why.label, "basis": why.basis,
                "withdrawn_sha256": one.sha256}, today))
    return acts


def withheld(session: Session, check_id: int, numbers: Sequence[int], ground: str,
             today: date) -> list[Publication]:
    """Return the acts that say that results are withheld, and on which ground; not whose they are."""
    why = settings.results().ground(ground)
    return [_made("withheld", check_id, row.number, row.scheme_id, None, {
        **row._mapping, "ground": why.label, "basis": why.basis, "decided_on": today}, today)
        for row in published.results(session, check_id, numbers)]


def _made(act: str, check_id: int, number: int, scheme_id: int, uscc: str | None,
          facts: Mapping[str, Any], today: date) -> Publication:
    content = public_form(act, facts)
    return Publication(
        act=act, check_id=check_id, record_number=number, scheme_id=scheme_id, uscc=uscc, day=today,
        content=content, path=paths.of_result(check_id, number),
        sha256=hashlib.sha256(as_json(content)).hexdigest(), read_back_at=settings.now())


def as_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
