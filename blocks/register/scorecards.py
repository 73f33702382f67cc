"""Score cards (考核得分): what the figures of a period are worth, of each department, each county, the city."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import appraisals, counting
from blocks.register.appraisals import Appraisal
from blocks.register.counting import Except, Span
from blocks.register.directories import Department
from blocks.rules.appraisal import Indicator, Method, period_of
from blocks.rules.scoring import Count, Score, ranks, score, total_of

if TYPE_CHECKING:
    import pandas as pd

Counts = Mapping[tuple[int, str], Count]
MOST_MONTHS = 12


@dataclass(frozen=True)
class Standing:
    """The figures of a period: frozen, or (`frozen` None) as they stand at the end of `span.on`."""

    period: str
    span: Span
    method: Method
    frame: "pd.DataFrame"
    frozen: Appraisal | None = None

    @property
    def without(self) -> Except:
        return self.frozen.content["without"] if self.frozen else ()


@dataclass(frozen=True)
class Card:
    """One that is scored. `rank`: best and worst that it may be, none where that cannot be told."""

    key: str
    name: str
    counts: Counts
    score: Score | None
    rank: tuple[int, int] | None = None

    def count(self, indicator: Indicator) -> Count:
        return total_of(self.counts, indicator.key)

    @property
    def place(self) -> str:
        """Its rank in Chinese: `第1名`, `第2—4名（尚不能区分）`, or why it has none."""
        if self.score is None:
            return "本期事项太少，不计分" if any(count.n for count in self.counts.values()) else "本期无事项，不计分"
        if self.rank is None:
            return "不排名"
        best, worst = self.rank
        return f"第{best}名" if best == worst else f"第{best}—{worst}名（尚不能区分）"


def standing(session: Session, period: str) -> Standing:
    """Return a period's figures: the frozen ones, else as of today (of a period to come: empty).

    Raises:
        InspectionError: that is no period.
    """
    first, last = period_of(period)
    if found := appraisals.current(session, period):
        return Standing(period, found.span, found.method, found.frame, found)
    span, method = Span(first, last, min(last, settings.today())), appraisals.method()
    return Standing(period, span, method, counting.counted(session, method, span))


def departments(session: Session, there: Standing, method: Method | None = None) -> list[Card]:
    """Return every department's card, the best first, those without a score last."""
    names = dict(session.execute(select(Department.id, Department.name).order_by(Department.id)).all())
    return _cards(there, "department", names, method)


def counties(there: Standing, method: Method | None = None) -> list[Card]:
    """Return every county's card; a county that was merged is part of another."""
    names = {code: name for code, name in settings.COUNTIES.items()
             if there.method.county(code, there.span.on) == code}
    return _cards(there, "county", names, method)


def by_risk_class(there: Standing, key: str) -> dict[str, Count]:
    """Return what an indicator counted by credit risk class, A first."""
    told = {name: total_of(counts, key) for name, counts in counting.sums(there.frame, "risk").items()}
    return {name: count for name, count in sorted(told.items()) if count.n}


def city(there: Standing, method: Method | None = None) -> Card:
    """Return the whole city's card."""
    counts = counting.sums(there.frame).get(None, {})
    return Card("", "全市", counts, score(method or there.method, counts))


def _cards(there: Standing, by: str, names: Mapping, method: Method | None) -> list[Card]:
    counted = counting.sums(there.frame, by)
    scores = {str(key): score(method or there.method, counted.get(key, {})) for key in names}
    placed = ranks(scores)
    cards = [Card(str(key), name, counted.get(key, {}), scores[str(key)], placed.get(str(key)))
             for key, name in names.items()]
    return sorted(cards, key=lambda one: (one.score is None, -one.score.points if one.score else 0))


def trend(session: Session, until: date, department: int | None = None) -> list[tuple[str, float | None]]:
    """Return (month, points or None) of the last twelve frozen months, of a department or of the city."""
    told = []
    for one in reversed(appraisals.months(session, f"{until:%Y-%m}", MOST_MONTHS)):
        counts = counting.sums(one.frame, "department" if department else None).get(department, {})
        found = score(one.method, counts)
        told.append((one.period, found.points if found else None))
    return told
