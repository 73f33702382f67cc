"""The outbox (待发事件): lines leased to a relay, told, given back, refused, left for a person (G6, G17).

A lease is a time on the line by PostgreSQL's own clock. A relay that dies loses it after half a
minute; two relays never hold the same line, for each passes over what the other has locked.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import NotAnswering
from blocks.register.schemes import Attempt
from blocks.register.trail import OutboxLine, TrailLine

CHANNEL = "choucha_outbox"
LEASE = timedelta(seconds=30)
A_BATCH = 100
MOST_TRIES = 5  # refusals of one line before it is shown to a person
OLD = timedelta(minutes=1)  # what is older may have been started by the sweep meanwhile
AWAY = timedelta(seconds=10)  # a line that waits longer than this says that nobody takes it

WAITS = and_(OutboxLine.done_at.is_(None), OutboxLine.tries < MOST_TRIES)
POISON = and_(OutboxLine.done_at.is_(None), OutboxLine.tries >= MOST_TRIES)


def notify(session: Session) -> None:
    """Wake the relays, if and when this transaction commits."""
    session.execute(select(func.pg_notify(CHANNEL, "")))


def lease(session: Session, most: int = A_BATCH) -> list[OutboxLine]:
    """Lease the oldest lines that wait and return them, for this transaction to commit and forget.

    The label of what the sweep has started meanwhile is taken off: that needs no waking any more.
    """
    free = select(OutboxLine.trail_number).where(WAITS, or_(
        OutboxLine.leased_until.is_(None), OutboxLine.leased_until < func.clock_timestamp())).order_by(
        OutboxLine.trail_number).limit(most).with_for_update(skip_locked=True)
    numbers = list(session.scalars(free))
    if not numbers:
        return []
    session.execute(update(OutboxLine).where(OutboxLine.trail_number.in_(numbers)).values(
        leased_until=func.clock_timestamp() + LEASE))
    started = and_(TrailLine.at < settings.now() - OLD, select(Attempt.key).where(
        Attempt.flow == OutboxLine.wakes, Attempt.scheme_id == TrailLine.scheme_id,
        Attempt.last_at >= TrailLine.at).exists())
    rows = session.execute(select(OutboxLine, started).join(OutboxLine.line).where(
        OutboxLine.trail_number.in_(numbers)).order_by(OutboxLine.trail_number)).all()
    session.expunge_all()
    for line, is_started in rows:
        line.wakes = None if is_started else line.wakes
    return [line for line, _ in rows]


def _change(session: Session, numbers: Iterable[int], **values: Any) -> None:
    session.execute(update(OutboxLine).where(
        OutboxLine.trail_number.in_(list(numbers)), OutboxLine.done_at.is_(None)).values(**values))


def told(session: Session, numbers: Iterable[int]) -> None:
    _change(session, numbers, done_at=settings.now(), leased_until=None, last_error=None)


def give_back(session: Session, numbers: Iterable[int], why: str) -> None:
    """Nobody was there to take these lines: no try is counted."""
    _change(session, numbers, leased_until=None, last_error=why)


def refused(session: Session, number: int, why: str) -> None:
    """This very line was refused: it waits ten seconds, then twenty, and after five tries for a person."""
    _change(session, [number], tries=OutboxLine.tries + 1, last_error=why[:500],
            leased_until=func.clock_timestamp() + timedelta(seconds=5) * func.power(2, OutboxLine.tries + 1))


def close_all(session: Session) -> None:
    """Nobody is to be told of anything: events are switched off."""
    session.execute(update(OutboxLine).where(OutboxLine.done_at.is_(None)).values(done_at=settings.now()))


def poison(session: Session) -> list[OutboxLine]:
    """Return the lines that were refused five times, oldest first."""
    return list(session.scalars(select(OutboxLine).where(POISON).order_by(OutboxLine.trail_number)))


def is_away(session: Session) -> bool:
    """Tell whether something that wakes a flow waits and nobody takes it."""
    waiting = select(OutboxLine.trail_number).join(OutboxLine.line).where(
        WAITS, OutboxLine.wakes.is_not(None),
        or_(OutboxLine.last_error.is_not(None), TrailLine.at < settings.now() - AWAY))
    return settings.get().events != "off" and session.scalar(waiting.limit(1)) is not None


@contextmanager
def listening() -> Iterator[Callable[[float], None]]:
    """Yield what waits until a change is committed, or so many seconds.

    Raises:
        NotAnswering: PostgreSQL does not answer, or has gone.
    """
    url = settings.database_url().replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="choucha relay") as heard:
            heard.execute(f"LISTEN {CHANNEL}")

            def wait(seconds: float) -> None:
                for _ in heard.notifies(timeout=seconds, stop_after=1):
                    pass

            yield wait
    except psycopg.OperationalError as error:
        raise NotAnswering("登记库（PostgreSQL）没有应答", "请查看 choucha up 的输出") from error
