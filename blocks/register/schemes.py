"""Schemes (抽查工作方案) and the assignments dispatched to departments (art. 6, 8, 9)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint, cast, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks.errors import NotFound
from blocks.register.base import AccountRef, Base, DepartmentRef, Id, Moving, Now
from blocks.register.directories import Department

SCHEME_LOCK = 7002


class Scheme(Moving, Base):
    """`code` (e.g. 2026-001) names it in commands, folders and on the public site.

    `regulation` and `catalogue_edition` are what was in force at approval; until then null.
    `plan_key` names the inspection of an annual plan that it carries out: none is opened twice.
    """

    __tablename__ = "schemes"
    thing = "scheme"
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    draw_kind: Mapped[str]
    lead_id: Mapped[DepartmentRef]
    participant_ids: Mapped[list[int]]
    drafter_id: Mapped[AccountRef]
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    annual_plan_id: Mapped[int | None] = mapped_column(ForeignKey("annual_plans.id"))
    catalogue_edition: Mapped[int | None] = mapped_column(ForeignKey("catalogue_editions.number"))
    plan_key: Mapped[str | None] = mapped_column(unique=True)
    grounds: Mapped[str]
    scope: Mapped[dict]
    sampling: Mapped[dict]
    window_start: Mapped[date]
    window_end: Mapped[date]
    mode: Mapped[str]
    lead_items: Mapped[list[str]]
    randomness: Mapped[dict]
    regulation: Mapped[dict | None]
    cancel_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    lead: Mapped[Department] = relationship()
    __table_args__ = (
        CheckConstraint("approver_id IS NULL OR approver_id <> drafter_id", name="four_eyes"),
        CheckConstraint("window_end >= window_start", name="window"),
        CheckConstraint(
            "stage IN ('drafted','submitted','cancelled') OR approver_id IS NOT NULL",
            name="approved_by_somebody"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.lead_id

    @property
    def title(self) -> str:
        return f"{self.code} {self.name}"


class SchemeReview(Base):
    """What the flow `plan_approval` found in one version of a scheme, before the approver saw it.

    `findings`: {"violations": [text], "remarks": [text], "pool": {...}, "staffing": {...}}.
    """

    __tablename__ = "scheme_reviews"
    id: Mapped[Id]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"))
    scheme_version: Mapped[int]
    findings: Mapped[dict]
    made_at: Mapped[Now]
    __table_args__ = (UniqueConstraint("scheme_id", "scheme_version"),)


class Assignment(Moving, Base):
    """What a participating department is asked to do. `shortage` says who is missing, if anyone."""

    __tablename__ = "assignments"
    thing = "assignment"
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"))
    department_id: Mapped[DepartmentRef]
    item_codes: Mapped[list[str]]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    shortage: Mapped[str | None]
    shortage_on: Mapped[date | None]
    scheme: Mapped[Scheme] = relationship()
    department: Mapped[Department] = relationship()
    __table_args__ = (
        UniqueConstraint("scheme_id", "department_id"),
        CheckConstraint("stage NOT IN ('accepted','staffed') OR cardinality(item_codes) > 0",
                        name="items_chosen"),
    )

    @property
    def owner_department_id(self) -> int:
        return self.department_id

    @property
    def title(self) -> str:
        return f"{self.scheme.code} {self.department.short_name}"


class Attempt(Base):
    """How often the sweep has started a flow for the same due work (G17)."""

    __tablename__ = "attempts"
    key: Mapped[str] = mapped_column(primary_key=True)
    flow: Mapped[str]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("schemes.id"))
    tries: Mapped[int]
    last_at: Mapped[datetime]
    last_run: Mapped[str]


def next_code(session: Session, year: int) -> str:
    """Return the next free code of a year; others wait until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(SCHEME_LOCK)))
    last = session.scalar(select(func.max(cast(func.split_part(Scheme.code, "-", 2), Integer))).where(
        Scheme.code.like(f"{year}-%")))
    return f"{year}-{1 + (last or 0):03d}"


def scheme(session: Session, code_or_id: str | int, *, lock: bool = False) -> Scheme:
    """Return a scheme by code (2026-001) or id; `lock` holds it until the transaction ends.

    Raises:
        NotFound: no such scheme; says which there are.
    """
    is_id = str(code_or_id).isdecimal() and int(code_or_id) < 2**63
    where = Scheme.id == int(code_or_id) if is_id else Scheme.code == str(code_or_id)
    query = select(Scheme).where(where)
    found = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        codes = session.scalars(select(Scheme.code).order_by(Scheme.id.desc()).limit(10)).all()
        raise NotFound(f"没有方案「{code_or_id}」",
                       f"最近的方案：{'、'.join(codes) if codes else '（还没有方案）'}")
    return found


def all_schemes(session: Session) -> list[Scheme]:
    """Return every scheme, the newest first."""
    return list(session.scalars(select(Scheme).order_by(Scheme.id.desc())))


def departments_of(session: Session, scheme: Scheme) -> list[Department]:
    """Return the departments that take part: the lead first, then participants not withdrawn."""
    withdrawn = set(session.scalars(select(Assignment.department_id).where(
        Assignment.scheme_id == scheme.id, Assignment.stage == "withdrawn")))
    ids = [scheme.lead_id, *(d for d in scheme.participant_ids if d not in withdrawn)]
    found = {d.id: d for d in session.scalars(select(Department).where(Department.id.in_(ids)))}
    return [found[i] for i in ids]
