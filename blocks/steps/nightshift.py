"""The night's checks: the trail as a whole, provisional due dates, next year's calendar."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from blocks import engine, settings
from blocks.errors import InspectionError
from blocks.register import trail
from blocks.register.database import only_one
from blocks.register.trail import DueLine
from blocks.rules.deadlines import due as due_of


@contextmanager
def alone() -> Iterator[bool]:
    """Hold the night's lock; yields False where another nightly run holds it."""
    with only_one("nightly") as taken:
        yield taken


def check_trail() -> str:
    """Recompute the whole trail.

    Raises:
        InspectionError: a line was changed, removed or put in; the run fails for all to see.
    """
    with engine.change() as session:
        number, wrong = trail.verify(session)
    if wrong:
        raise InspectionError("留痕校验不符：" + "；".join(wrong[:5]),
                              "请立即保全数据库并通知监督人员")
    return f"留痕{number}条，逐条校验相符"


def recount_provisional() -> str | None:
    """Count provisional due dates anew: the schedule of a year may have come."""
    changed = 0
    with engine.change() as session:
        for line in session.scalars(select(DueLine).where(DueLine.provisional,
                                                          DueLine.met_at.is_(None))):
            counted = due_of(line.clock, line.started_on, settings.calendar(),
                             settings.regulation(line.started_on))
            if (counted.on, counted.provisional) != (line.due_on, line.provisional):
                line.due_on, line.provisional = counted.on, counted.provisional
                line.explained = counted.explained
                changed += 1
    return f"重新计算暂定期限{changed}项" if changed else None


def check_calendar() -> str | None:
    """Say when a year that due dates reach into has no official schedule."""
    with engine.change() as session:
        number = len(session.scalars(select(DueLine.id).where(
            DueLine.provisional, DueLine.met_at.is_(None))).all())
    return f"{number}项期限暂定：跨入的年度尚未公布放假安排" if number else None
