"""Claim and decide recusals (回避, art. 9)."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register import notices
from blocks.register.directories import Account, Inspector, Interest, account
from blocks.register.trail import advance, begin
from blocks.register.visits import Check, Recusal, Seat, get, live_seats
from blocks.rules.stages import Actor

FIRST_DECISION = 2  # the version a recusal has when it was decided once


def _seat_of(session: Session, check: Check, actor: Actor, certificate: str | None) -> Seat:
    for seat in live_seats(session, check.id):
        wanted = (seat.inspector.certificate_no == certificate if certificate
                  else seat.inspector_id == actor.inspector_id)
        if wanted and not seat.suspended:
            return seat
    raise NotFound(f"{check.title}的检查人员中没有要回避的人（或已经申请）",
                   "检查人员为自己申请；经办人可用 --inspector 执法证号 指明")


def claim(login: str, check_id: int | str, reason: str, certificate: str | None = None) -> Done:
    """Claim a recusal; the person is suspended from the check at once."""
    if not reason.strip():
        raise RuleViolation("申请回避须写明利害关系", "请用 --reason 写明", article=9)
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = get(session, Check, check_id)
        seat = _seat_of(session, check, actor, certificate)
        if check.stage != "planned":
            raise RuleViolation(f"{check.title}已经填报，不能再换人", "请向审核人说明", article=9)
        concerned = session.scalar(select(Account.id).where(
            Account.inspector_id == seat.inspector_id))
        recusal = Recusal(seat=seat, seat_id=seat.id, reason=reason.strip(),
                          claimed_by_id=actor.id, concerned_id=concerned)
        begin(session, recusal, actor, reason=reason)
        seat.suspended = True
        notices.queue(session, f"recusal:{recusal.id}", "recusal", f"请决定回避申请：{check.title}",
                      f"编号 {recusal.id}，理由：{reason}。决定之前该检查人员暂停参加。",
                      department_id=check.department_id, scheme_id=check.visit.scheme_id)
        return Done(f"{check.title}：回避申请已登记（编号{recusal.id}）",
                    "该检查人员即时暂停参加，等本部门审批人3日内决定", {"recusal": recusal.id})


def decide(login: str, recusal_id: int | str, *, grant: bool, reason: str) -> Done:
    """Grant or refuse a recusal. Granted: the seat is drawn again, everybody else stays."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        recusal = get(session, Recusal, recusal_id)
        again = "复核" if recusal.stage == "reconsidered" else ""
        verb = again + ("同意回避" if grant else "维持不予回避" if again else "不予回避")
        seat = recusal.seat
        if grant:  # before the move: whether a flow is due depends on the seat
            seat.vacated_at = settings.now()
        advance(session, recusal, "granted" if grant else "refused", actor, verb=verb,
                reason=reason, decided_by_id=actor.id)
        seat.suspended = grant
        if grant:
            session.execute(insert(Interest).values(
                inspector_id=seat.inspector_id, target_id=seat.check.visit.target_id,
                reason="回避申请经同意").on_conflict_do_nothing())
            name = session.get(Inspector, seat.inspector_id).name
            return Done(f"{name}回避，席位空出", "系统随即从封存的名单中重新抽定这一席，其他人不变")
        return Done("不予回避，该检查人员恢复参加", "本人可用 choucha recusal appeal 申请复核一次")


def appeal(login: str, recusal_id: int | str, reason: str) -> Done:
    """Ask once that a refused recusal be considered again, by another person."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        recusal = get(session, Recusal, recusal_id)
        if recusal.stage == "refused" and recusal.version > FIRST_DECISION:
            raise StageError("此回避申请已经复核过，不再复核", "复核一次为限；有新的事实请另行申请")
        advance(session, recusal, "reconsidered", actor, reason=reason)
        if actor.id not in (recusal.claimed_by_id, recusal.concerned_id):
            raise RuleViolation("只有申请人或被申请回避的人可以申请复核", "请由本人提出", article=9)
        recusal.seat.suspended = True
        return Done("已申请复核", "由本部门另一位审批人3日内决定；期间暂停参加")
