"""Addresses of calendar feeds (日历订阅): a secret token each, known here by its hash alone."""

import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks import settings
from blocks.register.base import Base
from blocks.register.directories import Account
from blocks.register.sessions import digest


class Feed(Base):
    """One token of an account. `whole_department`: what concerns its department, not only the person."""

    __tablename__ = "feeds"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    whole_department: Mapped[bool]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


def give(session: Session, account: Account, *, whole_department: bool) -> str:
    """Make a new token and end the one before; it is told this once."""
    session.execute(update(Feed).where(
        Feed.account_id == account.id, Feed.whole_department == whole_department,
        Feed.ended_at.is_(None)).values(ended_at=settings.now()))
    token = secrets.token_urlsafe(32)
    session.add(Feed(token_hash=digest(token), account_id=account.id, whole_department=whole_department,
                     made_at=settings.now()))
    return token


def find(session: Session, token: str) -> Feed | None:
    """Return the feed of a token, unless it has ended or its account is not active any more."""
    feed = session.scalar(select(Feed).where(Feed.token_hash == digest(token), Feed.ended_at.is_(None)))
    return feed if feed is not None and feed.account.active else None


def of_account(session: Session, account_id: int) -> list[Feed]:
    return list(session.scalars(select(Feed).where(Feed.account_id == account_id, Feed.ended_at.is_(None))))
