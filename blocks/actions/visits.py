"""Ask for a replacement of a business that cannot be inspected, and confirm it (domain: 递补)."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import RuleViolation, StageError
from blocks.register.directories import account
from blocks.register.merging import hold, part
from blocks.register.trail import DueLine, advance
from blocks.register.visits import Check, Seat, Visit, get
from blocks.rules.stages import Actor

REASONS = {"not_found": "通过登记的住所（经营场所）无法联系", "closed": "已停业或注销",
           "moved": "已迁出本市"}


def _takes_part(session: Session, visit: Visit, actor: Actor) -> bool:
    return session.scalar(select(Seat.id).join(Seat.check).where(
        Check.visit_id == visit.id, Seat.inspector_id == actor.inspector_id,
        Seat.vacated_at.is_(None), ~Seat.suspended).limit(1)) is not None


def ask_replacement(login: str, visit_id: int | str, reason: str, note: str = "") -> Done:
    """Say that a business cannot be inspected. `reason`: a code of REASONS."""
    if reason not in REASONS:
        raise RuleViolation(f"递补理由「{reason}」看不懂",
                            "可用：" + "、".join(f"{k} {v}" for k, v in REASONS.items()))
    with engine.change() as session:
        actor = account(session, login).as_actor()
        visit = get(session, Visit, visit_id)
        advance(session, visit, "planned", actor, verb="申请递补",
                reason=f"{REASONS[reason]}。{note}".rstrip("。"),
                replacement_reason=reason, replacement_asked_by_id=actor.id)
        if not _takes_part(session, visit, actor):
            raise RuleViolation(f"{actor.name}不是这次检查抽定的检查人员", "由抽定的检查人员提出")
        if visit.scheme.stage not in ("staffed", "in_field"):
            raise StageError("人员配齐、开始检查之后才能申请递补", "请看方案的最新进展")
        return Done(f"{visit.title}：已申请递补（{REASONS[reason]}）", "等牵头部门另一人确认")


def confirm_replacement(login: str, visit_id: int | str, reason: str = "情况属实") -> Done:
    """Confirm it: the visit ends, its people are free, the next reserve of the seal comes in."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        visit = hold(session, Visit, visit_id)
        if visit.stage == "planned" and visit.replacement_asked_by_id is None:
            raise StageError(f"{visit.title}没有人申请递补", "先由检查人员申请递补")
        advance(session, visit, "replaced", actor, reason=reason)
        checks = session.scalars(select(Check).where(Check.visit_id == visit.id)).all()
        if any(check.record_number for check in checks):
            raise StageError(f"{visit.title}已有部门填报了记录，不能递补", "请按实际情况填报其余记录")
        ids = [check.id for check in checks]
        session.execute(update(Seat).where(Seat.check_id.in_(ids), Seat.vacated_at.is_(None))
                        .values(vacated_at=settings.now()))
        part(session, visit)
        session.execute(update(DueLine).where(
            DueLine.thing == "check", DueLine.thing_id.in_(ids), DueLine.met_at.is_(None),
        ).values(met_at=settings.now()))
        return Done(f"{visit.title}：已确认递补", "系统随即按封存的备选顺序递补下一家并配员")
