"""Notices (通知) to departments and persons: queued with the move, sent afterwards.

How each goes out, by which channel, is `deliveries`; in the portal it stands at once.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks.register.base import Base, Id, Now


class Notice(Base):
    """One message. `key` is its business key: the same fact is told once, and stands as Message-ID.

    `stage` sums up its deliveries: queued, sent, unknown (perhaps sent, repeated recognisably),
    failed (refused, or nobody took it for four hours: shown to the office).
    """

    __tablename__ = "notices"
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("schemes.id"))
    subject: Mapped[str]
    body: Mapped[str]
    stage: Mapped[str] = mapped_column(default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[Now]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("stage IN ('queued','sent','failed','unknown')", name="stage"),
        Index("ix_notices_queued", "id", postgresql_where="stage IN ('queued','unknown')"),
    )


def queue(session: Session, key: str, kind: str, subject: str, body: str, *,
          department_id: int | None = None, account_id: int | None = None,
          scheme_id: int | None = None) -> bool:
    """Queue a notice unless one of the same key exists; return whether it is new."""
    new = session.scalar(insert(Notice).values(
        key=key, kind=kind, subject=subject, body=body, department_id=department_id,
        account_id=account_id, scheme_id=scheme_id, stage="queued", tries=0,
    ).on_conflict_do_nothing(index_elements=["key"]).returning(Notice.id))
    return new is not None


def failed(session: Session) -> list[Notice]:
    """Return the notices that nobody took."""
    return list(session.scalars(select(Notice).where(Notice.stage == "failed").order_by(Notice.id)))
