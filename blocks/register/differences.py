"""Where we and the provincial platform do not say the same (平台差异), until a person has decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks.errors import NotFound
from blocks.register.base import Base, Moving
from blocks.register.exchanges import Exchange
from blocks.register.trail import advance, begin
from blocks.rules.stages import Actor

KINDS = {"accounts": "平台账号", "tasks": "省级下达任务", "targets": "检查对象", "inspectors": "检查人员",
         "items": "事项清单", "exchanges": "报送", "results": "检查结果", "drawn": "抽取名单", "receipts": "回执"}
LABELS = {"name": "名称", "address": "地址", "uscc": "代码", "result": "结果", "inspected_on": "检查日期",
          "sha": "摘要", "rows": "条数", "department": "部门", "version": "版本", "authority": "机关"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """What a comparison came to: rows of ours, of theirs, differences new and open in all, gone."""

    ours: int
    theirs: int
    new: int
    open: int
    gone: int

    def __str__(self) -> str:
        return f"我方{self.ours}条，平台{self.theirs}条，差异{self.open}处（新{self.new}处），消除{self.gone}处"


class Difference(Moving, Base):
    """Something that both sides do not say alike. `ours` or `theirs` null: that side lacks it.

    One open line a `key` (kind of data and business key, e.g. `results:12:1`).
    """

    __tablename__ = "differences"
    thing = "difference"
    kind: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    ours: Mapped[dict | None]
    theirs: Mapped[dict | None]
    source: Mapped[str]
    exchange_id: Mapped[int | None] = mapped_column(ForeignKey("exchanges.id"))
    exchange: Mapped[Exchange | None] = relationship()
    __table_args__ = (
        Index("uq_differences_open", "kind", "key", unique=True, postgresql_where="stage = 'found'"),
        CheckConstraint("ours IS NOT NULL OR theirs IS NOT NULL", name="of_something"))

    @property
    def owner_department_id(self) -> int | None:
        return None

    @property
    def title(self) -> str:
        return f"平台差异 {self.name}"


def compare(session: Session, kind: str, ours: Mapping[str, Row], theirs: Mapping[str, Row], source: str,
            actor: Actor, exchange_ids: Mapping[str, int] | None = None) -> Compared:
    """Write down where both sides differ, key by key; what a person has accepted stays accepted.

    Each row has a `name`. A difference that was open and is no more is `gone`.
    """
    standing = {one.key: one for one in open_ones(session, kind)}
    accepted = {one.key: (one.ours, one.theirs) for one in session.scalars(select(Difference).where(
        Difference.kind == kind, Difference.stage == "accepted").order_by(Difference.id))}
    new = gone = still = 0
    for key in sorted(ours.keys() | theirs.keys()):
        both = tuple(dict(side[key]) if key in side else None for side in (ours, theirs))
        found = standing.get(key)
        if both[0] == both[1] or accepted.get(key) == both:
            if found:
                advance(session, found, "gone", actor)
                gone += 1
            continue
        still += 1
        if found is None:
            new += 1
            name = str((both[0] or both[1])["name"])
            begin(session, Difference(kind=kind, key=key, name=name, ours=both[0], theirs=both[1], source=source,
                                      exchange_id=(exchange_ids or {}).get(key)), actor, details={"key": key})
        elif (found.ours, found.theirs) != both:
            advance(session, found, "found", actor, ours=both[0], theirs=both[1], source=source)
    return Compared(len(ours), len(theirs), new, still, gone)


def told(side: Row | None, other: Row | None) -> str:
    """Return what one side says where the other does not say the same, in Chinese."""
    if side is None:
        return "（没有）"
    return "，".join(f"{LABELS.get(name, name)} {value}" for name, value in side.items()
                    if other is None or other.get(name) != value)


def open_ones(session: Session, kind: str = "") -> list[Difference]:
    """Return the differences that wait for a person."""
    query = select(Difference).where(Difference.stage == "found").order_by(Difference.id)
    return list(session.scalars(query.where(Difference.kind == kind) if kind else query))


def find(session: Session, difference_id: int) -> Difference:
    """Return a difference, held until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    found = session.get(Difference, difference_id, with_for_update=True) if difference_id < 2**63 else None
    if found is None:
        raise NotFound(f"没有编号为「{difference_id}」的平台差异", "请用 choucha platform differences 查看编号")
    return found
