"""A year in figures: what was planned, drawn, inspected, published, and how punctually (art. 12)."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from blocks import settings
from blocks.register import published
from blocks.register.aftermath import FollowUp
from blocks.register.directories import Department
from blocks.register.draws import Draw
from blocks.register.published import Publication
from blocks.register.schemes import Scheme
from blocks.register.trail import DueLine
from blocks.register.visits import Check, CheckRecord, Visit


def schemes_of(session: Session, year: int) -> list[Scheme]:
    """Return a year's schemes, by code."""
    return list(session.scalars(select(Scheme).where(Scheme.code.startswith(f"{year}-")).order_by(
        Scheme.code).options(joinedload(Scheme.lead))))


def visits_of(session: Session, ids: list[int]) -> dict[int, dict[str, int]]:
    """Return how many visits stand where, by scheme: {scheme id: {stage: number}}."""
    told: dict[int, dict[str, int]] = {one: {} for one in ids}
    for scheme_id, stage, count in session.execute(select(Visit.scheme_id, Visit.stage, func.count()).where(
            Visit.scheme_id.in_(ids)).group_by(Visit.scheme_id, Visit.stage)):
        told[scheme_id][stage] = count
    return told


def results_of(session: Session, ids: list[int]) -> dict[str, int]:
    """Return how many checks ended with which category, by the latest reviewed version of each."""
    last = select(CheckRecord.check_id, func.max(CheckRecord.number).label("number")).where(
        CheckRecord.verdict == "reviewed").group_by(CheckRecord.check_id).subquery()
    return dict(session.execute(select(CheckRecord.category, func.count()).join(
        last, (last.c.check_id == CheckRecord.check_id) & (last.c.number == CheckRecord.number)).join(
        CheckRecord.check).join(Check.visit).where(Visit.scheme_id.in_(ids), Visit.stage != "replaced").group_by(
        CheckRecord.category)).all())


def follow_ups_of(session: Session, ids: list[int]) -> dict[str, tuple[int, int]]:
    """Return how many follow-ups there are of each kind, and how many of them are closed."""
    rows = session.execute(select(
        FollowUp.kind, func.count(), func.count().filter(FollowUp.stage == "closed")).join(FollowUp.check).join(
        Check.visit).where(Visit.scheme_id.in_(ids)).group_by(FollowUp.kind))
    return {kind: (count, closed) for kind, count, closed in rows}


def published_of(session: Session, ids: list[int]) -> int:
    """Return how many versions of results are public."""
    return len(published.shown(session, Publication.scheme_id.in_(ids)))


def draws_of(session: Session, ids: list[int]) -> dict[str, int]:
    """Return how many draws there are at each stage; void ones count too, they stay public."""
    return dict(session.execute(select(Draw.stage, func.count()).where(
        Draw.scheme_id.in_(ids)).group_by(Draw.stage)).all())


def punctuality_of(session: Session, ids: list[int]) -> list[dict[str, Any]]:
    """Return, for each department, its clocks in these schemes: met in time, met late, open, late now."""
    met_on = func.date(func.timezone("Asia/Shanghai", DueLine.met_at))
    today, is_open = settings.today(), DueLine.met_at.is_(None)
    rows = session.execute(select(
        Department.name, func.count().filter(~is_open, met_on <= DueLine.due_on),
        func.count().filter(~is_open, met_on > DueLine.due_on),
        func.count().filter(is_open, DueLine.due_on >= today), func.count().filter(is_open, DueLine.due_on < today),
    ).join(Department, Department.id == DueLine.department_id).where(
        DueLine.scheme_id.in_(ids)).group_by(Department.id, Department.name).order_by(Department.id))
    return [dict(zip(("department", "in_time", "met_late", "open", "late"), row, strict=True)) for row in rows]
