"""Who and what there is: departments, accounts, items, targets, inspectors, interests.

Source: articles 5, 7, 8(1), 9, 13, 14.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks.errors import NotFound
from blocks.register.base import Base, DepartmentRef, Id, Now
from blocks.rules.stages import Actor, Role


class Department(Base):
    __tablename__ = "departments"
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    short_name: Mapped[str]


class Account(Base):
    """A person's or a flow's account. `login` is what `--as` names."""

    __tablename__ = "accounts"
    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    roles: Mapped[list[str]]
    inspector_id: Mapped[int | None] = mapped_column(ForeignKey("inspectors.id"), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    department: Mapped[Department | None] = relationship()

    def as_actor(self, run: str | None = None) -> Actor:
        return Actor(self.id, self.login, self.name, self.department_id,
                     frozenset(Role(r) for r in self.roles), self.inspector_id, run)


class InspectionItem(Base):
    """One item of the joint catalogue (art. 7): what may be inspected, by whom, on what basis.

    `department_id` inspects it; `partner_codes` are the departments the list names beside it.
    `clause`: the text of the article, where the list gives it. Earlier editions: `catalogue`.
    """

    __tablename__ = "inspection_items"
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    field: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    department_id: Mapped[DepartmentRef]
    target_kinds: Mapped[list[str]]
    mode: Mapped[str]
    legal_basis: Mapped[str]
    clause: Mapped[str] = mapped_column(default="")
    partner_codes: Mapped[list[str]] = mapped_column(default=list)
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    published: Mapped[bool]
    department: Mapped[Department] = relationship(lazy="joined")
    __table_args__ = (CheckConstraint("length(trim(legal_basis)) > 0", name="has_legal_basis"),)

    @property
    def department_code(self) -> str:
        return self.department.code


class Target(Base):
    """A business. `legal_representative` is private and never leaves the register."""

    __tablename__ = "targets"
    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    county_code: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    risk_class: Mapped[str] = mapped_column(default="B")
    status: Mapped[str] = mapped_column(default="存续")
    legal_representative: Mapped[str] = mapped_column(default="")
    on_abnormal_list: Mapped[bool] = mapped_column(default=False)
    on_serious_list: Mapped[bool] = mapped_column(default=False)
    complaints: Mapped[int] = mapped_column(default=0)
    penalties: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        CheckConstraint("risk_class IN ('A','B','C','D')", name="risk_class"),
        # so that a uscc is its own canonical id in a draw (draw.md)
        CheckConstraint("uscc ~ '^[0-9A-Z]{15,18}$'", name="uscc"),
        Index(None, "kind", "county_code"),
    )


class TargetListing(Base):
    """That a business stands in a department's own directory (art. 8(1)).

    Both ids are checked by statement, not by row: see migration 0006.
    """

    __tablename__ = "target_listings"
    target_id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(primary_key=True, index=True)


class Inspector(Base):
    """A person with an enforcement certificate. Published only as `certificate_no`."""

    __tablename__ = "inspectors"
    id: Mapped[Id]
    certificate_no: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    department_id: Mapped[DepartmentRef]
    county_code: Mapped[str | None]
    certificate_from: Mapped[date]
    certificate_to: Mapped[date]
    may_lead: Mapped[bool]
    item_codes: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    department: Mapped[Department] = relationship()


class Interest(Base):
    """An inspector's interest in a business (利害关系, art. 9)."""

    __tablename__ = "interests"
    id: Mapped[Id]
    inspector_id: Mapped[int] = mapped_column(ForeignKey("inspectors.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("targets.id"), index=True)
    reason: Mapped[str]
    declared_at: Mapped[Now]
    __table_args__ = (UniqueConstraint("inspector_id", "target_id"),)


class Tie(Base):
    """What an inspector has declared; private, it never leaves the register (`rules.recusal`)."""

    __tablename__ = "ties"
    id: Mapped[Id]
    inspector_id: Mapped[int] = mapped_column(ForeignKey("inspectors.id"))
    kind: Mapped[str]
    value: Mapped[str]
    until: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("inspector_id", "kind", "value"),
        CheckConstraint("kind IN ('relative','address','employer')", name="kind"),
    )


class Leave(Base):
    """Days on which an inspector is away, both ends included."""

    __tablename__ = "leaves"
    id: Mapped[Id]
    inspector_id: Mapped[int] = mapped_column(ForeignKey("inspectors.id"))
    first: Mapped[date]
    last: Mapped[date]
    reason: Mapped[str]
    __table_args__ = (
        UniqueConstraint("inspector_id", "first"),
        CheckConstraint('"last" >= "first"', name="order"),
    )


class ListEntry(Base):
    """One line of a list kept by others (经营异常名录, 严重违法失信名单, 投诉举报, 行政处罚).

    `target_id` is empty while no business of the directory has its code or, alone, its name.
    """

    __tablename__ = "list_entries"
    id: Mapped[Id]
    kind: Mapped[str]
    name: Mapped[str]
    uscc: Mapped[str | None]
    number: Mapped[str] = mapped_column(default="")
    listed_on: Mapped[date]
    removed_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(default="")
    authority: Mapped[str] = mapped_column(default="")
    target_id: Mapped[int | None] = mapped_column(ForeignKey("targets.id"), index=True)
    __table_args__ = (
        UniqueConstraint("kind", "name", "listed_on", "number"),
        CheckConstraint("kind IN ('abnormal','serious','complaints','penalties')", name="kind"),
    )


class RosterIntake(Base):
    """A roster that was taken in: the same file again changes nothing (G10)."""

    __tablename__ = "roster_intakes"
    id: Mapped[Id]
    kind: Mapped[str]
    content_hash: Mapped[str]
    rows_taken: Mapped[int]
    rows_returned: Mapped[int]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[Now]
    __table_args__ = (UniqueConstraint("kind", "content_hash"),)


def account(session: Session, login: str) -> Account:
    """Return the active account of this login.

    Raises:
        NotFound: there is none, or it is closed.
    """
    found = session.scalar(select(Account).where(Account.login == login, Account.active))
    if found is None:
        raise NotFound(f"没有账号「{login}」",
                       "请核对 --as 后的账号；账号由联席会议办公室导入或开设")
    return found


def people_accounts(session: Session) -> list[Account]:
    """Return the accounts of people, by login; not those of flows or of the business."""
    return list(session.scalars(select(Account).where(
        ~Account.roles.overlap([Role.SYSTEM.value, Role.BUSINESS.value])).order_by(Account.login)))


def department(session: Session, code: str) -> Department:
    """Return the department of this code, or say which there are."""
    found = session.scalar(select(Department).where(Department.code == code))
    if found is None:
        known = "、".join(session.scalars(select(Department.code).order_by(Department.code)))
        raise NotFound(f"没有代码为「{code}」的部门",
                       f"现有部门代码：{known or '（尚未导入部门）'}")
    return found


def service_account(session: Session, flow: str, label: str) -> Account:
    """Return the service account under which a flow acts (G8), made at its first use."""
    return _made_at_first_use(session, f"flow.{flow}", f"系统·{label}", Role.SYSTEM)


def business_account(session: Session) -> Account:
    """Return the account in whose name a business acts by the code on its notice (G8)."""
    return _made_at_first_use(session, "notice", "被检查企业（凭通知书）", Role.BUSINESS)


def _made_at_first_use(session: Session, login: str, name: str, role: Role) -> Account:
    found = session.scalar(select(Account).where(Account.login == login))
    if found is None:
        session.execute(select(func.pg_advisory_xact_lock(7001)))
        found = session.scalar(select(Account).where(Account.login == login))
    if found is None:
        found = Account(login=login, name=name, roles=[role.value])
        session.add(found)
        session.flush()
    return found
