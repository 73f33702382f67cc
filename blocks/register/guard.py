"""What a page asks of the change it wants: that the thing stands as it was shown, and only once.

The portal and the API set a `Guard`; `trail.advance` compares the version (G14), `engine.change`
takes the key in the same transaction, so that a double click or a repeated call has one effect (G1).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks.errors import StageError
from blocks.register.base import Base, Moving, Now


@dataclass(frozen=True)
class Guard:
    """`shown`: (thing, id, version) as the page showed it, or None. `key`: of this one submission."""

    account_id: int
    key: str
    shown: tuple[str, int, int] | None = None


class Repeated(Exception):
    """This very submission was carried out before; it had no second effect."""


class Stale(StageError):
    """The thing has moved since the page was made."""


class Submission(Base):
    """A submission that was carried out, and what the person was told."""

    __tablename__ = "submissions"
    key: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    outcome: Mapped[dict | None]
    made_at: Mapped[Now]


_GUARD: ContextVar[Guard | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Let every change made within be this one submission."""
    token = _GUARD.set(guard)
    try:
        yield
    finally:
        _GUARD.reset(token)


def compare(session: Session, thing: Moving) -> None:
    """Refuse to move a thing that no longer stands as the page showed it.

    Raises:
        Stale: it has moved.
    """
    guard = _GUARD.get()
    if guard is None or guard.shown is None or session.info.get("guard_compared"):
        return
    name, id_, version = guard.shown
    if (thing.thing, thing.id) == (name, id_):
        session.info["guard_compared"] = True
        if thing.version != version:
            raise Stale(f"{thing.title}在您打开页面之后已被办理过{_since(session, thing, version)}",
                        "什么都没有改动；下面是最新情况，请看过再办")


def _since(session: Session, thing: Moving, version: int) -> str:
    """Return who did what since that version, in Chinese."""
    from blocks.register.directories import Account
    from blocks.register.trail import TrailLine  # which itself compares

    moved = session.execute(select(Account.name, TrailLine.label).join(
        Account, Account.id == TrailLine.actor_id).where(
        TrailLine.thing == thing.thing, TrailLine.thing_id == thing.id,
        TrailLine.version > version).order_by(TrailLine.version)).all()
    return f"（{'，'.join(f'{name}{label}' for name, label in moved)}）" if moved else ""


def take(session: Session) -> None:
    """Take the key of the submission, if one is being made.

    Raises:
        Repeated: it was taken before; a concurrent one is waited for.
    """
    guard = _GUARD.get()
    if guard is None or session.info.get("guard_taken"):
        return
    session.info["guard_taken"] = True
    new = session.scalar(insert(Submission).values(key=guard.key, account_id=guard.account_id).
                         on_conflict_do_nothing().returning(Submission.key))
    if new is None:
        raise Repeated(guard.key)


def outcome(session: Session, account_id: int, key: str) -> Submission | None:
    """Return a submission of this account by its key."""
    return session.scalar(select(Submission).where(
        Submission.key == key, Submission.account_id == account_id))


def forget(session: Session, before: datetime) -> None:
    """Forget submissions from before a moment: nobody sends those forms any more."""
    session.execute(delete(Submission).where(Submission.made_at < before))
