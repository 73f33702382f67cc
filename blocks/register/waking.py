"""The inbox (已受理的事件): each consumer's effect once per event, though the event may come twice.

A flow that an event woke names it (`woken_by`). Its first transaction takes the inbox line, together
with its effect, or is refused because another run has it. A run of the sweep names none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, event, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from blocks.register.trail import InboxLine


class Taken(Exception):
    """Another run has taken this event up."""


@dataclass
class Waking:
    """`event`: the number of the trail line; `run` may take it again, when somebody restarts it."""

    consumer: str
    event: int
    run: str
    is_taken: bool = False


_WAKING: ContextVar[Waking | None] = ContextVar("waking", default=None)


@contextmanager
def woken_by(consumer: str, number: int | None, run: str) -> Iterator[None]:
    """Let the transactions inside be those of a run that this event woke; None: no event did."""
    token = _WAKING.set(None if number is None else Waking(consumer, number, run))
    try:
        yield
    finally:
        _WAKING.reset(token)


def take(session: Session) -> None:
    """Take the inbox line in this transaction, unless an earlier one of this run has it.

    Raises:
        Taken: another run has it; one that is just taking it is waited for.
    """
    waking = _WAKING.get()
    if waking is None or waking.is_taken:
        return
    waking.is_taken = True
    event.listen(session, "after_rollback", lambda _: setattr(waking, "is_taken", False), once=True)
    new = session.scalar(insert(InboxLine).values(
        consumer=waking.consumer, trail_number=waking.event, run=waking.run,
    ).on_conflict_do_nothing().returning(InboxLine.trail_number))
    if new is None and session.scalar(select(InboxLine.run).where(
            InboxLine.consumer == waking.consumer, InboxLine.trail_number == waking.event)) != waking.run:
        raise Taken


def forget(session: Session, before: datetime) -> int:
    """Forget events from before a moment: none of them is sent any more."""
    return session.execute(delete(InboxLine).where(InboxLine.taken_at < before)).rowcount
