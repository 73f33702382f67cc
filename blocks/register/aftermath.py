"""What comes after a result: follow-ups, the business's objections and evaluations, letters of the
office (art. 5, 10, 11)."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks.register.base import Base, DepartmentRef, Moving
from blocks.register.directories import Department
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, CheckRecord, Visit


class FollowUp(Moving, Base):
    """What is done about a finding (后续处置): ordered to rectify, referred, copied to a department.

    `kind`: a code of config/results.yaml. `due_on`: the day it must be done by. `recheck`: somebody
    looks again on site before it is closed. `outcome`, `rechecked_on`: how it ended.
    """

    __tablename__ = "follow_ups"
    thing = "follow_up"
    check_id: Mapped[int] = mapped_column(ForeignKey("checks.id"), index=True)
    record_number: Mapped[int]
    kind: Mapped[str]
    instructions: Mapped[str]
    to_department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    due_on: Mapped[date | None]
    recheck: Mapped[bool]
    rechecked_on: Mapped[date | None]
    outcome: Mapped[str | None]
    check: Mapped[Check] = relationship()
    __table_args__ = (CheckConstraint("stage <> 'closed' OR NOT recheck OR rechecked_on IS NOT NULL",
                                      name="rechecked_before_closed"),)

    @property
    def owner_department_id(self) -> int:
        return self.check.department_id

    @property
    def title(self) -> str:
        return f"{self.check.title} 后续处置"

    @property
    def own_due_on(self) -> date | None:
        return self.due_on


class Objection(Moving, Base):
    """That the business disputes a published result (企业异议). Upheld, a correction has to follow."""

    __tablename__ = "objections"
    thing = "objection"
    check_id: Mapped[int] = mapped_column(ForeignKey("checks.id"), index=True)
    record_number: Mapped[int]
    reason: Mapped[str]
    answer: Mapped[str | None]
    check: Mapped[Check] = relationship()
    __table_args__ = (Index("uq_objections_open", "check_id", unique=True,
                            postgresql_where="stage = 'filed'"),)

    @property
    def owner_department_id(self) -> int:
        return self.check.department_id

    @property
    def title(self) -> str:
        return f"{self.check.title} 异议"


class Evaluation(Moving, Base):
    """How the business saw a visit (企业评价). `satisfaction`: 1 to 5."""

    __tablename__ = "evaluations"
    thing = "evaluation"
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    showed_certificate: Mapped[bool]
    only_what_was_listed: Mapped[bool]
    asked_for_money: Mapped[bool]
    satisfaction: Mapped[int]
    comment: Mapped[str]
    visit: Mapped[Visit] = relationship()
    __table_args__ = (UniqueConstraint("visit_id"),
                      CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"))

    @property
    def owner_department_id(self) -> int:
        return self.visit.owner_department_id

    @property
    def title(self) -> str:
        return f"{self.visit.title} 评价"


class Letter(Moving, Base):
    """A letter of supervision (督办函) of the office to a department that is late in a scheme."""

    __tablename__ = "letters"
    thing = "letter"
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"), index=True)
    department_id: Mapped[DepartmentRef]
    matters: Mapped[list[str]]
    request: Mapped[str]
    answer: Mapped[str | None]
    scheme: Mapped[Scheme] = relationship()
    department: Mapped[Department] = relationship()
    __table_args__ = (Index("uq_letters_open", "scheme_id", "department_id", unique=True,
                            postgresql_where="stage = 'issued'"),)

    @property
    def owner_department_id(self) -> int:
        return self.department_id

    @property
    def title(self) -> str:
        return f"{self.scheme.code} 致{self.department.short_name}督办函"


def follow_ups(session: Session, check: Check) -> list[FollowUp]:
    """Return what followed a check, the newest first."""
    return list(session.scalars(select(FollowUp).where(
        FollowUp.check_id == check.id).order_by(FollowUp.id.desc())))


def objections(session: Session, check: Check) -> list[Objection]:
    """Return the objections to a check's results, the newest first."""
    return list(session.scalars(select(Objection).where(
        Objection.check_id == check.id).order_by(Objection.id.desc())))


def to_be_corrected(session: Session, department_id: int) -> list[Objection]:
    """Return a department's upheld objections to a version that is still the latest."""
    newer = exists().where(CheckRecord.check_id == Objection.check_id,
                           CheckRecord.number > Objection.record_number,
                           CheckRecord.verdict.is_distinct_from("returned"))
    return list(session.scalars(select(Objection).join(Objection.check).where(
        Objection.stage == "upheld", Check.department_id == department_id, ~newer)))


def undecided(session: Session, department_id: int, categories: list[str]) -> list[Check]:
    """Return a department's checks whose latest version is of these categories, reviewed, and
    nothing was decided to follow it."""
    decided = exists().where(FollowUp.check_id == Check.id,
                             FollowUp.record_number == CheckRecord.number)
    return list(session.scalars(select(Check).join(CheckRecord).where(
        Check.department_id == department_id, CheckRecord.number == Check.record_number,
        CheckRecord.verdict == "reviewed", CheckRecord.category.in_(categories), ~decided)))


def evaluation(session: Session, visit: Visit) -> Evaluation | None:
    return session.scalar(select(Evaluation).where(Evaluation.visit_id == visit.id))


def letters(session: Session, scheme_id: int) -> list[Letter]:
    """Return the letters written about a scheme, the newest first."""
    return list(session.scalars(select(Letter).where(
        Letter.scheme_id == scheme_id).order_by(Letter.id.desc())))


def evaluations(session: Session) -> list[Evaluation]:
    """Return the last hundred evaluations, the worst first."""
    last = session.scalars(select(Evaluation).order_by(Evaluation.id.desc()).limit(100))
    return sorted(last, key=lambda one: (not one.asked_for_money, one.showed_certificate, one.satisfaction))
