"""Dispatch: an assignment for every participating department (派发, art. 9)."""

from blocks import engine
from blocks.register import notices
from blocks.register.contents import proposed_items
from blocks.register.directories import Department
from blocks.register.schemes import Assignment
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance, begin
from blocks.register.visits import live_visits
from blocks.rules.stages import Actor


def dispatch(scheme_id: int, actor: Actor) -> str | None:
    """Send each participant its assignment and queue its notice; then the scheme is dispatched."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        if scheme.stage != "drawn":
            return None
        visits = live_visits(session, scheme.id)
        for department_id in scheme.participant_ids:
            department = session.get_one(Department, department_id)
            assignment = Assignment(scheme=scheme, scheme_id=scheme.id,
                                    department=department, department_id=department_id,
                                    item_codes=proposed_items(session, scheme, department))
            line = begin(session, assignment, actor)
            notices.queue(
                session, f"assignment:{assignment.id}:{line.version}", "assignment",
                f"请接收任务：{scheme.title}",
                f"{scheme.lead.name}牵头，检查{len(visits)}家，时间{scheme.window_start}至"
                f"{scheme.window_end}。请接收并选定检查事项，或写明理由退回。",
                department_id=department_id, scheme_id=scheme.id)
        advance(session, scheme, "dispatched", actor)
        return f"已派发给{len(scheme.participant_ids)}个参与部门，检查对象{len(visits)}家"
