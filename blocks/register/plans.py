"""Annual plans (年度抽查计划, art. 14), city and county, in versions; and what names in them mean."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session

from blocks import settings
from blocks.errors import NotFound
from blocks.register.base import Base, Moving
from blocks.register.directories import Department, InspectionItem, Target
from blocks.register.schemes import Scheme
from blocks.rules.naming import department_forms, forms
from blocks.rules.planning import Entry, Known, understand


class AnnualPlan(Moving, Base):
    """One version of a year's plan of an area (the city's code, or a county's).

    `content`: {"source": file, "entries": [{"number", "written": {field: text}, "rows"}]}; what the
    office wrote, never what it means (`entries`).
    """

    __tablename__ = "annual_plans"
    thing = "plan"
    year: Mapped[int]
    area: Mapped[str]
    number: Mapped[int]
    title: Mapped[str]
    content: Mapped[dict]
    published_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("year", "area", "number"),
        CheckConstraint("stage IN ('drafted','published','changed')", name="stage"),
        CheckConstraint("(stage = 'drafted') = (published_at IS NULL)", name="dated"),
        Index("uq_annual_plans_drafted", "year", "area", unique=True,
              postgresql_where="stage = 'drafted'"),
        Index("uq_annual_plans_published", "year", "area", unique=True,
              postgresql_where="stage = 'published'"),
    )

    @property
    def owner_department_id(self) -> None:
        return None

    def key(self, entry: int, window: int) -> str:
        """Return what names one inspection of the plan through all its versions."""
        return f"{self.year}/{self.area}/{entry}/{window}"


def headings() -> dict[str, str]:
    """Return the heading of each cell of a plan, by field."""
    return {one["name"]: one["heading"] for one in settings.config("plans.yaml")["fields"]}


def area_name(area: str) -> str:
    """Return whose plan it is: a county's name, or the city."""
    return settings.COUNTIES.get(area, "市级")


def versions(session: Session, year: int, area: str, *, lock: bool = False) -> list[AnnualPlan]:
    """Return a plan's versions, the first first; `lock` holds them until the transaction ends."""
    query = select(AnnualPlan).where(AnnualPlan.year == year, AnnualPlan.area == area).order_by(
        AnnualPlan.number)
    return list(session.scalars(query.with_for_update() if lock else query))


def latest(session: Session, year: int, area: str, number: int | None = None, *,
           lock: bool = False) -> AnnualPlan:
    """Return the last version of a plan, or the one of this number.

    Raises:
        NotFound: there is none; says which plans there are.
    """
    found = [one for one in versions(session, year, area, lock=lock)
             if number is None or one.number == number]
    if found:
        return found[-1]
    there = session.execute(select(AnnualPlan.year, AnnualPlan.area).distinct().order_by(
        AnnualPlan.year.desc(), AnnualPlan.area)).all()
    told = "、".join(f"{y}年（{area_name(a)}）" for y, a in there)
    which = f"{area_name(area)}{year}年度计划" + (f"第{number}版" if number else "")
    raise NotFound(f"没有{which}", f"现有：{told}" if told else
                   "用 choucha plan import 文件 --year 年度 --as 账号 登记第一份")


def in_force(session: Session, years: tuple[int, ...]) -> list[AnnualPlan]:
    """Return the published plans of these years, the city's before the counties'."""
    return list(session.scalars(select(AnnualPlan).where(
        AnnualPlan.year.in_(years), AnnualPlan.stage == "published").order_by(
        AnnualPlan.year, AnnualPlan.area)))


def all_plans(session: Session) -> list[AnnualPlan]:
    """Return the last version of every plan, the newest year first."""
    found = session.scalars(select(AnnualPlan).order_by(
        AnnualPlan.year.desc(), AnnualPlan.area, AnnualPlan.number.desc()))
    last: dict[tuple[int, str], AnnualPlan] = {}
    for one in found:
        last.setdefault((one.year, one.area), one)
    return list(last.values())


def public_versions(session: Session) -> list[AnnualPlan]:
    """Return every version that is or was published, newest year first."""
    return list(session.scalars(select(AnnualPlan).where(AnnualPlan.stage != "drafted").order_by(
        AnnualPlan.year.desc(), AnnualPlan.area, AnnualPlan.number)))


def known(session: Session) -> Known:
    """Return what names of departments, items and kinds of business mean now."""
    departments = session.execute(select(Department.code, Department.name, Department.short_name)).all()
    items = session.execute(select(InspectionItem.code, InspectionItem.name, Department.code).join(
        Department, Department.id == InspectionItem.department_id)).all()
    kinds = set(session.scalars(select(Target.kind).distinct())) | set(session.scalars(
        select(func.unnest(InspectionItem.target_kinds)).distinct()))
    return Known(
        department_forms(departments, _aliases()),
        forms((code, (code, name)) for code, name, _ in items), frozenset(kinds - {""}),
        {code: owner for code, _, owner in items})


def _aliases() -> Mapping[str, str]:
    return settings.config("plans.yaml")["departments"]


def planned(session: Session, scheme: Scheme) -> Entry | None:
    """Return the entry of the plan, in its last public version, that a scheme carries out."""
    if scheme.plan_key is None:
        return None
    year, area, number, _ = scheme.plan_key.split("/")
    public = [one for one in versions(session, int(year), area) if one.stage == "published"]
    return next((one for plan in public for one in entries(plan, known(session))
                 if one.number == int(number)), None)


def elsewhere(session: Session, plan: AnnualPlan, meaning: Known) -> list[Entry]:
    """Return what the published plans of the other areas foresee in the same year."""
    return [entry for other in in_force(session, (plan.year,)) if other.area != plan.area
            for entry in entries(other, meaning)]


def entries(plan: AnnualPlan, meaning: Known) -> list[Entry]:
    """Return what a plan's entries mean."""
    return [understand(stored, plan.year, meaning, area_name(plan.area))
            for stored in plan.content["entries"]]
