"""Cancel a scheme (取消): before the draw by one person of the office, after it by two; all are told."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import StageError
from blocks.register import notices
from blocks.register.directories import account
from blocks.register.schemes import Scheme, departments_of
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import DueLine, advance
from blocks.register.visits import Check, CheckRecord, Seat, Visit
from blocks.rules.stages import MOVES

AFTER_THE_DRAW = frozenset(move.source for move in MOVES if move.label == "申请取消")


def cancel(login: str, code: str, reason: str) -> Done:
    """Cancel a scheme that is not drawn yet; of a drawn one, ask that another person cancels it."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        if scheme.stage not in AFTER_THE_DRAW:
            advance(session, scheme, "cancelled", actor, reason=reason)
            return _end(session, scheme, reason)
        advance(session, scheme, scheme.stage, actor, verb="申请取消", reason=reason,
                cancel_asked_by_id=actor.id)
        return Done(f"已申请取消{scheme.title}", "抽取之后的取消，由办公室另一人确认")


def confirm(login: str, code: str, reason: str) -> Done:
    """Cancel a drawn scheme as the second person of the office; its draw stays public.

    Raises:
        StageError: nobody asked for it, or somebody has inspected already.
    """
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        if scheme.stage in AFTER_THE_DRAW and scheme.cancel_asked_by_id is None:
            raise StageError(f"{scheme.title}没有人申请取消", "先由办公室一人写明理由申请")
        advance(session, scheme, "cancelled", actor, verb="确认取消", reason=reason)
        if session.scalar(select(CheckRecord.id).join(CheckRecord.check).join(Check.visit).where(
                Visit.scheme_id == scheme.id).limit(1)) is not None:
            raise StageError(f"{scheme.title}已有检查记录，不能取消", "已检查的结果应当公示；其余对象按递补办理")
        return _end(session, scheme, reason)


def _end(session: Session, scheme: Scheme, reason: str) -> Done:
    """Free its people, stop its clocks, tell every department."""
    now = settings.now()
    seats = select(Seat.id).join(Seat.check).join(Check.visit).where(Visit.scheme_id == scheme.id)
    session.execute(update(Seat).where(Seat.id.in_(seats), Seat.vacated_at.is_(None)).values(
        vacated_at=now).execution_options(synchronize_session=False))
    session.execute(update(DueLine).where(
        DueLine.scheme_id == scheme.id, DueLine.met_at.is_(None)).values(met_at=now))
    for department in departments_of(session, scheme):
        notices.queue(session, f"cancelled:{scheme.id}:{department.id}", "cancelled",
                      f"抽查已取消：{scheme.title}", f"理由：{reason.strip()}。已定的检查不再进行。",
                      department_id=department.id, scheme_id=scheme.id)
    return Done(f"{scheme.title}已取消", "各参加部门随即得到通知；已公开的抽取文件继续公开")
