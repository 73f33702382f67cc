"""Visits, the departments' checks in them, their records, seats, recusals, absences (art. 9 to 11)."""

import secrets
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, contains_eager, joinedload, mapped_column, relationship

from blocks.errors import NotFound
from blocks.register.base import (
    AccountRef,
    Base,
    DepartmentRef,
    Id,
    Moving,
    Now,
    scheme_of,
)
from blocks.register.directories import Department, Inspector, Target
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.rules.stages import KINDS

Found = TypeVar("Found", bound=Moving)
LIVE_VISIT = "stage <> 'replaced'"
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is read for another


def notice_code() -> str:
    """Return a new code for a visit's notice: who holds the notice may claim a recusal by it."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


class Visit(Moving, Base):
    """One visit (一次上门) to one business. `half` is am or pm of `day`, once fixed.

    `merged_with_id`: another scheme's visit to the same business that this one goes along with
    (art. 14). `notice_code` stands on the notice that the business gets.
    """

    __tablename__ = "visits"
    thing = "visit"
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"), index=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("targets.id"))
    candidate_id: Mapped[str]
    stratum: Mapped[str]
    rank: Mapped[int]
    day: Mapped[date | None]
    half: Mapped[str | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"), unique=True)
    replacement_reason: Mapped[str | None]
    replacement_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    merged_with_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"), index=True)
    notice_code: Mapped[str] = mapped_column(unique=True, default=notice_code)
    scheme: Mapped[Scheme] = relationship()
    target: Mapped[Target] = relationship()
    __table_args__ = (
        Index("uq_visits_live", "scheme_id", "target_id", unique=True,
              postgresql_where=LIVE_VISIT),
        Index("ix_visits_replaced", "scheme_id", postgresql_where="stage = 'replaced'"),
        CheckConstraint("(day IS NULL) = (half IS NULL)", name="day_and_half"),
        CheckConstraint("half IN ('am','pm')", name="half"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.scheme.lead_id

    @property
    def title(self) -> str:
        return f"{self.scheme.code} {self.target.name}"


class Check(Moving, Base):
    """One department's part of a visit (分口检查). `record_number` is its latest version.

    `withholding`: the lawful ground (config/results.yaml) on which somebody asked not to publish it.
    """

    __tablename__ = "checks"
    thing = "check"
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    department_id: Mapped[DepartmentRef]
    item_codes: Mapped[list[str]]
    record_number: Mapped[int] = mapped_column(default=0)
    withholding: Mapped[str | None]
    withholding_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    withheld_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    visit: Mapped[Visit] = relationship()
    department: Mapped[Department] = relationship()
    records: Mapped[list["CheckRecord"]] = relationship(
        order_by="CheckRecord.number", back_populates="check")
    __table_args__ = (
        UniqueConstraint("visit_id", "department_id"),
        Index("ix_checks_not_public", "stage", "visit_id", postgresql_where="stage <> 'public'"),
        CheckConstraint("stage = 'planned' OR record_number > 0", name="recorded_has_record"),
        CheckConstraint("stage NOT IN ('withheld','withdrawn') OR (withholding IS NOT NULL AND "
                        "withheld_by_id IS NOT NULL)", name="withheld_on_a_ground"),
        CheckConstraint("withheld_by_id <> withholding_asked_by_id", name="withheld_by_two"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.department_id

    @property
    def title(self) -> str:
        return f"{self.visit.title}·{self.department.short_name}"

    @property
    def latest(self) -> "CheckRecord | None":
        return self.records[-1] if self.records else None


class CheckRecord(Base):
    """One version of a check's result. A correction is a new row, never an overwrite (art. 11).

    `verdict`: null while it waits, then `reviewed` or `returned`. `answers`: {item code: answer}.
    """

    __tablename__ = "check_records"
    id: Mapped[Id]
    check_id: Mapped[int] = mapped_column(ForeignKey("checks.id"))
    number: Mapped[int]
    category: Mapped[str]
    finding: Mapped[str]
    answers: Mapped[dict]
    inspected_on: Mapped[date]
    made_on: Mapped[date]
    correction_reason: Mapped[str | None]
    recorded_by_id: Mapped[AccountRef]
    recorded_at: Mapped[Now]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    verdict: Mapped[str | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reviewed_at: Mapped[datetime | None]
    review_reason: Mapped[str | None]
    check: Mapped[Check] = relationship(back_populates="records")
    __table_args__ = (
        UniqueConstraint("check_id", "number"),
        CheckConstraint("reviewed_by_id <> recorded_by_id", name="reviewer_not_recorder"),
        CheckConstraint("reviewed_by_id <> confirmed_by_id", name="reviewer_not_second"),
        CheckConstraint("confirmed_by_id <> recorded_by_id", name="two_inspectors"),
        CheckConstraint("(verdict IS NULL) = (reviewed_by_id IS NULL)", name="verdict_by_somebody"),
    )


class Seat(Base):
    """An inspector's place in a check. `vacated_at` set: he or she is out, and the row stays.

    `shares_id`: the seat of the same person, at the same time, in the visit this one is merged with.
    """

    __tablename__ = "seats"
    id: Mapped[Id]
    check_id: Mapped[int] = mapped_column(ForeignKey("checks.id"), index=True)
    inspector_id: Mapped[int] = mapped_column(ForeignKey("inspectors.id"))
    leads: Mapped[bool]
    day: Mapped[date | None]
    half: Mapped[str | None]
    suspended: Mapped[bool] = mapped_column(default=False)
    vacated_at: Mapped[datetime | None]
    shares_id: Mapped[int | None] = mapped_column(ForeignKey("seats.id"))
    check: Mapped[Check] = relationship()
    inspector: Mapped[Inspector] = relationship()
    __table_args__ = (
        Index("uq_seats_live", "check_id", "inspector_id", unique=True,
              postgresql_where="vacated_at IS NULL"),
        Index("uq_seats_leader", "check_id", unique=True,
              postgresql_where="vacated_at IS NULL AND leads"),
        Index("uq_seats_half_day", "inspector_id", "day", "half", unique=True,
              postgresql_where="vacated_at IS NULL AND shares_id IS NULL"),
    )


class Recusal(Moving, Base):
    """A claim that an inspector is interested in the business of a check (回避, art. 9)."""

    __tablename__ = "recusals"
    thing = "recusal"
    seat_id: Mapped[int] = mapped_column(ForeignKey("seats.id"))
    reason: Mapped[str]
    claimed_by_id: Mapped[AccountRef]
    concerned_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    seat: Mapped[Seat] = relationship()
    __table_args__ = (
        CheckConstraint("decided_by_id <> claimed_by_id", name="decided_by_another"),
        CheckConstraint("decided_by_id <> concerned_id", name="not_the_person"),
        Index("uq_recusals_open", "seat_id", unique=True,
              postgresql_where="stage IN ('claimed','reconsidered')"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.seat.check.department_id

    @property
    def title(self) -> str:
        return f"{self.seat.check.title} 回避"


class Absence(Moving, Base):
    """A report that a seated inspector cannot come: ill, transferred, certificate run out."""

    __tablename__ = "absences"
    thing = "absence"
    seat_id: Mapped[int] = mapped_column(ForeignKey("seats.id"))
    why: Mapped[str]
    reported_by_id: Mapped[AccountRef]
    concerned_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    seat: Mapped[Seat] = relationship()
    __table_args__ = (
        CheckConstraint("decided_by_id <> reported_by_id", name="decided_by_another"),
        CheckConstraint("decided_by_id <> concerned_id", name="not_the_person"),
        Index("uq_absences_open", "seat_id", unique=True, postgresql_where="stage = 'reported'"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.seat.check.department_id

    @property
    def title(self) -> str:
        return f"{self.seat.check.title} 换人"


def live_visits(session: Session, scheme_id: int) -> list[Visit]:
    """Return the scheme's visits that were not replaced, in the order of strata and ranks."""
    return list(session.scalars(select(Visit).where(
        Visit.scheme_id == scheme_id, Visit.stage != "replaced",
    ).order_by(Visit.stratum, Visit.rank)))


def live_checks(session: Session, scheme_id: int) -> list[Check]:
    """Return the checks of the scheme's live visits, in the order of their ids."""
    return list(session.scalars(select(Check).join(Check.visit).where(
        Visit.scheme_id == scheme_id, Visit.stage != "replaced").order_by(Check.id).options(
        contains_eager(Check.visit).joinedload(Visit.target), joinedload(Check.department))))


def live_seats(session: Session, check_id: int) -> list[Seat]:
    """Return the seats that are taken, the leader's first."""
    return list(session.scalars(select(Seat).where(
        Seat.check_id == check_id, Seat.vacated_at.is_(None)
    ).order_by(Seat.leads.desc(), Seat.id).options(joinedload(Seat.inspector))))


def get(session: Session, kind: type[Found], id: int | str) -> Found:
    """Return something of a scheme (a visit, a check, a recusal …) by id, held until the transaction ends.

    Its scheme is locked first, as flows do: whoever moves something in a scheme waits there, so
    two never wait for each other.

    Raises:
        NotFound: no such id.
    """
    number = int(id) if str(id).isdecimal() else 0
    found = session.get(kind, number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound(f"没有编号为「{id}」的{KINDS[kind.thing].label}",
                       "请从待办或方案的页面找到它的编号")
    find_scheme(session, scheme_of(found), lock=True)
    session.refresh(found, with_for_update=True)
    return found
