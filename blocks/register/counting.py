"""What is counted (考核统计, art. 12): every indicator's rows, from the register and the trail alone, as they
stood at the end of any day.

A question answers with rows (thing, id, part, day, department, county, risk class, value). Figures are
sums over these very rows, so each opens to them (`rows`), and `digest` is what a frozen figure is held to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    String,
    Subquery,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.trail import TrailLine
from blocks.rules.appraisal import Indicator, Method
from blocks.rules.scoring import Count

if TYPE_CHECKING:  # pandas takes half a second to load, and hardly a command needs it
    import pandas as pd

COLUMNS = ("indicator", "edition", "day", "department", "county", "risk", "n", "total")
Except = Sequence[Sequence[Any]]  # [indicator, thing, id, part]: rows that an appeal took out


@dataclass(frozen=True)
class Span:
    """A period, and the day at whose end it is looked at."""

    first: date
    last: date
    on: date

    @property
    def until(self) -> date:
        """The last day of the period that is over."""
        return min(self.last, self.on)

    @property
    def moment(self) -> datetime:
        """The first moment that does not count any more."""
        return datetime.combine(self.on + timedelta(days=1), datetime.min.time(), settings.SHANGHAI)

    def holds(self, day: ColumnElement) -> ColumnElement[bool]:
        return day.between(self.first, self.until)


Question = Callable[[Session, Span, str], Select]
QUESTIONS: dict[str, Question] = {}


def question(name: str) -> Callable[[Question], Question]:
    """Declare what counts an indicator."""
    def declare(ask: Question) -> Question:
        QUESTIONS[name] = ask
        return ask
    return declare


def row(thing: str | ColumnElement, id: ColumnElement, day: ColumnElement | date, department: ColumnElement,
        value: ColumnElement, *, county: ColumnElement | None = None, risk: ColumnElement | None = None,
        part: ColumnElement | None = None) -> Select:
    """Return the select of an indicator's rows; `part` tells apart rows of one thing."""
    nothing = cast(null(), Text)
    return select(
        (literal(thing) if isinstance(thing, str) else thing).label("thing"), id.label("id"),
        cast(literal("") if part is None else part, Text).label("part"),
        (literal(day) if isinstance(day, date) else day).label("day"), cast(department, BigInteger).label("department"),
        cast(nothing if county is None else county, Text).label("county"),
        (nothing if risk is None else risk).label("risk"), cast(value, Integer).label("value"))


def stands(thing: str, span: Span) -> Subquery:
    """Return (id, stage) of everything of a kind as it stood, by the trail."""
    line = TrailLine
    return select(line.thing_id.label("id"), line.target.label("stage")).where(
        line.thing == thing, line.at < span.moment).distinct(line.thing_id).order_by(
        line.thing_id.desc(), line.version.desc()).subquery()


def began(thing: str, span: Span) -> Subquery:
    """Return (id, day) on which everything of a kind came into being."""
    return select(TrailLine.thing_id.label("id"), day_of(TrailLine.at).label("day")).where(
        TrailLine.thing == thing, TrailLine.version == 1, TrailLine.at < span.moment).subquery()


def day_of(moment: ColumnElement) -> ColumnElement:
    """Return the day of a moment in Shanghai."""
    return func.date(func.timezone("Asia/Shanghai", cast(moment, DateTime(timezone=True))))


def asked(session: Session, indicator: Indicator, span: Span, without: Except = ()) -> Subquery:
    """Return an indicator's rows as they stood."""
    found = QUESTIONS[indicator.question](session, span, indicator.of).subquery()
    out = [(thing, id, part) for key, thing, id, part in without if key == indicator.key]
    if out:
        here = tuple_(cast(found.c.thing, String), found.c.id, found.c.part)
        found = select(found).where(here.not_in(out)).subquery()
    return found


def counted(session: Session, method: Method, span: Span, without: Except = ()) -> "pd.DataFrame":
    """Return how many rows there are and what their values come to, by every dimension (COLUMNS).

    A county that was merged into another counts as that one; each row bears the edition of its day.
    """
    import pandas as pd

    found: list[tuple] = []
    for indicator in method.indicators.values():
        each = asked(session, indicator, span, without).c
        dimensions = (each.day, each.department, each.county, each.risk)
        for day, department, county, risk, n, total in session.execute(select(
                *dimensions, func.count(), func.sum(each.value)).group_by(*dimensions)):
            found.append((indicator.key, method.in_force(day), day, department,
                          method.county(county, span.on) if county else None, risk, n, int(total)))
    frame = pd.DataFrame(found, columns=COLUMNS)
    return frame.astype({"department": "Int64", "n": "int64", "total": "int64"})


def sums(frame: "pd.DataFrame", by: str | None = None) -> dict[Any, dict[tuple[int, str], Count]]:
    """Return the counts by (edition, indicator), of each `by` (department, county, risk); of all under None."""
    keys = [*([by] if by else []), "edition", "indicator"]
    told: dict[Any, dict[tuple[int, str], Count]] = {}
    for key, n, total in frame.groupby(keys)[["n", "total"]].sum().itertuples():
        *whose, edition, indicator = key
        told.setdefault(whose[0] if whose else None, {})[edition, indicator] = Count(int(n), int(total))
    return told


def rows(session: Session, method: Method, indicator: Indicator, span: Span, *,
         department: int | None = None, county: str = "", risk: str = "", value: int | None = None,
         without: Except = (), first: int = 0, most: int | None = None) -> list[Row]:
    """Return the rows that a figure counts, in the order of their days; of a department, a county (and those
    merged into it), a risk class; only of this value."""
    each = asked(session, indicator, span, without)
    query = select(each).order_by(each.c.day, each.c.thing, each.c.id, each.c.part).offset(first).limit(most)
    if county:
        there = [code for code in {county, *(one.old for one in method.successors)}
                 if method.county(code, span.on) == county]
        query = query.where(each.c.county.in_(there))
    for column, wanted in ((each.c.department, department), (each.c.risk, risk or None), (each.c.value, value)):
        if wanted is not None:
            query = query.where(column == wanted)
    return list(session.execute(query))


def digest(session: Session, indicator: Indicator, span: Span, without: Except = ()) -> str:
    """Return the SHA-256 of an indicator's rows in one order; where the directory counts, of those covered.

    County and risk class stay out: a business that moves changes no past row.
    """
    each = asked(session, indicator, span, without).c
    line = func.concat_ws("|", each.thing, each.id, each.part, each.day, each.department, each.value)
    text = func.coalesce(func.string_agg(line, aggregate_order_by(literal("\n"), each.thing, each.id, each.part)), "")
    query = select(func.encode(func.sha256(func.convert_to(text, "UTF8")), "hex"))
    return session.scalar(query.where(each.value > 0) if indicator.directory else query)


def digests(session: Session, method: Method, span: Span, without: Except = ()) -> Mapping[str, str]:
    """Return the digest of every indicator's rows, by key."""
    return {key: digest(session, one, span, without) for key, one in method.indicators.items()}
