"""What was attached: photos to a check's record, grounds to a scheme. Contents are kept by their hash.

They stand in the register, so that one backup holds everything and every portal process sees them.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks import settings
from blocks.draw.hashing import hexdigest
from blocks.errors import NotFound
from blocks.register.base import AccountRef, Base, Id, Now

HASH = "sha256"


class Content(Base):
    """The bytes of one file, once however often it is attached."""

    __tablename__ = "contents"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A file of a scheme (its grounds) or of one version of a check's record (a photo).

    `kind`: media type, told by the content. `original`: SHA-256 of what was sent in, before it was
    made smaller. `taken_at`, `place` ({"lat", "lon"}, degrees): what the camera said, kept apart
    from the picture. `dropped_at`: taken out again before the record was confirmed.
    """

    __tablename__ = "attachments"
    id: Mapped[Id]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("schemes.id"), index=True)
    check_id: Mapped[int | None] = mapped_column(ForeignKey("checks.id"), index=True)
    record_number: Mapped[int | None]
    name: Mapped[str]
    kind: Mapped[str]
    sha256: Mapped[str] = mapped_column(ForeignKey("contents.sha256"))
    original: Mapped[str]
    size: Mapped[int]
    taken_at: Mapped[str | None]
    place: Mapped[dict | None]
    added_by_id: Mapped[AccountRef]
    added_at: Mapped[Now]
    dropped_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("(scheme_id IS NULL) <> (check_id IS NULL)", name="of_one_thing"),
        CheckConstraint("(check_id IS NULL) = (record_number IS NULL)", name="of_a_version"),
    )


def keep(session: Session, attachment: Attachment, content: bytes) -> Attachment:
    """Keep a file's content under its hash, and that it was attached."""
    attachment.sha256, attachment.size = hexdigest(HASH, content), len(content)
    session.execute(insert(Content).values(sha256=attachment.sha256, content=content).
                    on_conflict_do_nothing())
    session.add(attachment)
    return attachment


def of_check(session: Session, check_id: int, number: int | None = None) -> list[Attachment]:
    """Return the photos of a check (of one version of its record), in the order they were added."""
    query = select(Attachment).where(Attachment.check_id == check_id, Attachment.dropped_at.is_(None))
    if number is not None:
        query = query.where(Attachment.record_number == number)
    return list(session.scalars(query.order_by(Attachment.id)))


def of_scheme(session: Session, scheme_id: int) -> list[Attachment]:
    """Return the grounds attached to a scheme."""
    return list(session.scalars(select(Attachment).where(
        Attachment.scheme_id == scheme_id, Attachment.dropped_at.is_(None)).order_by(Attachment.id)))


def drop(attachments: Sequence[Attachment], ids: Sequence[int]) -> list[Attachment]:
    """Take some out again; their rows and contents stay.

    Raises:
        NotFound: one is not among them.
    """
    among = {one.id: one for one in attachments}
    if set(ids) - set(among):
        raise NotFound("要去掉的附件不在这里", "请刷新页面再办")
    for id_ in ids:
        among[id_].dropped_at = settings.now()
    return [among[id_] for id_ in ids]


def content(session: Session, attachment: Attachment) -> bytes:
    """Return the bytes of an attachment."""
    return session.get_one(Content, attachment.sha256).content
