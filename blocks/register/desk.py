"""What waits for a person (我的待办): sentences with a verb, by due date, the late ones first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from blocks import settings
from blocks.register import aftermath, outbox, rounds
from blocks.register.aftermath import FollowUp, Letter, Objection
from blocks.register.base import Moving
from blocks.register.draws import Draw, DrawSource
from blocks.register.schemes import Assignment, Scheme
from blocks.register.trail import DueLine
from blocks.register.visits import Absence, Check, CheckRecord, Recusal, Seat, Visit
from blocks.rules.stages import CORRECTABLE_CHECKS, Actor, Role
from blocks.workdays import Due, say_left

# What the name of a check is made of, read with it.
TITLED = (joinedload(Check.visit).joinedload(Visit.target), joinedload(Check.department))


@dataclass(frozen=True)
class Task:
    """One thing to do: a verb, what about, where (path of the portal), until when if a clock runs."""

    verb: str
    about: str
    path: str
    due_on: date | None = None
    provisional: bool = False

    @property
    def left(self) -> str:
        """Return how long is left, in Chinese; empty where no clock runs."""
        if self.due_on is None:
            return ""
        told = say_left(Due(self.due_on, self.provisional, ""), settings.today(), settings.calendar())
        return told + ("（暂定）" if self.provisional else "")

    @property
    def urgency(self) -> str:
        """Return late, soon or calm."""
        if self.due_on is None:
            return "calm"
        left = settings.calendar().between(settings.today(), self.due_on)
        return "late" if self.due_on < settings.today() else "soon" if left <= 1 else "calm"


def tasks(session: Session, actor: Actor) -> list[Task]:
    """Return what waits for this person, soonest first; what has no clock comes last."""
    found = [*_schemes(session, actor), *_draws(session, actor), *_assignments(session, actor),
             *_decisions(session, actor), *_records(session, actor), *_reviews(session, actor),
             *_withholdings(session, actor), *_aftermath(session, actor),
             *_office(session, actor)]
    return sorted(found, key=lambda task: (task.due_on or date.max, task.about, task.verb))


@cache
def _clocked(model: type[Moving], *clocks: str) -> Select:
    """Return the query for things with the due line of one of these clocks, if it runs."""
    return select(model, DueLine.due_on, DueLine.provisional).outerjoin(
        DueLine, and_(DueLine.thing == model.thing, DueLine.thing_id == model.id,
                      DueLine.clock.in_(clocks), DueLine.met_at.is_(None)))


def _has(actor: Actor, *roles: Role) -> bool:
    return bool(actor.roles & set(roles))


def _schemes(session: Session, actor: Actor) -> Iterator[Task]:
    stages = ([("drafted", "核对并提交方案")] if _has(actor, Role.DRAFTER) else []) + (
        [("submitted", "审批方案")] if _has(actor, Role.APPROVER) else [])
    for stage, verb in stages:
        for scheme, due_on, provisional in session.execute(_clocked(Scheme, "approval").where(
                Scheme.stage == stage, Scheme.lead_id == actor.department_id,
                or_(stage != "submitted", Scheme.drafter_id != actor.id))):
            yield Task(verb, scheme.title, f"/schemes/{scheme.code}", due_on, bool(provisional))


def _draws(session: Session, actor: Actor) -> Iterator[Task]:
    if not _has(actor, Role.DRAFTER, Role.APPROVER, Role.OFFICE):
        return
    now = settings.now()
    awaited = and_(DrawSource.draw_id == Draw.id, or_(
        and_(DrawSource.kind == "reveal", Draw.stage == "announced", DrawSource.commitment.is_(None)),
        and_(DrawSource.kind == "reveal", Draw.stage == "sealed", DrawSource.value.is_(None)),
        and_(DrawSource.kind.in_(("typed", "dice")), Draw.stage == "sealed",
             DrawSource.confirmed_by_id.is_(None), DrawSource.due_at <= now)))
    for draw, due_on, provisional, source in session.execute(_clocked(Draw, "contribution").add_columns(
            DrawSource).join(DrawSource, awaited).where(Draw.stage.in_(("announced", "sealed"))).options(
            joinedload(Draw.scheme))):
        verb = ("提交随机数承诺" if draw.stage == "announced" else "揭示随机数") \
            if source.kind == "reveal" else f"录入{source.locator}"
        own = source.kind != "reveal" or source.department_id == actor.department_id
        if own and source.typed_by_id != actor.id and _may_contribute(actor, source):
            yield Task(verb, draw.scheme.title, f"/schemes/{draw.scheme.code}/draw", due_on, bool(provisional))
    if _has(actor, Role.OFFICE, Role.APPROVER):
        for draw in session.scalars(select(Draw).where(
                Draw.stage != "void", Draw.void_asked_by_id.is_not(None),
                Draw.void_asked_by_id != actor.id)):
            if _has(actor, Role.OFFICE) or draw.scheme.lead_id == actor.department_id:
                yield Task("决定是否作废抽取", draw.scheme.title, f"/schemes/{draw.scheme.code}/draw")


def _may_contribute(actor: Actor, source: DrawSource) -> bool:
    roles = (Role.DRAFTER, Role.APPROVER) if source.kind == "reveal" else (
        Role.DRAFTER, Role.APPROVER, Role.OFFICE)
    return _has(actor, *roles)


def _assignments(session: Session, actor: Actor) -> Iterator[Task]:
    verbs = {"sent": "接收任务", "accepted": "人员不足，请补充"}
    if _has(actor, Role.DRAFTER, Role.APPROVER):
        for one, due_on, provisional in session.execute(_clocked(
                Assignment, "acceptance", "staffing").where(
                Assignment.department_id == actor.department_id, or_(
                    Assignment.stage == "sent",
                    and_(Assignment.stage == "accepted", Assignment.shortage.is_not(None))))):
            yield Task(verbs[one.stage], one.scheme.title, f"/schemes/{one.scheme.code}", due_on,
                       bool(provisional))
    if _has(actor, Role.OFFICE):
        for one in session.scalars(select(Assignment).where(Assignment.stage == "sent_back")):
            yield Task("再次派发或撤回", one.title, f"/schemes/{one.scheme.code}")


def _decisions(session: Session, actor: Actor) -> Iterator[Task]:
    if _has(actor, Role.APPROVER):
        for model, stages, clock, verb in ((Recusal, ("claimed", "reconsidered"), "recusal", "决定回避"),
                                           (Absence, ("reported",), "absence", "决定换人")):
            for one, due_on, provisional in session.execute(_clocked(model, clock).where(
                    model.stage.in_(stages))):
                check = one.seat.check
                if check.department_id == actor.department_id:
                    yield Task(verb, check.title, f"/checks/{check.id}", due_on, bool(provisional))
    if _has(actor, Role.APPROVER, Role.DRAFTER):
        for visit in session.scalars(select(Visit).join(Visit.scheme).where(
                Visit.stage == "planned", Visit.replacement_asked_by_id.is_not(None),
                Visit.replacement_asked_by_id != actor.id, Scheme.lead_id == actor.department_id)):
            yield Task("确认递补", visit.title, f"/visits/{visit.id}")


def _records(session: Session, actor: Actor) -> Iterator[Task]:
    """Yield an inspector's own records: to fill in as the leader, to confirm as the second."""
    if actor.inspector_id is None:
        return
    mine = {"inspector": actor.inspector_id, "me": actor.id, "today": settings.today()}
    for check, due_on, provisional, leads, is_waiting in session.execute(_to_record(), mine):
        if leads != is_waiting:
            yield Task("填报检查记录" if leads else "确认检查记录", check.title, f"/checks/{check.id}",
                       due_on, bool(provisional))


@cache
def _to_record() -> Select:
    """Return the query behind `_records`, built once: most who look at their desk are inspectors."""
    waiting = exists().where(CheckRecord.check_id == Check.id, CheckRecord.verdict.is_(None),
                             CheckRecord.confirmed_by_id.is_(None), CheckRecord.recorded_by_id != bindparam("me"))
    return _clocked(Check, "recording").add_columns(Seat.leads, waiting).join(
        Seat, Seat.check_id == Check.id).join(Check.visit).join(Visit.scheme).where(
        Seat.inspector_id == bindparam("inspector"), Seat.vacated_at.is_(None), ~Seat.suspended,
        Check.stage == "planned", Visit.stage == "planned", Scheme.stage.in_(("staffed", "in_field")),
        Visit.day <= bindparam("today")).options(*TITLED)


def _reviews(session: Session, actor: Actor) -> Iterator[Task]:
    if not _has(actor, Role.DRAFTER, Role.APPROVER):
        return
    other = aliased(CheckRecord)
    last = select(func.max(other.number)).where(other.check_id == Check.id).scalar_subquery()
    for check, due_on, provisional in session.execute(_clocked(Check, "review").join(
            CheckRecord, and_(CheckRecord.check_id == Check.id, CheckRecord.number == last)).where(
            Check.department_id == actor.department_id, CheckRecord.verdict.is_(None),
            Check.stage.in_(("recorded", *CORRECTABLE_CHECKS)), CheckRecord.recorded_by_id != actor.id,
            CheckRecord.confirmed_by_id.is_distinct_from(actor.id)).options(*TITLED)):
        yield Task("审核更正" if check.stage in CORRECTABLE_CHECKS else "审核检查记录", check.title,
                   f"/checks/{check.id}", due_on, bool(provisional))


def _withholdings(session: Session, actor: Actor) -> Iterator[Task]:
    """Yield results that somebody else asked not to publish, or to take down."""
    if not _has(actor, Role.OFFICE, Role.APPROVER):
        return
    query = select(Check).where(
        Check.withholding.is_not(None), Check.withheld_by_id.is_(None),
        Check.withholding_asked_by_id != actor.id).options(*TITLED)
    if not _has(actor, Role.OFFICE):
        query = query.where(Check.department_id == actor.department_id)
    for check in session.scalars(query):
        yield Task("决定是否撤下" if check.stage == "public" else "决定是否不予公示", check.title,
                   f"/checks/{check.id}")


def _aftermath(session: Session, actor: Actor) -> Iterator[Task]:
    """Yield what results leave to do: objections, follow-ups, letters to answer."""
    if not _has(actor, Role.DRAFTER, Role.APPROVER) or actor.department_id is None:
        return
    own = actor.department_id
    for model, stage, verb, roles in ((Objection, "filed", "答复异议", (Role.APPROVER,)),
                                      (FollowUp, "open", "办结后续处置", (Role.DRAFTER, Role.APPROVER))):
        if _has(actor, *roles):
            for one, due_on, provisional in session.execute(_clocked(
                    model, model.thing).join(model.check).where(
                    model.stage == stage, Check.department_id == own).options(
                    contains_eager(model.check).options(*TITLED))):
                yield Task(verb, one.check.title, f"/checks/{one.check_id}", due_on, bool(provisional))
    for letter, due_on, provisional in session.execute(_clocked(Letter, "letter").where(
            Letter.stage == "issued", Letter.department_id == own)):
        yield Task("回复督办函", letter.scheme.title, f"/schemes/{letter.scheme.code}", due_on,
                   bool(provisional))
    for one in aftermath.to_be_corrected(session, own):
        yield Task("提出更正（异议成立）", one.check.title, f"/checks/{one.check_id}")
    to_follow = [code for code, one in settings.results().categories.items() if one.needs_follow_up]
    for check in aftermath.undecided(session, own, to_follow):
        yield Task("定后续处置", check.title, f"/checks/{check.id}")


def _office(session: Session, actor: Actor) -> Iterator[Task]:
    if _has(actor, Role.OFFICE):
        for scheme in session.scalars(select(Scheme).where(
                Scheme.cancel_asked_by_id.is_not(None), Scheme.cancel_asked_by_id != actor.id,
                Scheme.stage.not_in(("cancelled", "concluded", "publicised")))):
            yield Task("决定是否取消方案", scheme.title, f"/schemes/{scheme.code}")
        for alarm in rounds.alarms(session):
            yield Task("通知管理员", alarm, "/office")
        if given_up := len(outbox.poison(session)):
            yield Task("处理发不出的事件", f"{given_up}条事件被流程引擎拒绝", "/office")
