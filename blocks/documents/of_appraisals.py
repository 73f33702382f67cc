"""The appraisal's report (考核报告, art. 12), of a month or a year: scores, figures, what was said to them."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from blocks import settings
from blocks.documents import finding
from blocks.documents.declaring import Paper, document, number, office
from blocks.register import appraisals, scorecards
from blocks.register.scorecards import Card, Standing
from blocks.rules.appraisal import Indicator
from blocks.rules.scoring import Count


@dataclass(frozen=True)
class Scored:
    name: str
    points: str
    interval: str
    place: str
    raises: str


@dataclass(frozen=True)
class Figure:
    label: str
    article: int
    value: str
    weight: str


@dataclass(frozen=True)
class Saying:
    day: date
    who: str
    what: str


@dataclass(frozen=True)
class AppraisalReport(Paper):
    number: str
    period: str
    state: str
    hash: str
    office: str
    as_of: date
    city: str
    departments: list[Scored]
    counties: list[Scored]
    figures: list[Figure]
    said: list[Saying]
    date: date


@document("appraisal", "考核报告", of="考核期", find=finding.appraisal)
def report(session: Session, there: Standing) -> AppraisalReport:
    """The period's report: as it was frozen, else as it stands."""
    city, kept = scorecards.city(there), there.frozen
    weights, year, _, month = there.method.editions[-1].weights, *there.period.partition("-")
    # the number of a year comes after those of its months
    return AppraisalReport(
        file=f"{there.period}考核报告", number=number("appraisal", f"{year}-{month or 13}"),
        period=f"{year}年{int(month)}月" if month else f"{year}年",
        state=f"第{kept.number}版，已定稿" if kept else "未定稿，仅供参考", hash=kept.hash if kept else "（未定稿）",
        office=office(), as_of=there.span.on,
        city=f"{city.score.points:.1f}分（95%区间{_interval(city)}）" if city.score else "没有可以计分的事项，不计分",
        departments=[_scored(one) for one in scorecards.departments(session, there)],
        counties=[_scored(one) for one in scorecards.counties(there)],
        figures=[Figure(one.label, one.article, told(one, city.count(one)), str(weights.get(key) or "只统计"))
                 for key, one in there.method.indicators.items()],
        said=[Saying(one.line.at.astimezone(settings.SHANGHAI).date(), one.department or one.who,
                     f"{one.line.label}：{one.line.reason}") for one in appraisals.said(session, there.period)],
        date=settings.today())


def told(indicator: Indicator, count: Count) -> str:
    """Return a figure as people read it, with the rows it is made of; a dash of nothing."""
    if count.value is None:
        return "—"
    if indicator.kind == "rate":
        return f"{100 * count.value:.1f}%（{count.total}/{count.n}）"
    return f"{count.value:.2f}（{count.n}次）" if indicator.kind == "mean" else f"{count.total}（{count.n}条）"


def _scored(one: Card) -> Scored:
    if one.score is None:
        return Scored(one.name, "—", "—", one.place, "")
    raises = "、".join(f"{mark.indicator.label}（+{mark.gain:.1f}）" for mark in one.score.raises)
    return Scored(one.name, f"{one.score.points:.1f}", _interval(one), one.place, raises)


def _interval(one: Card) -> str:
    return f"{one.score.low:.1f}—{one.score.high:.1f}" if one.score else "—"
