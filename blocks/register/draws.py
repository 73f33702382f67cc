"""Draws (抽取): what was sealed, what was contributed, what came out (art. 3, 9)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks.draw.chain import next_line
from blocks.draw.hashing import ZERO, hexdigest
from blocks.draw.randomness import Source
from blocks.register import bulk
from blocks.register.base import Base, Id, Moving, Now
from blocks.register.directories import Target
from blocks.register.schemes import Scheme


class Draw(Moving, Base):
    """One draw of a scheme. A scheme has one that is not void; numbers run without a gap."""

    __tablename__ = "draws"
    thing = "draw"
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"))
    number: Mapped[int]
    hash_name: Mapped[str]
    contributions_due: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    seal: Mapped[str | None]
    base: Mapped[str | None]
    void_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    scheme: Mapped[Scheme] = relationship()
    __table_args__ = (
        UniqueConstraint("scheme_id", "number"),
        Index("uq_draws_open", "scheme_id", unique=True, postgresql_where="stage <> 'void'"),
        CheckConstraint("stage = 'announced' OR stage = 'void' OR seal IS NOT NULL",
                        name="sealed_has_seal"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.scheme.lead_id

    @property
    def title(self) -> str:
        return f"{self.scheme.code} 第{self.number}次抽取"


class DrawSource(Base):
    """One source of randomness of a draw: the sealed order is `position`.

    `typed_by_id` / `confirmed_by_id`: two persons type the same public figure. `tried_at`: when a
    network source last did not answer. `evidence`: what is published beside the value.
    """

    __tablename__ = "draw_sources"
    id: Mapped[Id]
    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"))
    position: Mapped[int]
    kind: Mapped[str]
    locator: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    due_at: Mapped[datetime | None]
    commitment: Mapped[str | None]
    value: Mapped[str | None]
    typed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    given_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    evidence: Mapped[dict | None]
    __table_args__ = (
        UniqueConstraint("draw_id", "position"),
        UniqueConstraint("draw_id", "kind", "locator"),
        CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> typed_by_id",
                        name="two_persons"),
    )


CHAIN_LOCK = 7003
PART = 1 << 20  # bytes; a province's pool is larger than one value may be


class DrawFile(Base):
    """The bytes of one file of a draw, in parts. The published folder is only a copy of these."""

    __tablename__ = "draw_files"
    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public: Mapped[bool]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DrawTicket(Base):
    """A business that was drawn, or stands in reserve, with its rank in its stratum."""

    __tablename__ = "draw_tickets"
    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"), primary_key=True)
    candidate_id: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("targets.id"))
    stratum: Mapped[str]
    rank: Mapped[int]
    is_reserve: Mapped[bool]
    target: Mapped[Target] = relationship()
    __table_args__ = (UniqueConstraint("draw_id", "stratum", "rank"),)


class ChainLine(Base):
    """One line of the city's chain over all draws, append only (draw.md, chain.jsonl)."""

    __tablename__ = "chain"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[dict]
    at: Mapped[Now]


def open_draw(session: Session, scheme_id: int) -> Draw | None:
    """Return the scheme's draw that is not void, if it has one."""
    return session.scalar(select(Draw).where(Draw.scheme_id == scheme_id, Draw.stage != "void"))


def decided_draws(session: Session) -> list[Draw]:
    """Return the draws that have a result, void ones too, the newest first."""
    return list(session.scalars(select(Draw).where(exists().where(
        DrawFile.draw_id == Draw.id, DrawFile.name == "result.json")).order_by(Draw.id.desc())))


def sources(session: Session, draw_id: int) -> list[DrawSource]:
    return list(session.scalars(select(DrawSource).where(DrawSource.draw_id == draw_id)
                                .order_by(DrawSource.position)))


def file_bytes(session: Session, draw_id: int, name: str) -> bytes:
    """Return a draw's file, b"" where it has none of that name."""
    return b"".join(content for (content,) in bulk.rows(
        session, select(DrawFile.content).where(
            DrawFile.draw_id == draw_id, DrawFile.name == name).order_by(DrawFile.part)))


def put_file(session: Session, draw_id: int, name: str, content: bytes | memoryview, *,
             public: bool = True) -> None:
    """Write a draw's file, or write it anew (only replacements.jsonl and pairing.json ever are)."""
    session.execute(delete(DrawFile).where(DrawFile.draw_id == draw_id, DrawFile.name == name))
    bulk.write(session, DrawFile, ("draw_id", "name", "part", "public", "content"), (
        (draw_id, name, part, public, content[start:start + PART])
        for part, start in enumerate(range(0, max(1, len(content)), PART))))


def public_files(session: Session, draw_id: int) -> dict[str, bytes]:
    names = session.scalars(select(DrawFile.name).where(
        DrawFile.draw_id == draw_id, DrawFile.public).distinct())
    return {name: file_bytes(session, draw_id, name) for name in sorted(names)}


def names_of_files(session: Session, names: Sequence[str], since: datetime) -> list[tuple[int, str, int, str]]:
    """Return (scheme id, its code, draw's number, name) of public files of these names; of draws that
    have moved `since`."""
    return [tuple(row) for row in session.execute(select(
        Draw.scheme_id, Scheme.code, Draw.number, DrawFile.name).join(DrawFile, DrawFile.draw_id == Draw.id).join(
        Draw.scheme).where(DrawFile.public, DrawFile.part == 0, DrawFile.name.in_(names), Draw.stage_since > since))]


def as_source(source: DrawSource) -> Source:
    """Return a source of the register as the draw reads it."""
    due = f"{source.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if source.due_at else ""
    return Source(source.kind, source.locator, due, source.commitment)


def chain_head(session: Session) -> str:
    """Return the head of the city's chain, which nobody else may lengthen until the commit."""
    last = _last_line(session)
    return last["head"] if last else ZERO


def append_chain(session: Session, draw: Draw, kind: str, content: bytes) -> None:
    """Add the next line to the city's chain: `content` is seal.json, result.json or void.json."""
    line = next_line(_last_line(session), kind, draw.scheme.code, draw.number,
                     hexdigest(draw.hash_name, content), draw.hash_name)
    session.add(ChainLine(number=line["number"], line=line))
    session.flush()


def _last_line(session: Session) -> dict | None:
    session.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
    return session.scalar(select(ChainLine.line).order_by(ChainLine.number.desc()).limit(1))


def chain(session: Session) -> list[dict]:
    return list(session.scalars(select(ChainLine.line).order_by(ChainLine.number)))
