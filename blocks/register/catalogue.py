"""The catalogue (联合抽查事项清单, art. 7, 13) through its editions: each change is dated and kept.

The register's `inspection_items` are the catalogue of today. Every import that changes an item makes
an edition; `item_versions` holds what each item said since then. A scheme keeps the edition it was
approved under, and shows its items as they were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks.register.base import AccountRef, Base, Now
from blocks.register.directories import Account, Department, InspectionItem
from blocks.register.schemes import Scheme

FIELDS = ("field", "name", "kind", "target_kinds", "mode", "legal_basis", "clause", "partner_codes",
          "effective_from", "effective_to", "published")
HEADINGS = {"field": "抽查领域", "name": "事项名称", "kind": "事项类别", "department_code": "检查部门",
            "partner_codes": "配合部门", "target_kinds": "检查对象", "mode": "检查方式",
            "legal_basis": "检查依据", "clause": "依据条文", "effective_from": "生效日期",
            "effective_to": "失效日期", "published": "是否公布"}


class CatalogueEdition(Base):
    """One change of the catalogue. Insert-only."""

    __tablename__ = "catalogue_editions"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[Now]
    made_by_id: Mapped[AccountRef]


class ItemVersion(Base):
    """What an item said from an edition on, until its next version. Insert-only."""

    __tablename__ = "item_versions"
    edition: Mapped[int] = mapped_column(ForeignKey("catalogue_editions.number"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict]


@dataclass(frozen=True)
class ItemAsOf:
    """An item as an edition had it."""

    code: str
    field: str
    name: str
    kind: str
    department_code: str
    target_kinds: list[str]
    mode: str
    legal_basis: str
    clause: str
    partner_codes: list[str]
    effective_from: date
    effective_to: date | None
    published: bool


def content_of(item: InspectionItem) -> dict[str, Any]:
    """Return what an item says now, as a version keeps it."""
    said = {name: getattr(item, name) for name in FIELDS}
    for name in ("effective_from", "effective_to"):
        said[name] = said[name].isoformat() if said[name] else None
    return said | {"department_code": item.department_code}


def _as_of(code: str, content: dict[str, Any]) -> ItemAsOf:
    days = {name: date.fromisoformat(content[name]) if content[name] else None
            for name in ("effective_from", "effective_to")}
    return ItemAsOf(code=code, **{**content, **days})


def latest(session: Session) -> int | None:
    """Return the number of the present edition; None before the first."""
    return session.scalar(select(func.max(CatalogueEdition.number)))


def contents(session: Session, edition: int | None, codes: Iterable[str] | None = None
             ) -> dict[str, dict[str, Any]]:
    """Return what each item said in an edition, by code."""
    if edition is None:
        return {}
    query = select(ItemVersion.code, ItemVersion.content).where(
        ItemVersion.edition <= edition).distinct(ItemVersion.code).order_by(
        ItemVersion.code, ItemVersion.edition.desc())
    if codes is not None:
        query = query.where(ItemVersion.code.in_(list(codes)))
    return dict(session.execute(query).all())


def record(session: Session, by_id: int) -> int | None:
    """Make an edition of what differs from the last one; return its number, None where nothing does.

    Whoever changes items holds the lock of imports, so that editions are made one after another.
    """
    session.flush()
    before = contents(session, latest(session))
    now = {item.code: content_of(item) for item in session.scalars(
        select(InspectionItem).execution_options(populate_existing=True))}
    changed = {code: content for code, content in now.items() if before.get(code) != content}
    if not changed:
        return None
    number = (latest(session) or 0) + 1
    session.add(CatalogueEdition(number=number, made_by_id=by_id))
    session.flush()
    session.add_all([ItemVersion(edition=number, code=code, content=content)
                     for code, content in sorted(changed.items())])
    return number


def items(session: Session, codes: Sequence[str], scheme: Scheme | None = None
          ) -> list[InspectionItem | ItemAsOf]:
    """Return items in order of the codes: as the scheme was approved under, else as they are now."""
    told = contents(session, scheme.catalogue_edition if scheme else None, codes)
    found: dict[str, InspectionItem | ItemAsOf] = {one.code: one for one in session.scalars(
        select(InspectionItem).where(InspectionItem.code.in_(codes)))}
    found |= {code: _as_of(code, content) for code, content in told.items()}
    return [found[code] for code in codes if code in found]


def editions(session: Session) -> list[tuple[int, datetime, str, int]]:
    """Return number, time, who, and how many items changed, of every edition, the newest first."""
    return [tuple(row) for row in session.execute(select(
        CatalogueEdition.number, CatalogueEdition.made_at, Account.name,
        func.count(ItemVersion.code)).join(Account, Account.id == CatalogueEdition.made_by_id).join(
        ItemVersion, ItemVersion.edition == CatalogueEdition.number).group_by(
        CatalogueEdition.number, CatalogueEdition.made_at, Account.name).order_by(
        CatalogueEdition.number.desc()))]


def public_editions(session: Session) -> list[tuple[int, datetime, int]]:
    """Return number, time, and how many items changed, of every edition, the newest first."""
    return [tuple(row) for row in session.execute(select(
        CatalogueEdition.number, CatalogueEdition.made_at, func.count(ItemVersion.code)).join(
        ItemVersion, ItemVersion.edition == CatalogueEdition.number).group_by(
        CatalogueEdition.number, CatalogueEdition.made_at).order_by(CatalogueEdition.number.desc()))]


def listed(session: Session, edition: int | None = None) -> list[ItemAsOf]:
    """Return the published items of an edition (the present one), by code."""
    number = latest(session) if edition is None else edition
    return [_as_of(code, content) for code, content in sorted(contents(session, number).items())
            if content["published"]]


def history(session: Session, code: str) -> list[tuple[int, datetime, str, list[str]]]:
    """Return number, time, who, and what changed (Chinese), of each version of an item, oldest first."""
    rows = session.execute(select(
        CatalogueEdition.number, CatalogueEdition.made_at, Account.name, ItemVersion.content).join(
        ItemVersion, ItemVersion.edition == CatalogueEdition.number).join(
        Account, Account.id == CatalogueEdition.made_by_id).where(ItemVersion.code == code).order_by(
        CatalogueEdition.number)).all()
    told, before = [], None
    for number, at, name, content in rows:
        told.append((number, at, name, _changes(before, content)))
        before = content
    return told


def _changes(before: dict[str, Any] | None, now: dict[str, Any]) -> list[str]:
    if before is None:
        return ["列入清单"]
    return [f"{heading}由「{_shown(before.get(name))}」改为「{_shown(now[name])}」"
            for name, heading in HEADINGS.items() if before.get(name) != now[name]]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(value) or "（空）"
    return str(value) if value not in (None, "") else "（空）"


def names_of(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of departments by code."""
    return dict(session.execute(select(Department.code, Department.name).where(
        Department.code.in_(list(codes)))).all())
