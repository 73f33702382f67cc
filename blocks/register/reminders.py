"""Who was reminded of which due date on which rung (提醒): each once, whatever runs twice."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks.register.base import Base, Id
from blocks.register.trail import DueLine

LETTER = "letter"  # the recipient's name where a letter of supervision covers the due date


class Reminder(Base):
    """That `recipient` (account:ID, department:ID, office, letter) is told of a due date on a rung.

    `due_on` belongs to the key: a date that was counted anew climbs the ladder again.
    """

    __tablename__ = "reminders"
    id: Mapped[Id]
    due_id: Mapped[int] = mapped_column(ForeignKey("dues.id"))
    due_on: Mapped[date]
    rung: Mapped[int]
    recipient: Mapped[str]
    told_on: Mapped[date] = mapped_column(index=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    __table_args__ = (UniqueConstraint("due_id", "due_on", "rung", "recipient"),)


def note(session: Session, rows: Sequence[tuple[DueLine, int, str]], today: date) -> list[tuple[int, int, str]]:
    """Note that these are told today; return (id, due id, recipient) of those not told before."""
    if not rows:
        return []
    return [tuple(row) for row in session.execute(insert(Reminder).values([
        {"due_id": due.id, "due_on": due.due_on, "rung": rung, "recipient": recipient, "told_on": today}
        for due, rung, recipient in rows]).on_conflict_do_nothing().returning(
        Reminder.id, Reminder.due_id, Reminder.recipient))]


def last_day(session: Session) -> date | None:
    """Return the latest day on which anybody was told: today is never before it, or the clock is wrong."""
    return session.scalar(select(func.max(Reminder.told_on)))
