"""The calendar that the register holds (放假安排): notices imported since set-up, local overrides.

The files of `config/calendar` come with the checkout; a year that is published later, and what the
city itself decides, lives here, so that every process on every machine counts alike, a backup has
it and the checkout stays as it was installed. Each process looks at most every twenty seconds whether
there is something new (`database.transaction`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks import settings
from blocks.register.base import Base, Moving
from blocks.register.directories import Department
from blocks.register.trail import DueLine, begin, recall
from blocks.rules.deadlines import CLOCKS
from blocks.rules.deadlines import due as due_of
from blocks.rules.stages import Actor
from blocks.workdays import WorkCalendar


class HolidayNotice(Moving, Base):
    """A year's official schedule, or a local override. `contents`: the file, its days as text."""

    __tablename__ = "holiday_notices"
    thing = "holiday_notice"
    year: Mapped[int]
    level: Mapped[str]
    contents: Mapped[dict]
    __table_args__ = (
        CheckConstraint("level IN ('national','local')", name="level"),
        Index("uq_holiday_notices_national", "year", unique=True,
              postgresql_where="level = 'national' AND stage = 'issued'"))

    @property
    def owner_department_id(self) -> None:
        return None

    @property
    def title(self) -> str:
        return f"{self.year}年{'放假安排' if self.level == 'national' else '本地安排'}"


class Recount(Moving, Base):
    """That an open due date was counted anew and came out another day (期限重算)."""

    __tablename__ = "recounts"
    thing = "recount"
    due_id: Mapped[int] = mapped_column(ForeignKey("dues.id"))
    was_on: Mapped[date]
    now_on: Mapped[date]
    due: Mapped[DueLine] = relationship()

    @property
    def owner_department_id(self) -> int | None:
        return self.due.department_id

    @property
    def scheme_id(self) -> int | None:
        return self.due.scheme_id

    @property
    def title(self) -> str:
        return f"{CLOCKS[self.due.clock].label}期限重算"


@dataclass(frozen=True)
class Moved:
    """A due date that is another now. `settled`: it was provisional and is not any more."""

    due: DueLine
    clock: str
    department: str
    was_on: date
    now_on: date
    settled: bool


def in_force(session: Session) -> list[HolidayNotice]:
    """Return the notices that count, in the order they came."""
    return list(session.scalars(select(HolidayNotice).where(
        HolidayNotice.stage == "issued").order_by(HolidayNotice.id)))


def as_stored(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked notice as JSON keeps it: days as text."""
    holidays = [{**one, "from": one["from"].isoformat(), "to": one["to"].isoformat()}
                for one in data["holidays"]]
    return {**data, "holidays": holidays,
            "make_up_workdays": [day.isoformat() for day in data["make_up_workdays"]]}


def moved_by(session: Session, calendar: WorkCalendar, *, provisional_only: bool = False) -> list[Moved]:
    """Return which open due dates this calendar counts to another day, soonest first.

    A day that somebody set for the very thing (另定期限) is no count and stays.
    """
    query = select(DueLine, Department.short_name).outerjoin(
        Department, Department.id == DueLine.department_id).where(
        DueLine.met_at.is_(None), DueLine.explained.startswith("自")).order_by(DueLine.due_on, DueLine.id)
    if provisional_only:
        query = query.where(DueLine.provisional)
    found = []
    for line, short in session.execute(query):
        counted = due_of(line.clock, line.started_on, calendar, settings.regulation(line.started_on))
        if (counted.on, counted.provisional) != (line.due_on, line.provisional):
            found.append(Moved(line, line.clock, short or "", line.due_on, counted.on,
                               line.provisional and not counted.provisional))
    return found


def recount(session: Session, actor: Actor, *, why: str, provisional_only: bool = False) -> list[Moved]:
    """Count the open due dates by today's calendar, with a trail line for each that becomes another."""
    calendar = settings.calendar()
    moved = moved_by(session, calendar, provisional_only=provisional_only)
    for one in moved:
        line = one.due
        counted = due_of(line.clock, line.started_on, calendar, settings.regulation(line.started_on))
        recall(session, line, counted.on)
        line.due_on, line.provisional, line.explained = counted.on, counted.provisional, counted.explained
        begin(session, Recount(due=line, due_id=line.id, was_on=one.was_on, now_on=one.now_on), actor,
              reason=why, details={"clock": line.clock, "of": f"{line.thing}:{line.thing_id}",
                                   "from": one.was_on.isoformat(), "to": one.now_on.isoformat(),
                                   "provisional": line.provisional})
    return moved
