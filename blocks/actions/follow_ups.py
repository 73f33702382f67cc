"""What is done about a finding: order to rectify with its own due date, refer, copy; close (art. 10)."""

from datetime import date

from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.actions.checks import _seat
from blocks.errors import RuleViolation, StageError
from blocks.register import notices
from blocks.register.aftermath import FollowUp
from blocks.register.directories import account, department
from blocks.register.trail import advance, begin
from blocks.register.visits import Check, get
from blocks.rules.stages import Actor, Role

COPIED = "copied_to_department"
NOTHING_TO_DO = "经研究无需后续处置"


def order(login: str, check_id: int | str, kind: str, instructions: str = "",
          due_on: date | None = None, to_department: str = "", *, recheck: bool = False) -> Done:
    """Decide what follows a finding. `kind`: a code of config/results.yaml; `due_on`: by when, else
    the city's own period; `to_department`: whom it is copied to.

    Raises:
        RuleViolation: nothing was found, or the decision lacks something.
    """
    wanted = settings.results().follow_up(kind)
    if due_on is not None and due_on < settings.today():
        raise RuleViolation(f"期限{due_on}已经过去", "请填写今天或以后的日期", article=10)
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = get(session, Check, check_id)
        entry = _found(check)
        if wanted.stays_open and not instructions.strip():
            raise RuleViolation(f"「{wanted.label}」须写明要求", "请写明要改正什么，或移送、抄告的事由",
                                article=10)
        told = department(session, to_department) if to_department else None
        if kind == COPIED and told is None:
            raise RuleViolation("抄告其他部门须选明是哪个部门", "请选择部门", article=10)
        follow_up = FollowUp(check=check, check_id=check.id, record_number=entry.number, kind=kind,
                             instructions=instructions.strip(), recheck=recheck and wanted.stays_open,
                             to_department_id=told.id if told else None, due_on=due_on)
        begin(session, follow_up, actor, reason=instructions)
        _of_the_check(session, check, actor)
        if not wanted.stays_open:
            advance(session, follow_up, "closed", actor, reason=instructions.strip() or NOTHING_TO_DO,
                    outcome=instructions.strip() or NOTHING_TO_DO)
            return Done(f"{check.title}：{wanted.label}", "没有待办的后续处置", {"follow_up": follow_up.id})
        if told:
            notices.queue(session, f"follow_up:{follow_up.id}", "follow_up",
                          f"抄告：{check.title}", follow_up.instructions, department_id=told.id,
                          scheme_id=check.visit.scheme_id)
        return Done(f"{check.title}：{wanted.label}已登记（编号{follow_up.id}）",
                    "到期前系统提醒本部门" + ("；复查之后才能办结" if recheck else ""),
                    {"follow_up": follow_up.id})


def _found(check: Check):
    entry = check.latest
    if check.stage == "planned" or entry is None:
        raise StageError(f"{check.title}还没有检查记录", "记录确认之后再定后续处置")
    category = settings.results().category(entry.category)
    if not (category.needs_follow_up or category.needs_description):
        raise RuleViolation(f"检查结果为「{category.label}」，没有需要处置的问题",
                            "结果有误的，请先提出更正", article=10)
    return entry


def _of_the_check(session: Session, check: Check, actor: Actor) -> None:
    if not actor.roles & {Role.DRAFTER, Role.APPROVER}:
        _seat(session, check, actor)


def postpone(login: str, follow_up_id: int | str, due_on: date, reason: str) -> Done:
    """Set another due date, with reasons; the clock counts to the new day."""
    if due_on < settings.today():
        raise RuleViolation(f"期限{due_on}已经过去", "请填写今天或以后的日期", article=10)
    with engine.change() as session:
        actor = account(session, login).as_actor()
        follow_up = get(session, FollowUp, follow_up_id)
        advance(session, follow_up, "open", actor, verb="改期", reason=reason, due_on=due_on)
        return Done(f"{follow_up.title}：期限改为{due_on:%Y年%m月%d日}", "到期前系统再行提醒")


def close(login: str, follow_up_id: int | str, reason: str, rechecked_on: date | None = None) -> Done:
    """Close a follow-up with what came of it (`reason`); where a recheck was ordered, with its day.

    Raises:
        RuleViolation: the recheck is missing, or lies in the future.
    """
    with engine.change() as session:
        actor = account(session, login).as_actor()
        follow_up = get(session, FollowUp, follow_up_id)
        if follow_up.stage == "open" and follow_up.recheck and rechecked_on is None:
            raise RuleViolation("这项后续处置要求复查，须写明复查日期", "复查之后再办结", article=10)
        if rechecked_on is not None and rechecked_on > settings.today():
            raise RuleViolation(f"复查日期{rechecked_on}还没有到", "请填写实际复查的日期", article=10)
        advance(session, follow_up, "closed", actor, reason=reason, outcome=reason.strip(),
                rechecked_on=rechecked_on)
        _of_the_check(session, follow_up.check, actor)
        pending = follow_up.check.latest.category == "problem_pending"
        return Done(f"{follow_up.title}：已办结", "公示的结果仍是「发现问题待后续处理」，"
                    "如已改正请提出更正，两个版本都会公示" if pending else "留痕可查")

