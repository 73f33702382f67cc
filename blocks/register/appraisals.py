"""Frozen appraisals (考核定稿, art. 12): the figures of a period as they were counted, with the method they
were counted by; what departments said to them; and whether they still follow from the register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks import settings
from blocks.draw.hashing import canonical_json, hexdigest
from blocks.errors import NotFound, StageError
from blocks.register import counting, counting_visits, counting_work  # noqa: F401  (they declare questions)
from blocks.register.base import Base, Moving
from blocks.register.counting import Except, Span
from blocks.register.directories import Account, Department
from blocks.register.trail import TRAIL_HASH, TrailLine, advance, begin
from blocks.rules.appraisal import Method, period_of
from blocks.rules.stages import Actor

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ["indicator", "edition", "department", "county", "risk"]
SAYINGS = ("部门意见", "申诉", "驳回申诉", "申诉成立")


class Appraisal(Moving, Base):
    """One version of a period's figures (a month `2026-11`, a year `2026`), counted as of the end of `as_of`.

    `content`: {"figures": [[indicator, edition, department, county, risk, n, total]], "rows": {indicator:
    digest}, "method": config/appraisal.yaml as it was, "without": rows taken out by appeals}; `hash` is
    its hash, which stands on the trail. `appellant_id`: whose appeal is open.
    """

    __tablename__ = "appraisals"
    thing = "appraisal"
    period: Mapped[str]
    number: Mapped[int]
    as_of: Mapped[date]
    content: Mapped[dict]
    hash: Mapped[str]
    appealed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    appellant_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    __table_args__ = (
        UniqueConstraint("period", "number"),
        CheckConstraint("stage IN ('frozen','appealed','replaced')", name="stage"),
        Index("uq_appraisals_current", "period", unique=True, postgresql_where="stage <> 'replaced'"),
    )

    @property
    def owner_department_id(self) -> None:
        return None

    @property
    def title(self) -> str:
        return f"{self.period}考核第{self.number}版"

    @property
    def span(self) -> Span:
        return Span(*period_of(self.period), self.as_of)

    @property
    def method(self) -> Method:
        return Method.from_data(_with_days(self.content["method"]))

    @property
    def frame(self) -> "pd.DataFrame":
        """The figures as they were frozen, by every dimension but the day."""
        import pandas as pd

        frame = pd.DataFrame(self.content["figures"], columns=[*DIMENSIONS, "n", "total"])
        return frame.astype({"department": "Int64", "n": "int64", "total": "int64"})


def method() -> Method:
    """Return what config/appraisal.yaml declares now."""
    return Method.from_data(settings.config("appraisal.yaml"))


def current(session: Session, period: str) -> Appraisal | None:
    """Return the version of a period's figures that counts, if they were frozen."""
    return session.scalar(select(Appraisal).where(Appraisal.period == period, Appraisal.stage != "replaced"))


def find(session: Session, period: str) -> Appraisal:
    """Return the version that counts, held until the transaction ends.

    Raises:
        NotFound: the period's figures are not frozen.
    """
    found = session.scalar(select(Appraisal).where(
        Appraisal.period == period, Appraisal.stage != "replaced").with_for_update())
    if found is None:
        raise NotFound(f"{period[:20]}的考核还没有定稿", "考核期结束后由系统每月定稿，办公室也可以提前办理")
    return found


def frozen(session: Session) -> list[Appraisal]:
    """Return every version of every period, the newest first."""
    return list(session.scalars(select(Appraisal).order_by(Appraisal.period.desc(), Appraisal.number.desc())))


def listed(session: Session) -> list[Row]:
    """Return (period, number, stage) of every version, the newest first, without the figures."""
    return list(session.execute(select(Appraisal.period, Appraisal.number, Appraisal.stage).order_by(
        Appraisal.period.desc(), Appraisal.number.desc())))


def months(session: Session, until: str, most: int) -> list[Appraisal]:
    """Return the frozen months that count, up to one, so many at most, the last first."""
    return list(session.scalars(select(Appraisal).where(
        Appraisal.stage != "replaced", func.length(Appraisal.period) == len("2026-11"),
        Appraisal.period <= until).order_by(Appraisal.period.desc()).limit(most)))


def freeze(session: Session, period: str, actor: Actor, *, without: Except = (), reason: str = "",
           number: int = 1, as_of: date | None = None) -> Appraisal:
    """Count a period and keep its figures; the hash stands on the trail.

    Raises:
        StageError: the period is not over.
    """
    first, last = period_of(period)
    if last >= settings.today():
        raise StageError(f"考核期{period}还没有结束", f"{last:%Y年%m月%d日}之后才能定稿；现在可以看到目前的统计")
    span, declared = Span(first, last, as_of or last), method()
    frame = counting.counted(session, declared, span, without)
    content = {"figures": _figures(frame), "rows": dict(counting.digests(session, declared, span, without)),
               "method": _as_json(settings.config("appraisal.yaml")), "without": [list(one) for one in without]}
    made = Appraisal(period=period, number=number, as_of=span.on, content=content, hash=_hash(content))
    begin(session, made, actor, reason=reason, details={"period": period, "number": number, "hash": made.hash})
    return made


def _figures(frame: "pd.DataFrame") -> list[list[Any]]:
    import pandas as pd

    grouped = frame.groupby(DIMENSIONS, dropna=False)[["n", "total"]].sum().reset_index().sort_values(DIMENSIONS)
    return [[None if pd.isna(value) else value if isinstance(value, str) else int(value) for value in line]
            for line in grouped.itertuples(index=False)]


def replace(session: Session, found: Appraisal, actor: Actor, without: Except, reason: str) -> Appraisal:
    """Uphold an appeal: the rows it names count no more, in a new version; the old one stays."""
    taken = [*found.content["without"], *without]
    advance(session, found, "replaced", actor, reason=reason, appellant_id=None,
            details={"department": found.appellant_id, "without": [list(one) for one in without]})
    return freeze(session, found.period, actor, without=taken, reason=reason, number=found.number + 1,
                  as_of=found.as_of)


@dataclass(frozen=True)
class Said:
    """What a department or the office said to a frozen appraisal."""

    line: TrailLine
    who: str
    department: str | None


def said(session: Session, period: str) -> list[Said]:
    """Return comments, appeals and what was decided, of all versions, the first first."""
    query = select(TrailLine, Account.name, Department.name).join(
        Appraisal, Appraisal.id == TrailLine.thing_id).join(Account, Account.id == TrailLine.actor_id).outerjoin(
        Department, Department.id == Account.department_id).where(
        TrailLine.thing == Appraisal.thing, Appraisal.period == period, TrailLine.label.in_(SAYINGS)).order_by(
        TrailLine.number)
    return [Said(*row) for row in session.execute(query)]


def verify(session: Session, found: Appraisal) -> list[str]:
    """Count a frozen period anew, as of its day; return what does not fit any more (Chinese)."""
    line = session.scalar(select(TrailLine).where(TrailLine.thing == found.thing, TrailLine.thing_id == found.id,
                                                  TrailLine.version == 1))
    if line is None or not found.hash == _hash(found.content) == line.details["hash"]:
        return [f"{found.title}的内容与留痕中的哈希不符"]
    declared = found.method
    now = counting.digests(session, declared, found.span, found.content["without"])
    return [f"{found.title}：{declared.indicators[key].label}所依据的记录与定稿时不同"
            for key, digest in found.content["rows"].items() if now[key] != digest]


def _hash(content: Mapping[str, Any]) -> str:
    return hexdigest(TRAIL_HASH, canonical_json(content))


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _with_days(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {part: [{name: date.fromisoformat(value) if name == "since" else value for name, value in one.items()}
                   for one in listed] for part, listed in stored.items()}
