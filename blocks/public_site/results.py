"""What the public is told of a check: the result of each version, that it was taken down, that one
is withheld; by the allow-lists of `rules.disclosure`, and read as the role that sees nothing else."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import InspectionError, StageError
from blocks.public_site import paths
from blocks.register import catalogue, published
from blocks.register.published import Publication
from blocks.rules.disclosure import public_form

Refused = dict[int, InspectionError]


def publications(session: Session, wanted: Mapping[int, Sequence[int]], due: Mapping[int, date],
                 today: date) -> tuple[list[Publication], Refused]:
    """Return the acts that publish these reviewed versions of checks today, and which checks may not be
    public as they stand, and why: a personal number in a name, a category without a label.

    `wanted`: versions by check. `due`: the day by which a check's result had to be public, where its
    clock runs. What comes later says by how many workdays: lateness is shown, never hidden (art. 11).
    """
    calendar = settings.calendar()
    late = {day: max(0, -calendar.between(today, day)) for day in set(due.values())}
    rows = published.results(session, wanted)
    names = _item_names(session, rows)

    def made(row: Row) -> Publication:
        due_on = due.get(row.check_id)
        return _made("published", row.check_id, row.number, row.scheme_id, row.uscc, {
            **row._mapping, "version": row.number,
            "items": [{"code": code, "name": names[row.catalogue_edition][code]}
                      for code in row.item_codes if code in names[row.catalogue_edition]],
            "result": settings.results().category(row.category).label, "due_on": due_on,
            "public_on": today, "late_workdays": late.get(due_on, 0)}, today)

    acts, refused = _each(rows, made)
    nothing = {id_: StageError("没有审核通过的检查记录", "请先填报、确认和审核") for id_ in wanted.keys()
               - {row.check_id for row in rows}}
    return acts, refused | nothing


def _each(rows: Iterable[Row], made: Callable[[Row], Publication]) -> tuple[list[Publication], Refused]:
    """Make an act of each row; of a check with a version that may not be public none is made."""
    acts, refused = [], {}
    for row in rows:
        try:
            acts.append(made(row))
        except InspectionError as error:
            refused[row.check_id] = error
    return [one for one in acts if one.check_id not in refused], refused


def _item_names(session: Session, rows: Sequence[Row]) -> dict[int | None, dict[str, str]]:
    """Return the inspected items' names by code, as each edition of the catalogue has them."""
    codes: dict[int | None, tuple[Row, set[str]]] = {}
    for row in rows:
        codes.setdefault(row.catalogue_edition, (row, set()))[1].update(row.item_codes)
    return {edition: {item.code: item.name for item in catalogue.items(session, sorted(some), row)}
            for edition, (row, some) in codes.items()}


def withdrawals(session: Session, grounds: Mapping[int, str], today: date) -> list[Publication]:
    """Return the acts that take down every public version of these checks; `grounds`: code by check."""
    told = published.acts(session, Publication.check_id.in_(grounds))
    gone = {(one.check_id, one.record_number) for one in told if one.act == "withdrawn"}
    acts = []
    for one in told:
        if one.act == "published" and (one.check_id, one.record_number) not in gone:
            why = settings.results().ground(grounds[one.check_id])
            acts.append(_made("withdrawn", one.check_id, one.record_number, one.scheme_id, one.uscc, {
                **one.content, "withdrawn_on": today, "ground": why.label, "basis": why.basis,
                "withdrawn_sha256": one.sha256}, today))
    return acts


def withheld(session: Session, wanted: Mapping[int, Sequence[int]], grounds: Mapping[int, str],
             today: date) -> list[Publication]:
    """Return the acts that say that results are withheld, and on which ground; not whose they are."""
    return [_made("withheld", row.check_id, row.number, row.scheme_id, None, {
        **row._mapping, "ground": settings.results().ground(grounds[row.check_id]).label,
        "basis": settings.results().ground(grounds[row.check_id]).basis, "decided_on": today}, today)
        for row in published.results(session, wanted)]


def _made(act: str, check_id: int, number: int, scheme_id: int, uscc: str | None,
          facts: Mapping[str, Any], today: date) -> Publication:
    content = public_form(act, facts)
    return Publication(
        act=act, check_id=check_id, record_number=number, scheme_id=scheme_id, uscc=uscc, day=today,
        content=content, path=paths.of_result(check_id, number),
        sha256=hashlib.sha256(as_json(content)).hexdigest(), read_back_at=settings.now())


def as_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
