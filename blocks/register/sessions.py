"""How people sign in: a password's hash, and server-side sessions known by the hash of their token."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ForeignKey, Select, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from blocks import settings
from blocks.register.base import Base
from blocks.register.directories import Account

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)


class Credential(Base):
    """An account's password. `must_change`: it was given by the office and works for a change only."""

    __tablename__ = "credentials"
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    password_hash: Mapped[str]
    must_change: Mapped[bool]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class WebSession(Base):
    """A signed-in browser. `csrf` stands in every form; `ended_at`: signed out or expired."""

    __tablename__ = "web_sessions"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    csrf: Mapped[str]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


class ApiToken(Base):
    """A machine account's token, known by its hash; shown once when it is made."""

    __tablename__ = "api_tokens"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, account: Account) -> str:
    """Begin a session and return its token; only the hash is kept."""
    token = secrets.token_urlsafe(32)
    now = settings.now()
    session.add(WebSession(token_hash=digest(token), account_id=account.id, seen_at=now, made_at=now,
                           csrf=secrets.token_urlsafe(24)))
    return token


def find(session: Session, token: str) -> WebSession | None:
    """Return the live session of a token, noting that it was seen."""
    return visit(session, token)[0]


def visit(session: Session, token: str) -> tuple[WebSession | None, bool]:
    """Return the live session of a token and whether its account's password is a first one.

    One query, built once, for it is asked with every page.
    """
    now = settings.now()
    row = session.execute(_live(), {"hash": digest(token), "idle": now - IDLE, "longest": now - LONGEST}).first()
    if row is None:
        return None, False
    found, first = row
    if found.seen_at < now - SEEN_EVERY:
        found.seen_at = now
    return found, bool(first)


@cache
def _live() -> Select:
    return select(WebSession, Credential.must_change).join(WebSession.account).outerjoin(
        Credential, Credential.account_id == WebSession.account_id).where(
        WebSession.token_hash == bindparam("hash"), WebSession.ended_at.is_(None), Account.active,
        WebSession.seen_at > bindparam("idle"), WebSession.made_at > bindparam("longest")).options(
        contains_eager(WebSession.account).joinedload(Account.department))


def end(session: Session, token: str) -> None:
    """End one session."""
    session.execute(update(WebSession).where(
        WebSession.token_hash == digest(token), WebSession.ended_at.is_(None)).values(
        ended_at=settings.now()))


def end_all(session: Session, account_id: int, *, but: str | None = None) -> int:
    """End an account's sessions everywhere (but this one); return how many."""
    query = update(WebSession).where(WebSession.account_id == account_id,
                                     WebSession.ended_at.is_(None))
    if but is not None:
        query = query.where(WebSession.token_hash != digest(but))
    return session.execute(query.values(ended_at=settings.now())).rowcount


def forget(session: Session, before: datetime) -> None:
    """Forget sessions that nobody has used since a moment."""
    session.execute(delete(WebSession).where(WebSession.seen_at < before))


def machine(session: Session, token: str) -> Account | None:
    """Return the account of an API token that still holds."""
    found = session.scalar(select(ApiToken).where(
        ApiToken.token_hash == digest(token), ApiToken.ended_at.is_(None)))
    return found.account if found and found.account.active else None


def give_token(session: Session, account: Account) -> str:
    """Make a token for a machine account, in place of those before; return it."""
    now = settings.now()
    session.execute(update(ApiToken).where(
        ApiToken.account_id == account.id, ApiToken.ended_at.is_(None)).values(ended_at=now))
    token = secrets.token_urlsafe(32)
    session.add(ApiToken(token_hash=digest(token), account_id=account.id, made_at=now))
    return token
