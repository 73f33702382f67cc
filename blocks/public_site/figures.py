"""The figures of a year (年度数据): four charts, each with its table, made anew every night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Integer, cast, extract, func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import published
from blocks.register.published import Publication
from blocks.templating import page


@dataclass(frozen=True)
class Chart:
    """Horizontal bars: (label, number, a word beside it)."""

    title: str
    unit: str
    bars: Sequence[tuple[str, int, str]]

    @property
    def most(self) -> int:
        return max((number for _, number, _ in self.bars), default=0) or 1

    def width(self, number: int) -> float:
        """Return how long a bar is, of 100."""
        return round(100 * number / self.most, 2)


def of_year(session: Session, year: int) -> dict[str, bytes | None]:
    """Return the page of a year's figures: by month, result, department, and how soon."""
    path = f"figures/{year}.html"
    charts = [_by_month(session, year), _by_result(session, year), _by_department(session, year),
              _by_lateness(session, year)]
    total = sum(number for _, number, _ in charts[0].bars)
    return {path: page("figures.html.j2", depth="../", year=year, charts=charts, total=total,
                       late=published.open_clocks(session, settings.today()), today=settings.today())}


def _published(year: int, *columns):
    """Return a query over what was published in a year."""
    return select(*columns).where(Publication.act == "published", Publication.day.between(
        date(year, 1, 1), date(year, 12, 31)))


def _by_month(session: Session, year: int) -> Chart:
    month = cast(extract("month", Publication.day), Integer)
    found = dict(session.execute(_published(year, month, func.count()).group_by(month)).all())
    last = max(found, default=0)
    return Chart("各月公示的检查结果", "份", [(f"{each}月", found.get(each, 0), "") for each in range(1, last + 1)])


def _by_result(session: Session, year: int) -> Chart:
    result = Publication.content["result"].astext
    return Chart("检查结果", "份", [(label, number, "") for label, number in session.execute(
        _published(year, result, func.count()).group_by(result).order_by(func.count().desc(), result))])


def _by_department(session: Session, year: int) -> Chart:
    authority = Publication.content["authority"].astext
    in_time = func.count().filter(_late() == 0)
    rows = session.execute(_published(year, authority, func.count(), in_time).group_by(authority).order_by(
        func.count().desc(), authority))
    return Chart("各部门公示的结果", "份", [(name, number, f"按期{100 * timely // number}%")
                                     for name, number, timely in rows])


def _by_lateness(session: Session, year: int) -> Chart:
    bounds = ((0, 0, "按期（20个工作日内）"), (1, 5, "逾期1至5个工作日"), (6, 20, "逾期6至20个工作日"),
              (21, 10_000, "逾期20个工作日以上"))
    counted = session.execute(_published(year, *(func.count().filter(_late().between(low, high))
                                                 for low, high, _ in bounds))).one()
    return Chart("从作出到公示", "份", [(label, number, "") for (_, _, label), number in zip(
        bounds, counted, strict=True)])


def _late():
    return func.coalesce(cast(Publication.content["late_workdays"].astext, Integer), 0)
