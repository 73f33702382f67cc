"""Report that a seated inspector cannot come, and have the seat drawn again (four eyes, art. 9)."""

from blocks import engine
from blocks.actions import Done
from blocks.actions.recusals import account_of, seat_of, vacate
from blocks.errors import RuleViolation, StageError
from blocks.register import notices
from blocks.register.directories import account
from blocks.register.merging import hold
from blocks.register.trail import advance, begin
from blocks.register.visits import Absence, Check

REASONS = {"ill": "因病不能参加", "transferred": "已调离", "certificate": "执法证失效",
           "other": "其他原因不能参加"}


def report(login: str, check_id: int | str, why: str, note: str = "",
           certificate: str | None = None) -> Done:
    """Report that somebody of a check's team cannot come. `why`: a code of REASONS."""
    if why not in REASONS:
        raise RuleViolation(f"换人理由「{why}」看不懂",
                            "可用：" + "、".join(f"{k} {v}" for k, v in REASONS.items()))
    if why == "other" and not note.strip():
        raise RuleViolation("其他原因须写明", "请用 --note 写明")
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = hold(session, Check, check_id)
        seat = seat_of(session, check, actor, certificate)
        if check.stage != "planned" or check.record_number:
            raise StageError(f"{check.title}已经填报，不能再换人", "请向审核人说明")
        reason = f"{REASONS[why]}。{note.strip()}".rstrip("。")
        absence = Absence(seat=seat, seat_id=seat.id, why=why, reported_by_id=actor.id,
                          concerned_id=account_of(session, seat))
        begin(session, absence, actor, reason=reason)
        notices.queue(session, f"absence:{absence.id}", "absence", f"请决定换人：{check.title}",
                      f"编号 {absence.id}，{seat.inspector.name}{reason}。",
                      department_id=check.department_id, scheme_id=check.visit.scheme_id)
        return Done(f"{check.title}：换人申请已登记（编号{absence.id}）",
                    "等本部门审批人决定；决定之前席位不变", {"absence": absence.id})


def decide(login: str, absence_id: int | str, *, grant: bool, reason: str = "") -> Done:
    """Confirm it, and the seat is drawn again; or refuse, with a reason."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        absence = hold(session, Absence, absence_id)
        seat = absence.seat
        if grant and seat.vacated_at is None:
            if seat.check.record_number:
                raise StageError(f"{seat.check.title}已经填报，不能再换人", "请用 --refuse 了结此申请")
            vacate(session, seat)
        advance(session, absence, "confirmed" if grant else "refused", actor, reason=reason,
                decided_by_id=actor.id)
        if grant:
            return Done(f"{seat.inspector.name}不再参加，席位空出",
                        "系统随即从封存的名单中重新抽定这一席，其他人不变")
        return Done("不予换人，席位不变", "")
