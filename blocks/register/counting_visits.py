"""What is counted of visits, people and coverage: joint, merged, on site, what was found, who carried it,
what was reached (art. 9, 10, 12, 14)."""

from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.aftermath import Evaluation
from blocks.register.counting import Span, began, question, row, stands
from blocks.register.counting_work import Checks, versions
from blocks.register.directories import InspectionItem, Target, TargetListing
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, CheckRecord, Recusal, Seat, Visit

SOME_MORE = 1.5  # of a department's mean: what one inspector may carry and the loads still be even


def problem_categories() -> list[str]:
    """Return the categories that say a problem was found."""
    return [one.code for one in settings.results().categories.values() if one.needs_follow_up
            or one.code == "problem_rectified"]


def _visits(span: Span, value: ColumnElement) -> Select:
    """Return done visits of the period; their department is the lead."""
    visit, risk = stands("visit", span), Checks(span).risk
    return row("visit", Visit.id, Visit.day, Scheme.lead_id, value, county=Target.county_code,
               risk=risk).select_from(Visit).join(
        visit, and_(visit.c.id == Visit.id, visit.c.stage == "done")).join(
        Scheme, Scheme.id == Visit.scheme_id).join(Target, Target.id == Visit.target_id).where(
        span.holds(Visit.day))


def _recorded(span: Span, *columns: ColumnElement) -> Select:
    """Return the query for recorded checks of live visits."""
    checks = Checks(span)
    return checks.of(select(*columns)).where(checks.check.c.stage != "planned")


@question("joint")
def joint(_: Session, span: Span, __: str) -> Select:
    """Visits at which two departments or more inspected, those merged with it among them."""
    root = func.coalesce(Visit.merged_with_id, Visit.id).label("root")
    several = _recorded(span, root).group_by(root).having(
        func.count(func.distinct(Check.department_id)) > 1)
    return _visits(span, case((func.coalesce(Visit.merged_with_id, Visit.id).in_(several), 1), else_=0))


@question("merged")
def merged(_: Session, span: Span, __: str) -> Select:
    """Visits that went along with another scheme's to the same business."""
    return _visits(span, case((Visit.merged_with_id.is_not(None), 1), else_=0))


@question("saved")
def saved(_: Session, span: Span, __: str) -> Select:
    """How many times fewer somebody came, than had each department come by itself."""
    checks = _recorded(span, Check.visit_id, func.count().label("n")).group_by(Check.visit_id).subquery()
    alone = func.coalesce(select(checks.c.n).where(checks.c.visit_id == Visit.id).scalar_subquery(), 1)
    return _visits(span, alone - case((Visit.merged_with_id.is_not(None), 0), else_=1))


@question("on_site")
def on_site(_: Session, span: Span, __: str) -> Select:
    """Visits of schemes carried out on site."""
    return _visits(span, case((Scheme.mode == "on_site", 1), else_=0))


@question("problems")
def problems(_: Session, span: Span, __: str) -> Select:
    """Checks of the period with a reviewed result: problems found, by the last version of then."""
    checks, version = Checks(span), versions(span, latest=True)
    return checks.of(row("check", Check.id, version.c.inspected_on, Check.department_id, case(
        (version.c.category.in_(problem_categories()), 1), else_=0), county=Target.county_code,
        risk=checks.risk)).join(version, version.c.check_id == Check.id).where(
        span.holds(version.c.inspected_on))


@question("recusals")
def recusals(_: Session, span: Span, __: str) -> Select:
    """Recusals claimed in the period: granted by then."""
    stage, beginning = stands("recusal", span), began("recusal", span)
    return row("recusal", Recusal.id, beginning.c.day, Check.department_id, case(
        (stage.c.stage == "granted", 1), else_=0), county=Target.county_code).select_from(Recusal).join(
        stage, stage.c.id == Recusal.id).join(beginning, beginning.c.id == Recusal.id).join(
        Seat, Seat.id == Recusal.seat_id).join(Check, Check.id == Seat.check_id).join(
        Visit, Visit.id == Check.visit_id).join(Target, Target.id == Visit.target_id).where(
        span.holds(beginning.c.day))


@question("satisfaction")
def satisfaction(_: Session, span: Span, __: str) -> Select:
    """How businesses saw the visits, 1 to 5, of every department that inspected there."""
    return _evaluations(span, Evaluation.satisfaction)


@question("proper")
def proper(_: Session, span: Span, __: str) -> Select:
    """Evaluations by which certificates were shown, nothing else was inspected, no money asked for."""
    return _evaluations(span, case((and_(Evaluation.showed_certificate, Evaluation.only_what_was_listed,
                                         ~Evaluation.asked_for_money), 1), else_=0))


def _evaluations(span: Span, value: ColumnElement) -> Select:
    given = began("evaluation", span)
    return row("evaluation", Evaluation.id, given.c.day, Check.department_id, value,
               county=Target.county_code, part=Check.department_id).select_from(Evaluation).join(
        given, given.c.id == Evaluation.id).join(Visit, Visit.id == Evaluation.visit_id).join(
        Check, Check.visit_id == Visit.id).join(Target, Target.id == Visit.target_id).where(
        span.holds(given.c.day))


def _loads(span: Span):
    """Return how many recorded checks of the period each inspector sat in, by department."""
    checks = Checks(span)
    return checks.of(select(Seat.inspector_id, Check.department_id, func.count().label("n"))).join(
        Seat, Seat.check_id == Check.id).where(
        checks.check.c.stage != "planned", span.holds(checks.day),
        or_(Seat.vacated_at.is_(None), Seat.vacated_at >= span.moment)).group_by(
        Seat.inspector_id, Check.department_id).subquery()


@question("workload")
def workload(_: Session, span: Span, __: str) -> Select:
    """Inspectors who were sent: how many checks each carried."""
    loads = _loads(span)
    return row("inspector", loads.c.inspector_id, span.until, loads.c.department_id, loads.c.n,
               part=loads.c.department_id)


@question("balance")
def balance(_: Session, span: Span, __: str) -> Select:
    """Inspectors who were sent: carried at most half as much again as their department's mean."""
    loads = _loads(span)
    mean = func.avg(loads.c.n).over(partition_by=loads.c.department_id)
    return row("inspector", loads.c.inspector_id, span.until, loads.c.department_id,
               case((loads.c.n <= mean * SOME_MORE, 1), else_=0), part=loads.c.department_id)


@question("caps")
def caps(_: Session, span: Span, __: str) -> Select:
    """Businesses that departments visited in the year: within the year's caps, a merged visit counting once."""
    checks, year = Checks(span), span.until.year
    numbers, first = settings.regulation(span.until), date(year, 1, 1)
    once = func.coalesce(Visit.merged_with_id, Visit.id)
    inspected = select(CheckRecord.check_id).where(
        CheckRecord.inspected_on.between(first, span.until), CheckRecord.recorded_at < span.moment)
    made = checks.of(select(Visit.target_id, Check.department_id, once.label("once"))).where(
        Check.id.in_(inspected), checks.check.c.stage != "planned").distinct().subquery()
    whole = select(made.c.target_id, func.count(func.distinct(made.c.once)).label("n")).group_by(
        made.c.target_id).subquery()
    each = select(made.c.target_id, made.c.department_id, func.count().label("n")).group_by(
        made.c.target_id, made.c.department_id).subquery()
    kept = and_(each.c.n <= numbers.max_visits_per_business_and_department_per_year,
                whole.c.n <= numbers.max_visits_per_business_per_year)
    return row("target", each.c.target_id, span.until, each.c.department_id, case((kept, 1), else_=0),
               county=Target.county_code, risk=Target.risk_class, part=each.c.department_id).select_from(each).join(
        whole, whole.c.target_id == each.c.target_id).join(Target, Target.id == each.c.target_id)


@question("items")
def items(_: Session, span: Span, __: str) -> Select:
    """Items of the joint catalogue in force: inspected in the period."""
    checks = Checks(span)
    used = checks.of(select(func.unnest(Check.item_codes))).where(
        checks.check.c.stage != "planned", span.holds(checks.day))
    item = InspectionItem
    return row("item", item.id, span.until, item.department_id, case((item.code.in_(used), 1), else_=0)).where(
        item.published, item.effective_from <= span.until,
        or_(item.effective_to.is_(None), item.effective_to >= span.first))


@question("targets")
def targets(_: Session, span: Span, __: str) -> Select:
    """Businesses in departments' directories that exist: inspected by the department in the period."""
    checks = Checks(span)
    reached = checks.of(select(Visit.target_id, Check.department_id)).where(
        checks.check.c.stage != "planned", span.holds(checks.day)).distinct().subquery()
    return row("target", Target.id, span.until, TargetListing.department_id, case(
        (reached.c.target_id.is_not(None), 1), else_=0), county=Target.county_code, risk=Target.risk_class,
        part=TargetListing.department_id).select_from(Target).join(
        TargetListing, TargetListing.target_id == Target.id).outerjoin(
        reached, and_(reached.c.target_id == Target.id,
                      reached.c.department_id == TargetListing.department_id)).where(Target.status == "存续")
