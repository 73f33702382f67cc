"""Accept an assignment, send it back, send it again, withdraw it (art. 6, 9)."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import engine
from blocks.actions import Done
from blocks.errors import NotFound, RuleViolation
from blocks.register import notices
from blocks.register.directories import InspectionItem, account, department
from blocks.register.schemes import Assignment
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.rules.schemes import check_items


def _find(session: Session, code: str, department_id: int | None) -> Assignment:
    scheme = find_scheme(session, code, lock=True)
    found = session.scalar(select(Assignment).where(
        Assignment.scheme_id == scheme.id, Assignment.department_id == department_id,
    ).with_for_update())
    if found is None:
        raise NotFound(f"方案 {scheme.title} 没有派发给该部门的任务",
                       "方案派发之后，参与部门才有任务；请看方案的最新进展")
    return found


def accept(login: str, code: str, items: Sequence[str] | None = None) -> Done:
    """Accept this department's assignment with the items it will inspect (default: the proposed)."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        assignment = _find(session, code, actor.department_id)
        chosen = list(items or assignment.item_codes)
        scheme = assignment.scheme
        catalogue = {i.code: i for i in session.scalars(select(InspectionItem))}
        wrong = check_items(chosen, assignment.department.code, catalogue, scheme.window_start,
                            scheme.window_end)
        if wrong:
            raise RuleViolation("\n".join(f"· {w.message}：{w.remedy}" for w in wrong),
                                "什么都没有改动，请用 --items 重新选择事项")
        advance(session, assignment, "accepted", actor, verb="接收任务", item_codes=chosen,
                accepted_by_id=actor.id, details={"items": chosen})
        return Done(f"{assignment.title}：任务已接收，检查事项{len(chosen)}项",
                    "系统随即从封存的名单中抽定本部门检查人员")


def send_back(login: str, code: str, reason: str) -> Done:
    """Send the assignment back to the office, with a reason."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        assignment = _find(session, code, actor.department_id)
        line = advance(session, assignment, "sent_back", actor, reason=reason)
        notices.queue(session, f"sent-back:{assignment.id}:{line.version}", "sent_back",
                      f"{assignment.title}退回了任务", f"理由：{reason}。请与牵头部门商定后再次派发或撤回。",
                      department_id=assignment.scheme.lead_id, scheme_id=assignment.scheme_id)
        return Done(f"{assignment.title}：任务已退回联席会议办公室", "办公室会与牵头部门商定再次派发或撤回")


def resend(login: str, code: str, department_code: str, reason: str) -> Done:
    """Send an assignment again that was sent back (the office, with the lead)."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        assignment = _find(session, code, department(session, department_code).id)
        line = advance(session, assignment, "sent", actor, reason=reason)
        notices.queue(session, f"assignment:{assignment.id}:{line.version}", "assignment",
                      f"请接收任务：{assignment.scheme.title}", f"任务再次派发。说明：{reason}",
                      department_id=assignment.department_id, scheme_id=assignment.scheme_id)
        return Done(f"{assignment.title}：任务已再次派发", "接收期限重新计算")


def withdraw(login: str, code: str, department_code: str, reason: str) -> Done:
    """Let a department out of a scheme; at least one participant must stay (art. 2)."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        assignment = _find(session, code, department(session, department_code).id)
        advance(session, assignment, "withdrawn", actor, reason=reason)
        left = session.scalar(select(func.count()).select_from(Assignment).where(
            Assignment.scheme_id == assignment.scheme_id, Assignment.stage != "withdrawn"))
        if not left:
            raise RuleViolation("撤回之后就没有参与部门了，联合抽查须有两个以上部门",
                                "请再次派发，或取消方案", article=2)
        return Done(f"{assignment.title}：任务已撤回", "其余部门照常进行")
