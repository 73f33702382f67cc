"""Who may have which document: its thing is found for this person, or refused in words."""

from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register import scorecards, views
from blocks.register.aftermath import FollowUp, Letter
from blocks.register.base import Moving
from blocks.register.draws import Draw, open_draw
from blocks.register.merging import group
from blocks.register.schemes import Assignment, Scheme
from blocks.register.visits import Check, Seat, Visit
from blocks.rules.stages import KINDS, Actor, Role

Thing = TypeVar("Thing", bound=Moving)
ORDERED, REFERRED = "ordered_to_rectify", ("referred_to_case_unit", "copied_to_department")
DECIDED = ("approved", "drawn", "dispatched", "staffed", "in_field", "concluded", "publicised")


def _get(session: Session, kind: type[Thing], key: str) -> Thing:
    number = int(key) if key.isascii() and key.isdecimal() and len(key) < 19 else 0
    found = session.get(kind, number)
    if found is None:
        raise NotFound(f"没有编号为「{key}」的{KINDS[kind.thing].label}", "请从待办或方案的页面找到它的编号")
    return found


def oversees(actor: Actor) -> bool:
    """Tell whether somebody is of the office or an auditor (art. 4, 5)."""
    return bool(actor.roles & views.SEES_ALL)


def handles(actor: Actor, *departments: int | None) -> bool:
    """Tell whether somebody drafts or approves in one of these departments."""
    return bool(actor.roles & views.HANDLES) and actor.department_id in departments


def reviewed_scheme(session: Session, actor: Actor, key: str) -> tuple[Scheme, dict[str, Any]]:
    """Return a scheme and what its last review found, to its parties, the office, auditors."""
    found = views.scheme(session, actor, key)
    review = views.review(session, found)
    if review is None:
        raise StageError(f"{found.title}还没有公文", "提交审批、系统审查之后生成")
    return found, review.findings


def approved_scheme(session: Session, actor: Actor, key: str) -> Scheme:
    """Return a scheme that was approved, to its parties, the office, auditors."""
    found = views.scheme(session, actor, key)
    if found.stage not in DECIDED:
        raise StageError(f"{found.title}还没有批准", "批准之后才有这份公文")
    return found


def draw(session: Session, actor: Actor, key: str) -> Draw:
    """Return the draw of a scheme that has a result."""
    scheme = views.scheme(session, actor, key)
    found = open_draw(session, scheme.id)
    if found is None or found.stage != "drawn":
        raise StageError(f"{scheme.title}还没有抽取结果", "出签之后才有抽取证明")
    return found


def assignment(session: Session, actor: Actor, key: str) -> Assignment:
    """Return an assignment, to its department, the lead, the office, auditors."""
    found = _get(session, Assignment, key)
    if not oversees(actor) and not handles(actor, found.department_id, found.scheme.lead_id):
        raise RuleViolation("任务派发函只给承接任务的部门、牵头部门和办公室", "请由该部门的人取用", article=9)
    return found


def noticed_visit(session: Session, actor: Actor, key: str) -> Visit:
    """Return a visit, to whoever takes part in it or in one merged with it, and is not suspended."""
    found = _get(session, Visit, key)
    parties = session.scalars(select(Check.department_id).where(
        Check.visit_id.in_([found.id, *(other.id for other in group(session, found))])))
    sits = select(Seat.id).join(Seat.check).where(
        Check.visit_id == found.id, Seat.inspector_id == actor.inspector_id,
        Seat.vacated_at.is_(None), ~Seat.suspended).limit(1)
    if not (oversees(actor) or handles(actor, *parties) or session.scalar(sits)):
        raise RuleViolation(f"{found.title}的通知书和检查表只给参加这次检查的部门和人员",
                            "请由参加检查的人员、本部门经办人或办公室取用", article=9)
    return found


def checks(session: Session, actor: Actor, key: str) -> tuple[Scheme, int | None]:
    """Return a scheme and whose checks of it somebody may have: a department's, or all (None)."""
    scheme = approved_scheme(session, actor, key)
    sees_all = oversees(actor) or handles(actor, scheme.lead_id)
    return scheme, None if sees_all else actor.department_id


def order(session: Session, actor: Actor, key: str) -> FollowUp:
    """Return an order to rectify, to the department that gave it, the office, auditors."""
    found = _get(session, FollowUp, key)
    if not oversees(actor) and actor.department_id != found.owner_department_id:
        raise RuleViolation("责令改正通知书只给作出决定的部门", "请由该部门的人取用", article=10)
    if found.kind != ORDERED:
        raise StageError("这项后续处置没有责令改正通知书", "只有责令改正的才有")
    return found


def referral(session: Session, actor: Actor, key: str) -> FollowUp:
    """Return what was referred or copied, to the department that did, to whom it went, the office."""
    found = _get(session, FollowUp, key)
    own = actor.department_id == found.owner_department_id
    if not (oversees(actor) or own or handles(actor, found.to_department_id)):
        raise RuleViolation("移送函只给移送的部门和收函的部门", "请由该部门的人取用", article=10)
    if found.kind not in REFERRED:
        raise StageError("这项后续处置没有移送函", "移送案件办理机构、抄告其他部门的才有")
    return found


def letter(session: Session, actor: Actor, key: str) -> Letter:
    """Return a letter of supervision, to the department it is written to, the office, auditors."""
    found = _get(session, Letter, key)
    if not oversees(actor) and actor.department_id != found.department_id:
        raise RuleViolation("督办函只给收函部门和办公室", "请由该部门的人取用", article=5)
    return found


def year(session: Session, actor: Actor, key: str) -> int:
    """Return a year in which there were schemes, to the office and auditors."""
    if not actor.roles & {Role.OFFICE, Role.AUDITOR}:
        raise RuleViolation("年度报告由联席会议办公室和监督人员取用", "请由办公室取用", article=12)
    years = session.scalars(select(func.split_part(Scheme.code, "-", 1)).distinct()).all()
    if key not in years:
        told = "、".join(f"{one}年" for one in sorted(years))
        raise NotFound(f"「{key[:9]}」年没有抽查方案", f"有方案的年度：{told or '（还没有）'}")
    return int(key)


def appraisal(session: Session, actor: Actor, key: str) -> scorecards.Standing:
    """Return a period's figures, to the office, auditors and departments' people."""
    if not actor.roles & {Role.OFFICE, Role.AUDITOR, Role.DRAFTER, Role.APPROVER}:
        raise RuleViolation("考核报告由联席会议办公室、监督人员和各部门取用", "请由本部门经办人取用", article=12)
    return scorecards.standing(session, key)
