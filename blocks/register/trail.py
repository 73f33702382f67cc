"""The one door for change: guarded update, trail line and outbox line in one transaction.

`begin` brings a moving thing into being, `advance` moves it. Both ask `rules.stages`, stop and
start its clocks, and write one line of the trail (留痕), a hash chain over everything that ever
moved. A deferred trigger refuses, at commit, any version of a moving thing without its trail line.

Sources: guarantees G1, G7, G8, G9; RFC 8785 for the bytes that are hashed.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    column,
    func,
    select,
    table,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from blocks import settings
from blocks.draw.hashing import ZERO, canonical_json, hexdigest
from blocks.errors import StageError
from blocks.register import guard
from blocks.register.base import AccountRef, Base, Id, Moving, Now, scheme_of
from blocks.rules import stages
from blocks.rules.deadlines import due as due_of
from blocks.rules.stages import Actor, Move
from blocks.workdays import Due

TRAIL_HASH = "sm3"
TRAIL_LOCK = 7000
SCHEMES = table("schemes", column("id"), column("stage"))  # their model stands above this room


class TrailLine(Base):
    """One move. `number` has no gap; `hash` covers every other column and the previous hash."""

    __tablename__ = "trail"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    thing: Mapped[str]
    thing_id: Mapped[int]
    version: Mapped[int]
    source: Mapped[str | None]
    target: Mapped[str]
    label: Mapped[str]
    actor_id: Mapped[AccountRef]
    role: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str]
    details: Mapped[dict]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("schemes.id"))
    previous: Mapped[str]
    hash: Mapped[str]
    __table_args__ = (UniqueConstraint("thing", "thing_id", "version"), Index(None, "scheme_id", "number"))

    def digest(self) -> str:
        """Return the hash this line must have."""
        columns = ("number", "thing", "thing_id", "version", "source", "target", "label",
                   "actor_id", "role", "reason", "details", "scheme_id", "previous")
        body = {c: getattr(self, c) for c in columns}
        body["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return hexdigest(TRAIL_HASH, canonical_json(body))


class OutboxLine(Base):
    """What others may be told of a move, after the commit. `wakes` names the flow now due.

    `tries` counts refusals; nobody takes the line before `leased_until`: another relay has it, or it
    was refused just now. `decided_by_id`: who sent it again, or let it be.
    """

    __tablename__ = "outbox"
    trail_number: Mapped[int] = mapped_column(ForeignKey("trail.number"), primary_key=True)
    event: Mapped[str]
    payload: Mapped[dict]
    wakes: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    line: Mapped[TrailLine] = relationship()
    __table_args__ = (Index(None, "trail_number", postgresql_where="done_at IS NULL"),
                      Index(None, "done_at", postgresql_where="done_at IS NOT NULL"))


class InboxLine(Base):
    """That a consumer has taken up the event of a trail line, in which of its runs."""

    __tablename__ = "inbox"
    consumer: Mapped[str] = mapped_column(primary_key=True)
    trail_number: Mapped[int] = mapped_column(ForeignKey("trail.number"), primary_key=True)
    run: Mapped[str]
    taken_at: Mapped[Now]


class DueLine(Base):
    """A clock that runs for a thing. One open line (met_at null) per thing and clock."""

    __tablename__ = "dues"
    id: Mapped[Id]
    thing: Mapped[str]
    thing_id: Mapped[int]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("schemes.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    clock: Mapped[str]
    started_on: Mapped[date]
    due_on: Mapped[date]
    provisional: Mapped[bool]
    explained: Mapped[str]
    begun_at: Mapped[Now]
    met_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_dues_open", "thing", "thing_id", "clock", unique=True,
              postgresql_where="met_at IS NULL"),
        Index("ix_dues_open_on", "due_on", postgresql_where="met_at IS NULL"),
        Index("ix_dues_provisional", "due_on", postgresql_where="met_at IS NULL AND provisional"),
        CheckConstraint("due_on >= started_on", name="after_start"),
    )


class DueChange(Base):
    """That a clock was counted to another day: what it was until then. Insert-only."""

    __tablename__ = "due_changes"
    id: Mapped[Id]
    due_id: Mapped[int] = mapped_column(ForeignKey("dues.id"), index=True)
    was_on: Mapped[date]
    changed_at: Mapped[datetime]


def begin(session: Session, thing: Moving, actor: Actor, *, reason: str = "",
          details: Mapping[str, Any] | None = None, clock_from: date | None = None) -> TrailLine:
    """Bring a moving thing into being in its first stage and return its first trail line."""
    move = stages.find(thing.thing, None, stages.FIRST_STAGE[thing.thing])
    thing.stage, thing.version = move.target, 1
    thing.stage_since, thing.moved_by_id = settings.now(), actor.id
    session.add(thing)
    session.flush()
    stages.permit(move, actor, owner_department_id=thing.owner_department_id, facts={},
                  reason=reason)
    return _write(session, thing, move, None, actor, reason, details, clock_from)


def advance(session: Session, thing: Moving, target: str, actor: Actor, *, verb: str | None = None,
            reason: str = "", details: Mapping[str, Any] | None = None,
            facts: Mapping[str, Any] | None = None, clock_from: date | None = None,
            **columns: Any) -> TrailLine:
    """Move a thing to `target` and set `columns` with it; all or nothing with the transaction.

    `verb` tells apart moves between the same two stages; `facts` adds what `other_than` asks of
    things beside the row (who recorded); `clock_from` is the day the started clocks count from.

    Raises:
        StageError: no such move from here, or somebody else moved it first.
        RuleViolation: this person may not.
    """
    guard.compare(session, thing)
    source, version = thing.stage, thing.version
    move = stages.find(thing.thing, source, target, verb)
    known = {c: getattr(thing, c, None) for c in move.other_than} | dict(facts or {})
    stages.permit(move, actor, owner_department_id=thing.owner_department_id, facts=known,
                  reason=reason)
    values = {"stage": target, "version": version + 1, "stage_since": settings.now(),
              "moved_by_id": actor.id, **columns}
    model = type(thing)
    session.flush()
    moved = session.execute(update(model).where(
        model.id == thing.id, model.stage == source, model.version == version,
    ).values(**values).execution_options(synchronize_session=False))
    if moved.rowcount != 1:
        raise StageError(f"{thing.title}刚刚被别人办理过，您看到的已不是最新进展",
                         "什么都没有改动。请看过最新进展再办")
    for name, value in values.items():
        set_committed_value(thing, name, value)
    return _write(session, thing, move, source, actor, reason, details, clock_from)


def _write(session: Session, thing: Moving, move: Move, source: str | None, actor: Actor,
           reason: str, details: Mapping[str, Any] | None, clock_from: date | None) -> TrailLine:
    scheme_id = scheme_of(thing)
    number, previous = _head(session)
    _refuse_cancelled(session, thing, scheme_id)
    line = TrailLine(
        number=number + 1, thing=thing.thing, thing_id=thing.id, version=thing.version,
        source=source, target=move.target, label=move.label, actor_id=actor.id,
        role=sorted(move.by & actor.roles)[0].value, at=settings.now(), reason=reason.strip(),
        details={**(details or {}), **({"run": actor.run} if actor.run else {})},
        scheme_id=scheme_id, previous=previous)
    line.hash = line.digest()
    session.info["trail_head"] = (line.number, line.hash)
    payload = {"thing": thing.thing, "id": thing.id, "version": thing.version,
               "scheme_id": scheme_id}
    told = OutboxLine(line=line, trail_number=line.number, event=f"choucha.{thing.thing}.{move.target}",
                      payload=payload, wakes=move.wakes)
    session.add_all([line, told])
    session.info.setdefault("outbox", []).append(told)
    if move.reports:
        session.info.setdefault("reports", []).append((move.reports, thing, line))
    _stop_clocks(session, thing, move)
    for clock in move.starts:
        start_clock(session, thing, clock, clock_from or settings.today())
    return line


def _head(session: Session) -> tuple[int, str]:
    """Return number and hash of the last line; the lock keeps others out until the commit."""
    if "trail_head" not in session.info:
        session.execute(select(func.pg_advisory_xact_lock(TRAIL_LOCK)))
        last = session.execute(select(TrailLine.number, TrailLine.hash).order_by(
            TrailLine.number.desc()).limit(1)).first()
        session.info["trail_head"] = tuple(last) if last else (0, ZERO)
    return session.info["trail_head"]


def _refuse_cancelled(session: Session, thing: Moving, scheme_id: int | None) -> None:
    """Whoever is cancelling meanwhile waits for this trail, or has written before us: no clock escapes."""
    if thing.thing in stages.ENDS_WITH_SCHEME and session.scalar(
            select(SCHEMES.c.stage).where(SCHEMES.c.id == scheme_id)) == "cancelled":
        raise StageError(f"{thing.title}：这次抽查已经取消，不再办理", "什么都没有改动。请看方案的最新进展")


def _stop_clocks(session: Session, thing: Moving, move: Move) -> None:
    if move.meets:
        session.flush()
        session.execute(update(DueLine).where(
            DueLine.thing == thing.thing, DueLine.thing_id == thing.id,
            DueLine.clock.in_(move.meets), DueLine.met_at.is_(None)).values(met_at=settings.now()))


def start_clock(session: Session, thing: Moving, clock: str, from_day: date) -> DueLine:
    """Start a clock of a thing, or count a running one anew from another day."""
    found = session.scalar(select(DueLine).where(
        DueLine.thing == thing.thing, DueLine.thing_id == thing.id, DueLine.clock == clock,
        DueLine.met_at.is_(None)))
    line = found or DueLine(thing=thing.thing, thing_id=thing.id, clock=clock, begun_at=settings.now(),
                            scheme_id=scheme_of(thing), department_id=thing.owner_department_id)
    counted = Due(thing.own_due_on, False, "另定期限") if thing.own_due_on else due_of(
        clock, from_day, settings.calendar(), settings.regulation(from_day))
    if found:
        recall(session, found, counted.on)
    line.started_on, line.due_on = from_day, counted.on
    line.provisional, line.explained = counted.provisional, counted.explained
    session.add(line)
    return line


def recall(session: Session, line: DueLine, now_on: date) -> None:
    """Keep the day a clock ended on, before it ends on another."""
    if line.due_on != now_on:
        session.add(DueChange(due_id=line.id, was_on=line.due_on, changed_at=settings.now()))


def verify(session: Session) -> tuple[int, list[str]]:
    """Recompute the whole chain; return how many lines there are and what is wrong (Chinese)."""
    wrong: list[str] = []
    number, previous = 0, ZERO
    for line in session.scalars(select(TrailLine).order_by(TrailLine.number).execution_options(
            yield_per=2000)):
        if line.number != number + 1:
            wrong.append(f"留痕缺第{number + 1}至{line.number - 1}条")
        if line.previous != previous or line.hash != line.digest():
            wrong.append(f"留痕第{line.number}条与链不符")
        number, previous = line.number, line.hash
    return number, wrong + _without_line(session)


def _without_line(session: Session) -> list[str]:
    """Return which moving things stand at a version that is not on the trail (its end cut off)."""
    wrong = []
    for model in Moving.__subclasses__():
        told = select(TrailLine.version).where(
            TrailLine.thing == model.thing, TrailLine.thing_id == model.id,
            TrailLine.version == model.version, TrailLine.target == model.stage).exists()
        wrong += [f"{stages.KINDS[model.thing].label}（编号{id}）的最后一步不在留痕中"
                  for id in session.scalars(select(model.id).where(~told).order_by(model.id))]
    return wrong
