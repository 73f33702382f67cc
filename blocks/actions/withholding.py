"""Not to publish a result, or to take a public one down, on a lawful ground: two persons (art. 11).

One asks, another confirms or refuses; what is decided, and on which ground, is itself public.
"""

from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import RuleViolation, StageError
from blocks.register.directories import account
from blocks.register.trail import advance
from blocks.register.visits import Check, get
from blocks.rules.roles import Role
from blocks.rules.stages import Actor

DECIDED = {"reviewed": ("withheld", "不予公示"), "corrected": ("withheld", "不予公示"),
           "public": ("withdrawn", "撤下")}


def ask(login: str, check_id: int | str, ground: str, reason: str) -> Done:
    """Ask that a reviewed result is not published, or that a public one is taken down.

    `ground`: a code of config/results.yaml. Until it is decided a reviewed result is not published.

    Raises:
        RuleViolation: no such ground, or one that is none before publication.
        StageError: there is nothing to withhold or to take down yet.
    """
    with engine.change() as session:
        actor, check = _both(session, login, check_id)
        what = _what(check)
        why = settings.results().ground(ground)
        if what == "不予公示" and why.only_after:
            raise RuleViolation(f"「{why.label}」不是不予公示的理由", "结果应当退回补正；已经公示的才能以此撤下",
                                article=11)
        if check.withholding is not None and check.withheld_by_id is None:
            raise StageError(f"{check.title}已有人申请{what}，正在等另一人决定", "不必再申请")
        advance(session, check, check.stage, actor, verb=f"申请{what}", reason=reason,
                withholding=ground, withholding_asked_by_id=actor.id, withheld_by_id=None,
                details={"ground": ground})
        return Done(f"{check.title}：已申请{what}（{why.label}）",
                    "由办公室或本部门另一位审批人确认；决定之前" +
                    ("不公示，公示期限照常计算" if what == "不予公示" else "仍在公示"))


def confirm(login: str, check_id: int | str, reason: str) -> Done:
    """Confirm it as another person; what was public is taken down at once (G12)."""
    with engine.change() as session:
        actor, check = _both(session, login, check_id)
        what = _asked(check)
        target, _ = DECIDED[check.stage]
        advance(session, check, target, actor, verb=f"确认{what}", reason=reason,
                withheld_by_id=actor.id, details={"ground": check.withholding})
        return Done(f"{check.title}：{what}", "公示网站随即列出理由和依据，不再显示结果")


def refuse(login: str, check_id: int | str, reason: str) -> Done:
    """Refuse it as another person; the result is published, or stays public."""
    with engine.change() as session:
        actor, check = _both(session, login, check_id)
        what = _asked(check)
        advance(session, check, check.stage, actor, verb=f"退回{what}申请", reason=reason,
                withholding=None)
        return Done(f"{check.title}：没有同意{what}", "结果照常公示")


def lift(login: str, check_id: int | str, reason: str) -> Done:
    """Give free a withheld result whose ground has fallen away; its 20 workdays begin today."""
    with engine.change() as session:
        actor, check = _both(session, login, check_id)
        advance(session, check, "reviewed", actor, verb="恢复公示", reason=reason, withholding=None,
                withheld_by_id=None)
        return Done(f"{check.title}：恢复公示", "系统按期公示")


def _both(session: Session, login: str, check_id: int | str) -> tuple[Actor, Check]:
    """Return who acts and on what; an approver of another department has no say."""
    actor, check = account(session, login).as_actor(), get(session, Check, check_id)
    if Role.OFFICE not in actor.roles and actor.department_id != check.department_id:
        raise RuleViolation(f"这是{check.department.short_name}的检查结果，{actor.name}属于其他部门",
                            "由该部门的审批人或者办公室办理", article=6)
    return actor, check


def _what(check: Check) -> str:
    if check.stage not in DECIDED:
        raise StageError(f"{check.title}还没有可以公示的结果，或者已经不公示",
                         "审核通过之后可以申请不予公示，公示之后可以申请撤下")
    return DECIDED[check.stage][1]


def _asked(check: Check) -> str:
    what = _what(check)
    if check.withholding is None or check.withheld_by_id is not None:
        raise StageError(f"{check.title}没有人申请{what}", "先由一人写明理由申请")
    return what
