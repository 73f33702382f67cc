"""How a scheme stands: stage, who is awaited until when, counts. For status, artifacts, desks."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import notices
from blocks.register.directories import Account, Department, Inspector
from blocks.register.draws import DrawSource, open_draw
from blocks.register.due import MOST_TRIES, find
from blocks.register.merging import merged
from blocks.register.schemes import Assignment, Attempt, Scheme, departments_of
from blocks.register.trail import DueLine, TrailLine
from blocks.register.visits import Check, Seat, Visit, live_checks
from blocks.rules import stages
from blocks.rules.deadlines import CLOCKS
from blocks.workdays import Due, say_left

HALF_LABELS = {"am": "上午", "pm": "下午"}


def open_dues(session: Session, scheme_id: int) -> list[dict[str, Any]]:
    """Return the scheme's running clocks, soonest first; equal ones are counted together.

    Each: {clock, department, due_on, left (Chinese), provisional, count}.
    """
    rows = session.execute(select(
        DueLine.clock, Department.short_name, DueLine.due_on, DueLine.provisional, func.count(),
    ).outerjoin(Department, Department.id == DueLine.department_id).where(
        DueLine.scheme_id == scheme_id, DueLine.met_at.is_(None),
    ).group_by(DueLine.clock, Department.short_name, DueLine.due_on, DueLine.provisional,
               ).order_by(DueLine.due_on, DueLine.clock)).all()
    today, calendar = settings.today(), settings.calendar()
    return [{
        "clock": CLOCKS[clock].label, "department": short or "", "due_on": due_on,
        "left": say_left(Due(due_on, provisional, ""), today, calendar),
        "provisional": provisional, "count": count,
    } for clock, short, due_on, provisional, count in rows]


def counts(session: Session, scheme_id: int) -> dict[str, dict[str, int]]:
    """Return how many visits and checks stand at which stage, by Chinese label."""
    visits = session.execute(select(Visit.stage, func.count()).where(
        Visit.scheme_id == scheme_id).group_by(Visit.stage)).all()
    checks = session.execute(select(Check.stage, func.count()).join(Check.visit).where(
        Visit.scheme_id == scheme_id, Visit.stage != "replaced").group_by(Check.stage)).all()
    return {"visit": {stages.label("visit", s): n for s, n in visits},
            "check": {stages.label("check", s): n for s, n in checks}}


def check_rows(session: Session, scheme_id: int) -> list[tuple[str, ...]]:
    """Return a row for each check of a live visit: ids, business, department, time, people, stage."""
    people: dict[int, list[str]] = {}
    for check_id, name, suspended in session.execute(select(
            Seat.check_id, Inspector.name, Seat.suspended).join(Seat.inspector).join(
            Seat.check).join(Check.visit).where(
            Visit.scheme_id == scheme_id, Seat.vacated_at.is_(None)).order_by(
            Seat.leads.desc(), Seat.id)):
        people.setdefault(check_id, []).append(f"{name}（暂停）" if suspended else name)
    checks = live_checks(session, scheme_id)
    along = {visit.id for visit in merged(session, {check.visit for check in checks})}
    return [(
        str(check.visit_id), str(check.id), check.visit.target.name, check.department.short_name,
        visit_time(check.visit) + ("（合并上门）" if check.visit_id in along else ""),
        "、".join(people.get(check.id, [])), stages.label("check", check.stage),
    ) for check in checks]


def visit_time(visit: Visit) -> str:
    """Return when a visit takes place, in Chinese."""
    return f"{visit.day:%m-%d}{HALF_LABELS[visit.half]}" if visit.day and visit.half else "未定"


def own_rows(session: Session, actor: stages.Actor) -> list[tuple[str, ...]]:
    """Return a row for each check an inspector is to take part in, soonest first.

    Who is suspended from one sees nothing of it (art. 9).
    """
    checks = session.scalars(select(Check).join(Seat, Seat.check_id == Check.id).join(
        Check.visit).where(
        Seat.inspector_id == actor.inspector_id, Seat.vacated_at.is_(None), ~Seat.suspended,
        Visit.stage != "replaced", Check.stage.in_(("planned", "recorded")),
    ).order_by(Visit.day.nulls_last(), Visit.half, Check.id))
    return [(str(check.visit_id), str(check.id), check.visit.target.name,
             check.visit.target.address, visit_time(check.visit), "、".join(check.item_codes),
             stages.label("check", check.stage)) for check in checks]


def awaited(session: Session, scheme: Scheme) -> str:
    """Return, in Chinese, whom or what the scheme waits for now."""
    lead = scheme.lead.short_name
    simple = {
        "drafted": f"{lead}经办人提交审批", "submitted": f"{lead}审批人批准或退回",
        "drawn": "系统派发任务", "staffed": f"到{scheme.window_start}开始检查",
        "concluded": "系统公示结果", "publicised": "全部办结", "cancelled": "已取消",
    }
    if scheme.stage in simple:
        return simple[scheme.stage]
    if scheme.stage == "approved":
        return _awaited_by_draw(session, scheme)
    if scheme.stage == "dispatched":
        return _awaited_by_assignments(session, scheme)
    by_department = session.execute(select(Department.short_name, func.count()).join(
        Check, Check.department_id == Department.id).join(Check.visit).where(
        Visit.scheme_id == scheme.id, Visit.stage != "replaced", Check.stage == "planned",
    ).group_by(Department.short_name)).all()
    review = session.scalar(select(func.count()).select_from(Check).join(Check.visit).where(
        Visit.scheme_id == scheme.id, Visit.stage != "replaced", Check.stage == "recorded"))
    parts = [f"{name}检查{n}家" for name, n in by_department]
    return "；".join(parts + ([f"审核{review}份记录"] if review else [])) or "系统汇总检查结果"


def _awaited_by_draw(session: Session, scheme: Scheme) -> str:
    draw = open_draw(session, scheme.id)
    if draw is None:
        return "系统预告抽取"
    missing = DrawSource.commitment if draw.stage == "announced" else DrawSource.value
    rows = session.execute(select(DrawSource.kind, Department.short_name, DrawSource.locator)
                           .outerjoin(Department, Department.id == DrawSource.department_id)
                           .where(DrawSource.draw_id == draw.id, missing.is_(None),
                                  (DrawSource.kind == "reveal") | (draw.stage == "sealed"))).all()
    what = "随机数承诺" if draw.stage == "announced" else "揭示随机数"
    said = [f"{short}{what}" if kind == "reveal" else f"录入{locator}"
            for kind, short, locator in rows]
    return "；".join(said) or ("系统封存" if draw.stage == "announced" else "系统出签")


def _awaited_by_assignments(session: Session, scheme: Scheme) -> str:
    says = {"sent": "接收任务", "sent_back": "已退回，等办公室处理", "accepted": "系统配员"}
    rows = session.execute(select(Department.short_name, Assignment.stage, Assignment.shortage)
                           .join(Assignment.department)
                           .where(Assignment.scheme_id == scheme.id)
                           .order_by(Assignment.id)).all()
    said = [f"{short}人员不足：{shortage}" if shortage else f"{short}{says[stage]}"
            for short, stage, shortage in rows if stage in says]
    return "；".join(said) or "系统确定检查时间"


def stuck_works(session: Session) -> list[Attempt]:
    """Return the works that are still due and were started five times in vain (G17)."""
    due = {work.key for work in find(session)}
    stuck = session.scalars(select(Attempt).where(Attempt.tries >= MOST_TRIES).order_by(Attempt.key))
    return [one for one in stuck if one.key in due]


def needs_a_person(session: Session) -> list[str]:
    """Return, in Chinese, the works started five times in vain and the notices nobody took (G17)."""
    return [f"流程 {a.flow} 已启动{a.tries}次仍未办成，请在 Prefect 界面查看运行 {a.last_run}"
            for a in stuck_works(session)] + [
            f"通知未能发出：{n.subject}（{n.last_error}）" for n in notices.failed(session)]


def timeline(session: Session, scheme_id: int, *, whole: bool = False) -> list[dict[str, Any]]:
    """Return what happened to a scheme, in order: {at, who, run, what, thing, count, reason}.

    Unless `whole`, equal moves between two runs of a flow (36 checks reviewed) are told in one
    line, with who made them or how many did.
    """
    rows = session.execute(select(TrailLine, Account.name).join(
        Account, Account.id == TrailLine.actor_id).where(
        TrailLine.scheme_id == scheme_id).order_by(TrailLine.number)).all()
    told: list[dict[str, Any]] = []
    since: dict[tuple, dict[str, Any]] = {}
    run_before = None
    for line, name in rows:
        run = line.details.get("run", "")
        if run != run_before:
            since, run_before = {}, run
        key = (line.thing, line.label, line.reason if line.thing not in ("check", "visit") else "")
        entry = since.get(key) if not whole else None
        if entry is None:
            entry = {"at": line.at.astimezone(settings.SHANGHAI), "names": set(), "run": run,
                     "what": line.label, "thing": stages.KINDS[line.thing].label, "count": 0,
                     "reason": line.reason}
            told.append(entry)
            since[key] = entry
        entry["names"].add(name)
        entry["count"] += 1
    for entry in told:
        names = entry.pop("names")
        entry["who"] = next(iter(names)) if len(names) == 1 else f"{len(names)}人"
    return told


def scheme_story(session: Session, scheme: Scheme) -> dict[str, Any]:
    """Return what the artifact and `choucha status` tell of a scheme."""
    return {
        "title": scheme.title, "stage": scheme.stage,
        "stage_label": stages.label("scheme", scheme.stage),
        "departments": [d.short_name for d in departments_of(session, scheme)],
        "awaited": awaited(session, scheme), "dues": open_dues(session, scheme.id),
        "counts": counts(session, scheme.id), "scheme_code": scheme.code,
        "site_url": settings.site_url(),
    }
