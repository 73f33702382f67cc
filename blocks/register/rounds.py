"""Rounds (自动任务的每一次): when sweep and night began and ended, and what is missing of them (G18).

The desk asks this alone, so it says the truth with Prefect away. A round in the future, from before a
clock was set back, counts for nothing.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import CheckConstraint, Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks import settings
from blocks.register.base import Base, Id
from blocks.register.trail import TrailLine

NIGHT = time(2, 0)  # as prefect.yaml says, in Shanghai
PATIENCE = timedelta(minutes=30)
LONGEST = timedelta(hours=2)  # a night that takes longer has died
SKEW = timedelta(minutes=5)  # between the clocks of two machines


class Round(Base):
    """One run of the sweep or of the nightly tasks; without an end it failed, or still runs."""

    __tablename__ = "rounds"
    id: Mapped[Id]
    kind: Mapped[str]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column()
    __table_args__ = (CheckConstraint("kind IN ('sweep','nightly')", name="kind"),
                      Index(None, "kind", "begun_at"))


def begin(session: Session, kind: str) -> int:
    made = Round(kind=kind, begun_at=settings.now())
    session.add(made)
    session.flush()
    return made.id


def end(session: Session, number: int) -> None:
    session.get_one(Round, number).ended_at = settings.now()


def forget(session: Session, before: datetime) -> int:
    return session.execute(delete(Round).where(Round.begun_at < before)).rowcount


def last_night(at: datetime) -> datetime:
    """Return the last two o'clock in the morning up to an instant."""
    there = at.astimezone(settings.SHANGHAI)
    tonight = datetime.combine(there.date(), NIGHT, settings.SHANGHAI)
    return tonight if tonight <= there else tonight - timedelta(days=1)


def alarms(session: Session) -> list[str]:
    """Return, in Chinese, what should have run by itself and has not."""
    return [said for said in (night_missed(session), sweep_stopped(session)) if said]


def night_missed(session: Session) -> str | None:
    """Say so where the nightly tasks have not begun half an hour after their time, or never ended."""
    now = settings.now()
    due = last_night(now - PATIENCE)
    since = _known_since(session)
    if since is None or since > due:
        return None
    begun = list(session.scalars(select(Round).where(
        Round.kind == "nightly", Round.begun_at >= due - SKEW, Round.begun_at <= now + SKEW)))
    if any(one.ended_at or now - one.begun_at <= LONGEST for one in begun):
        return None
    at = f"{due.astimezone(settings.SHANGHAI):%-m月%-d日%-H:%M}"
    return f"夜间任务没有办完：{at}开始，至今没有结束" if begun else f"夜间任务没有运行：应于{at}开始，至今没有"


def sweep_stopped(session: Session) -> str | None:
    """Say so where no sweep has ended for half an hour."""
    now = settings.now()
    since = _known_since(session)
    last = session.scalar(select(func.max(Round.ended_at)).where(
        Round.kind == "sweep", Round.begun_at > now - 2 * LONGEST, Round.ended_at <= now + SKEW))
    if since is None or now - (last or since) <= PATIENCE:
        return None
    return "巡查停了：半小时内没有一次办完，无人唤醒的事没有人办"


def _known_since(session: Session) -> datetime | None:
    """Return when the register's first round began, or before there was one, its first move."""
    first = select(Round.begun_at).order_by(Round.id).limit(1)
    return session.scalar(first) or session.scalar(select(TrailLine.at).where(TrailLine.number == 1))
