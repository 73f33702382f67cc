"""Merged visits (合并上门): two schemes at one business, one visit for both (art. 14).

A visit that begins while another scheme has one at the same business points to it by
`merged_with_id`: always to the first of the group. Merged visits have one time, and a department
that is in both sends one team, whose later seats share the earlier ones.
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Absence, Check, Found, Recusal, Seat, Visit, get

UNDER_WAY = ("approved", "drawn", "dispatched", "staffed", "in_field")


def can_be_joined(first: date, last: date) -> ColumnElement[bool]:
    """Whether a visit (joined with its scheme) can take in one of a scheme with this window.

    The windows overlap, nobody has recorded anything yet, and its day, where it is fixed, is still
    to come and lies in both.
    """
    recorded = exists().where(Check.visit_id == Visit.id, Check.record_number > 0)
    return and_(
        Visit.stage == "planned", Scheme.stage.in_(UNDER_WAY), ~recorded,
        Scheme.window_start <= last, Scheme.window_end >= func.greatest(first, settings.today()),
        or_(Visit.day.is_(None),
            and_(Visit.day.between(first, last), Visit.day > settings.today())))


def companions(session: Session, scheme: Scheme, target_ids: Iterable[int]) -> dict[int, int]:
    """Return target id → the visit that a new one of this scheme goes along with, if any."""
    rows = session.execute(select(Visit.target_id, func.coalesce(
        Visit.merged_with_id, Visit.id)).join(Visit.scheme).where(
        Visit.target_id.in_(list(target_ids)), Visit.scheme_id != scheme.id,
        can_be_joined(scheme.window_start, scheme.window_end)).order_by(Visit.id.desc()))
    return dict(rows.all())


def group(session: Session, visit: Visit) -> list[Visit]:
    """Return the other visits that are merged with this one and not replaced, by id."""
    first = visit.merged_with_id or visit.id
    return list(session.scalars(select(Visit).where(
        or_(Visit.id == first, Visit.merged_with_id == first), Visit.id != visit.id,
        Visit.stage != "replaced").order_by(Visit.id)))


def merged(session: Session, visits: Iterable[Visit]) -> list[Visit]:
    """Return those of these visits that are merged with another."""
    visits = list(visits)
    firsts = set(session.scalars(select(Visit.merged_with_id).where(
        Visit.merged_with_id.in_([visit.id for visit in visits]))))
    return [visit for visit in visits if visit.merged_with_id or visit.id in firsts]


def part(session: Session, visit: Visit) -> None:
    """Let a visit go on alone: its seats are its own, the others stay merged among themselves."""
    others = group(session, visit)
    if visit.merged_with_id is None and others:
        session.execute(update(Visit).where(Visit.merged_with_id == visit.id).values(
            merged_with_id=others[0].id))
        others[0].merged_with_id = None
    visit.merged_with_id = None
    own = select(Seat.id).join(Seat.check).where(Check.visit_id == visit.id)
    first: dict[int, int] = {}
    for seat in session.scalars(select(Seat).where(Seat.shares_id.in_(own)).order_by(Seat.id)):
        seat.shares_id = first.get(seat.inspector_id)
        first.setdefault(seat.inspector_id, seat.id)
    for seat in session.scalars(select(Seat).where(Seat.id.in_(own))):
        seat.shares_id = None
    session.flush()


def same_person(session: Session, seat: Seat) -> list[Seat]:
    """Return the live seats of this seat's inspector in its visit and those merged with it."""
    visits = [seat.check.visit, *group(session, seat.check.visit)]
    return list(session.scalars(select(Seat).join(Seat.check).where(
        Check.visit_id.in_([visit.id for visit in visits]),
        Seat.inspector_id == seat.inspector_id, Seat.vacated_at.is_(None)).order_by(Seat.id)))


def hold(session: Session, kind: type[Found], id: int | str) -> Found:
    """Return a thing by id as `visits.get` does, with the visits merged with its own held, too.

    The schemes of the group are locked in the order of their ids, so two never wait for each other.
    """
    found = session.get(kind, int(id)) if str(id).isdecimal() and int(id) < 2**63 else None
    if found is not None:
        visit = _visit(found)
        for scheme_id in sorted({one.scheme_id for one in (visit, *group(session, visit))}):
            find_scheme(session, scheme_id, lock=True)
    return get(session, kind, id)


def _visit(thing: Visit | Check | Recusal | Absence) -> Visit:
    if isinstance(thing, Visit):
        return thing
    return (thing if isinstance(thing, Check) else thing.seat.check).visit
