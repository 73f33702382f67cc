"""The night's checks: the trail, provisional due dates, next year's calendar, who cannot come."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, or_, select

from blocks import engine, settings
from blocks.errors import InspectionError
from blocks.register import almanac, guard, notices, rounds, sessions, sizes, trail, waking
from blocks.register.directories import Inspector, Leave
from blocks.register.schemes import Attempt, Scheme
from blocks.register.takers import match_lists
from blocks.register.trail import DueLine
from blocks.register.visits import Check, Seat, Visit
from blocks.rules.stages import Actor


def check_trail() -> str:
    """Recompute the whole trail.

    Raises:
        InspectionError: a line was changed, removed or put in; the run fails for all to see.
    """
    with engine.change() as session:
        number, wrong = trail.verify(session)
    if wrong:
        raise InspectionError("留痕校验不符：" + "；".join(wrong[:5]),
                              "请立即保全数据库并通知监督人员")
    return f"留痕{number}条，逐条校验相符"


def recount_provisional(who: Actor) -> str | None:
    """Count provisional due dates anew: the schedule of a year may have come."""
    with engine.change() as session:
        moved = almanac.recount(session, who, why="放假安排已公布，暂定期限重新计算", provisional_only=True)
    return f"重新计算暂定期限{len(moved)}项" if moved else None


def check_calendar() -> str | None:
    """Say when a year that due dates reach into has no official schedule."""
    with engine.change() as session:
        number = session.scalar(select(func.count()).select_from(DueLine).where(
            DueLine.provisional, DueLine.met_at.is_(None)))
    return f"{number}项期限暂定：跨入的年度尚未公布放假安排" if number else None


def refresh_lists() -> str | None:
    """Bring to this day what the lists say of businesses: who left one, what is over a year old."""
    with engine.change() as session:
        changed = match_lists(session, settings.today())
    return f"按名单更新企业情况{changed}处" if changed else None


def tidy() -> None:
    """Forget what only the portal's last month needed (sessions that ended, forms that were sent), and
    what our engine remembers longer than Prefect its runs: events taken up, rounds, starts. A line of the outbox
    stays beside its line of the trail: `choucha check` asks for both."""
    month_ago = settings.now() - timedelta(days=30)
    long_ago = settings.now() - timedelta(days=settings.get().retention_days)
    with engine.change() as session:
        sessions.forget(session, month_ago)
        guard.forget(session, month_ago)
        for kind in (waking, rounds):
            kind.forget(session, long_ago)
        session.execute(delete(Attempt).where(Attempt.last_at < long_ago))


def measure() -> str:
    """Say how large everything has grown."""
    with engine.change() as session:
        return sizes.told(session)


def find_unfit() -> str | None:
    """Tell each department once of a seat whose inspector cannot come any more: left, certificate
    run out, on leave that day. Who is exchanged and why is for two people to say (art. 9)."""
    day = func.coalesce(Visit.day, Scheme.window_end)
    on_leave = exists().where(Leave.inspector_id == Inspector.id, Leave.first <= Visit.day,
                              Leave.last >= Visit.day)
    told = 0
    with engine.change() as session:
        for seat in session.scalars(select(Seat).join(Seat.check).join(Check.visit).join(
                Visit.scheme).join(Seat.inspector).where(
                Seat.vacated_at.is_(None), Check.stage == "planned", Check.record_number == 0,
                Visit.stage != "replaced", Scheme.stage.in_(("dispatched", "staffed", "in_field")),
                or_(~Inspector.active, Inspector.department_id != Check.department_id,
                    Inspector.certificate_from > day, Inspector.certificate_to < day, on_leave))):
            check, person = seat.check, seat.inspector
            told += notices.queue(
                session, f"unfit:{seat.id}:{check.visit.day}", "absence", f"请换人：{check.title}",
                f"{person.name}（{person.certificate_no}）届时不能参加（已不在名录、执法证失效或请假）。"
                f"请用 choucha absence report {check.id} --inspector {person.certificate_no} 申请换人。",
                department_id=check.department_id, scheme_id=check.visit.scheme_id)
    return f"{told}个席位的检查人员届时不能参加，已通知其部门" if told else None
