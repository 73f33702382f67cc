"""How a scheme stands: stage, who is awaited until when, counts. For status, artifacts, desks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import notices, outbox, rounds
from blocks.register.directories import Account, Department, Inspector
from blocks.register.draws import Draw, DrawSource
from blocks.register.due import MOST_TRIES, find
from blocks.register.merging import merged
from blocks.register.schemes import Assignment, Attempt, Scheme, departments_of
from blocks.register.trail import DueLine, TrailLine
from blocks.register.visits import Check, Seat, Visit, live_checks
from blocks.rules import stages
from blocks.rules.deadlines import CLOCKS
from blocks.workdays import WEEKDAYS, Due, say_left

HALF_LABELS = {"am": "上午", "pm": "下午"}


def open_dues(session: Session, scheme_id: int) -> list[dict[str, Any]]:
    """Return the scheme's running clocks, soonest first; equal ones are counted together.

    Each: {clock, department, due_on, left (Chinese), provisional, count}.
    """
    return _dues(session, [scheme_id])[scheme_id]


def _dues(session: Session, scheme_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the running clocks of several schemes, as `open_dues` does of one."""
    rows = session.execute(select(
        DueLine.scheme_id, DueLine.clock, Department.short_name, DueLine.due_on, DueLine.provisional,
        func.count()).outerjoin(Department, Department.id == DueLine.department_id).where(
        DueLine.scheme_id.in_(scheme_ids), DueLine.met_at.is_(None),
    ).group_by(DueLine.scheme_id, DueLine.clock, Department.short_name, DueLine.due_on,
               DueLine.provisional).order_by(DueLine.due_on, DueLine.clock))
    today, calendar = settings.today(), settings.calendar()
    found: dict[int, list[dict[str, Any]]] = {id_: [] for id_ in scheme_ids}
    for scheme_id, clock, short, due_on, provisional, count in rows:
        found[scheme_id].append({
            "clock": CLOCKS[clock].label, "department": short or "", "due_on": due_on,
            "left": say_left(Due(due_on, provisional, ""), today, calendar),
            "provisional": provisional, "count": count})
    return found


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
    if not (visit.day and visit.half):
        return "未定"
    day = visit.day
    return f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}{HALF_LABELS[visit.half]}"


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
    return _awaited(session, [scheme])[scheme.id]


def _awaited(session: Session, schemes: Sequence[Scheme]) -> dict[int, str]:
    """Return whom or what each scheme waits for: a query a stage, not a query a scheme."""
    told = {one.id: _awaited_by_stage(one) for one in schemes}
    for stages_, ask in ((("approved",), _awaited_by_draws), (("dispatched",), _awaited_by_assignments),
                         (("in_field",), _awaited_by_checks)):
        ids = [one.id for one in schemes if one.stage in stages_]
        if ids:
            told |= ask(session, ids)
    return told


def _awaited_by_stage(scheme: Scheme) -> str:
    lead = scheme.lead.short_name
    return {
        "drafted": f"{lead}经办人提交审批", "submitted": f"{lead}审批人批准或退回",
        "drawn": "系统派发任务", "staffed": f"到{scheme.window_start}开始检查",
        "concluded": "系统公示结果", "publicised": "全部办结", "cancelled": "已取消",
    }.get(scheme.stage, "")


def _awaited_by_checks(session: Session, ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(select(
        Visit.scheme_id, Check.stage, Department.short_name, func.count()).join(Check.visit).join(
        Check.department).where(
        Visit.scheme_id.in_(ids), Visit.stage != "replaced", Check.stage.in_(("planned", "recorded")),
    ).group_by(Visit.scheme_id, Check.stage, Department.short_name).order_by(Department.short_name)).all()
    told = {}
    for id_ in ids:
        own = [row[1:] for row in rows if row[0] == id_]
        parts = [f"{name}检查{n}家" for stage, name, n in own if stage == "planned"]
        review = sum(n for stage, _, n in own if stage == "recorded")
        told[id_] = "；".join(parts + ([f"审核{review}份记录"] if review else [])) or "系统汇总检查结果"
    return told


def _awaited_by_draws(session: Session, ids: Sequence[int]) -> dict[int, str]:
    told = dict.fromkeys(ids, "系统预告抽取")
    missing = ((Draw.stage == "announced") & (DrawSource.kind == "reveal") & DrawSource.commitment.is_(None)) | (
        (Draw.stage != "announced") & DrawSource.value.is_(None)
        & ((DrawSource.kind == "reveal") | (Draw.stage == "sealed")))
    rows = session.execute(select(
        Draw.scheme_id, Draw.stage, DrawSource.kind, Department.short_name, DrawSource.locator,
    ).outerjoin(DrawSource, (DrawSource.draw_id == Draw.id) & missing).outerjoin(
        Department, Department.id == DrawSource.department_id).where(
        Draw.scheme_id.in_(ids), Draw.stage != "void").order_by(DrawSource.position)).all()
    for id_ in {row[0] for row in rows}:
        own = [row[1:] for row in rows if row[0] == id_]
        sealed = own[0][0] != "announced"
        what = "揭示随机数" if sealed else "随机数承诺"
        said = [f"{short}{what}" if kind == "reveal" else f"录入{locator}"
                for _, kind, short, locator in own if kind]
        told[id_] = "；".join(said) or ("系统出签" if sealed else "系统封存")
    return told


def _awaited_by_assignments(session: Session, ids: Sequence[int]) -> dict[int, str]:
    says = {"sent": "接收任务", "sent_back": "已退回，等办公室处理", "accepted": "系统配员"}
    rows = session.execute(select(
        Assignment.scheme_id, Department.short_name, Assignment.stage, Assignment.shortage).join(
        Assignment.department).where(Assignment.scheme_id.in_(ids)).order_by(Assignment.id)).all()
    told = {}
    for id_ in ids:
        said = [f"{short}人员不足：{shortage}" if shortage else f"{short}{says[stage]}"
                for own, short, stage, shortage in rows if own == id_ and stage in says]
        told[id_] = "；".join(said) or "系统确定检查时间"
    return told


def stuck_works(session: Session) -> list[Attempt]:
    """Return the works that are still due and were started five times in vain (G17)."""
    due = {work.key for work in find(session)}
    stuck = session.scalars(select(Attempt).where(Attempt.tries >= MOST_TRIES).order_by(Attempt.key))
    return [one for one in stuck if one.key in due]


def needs_a_person(session: Session) -> list[str]:
    """Return, in Chinese, what should have run and has not, the works started five times in vain, the
    notices nobody took, the events that were refused (G17, G18)."""
    return [
        *rounds.alarms(session),
        *(f"流程 {a.flow} 已启动{a.tries}次仍未办成，请在 Prefect 界面查看运行 {a.last_run}"
          for a in stuck_works(session)),
        *(f"通知未能发出：{n.subject}（{n.last_error}）" for n in notices.failed(session)),
        *(f"事件 {line.event}（留痕第{line.trail_number}条）被拒绝{line.tries}次，请用 choucha relay 处理"
          for line in outbox.poison(session))]


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


def standings(session: Session, schemes: Sequence[Scheme]) -> list[dict[str, Any]]:
    """Return how each scheme stands: {scheme_code, title, stage, stage_label, awaited, dues}."""
    if not schemes:
        return []
    dues = _dues(session, [one.id for one in schemes])
    waits = _awaited(session, schemes)
    return [{"scheme_code": one.code, "title": one.title, "stage": one.stage,
             "stage_label": stages.label("scheme", one.stage), "awaited": waits[one.id],
             "dues": dues[one.id]} for one in schemes]


def scheme_story(session: Session, scheme: Scheme) -> dict[str, Any]:
    """Return what the artifact and `choucha status` tell of a scheme."""
    return {
        **standings(session, [scheme])[0],
        "departments": [d.short_name for d in departments_of(session, scheme)],
        "counts": counts(session, scheme.id), "site_url": settings.site_url(),
    }
