"""Small questions about how things stand, for the demo, tests and desks."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import deliveries
from blocks.register.directories import Account, Department
from blocks.register.draws import open_draw, sources
from blocks.register.published import Publication
from blocks.register.schemes import SchemeReview
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Check, CheckRecord, Seat, Visit, live_visits


def stage(session: Session, code: str) -> str:
    return find_scheme(session, code).stage


def is_reviewed(session: Session, code: str) -> bool:
    """Tell whether the present version of a submitted scheme was reviewed by the system."""
    scheme = find_scheme(session, code)
    return session.scalar(select(SchemeReview.id).where(
        SchemeReview.scheme_id == scheme.id,
        SchemeReview.scheme_version == scheme.version)) is not None


def draw_stage(session: Session, code: str) -> str | None:
    draw = open_draw(session, find_scheme(session, code).id)
    return draw.stage if draw else None


def is_figure_out(session: Session, code: str) -> bool:
    """Tell whether every source of the draw has fallen due, so that figures may be typed."""
    draw = open_draw(session, find_scheme(session, code).id)
    return draw is not None and all(
        s.due_at is not None and s.due_at <= settings.now() for s in sources(session, draw.id))


def teams(session: Session, code: str, department: str) -> list[tuple[int, list[str]]]:
    """Return (check id, logins, the leader's first) of a department's live checks, by id."""
    rows = session.execute(select(Check.id, Account.login).join(Check.visit).join(
        Check.department).outerjoin(
        Seat, (Seat.check_id == Check.id) & Seat.vacated_at.is_(None)).outerjoin(
        Account, Account.inspector_id == Seat.inspector_id).where(
        Visit.scheme_id == find_scheme(session, code).id, Visit.stage != "replaced",
        Department.code == department).order_by(Check.id, Seat.leads.desc()))
    found: dict[int, list[str]] = {}
    for check_id, login in rows:
        found.setdefault(check_id, []).extend([login] if login else [])
    return list(found.items())


def a_visit_to_replace(session: Session, code: str) -> tuple[int, str]:
    """Return the last planned visit with a reserve behind it, and the login of one who goes there."""
    scheme = find_scheme(session, code)
    visit = live_visits(session, scheme.id)[-1]
    login = session.scalar(select(Account.login).join(
        Seat, Seat.inspector_id == Account.inspector_id).join(Seat.check).where(
        Check.visit_id == visit.id, Seat.vacated_at.is_(None)).order_by(Seat.id).limit(1))
    return visit.id, login


def is_replaced_and_staffed(session: Session, code: str, visit_id: int) -> bool:
    """Tell whether a replaced visit has a successor whose every check has its people."""
    successor = session.scalar(select(Visit).where(Visit.replaces_id == visit_id))
    if successor is None:
        return False
    seats = session.execute(select(func.count(Seat.id)).select_from(Check).outerjoin(
        Seat, (Seat.check_id == Check.id) & Seat.vacated_at.is_(None)).where(
        Check.visit_id == successor.id).group_by(Check.id)).scalars().all()
    return len(seats) == 3 and all(number >= 2 for number in seats)


def public_versions(session: Session, check_id: int) -> list[int]:
    return list(session.scalars(select(Publication.record_number).where(
        Publication.check_id == check_id, Publication.act == "published").order_by(Publication.record_number)))


def reviewed_versions(session: Session, scheme_id: int) -> set[tuple[int, int]]:
    """Return (check id, version) of every result of a scheme that was reviewed."""
    return {tuple(row) for row in session.execute(select(CheckRecord.check_id, CheckRecord.number).join(
        CheckRecord.check).join(Check.visit).where(
        Visit.scheme_id == scheme_id, Visit.stage != "replaced", CheckRecord.verdict == "reviewed"))}


def are_notices_waiting(session: Session) -> bool:
    """Tell whether a notice is to be sent now (one held back for the working hours is not)."""
    return deliveries.is_waiting(session)
