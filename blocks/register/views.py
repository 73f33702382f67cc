"""What pages show of a scheme, a visit, a check; and who may see it."""

from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Row, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from blocks import settings
from blocks.errors import NotFound
from blocks.register.directories import Account, Department, InspectionItem, Target
from blocks.register.draws import Draw, DrawSource, DrawTicket, open_draw, sources
from blocks.register.schemes import Assignment, Scheme, SchemeReview
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import TrailLine
from blocks.register.visits import Absence, Check, Recusal, Seat, Visit, live_seats
from blocks.rules.stages import Actor, Role

Read = TypeVar("Read", Check, Visit)
SEES_ALL = frozenset({Role.OFFICE, Role.AUDITOR})
HANDLES = frozenset({Role.DRAFTER, Role.APPROVER})


def visible(session: Session, actor: Actor, scheme: Scheme | Row) -> bool:
    """Tell whether a person may see a scheme: its parties, the office, auditors (art. 4, 5)."""
    return bool(actor.roles & SEES_ALL) or (
        bool(actor.roles & HANDLES) and actor.department_id in (scheme.lead_id, *scheme.participant_ids))


def scheme(session: Session, actor: Actor, code: str) -> Scheme:
    """Return a scheme that the person may see.

    Raises:
        NotFound: none, or not for this person: which of both is not told.
    """
    found = find_scheme(session, code)
    if not visible(session, actor, found):
        raise NotFound(f"没有方案「{code}」", "请从我的待办或方案列表进入")
    return found


def schemes(session: Session, actor: Actor) -> list[Scheme]:
    """Return the schemes a person may see, as `visible` says of one; the newest first."""
    query = select(Scheme).options(joinedload(Scheme.lead)).order_by(Scheme.id.desc())
    if not actor.roles & SEES_ALL:
        if not actor.roles & HANDLES:
            return []
        query = query.where(or_(Scheme.lead_id == actor.department_id,
                                Scheme.participant_ids.any(actor.department_id)))
    return list(session.scalars(query))


def mark(session: Session, scheme: Scheme) -> str:
    """Return a text that changes whenever anything of a scheme has moved or was reviewed."""
    row = session.execute(_last_moves().where(Scheme.id == scheme.id)).one()
    return f"{row.moved or 0}-{row.reviewed or 0}"


def scheme_mark(session: Session, actor: Actor, code: str) -> str:
    """Return the `mark` of the scheme of this code, for whoever may see it.

    Raises:
        NotFound: none, or not for this person.
    """
    row = session.execute(_mark_by_code(), {"code": code}).first()
    if row is None or not visible(session, actor, row):
        return mark(session, scheme(session, actor, code))
    return f"{row.moved or 0}-{row.reviewed or 0}"


@cache
def _last_moves() -> Select:
    """Return the query behind `mark`."""
    last = select(func.max(TrailLine.number)).where(TrailLine.scheme_id == Scheme.id)
    seen = select(func.max(SchemeReview.id)).where(SchemeReview.scheme_id == Scheme.id)
    return select(Scheme.lead_id, Scheme.participant_ids, last.scalar_subquery().label("moved"),
                  seen.scalar_subquery().label("reviewed"))


@cache
def _mark_by_code() -> Select:
    """Return the query behind `scheme_mark`, built once: open pages ask it every few seconds."""
    return _last_moves().where(Scheme.code == bindparam("code"))


def review(session: Session, scheme: Scheme) -> SchemeReview | None:
    """Return what the system found in the present version, if it has looked."""
    return session.scalar(select(SchemeReview).where(
        SchemeReview.scheme_id == scheme.id).order_by(SchemeReview.scheme_version.desc()).limit(1))


def assignments(session: Session, scheme: Scheme) -> list[Assignment]:
    return list(session.scalars(select(Assignment).where(
        Assignment.scheme_id == scheme.id).order_by(Assignment.id)))


def items_of(session: Session, department_id: int | None) -> list[InspectionItem]:
    """Return a department's items that are in force and published."""
    today = settings.today()
    return [one for one in session.scalars(select(InspectionItem).where(
        InspectionItem.department_id == department_id, InspectionItem.published).order_by(
        InspectionItem.code)) if one.effective_to is None or one.effective_to >= today]


def departments(session: Session) -> list[Department]:
    return list(session.scalars(select(Department).order_by(Department.id)))


def kinds(session: Session) -> list[str]:
    """Return the kinds of business in the directories."""
    return sorted(kind for kind in session.scalars(select(Target.kind).distinct()) if kind)


def draw(session: Session, scheme: Scheme) -> tuple[Draw | None, list[DrawSource], list[DrawTicket]]:
    """Return a scheme's open draw with its sources, and who was drawn, stratum by stratum."""
    found = open_draw(session, scheme.id)
    if found is None:
        return None, [], []
    tickets = session.scalars(select(DrawTicket).where(
        DrawTicket.draw_id == found.id, ~DrawTicket.is_reserve).order_by(
        DrawTicket.stratum, DrawTicket.rank).options(joinedload(DrawTicket.target)))
    return found, sources(session, found.id), list(tickets)


WHOLE_VISIT = (joinedload(Visit.scheme).joinedload(Scheme.lead), joinedload(Visit.target))
WHOLE_CHECK = (joinedload(Check.department), joinedload(Check.visit).options(*WHOLE_VISIT))
WITH = {Check: WHOLE_CHECK, Visit: WHOLE_VISIT}  # what every page of it shows


def _read(session: Session, model: type[Read], id_: str) -> Read:
    """Return a row without locking it."""
    found = session.get(model, _number(id_), options=WITH[model])
    if found is None:
        raise NotFound(f"没有检查 {id_}", "请从我的待办进入")
    return found


def _number(id_: str) -> int:
    return int(id_) if id_.isdecimal() and len(id_) < 19 else 0


def check(session: Session, actor: Actor, check_id: str) -> Check:
    """Return a check that the person may see: its department's people, its inspectors (never one
    who is suspended), the lead, the office, auditors.

    Raises:
        NotFound: none, or not for this person.
    """
    found = _read(session, Check, check_id)
    parties = (found.department_id, found.visit.scheme.lead_id)
    if not _may_see(actor, parties, any(
            seat.inspector_id == actor.inspector_id and not seat.suspended
            for seat in live_seats(session, found.id))):
        raise NotFound(f"没有检查 {check_id}", "请从我的待办进入")
    return found


def _may_see(actor: Actor, parties: tuple[int, int], is_seated: bool) -> bool:
    """Tell whether a person may see a check of these parties, given whether he or she sits in it."""
    return bool(actor.roles & SEES_ALL) or is_seated or (
        bool(actor.roles & HANDLES) and actor.department_id in parties)


def check_mark(session: Session, actor: Actor, check_id: str) -> str:
    """Return a text that changes whenever a check has moved, for whoever `check` would show it to.

    Raises:
        NotFound: none, or not for this person.
    """
    row = session.execute(_check_mark(), {"check": _number(check_id), "inspector": actor.inspector_id}).first()
    if row is None or not _may_see(actor, (row.department_id, row.lead_id), row.is_seated):
        raise NotFound(f"没有检查 {check_id}", "请从我的待办进入")
    return str(row.version)


@cache
def _check_mark() -> Select:
    """Return the query behind `check_mark`, built once: open pages ask it every few seconds."""
    seated = exists().where(Seat.check_id == Check.id, Seat.vacated_at.is_(None), ~Seat.suspended,
                            Seat.inspector_id == bindparam("inspector", type_=BigInteger))
    return select(Check.version, Check.department_id, Scheme.lead_id, seated.label("is_seated")).join(
        Check.visit).join(Visit.scheme).where(Check.id == bindparam("check"))


def visit(session: Session, actor: Actor, visit_id: str) -> Visit:
    """Return a visit that the person may see, as `check` does for its checks.

    Raises:
        NotFound: none, or not for this person.
    """
    found = _read(session, Visit, visit_id)
    mine = session.scalars(select(Check).where(Check.visit_id == found.id)).all()
    for one in mine:
        try:
            check(session, actor, str(one.id))
        except NotFound:
            continue
        return found
    raise NotFound(f"没有检查 {visit_id}", "请从我的待办进入")


def people(session: Session, check: Check) -> list[dict[str, Any]]:
    """Return who sits in a check: name, certificate, leads, suspended, account's id."""
    seats = live_seats(session, check.id)
    accounts = dict(session.execute(select(Account.inspector_id, Account.id).where(
        Account.inspector_id.in_([seat.inspector_id for seat in seats]))).all())
    return [{"name": seat.inspector.name, "certificate": seat.inspector.certificate_no,
             "leads": seat.leads, "suspended": seat.suspended, "inspector_id": seat.inspector_id,
             "account_id": accounts.get(seat.inspector_id)} for seat in seats]


def open_claims(session: Session, check: Check) -> tuple[list[Recusal], list[Absence]]:
    """Return a check's recusals and absences, the newest first."""
    return tuple(list(session.scalars(select(model).join(model.seat).where(
        Seat.check_id == check.id).order_by(model.id.desc()))) for model in (Recusal, Absence))


def checks_of(session: Session, visit: Visit) -> list[Check]:
    return list(session.scalars(select(Check).where(Check.visit_id == visit.id).order_by(Check.id).options(
        joinedload(Check.department))))


def visits_of(session: Session, actor: Actor) -> list[tuple[Visit, Check]]:
    """Return an inspector's visits that are not over, in order of time, without those from which he
    or she is suspended (art. 9)."""
    rows = session.execute(select(Visit, Check).join(Check, Check.visit_id == Visit.id).join(
        Seat, Seat.check_id == Check.id).where(
        Seat.inspector_id == actor.inspector_id, Seat.vacated_at.is_(None), ~Seat.suspended,
        Visit.stage != "replaced", Check.stage.in_(("planned", "recorded"))).order_by(
        Visit.day.nulls_last(), Visit.half, Visit.id).options(joinedload(Visit.target)))
    return [tuple(row) for row in rows] if actor.inspector_id is not None else []
