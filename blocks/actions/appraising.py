"""What people do about appraisals: freeze a period, comment, appeal, decide (art. 12).

The figures are counted, never typed. An appeal that is upheld takes named rows out and makes a new
version; the old one stays, and so does everything that was said.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from blocks import engine
from blocks.actions import Done
from blocks.errors import RuleViolation, StageError
from blocks.register import appraisals, counting
from blocks.register.appraisals import Appraisal
from blocks.register.directories import account
from blocks.register.trail import advance


def freeze(login: str, period: str) -> Done:
    """Freeze the figures of a month or a year that is over.

    Raises:
        StageError: it is not over, or frozen already.
    """
    with engine.change() as session:
        if appraisals.current(session, period):
            raise StageError(f"{period}的考核已经定稿", "有异议的，由部门审批人提出申诉")
        made = appraisals.freeze(session, period, account(session, login).as_actor())
        return Done(f"{made.title}已定稿", "各部门可以提出意见或者申诉", {"appraisal": made.id, "hash": made.hash})


def comment(login: str, period: str, reason: str) -> Done:
    """Say something to a frozen appraisal, for the department; it stays beside the figures."""
    with engine.change() as session:
        found = appraisals.find(session, period)
        advance(session, found, "frozen", account(session, login).as_actor(), verb="部门意见", reason=reason)
        return Done(f"对{found.title}的意见已登记", "意见与数据一并保留")


def appeal(login: str, period: str, reason: str) -> Done:
    """Appeal against a frozen appraisal, naming the rows that ought not to count."""
    with engine.change() as session:
        found, actor = appraisals.find(session, period), account(session, login).as_actor()
        advance(session, found, "appealed", actor, reason=reason, appealed_by_id=actor.id,
                appellant_id=actor.department_id, details={"department": actor.department_id})
        return Done(f"对{found.title}的申诉已提出", "由联席会议办公室决定；决定之前数据不变")


def decide(login: str, period: str, uphold: bool, reason: str, rows: Sequence[str] = ()) -> Done:
    """Decide an appeal. Upheld, the named rows (`indicator:thing:id:part`) of the appellant count no more.

    Raises:
        RuleViolation: no rows are named, or one is not counted for the appellant.
    """
    with engine.change() as session:
        found, actor = appraisals.find(session, period), account(session, login).as_actor()
        if not uphold:
            advance(session, found, "frozen", actor, verb="驳回申诉", reason=reason, appellant_id=None)
            return Done(f"{found.title}的申诉已驳回", "数据不变；申诉和答复都保留")
        if found.stage != "appealed":
            raise StageError(f"{found.title}没有待决定的申诉", "请看最新进展")
        taken = [_row(session, found, text) for text in rows]
        if not taken:
            raise RuleViolation("申诉成立须写明哪些记录不计入", "请从该部门的明细中选出", article=12)
        made = appraisals.replace(session, found, actor, taken, reason)
        return Done(f"申诉成立：{len(taken)}条记录不再计入，{made.title}已定稿", "原来的版本仍然保留",
                    {"appraisal": made.id, "hash": made.hash})


def _row(session: Session, found: Appraisal, text: str) -> list:
    """Return the row that is meant, which counts for whoever appealed."""
    key, thing, id, part = [*text.split(":", 3), "", "", ""][:4]
    method = found.method
    if key not in method.indicators or not (id.isascii() and id.isdecimal() and len(id) < 19):
        raise RuleViolation(f"看不懂「{text[:40]}」是哪条记录", "请从该部门的明细中选出", article=12)
    counted = {(row.thing, row.id, row.part) for row in counting.rows(
        session, method, method.indicators[key], found.span, department=found.appellant_id,
        without=found.content["without"])}
    if (thing, int(id), part) not in counted:
        raise RuleViolation(f"{method.indicators[key].label}没有计入申诉部门的「{text[:40]}」",
                            "请从该部门的明细中选出", article=12)
    return [key, thing, int(id), part]
