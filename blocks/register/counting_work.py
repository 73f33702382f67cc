"""What is counted of the work: clocks kept, plans, tasks and checks done, results public (art. 9 to 12, 14)."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, false, func, or_, select, values
from sqlalchemy import column as named
from sqlalchemy import types as sql
from sqlalchemy.orm import Session

from blocks.register import plans
from blocks.register.aftermath import FollowUp, Objection
from blocks.register.counting import Span, began, day_of, question, row, stands
from blocks.register.directories import Department, Target
from blocks.register.plans import AnnualPlan
from blocks.register.published import Publication
from blocks.register.schemes import Assignment, Scheme
from blocks.register.trail import DueChange, DueLine
from blocks.register.visits import Check, CheckRecord, Visit
from blocks.rules.regulation import RISK_CLASSES

REVIEWED = ("reviewed", "public", "corrected", "withdrawn", "withheld")
NOT_YET = ("drafted", "submitted", "approved", "drawn", "cancelled")


class Checks:
    """The checks of visits that were not replaced, of schemes not cancelled, as they stood."""

    def __init__(self, span: Span) -> None:
        self.check, self.visit, self.scheme = (stands(thing, span) for thing in ("check", "visit", "scheme"))
        self.day = func.coalesce(Visit.day, Scheme.window_end)
        self.risk = case((func.left(Visit.stratum, 1).in_(RISK_CLASSES), func.left(Visit.stratum, 1)),
                         else_=Target.risk_class)

    def of(self, query: Select) -> Select:
        return query.select_from(Check).join(self.check, self.check.c.id == Check.id).join(
            Visit, Visit.id == Check.visit_id).join(
            self.visit, and_(self.visit.c.id == Visit.id, self.visit.c.stage != "replaced")).join(
            Scheme, Scheme.id == Visit.scheme_id).join(
            self.scheme, and_(self.scheme.c.id == Scheme.id, self.scheme.c.stage != "cancelled")).join(
            Target, Target.id == Visit.target_id)


@question("clock")
def clock(_: Session, span: Span, name: str) -> Select:
    """Clocks of a kind that ended in the period: met by their last day. What was called off counts for nobody."""
    changed = select(DueChange.was_on).where(
        DueChange.due_id == DueLine.id, DueChange.changed_at >= span.moment).order_by(
        DueChange.id).limit(1).scalar_subquery()
    due_on = func.coalesce(changed, DueLine.due_on)
    visit, scheme = stands("visit", span), stands("scheme", span)
    check_id = case((DueLine.thing == "check", DueLine.thing_id), else_=func.coalesce(
        FollowUp.check_id, Objection.check_id))
    in_time = and_(DueLine.met_at < span.moment, day_of(DueLine.met_at) <= due_on)
    return row(DueLine.thing, DueLine.thing_id, due_on, DueLine.department_id,
               case((in_time, 1), else_=0), county=Target.county_code, risk=Target.risk_class,
               part=DueLine.id).select_from(DueLine).outerjoin(
        FollowUp, and_(DueLine.thing == "follow_up", FollowUp.id == DueLine.thing_id)).outerjoin(
        Objection, and_(DueLine.thing == "objection", Objection.id == DueLine.thing_id)).outerjoin(
        Check, Check.id == check_id).outerjoin(Visit, Visit.id == Check.visit_id).outerjoin(
        Target, Target.id == Visit.target_id).outerjoin(visit, visit.c.id == Visit.id).outerjoin(
        scheme, scheme.c.id == DueLine.scheme_id).where(
        DueLine.clock == name, DueLine.begun_at < span.moment, span.holds(due_on),
        func.coalesce(visit.c.stage, "") != "replaced", func.coalesce(scheme.c.stage, "") != "cancelled")


@question("plan")
def plan(session: Session, span: Span, _: str) -> Select:
    """Inspections that published plans foresaw to end in the period: ended by then, opened or not."""
    listed = values(named("plan", sql.BigInteger), named("key", sql.Text), named("day", sql.Date),
                    named("lead", sql.BigInteger), named("county", sql.Text), name="foreseen").data(
        _foreseen(session, span) or [(0, "", span.first, None, None)])
    scheme = stands("scheme", span)
    return row("plan", listed.c.plan, listed.c.day, listed.c.lead,
               case((scheme.c.stage.in_(("concluded", "publicised")), 1), else_=0),
               county=listed.c.county, part=listed.c.key).select_from(listed).outerjoin(
        Scheme, Scheme.plan_key == listed.c.key).outerjoin(scheme, scheme.c.id == Scheme.id).where(
        listed.c.key != "")


def _foreseen(session: Session, span: Span) -> list[tuple[int, str, date, int | None, str | None]]:
    """Return (plan, key, last day, lead, county) of what the plans of that day foresaw to end in the period."""
    latest = select(AnnualPlan).where(AnnualPlan.published_at < span.moment).distinct(
        AnnualPlan.year, AnnualPlan.area).order_by(AnnualPlan.year, AnnualPlan.area, AnnualPlan.number.desc())
    found = list(session.scalars(latest))
    if not found:
        return []
    meaning, ids = plans.known(session), dict(session.execute(select(Department.code, Department.id)).all())
    return [(one.id, one.key(entry.number, place), end, ids.get(entry.lead or ""),
             one.area if plans.area_name(one.area) != plans.area_name("") else None)
            for one in found for entry in plans.entries(one, meaning)
            for place, (_, end) in enumerate(entry.windows, 1) if span.first <= end <= span.until]


@question("task")
def task(_: Session, span: Span, __: str) -> Select:
    """A department's part of a scheme whose window ended in the period: every check of it reviewed."""
    scheme, assignment, checks = stands("scheme", span), stands("assignment", span), Checks(span)
    done = checks.of(select(Visit.scheme_id, Check.department_id, func.bool_and(
        checks.check.c.stage.in_(REVIEWED)).label("all"))).group_by(Visit.scheme_id, Check.department_id).subquery()
    parties = select(Scheme.id.label("scheme_id"), Scheme.lead_id.label("department_id")).union_all(
        select(Assignment.scheme_id, Assignment.department_id).join(
            assignment, and_(assignment.c.id == Assignment.id, assignment.c.stage != "withdrawn"))).subquery()
    return row("scheme", Scheme.id, Scheme.window_end, parties.c.department_id,
               func.coalesce(done.c.all, false()), part=parties.c.department_id).select_from(Scheme).join(
        scheme, scheme.c.id == Scheme.id).join(parties, parties.c.scheme_id == Scheme.id).outerjoin(
        done, and_(done.c.scheme_id == Scheme.id, done.c.department_id == parties.c.department_id)).where(
        span.holds(Scheme.window_end), scheme.c.stage.not_in(NOT_YET))


@question("closed")
def closed(_: Session, span: Span, __: str) -> Select:
    """Approved schemes whose window ended in the period: everything of them public or lawfully withheld."""
    scheme = stands("scheme", span)
    return row("scheme", Scheme.id, Scheme.window_end, Scheme.lead_id, case(
        (scheme.c.stage == "publicised", 1), else_=0)).join(scheme, scheme.c.id == Scheme.id).where(
        span.holds(Scheme.window_end), scheme.c.stage.not_in(("drafted", "submitted", "cancelled")))


@question("check")
def check(_: Session, span: Span, __: str) -> Select:
    """Checks of visits set for the period: recorded and confirmed by two."""
    checks = Checks(span)
    return checks.of(row("check", Check.id, checks.day, Check.department_id, case(
        (checks.check.c.stage != "planned", 1), else_=0), county=Target.county_code, risk=checks.risk)).where(
        span.holds(checks.day))


def versions(span: Span, *, latest: bool = False) -> Subquery:
    """Return the reviewed versions of results as of then, each or each check's last."""
    query = select(CheckRecord).where(CheckRecord.verdict == "reviewed", CheckRecord.reviewed_at < span.moment)
    if latest:
        query = query.distinct(CheckRecord.check_id).order_by(CheckRecord.check_id, CheckRecord.number.desc())
    return query.subquery()


@question("published")
def published(_: Session, span: Span, __: str) -> Select:
    """Reviewed versions made in the period, but those lawfully withheld: published by then."""
    checks, version = Checks(span), versions(span)
    return checks.of(row("check", Check.id, version.c.made_on, Check.department_id, case(
        (_told(span, version, "published"), 1), else_=0), county=Target.county_code, risk=checks.risk,
        part=version.c.number)).join(version, version.c.check_id == Check.id).where(
        span.holds(version.c.made_on), ~_told(span, version, "withheld"))


def _told(span: Span, version: Subquery, act: str) -> ColumnElement[bool]:
    return select(Publication.id).where(
        Publication.check_id == version.c.check_id, Publication.record_number == version.c.number,
        Publication.act == act, Publication.day <= span.on).exists()


@question("corrections")
def corrections(_: Session, span: Span, __: str) -> Select:
    """Versions reviewed in the period: those that correct an earlier one."""
    checks, version = Checks(span), versions(span)
    day = day_of(version.c.reviewed_at)
    return checks.of(row("check", Check.id, day, Check.department_id, case(
        (version.c.correction_reason.is_not(None), 1), else_=0), county=Target.county_code, risk=checks.risk,
        part=version.c.number)).join(version, version.c.check_id == Check.id).where(span.holds(day))


@question("followed")
def followed(session: Session, span: Span, _: str) -> Select:
    """Follow-ups begun in the period: closed by then."""
    return _follow_ups(span)


@question("rectified")
def rectified(session: Session, span: Span, _: str) -> Select:
    """Orders to rectify given in the period: closed by then."""
    return _follow_ups(span, FollowUp.kind == "ordered_to_rectify")


def _follow_ups(span: Span, *wanted: Any) -> Select:
    stage, beginning = stands("follow_up", span), began("follow_up", span)
    return row("follow_up", FollowUp.id, beginning.c.day, Check.department_id, case(
        (stage.c.stage == "closed", 1), else_=0), county=Target.county_code, risk=Target.risk_class).select_from(
        FollowUp).join(stage, stage.c.id == FollowUp.id).join(beginning, beginning.c.id == FollowUp.id).join(
        Check, Check.id == FollowUp.check_id).join(Visit, Visit.id == Check.visit_id).join(
        Target, Target.id == Visit.target_id).where(span.holds(beginning.c.day), or_(*wanted) if wanted else True)
