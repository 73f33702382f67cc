"""Claim and decide recusals (回避, art. 9): by the inspector, the department, or the business."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register import notices
from blocks.register.directories import Account, Interest, account, business_account
from blocks.register.merging import hold, same_person
from blocks.register.trail import advance, begin
from blocks.register.visits import Check, Recusal, Seat, Visit, live_seats
from blocks.rules.stages import Actor, Role

FIRST_DECISION = 2  # the version a recusal has when it was decided once


def seat_of(session: Session, check: Check, actor: Actor, certificate: str | None) -> Seat:
    """Return the actor's own seat in a check, or that of the certificate named.

    Who names another must sit in the check, be the department's drafter, or the business.

    Raises:
        NotFound: there is none, or the person is suspended already.
    """
    seats = live_seats(session, check.id)
    sits = any(seat.inspector_id == actor.inspector_id for seat in seats)
    for seat in seats if sits or actor.roles & {Role.DRAFTER, Role.BUSINESS} else ():
        wanted = (seat.inspector.certificate_no == certificate if certificate
                  else seat.inspector_id == actor.inspector_id)
        if wanted and not seat.suspended:
            return seat
    raise NotFound(f"{check.title}的检查人员中没有这个人（或已申请回避，暂停参加）",
                   "检查人员为自己申请；经办人用 --inspector 执法证号 指明")


def account_of(session: Session, seat: Seat) -> int | None:
    """Return the id of the account of who sits there, if he or she has one."""
    return session.scalar(select(Account.id).where(Account.inspector_id == seat.inspector_id))


def suspend(session: Session, seat: Seat, suspended: bool) -> None:
    """Keep a person from a business, or no longer: in every visit merged into this one."""
    for each in same_person(session, seat):
        each.suspended = suspended


def vacate(session: Session, seat: Seat) -> None:
    """Empty a person's seats at a business; they are drawn again, everybody else stays."""
    for each in same_person(session, seat):
        each.vacated_at = settings.now()


def claim(login: str, check_id: int | str, reason: str, certificate: str | None = None) -> Done:
    """Claim a recusal; the person is suspended from the check at once."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        return _claim(session, hold(session, Check, check_id), actor, certificate, reason)


def claim_by_notice(code: str, certificate: str, reason: str) -> Done:
    """Claim a recusal as the business: by the code on its notice, naming one of who is to come."""
    with engine.change() as session:
        actor = business_account(session).as_actor()
        check = _check_noticed(session, code, certificate)
        return _claim(session, hold(session, Check, check.id), actor, certificate, reason)


def _check_noticed(session: Session, code: str, certificate: str) -> Check:
    """Return the check of the noticed visit in which the person of this certificate sits."""
    visit = visit_noticed(session, code)
    for check in session.scalars(select(Check).where(Check.visit_id == visit.id)):
        if any(s.inspector.certificate_no == certificate for s in live_seats(session, check.id)):
            return check
    raise NotFound(f"通知书上没有执法证号「{certificate}」", "请按通知书上的执法证号填写")


def visit_noticed(session: Session, code: str) -> Visit:
    """Return the visit whose notice bears this code.

    Raises:
        NotFound: none does.
    """
    plain = code.replace(" ", "").replace("-", "").upper()
    found = session.scalar(select(Visit).where(Visit.notice_code == plain))
    if found is None:
        raise NotFound("没有这个通知书编码", "请按通知书右上角的编码填写；查不到的可能不是真的，请向联席会议办公室核实")
    return found


def _claim(session: Session, check: Check, actor: Actor, certificate: str | None,
           reason: str) -> Done:
    if not reason.strip():
        raise RuleViolation("申请回避须写明利害关系", "请用 --reason 写明", article=9)
    seat = seat_of(session, check, actor, certificate)
    if check.stage != "planned":
        raise RuleViolation(f"{check.title}已经填报，不能再换人", "请向审核人说明", article=9)
    recusal = Recusal(seat=seat, seat_id=seat.id, reason=reason.strip(), claimed_by_id=actor.id,
                      concerned_id=account_of(session, seat))
    begin(session, recusal, actor, reason=reason)
    suspend(session, seat, True)
    notices.queue(session, f"recusal:{recusal.id}", "recusal", f"请决定回避申请：{check.title}",
                  f"编号 {recusal.id}，理由：{reason}。决定之前该检查人员暂停参加。",
                  department_id=check.department_id, scheme_id=check.visit.scheme_id)
    return Done(f"{check.title}：回避申请已登记（编号{recusal.id}）",
                "该检查人员即时暂停参加，等本部门审批人3日内决定", {"recusal": recusal.id})


def decide(login: str, recusal_id: int | str, *, grant: bool, reason: str) -> Done:
    """Grant or refuse a recusal. Granted: the seat is drawn again, everybody else stays."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        recusal = hold(session, Recusal, recusal_id)
        again = "复核" if recusal.stage == "reconsidered" else ""
        verb = again + ("同意回避" if grant else "维持不予回避" if again else "不予回避")
        seat = recusal.seat
        suspend(session, seat, grant)
        if grant:  # before the move: whether a flow is due depends on the seat
            vacate(session, seat)
        advance(session, recusal, "granted" if grant else "refused", actor, verb=verb,
                reason=reason, decided_by_id=actor.id)
        if grant:
            session.execute(insert(Interest).values(
                inspector_id=seat.inspector_id, target_id=seat.check.visit.target_id,
                reason="回避申请经同意").on_conflict_do_nothing())
            return Done(f"{seat.inspector.name}回避，席位空出",
                        "系统随即从封存的名单中重新抽定这一席，其他人不变")
        return Done("不予回避，该检查人员恢复参加",
                    "本人、企业（凭通知书）可以申请复核一次")


def appeal(login: str, recusal_id: int | str, reason: str) -> Done:
    """Ask once that a refused recusal be considered again, by another person."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        recusal = hold(session, Recusal, recusal_id)
        return _appeal(session, recusal, actor, reason,
                       actor.id in (recusal.claimed_by_id, recusal.concerned_id))


def appeal_by_notice(code: str, recusal_id: int | str, reason: str) -> Done:
    """Ask for it as the business that claimed the recusal."""
    with engine.change() as session:
        actor = business_account(session).as_actor()
        visit = visit_noticed(session, code)
        recusal = hold(session, Recusal, recusal_id)
        return _appeal(session, recusal, actor, reason, recusal.seat.check.visit_id == visit.id
                       and recusal.claimed_by_id == actor.id)


def _appeal(session: Session, recusal: Recusal, actor: Actor, reason: str, concerns: bool) -> Done:
    if recusal.stage == "refused" and recusal.version > FIRST_DECISION:
        raise StageError("此回避申请已经复核过，不再复核", "复核一次为限；有新的事实请另行申请")
    advance(session, recusal, "reconsidered", actor, reason=reason)
    if not concerns:
        raise RuleViolation("只有申请人或被申请回避的人可以申请复核", "请由本人提出", article=9)
    suspend(session, recusal.seat, True)
    return Done("已申请复核", "由本部门另一位审批人3日内决定；期间暂停参加")
