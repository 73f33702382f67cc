"""Open data (开放数据): what was published, by month, as CSV and JSON with the national field names.

A row an inspected item. A correction is a new row with a higher version, in the month in which it was
published; of a result that was taken down no row is left. A month holds what was published before today;
today stands in files of its own until the night, so that a change costs what a day holds, not a month.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Container, Iterator
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site import paths
from blocks.public_site.results import as_json
from blocks.register import published
from blocks.register.published import Publication
from blocks.register.reports import publication_rows
from blocks.rules.formulas import guard
from blocks.templating import page

_COLUMNS = settings.config("gateway/national.yaml")["kinds"]["publications"]["columns"]
# National name → what it means here. Source: the publication fields of the national platform.
FIELDS = {one["heading"]: one["says"] for one in _COLUMNS}


Files = dict[str, bytes | None]
FORMATS = ("csv", "json")


def of_days(session: Session, days: Collection[date], there: Container[str] = ()) -> Files:
    """Return the files that hold these days; the list of files too, where today's are not `there` (paths) yet."""
    today = settings.today()
    changed: Files = {}
    for month in sorted({day.replace(day=1) for day in days if day < today}):
        changed |= _of_month(session, month)
    for day in sorted(day for day in days if day >= today):
        changed |= _written([paths.of_data_of_day(day, ending) for ending in FORMATS],
                            published.shown(session, Publication.day == day))
    is_first = any(path not in there for path in changed)
    return changed | (index(session) if is_first else {})


def of_the_night(session: Session, there: Container[str]) -> Files:
    """Return the months with the days that still stand by themselves, and the list of files."""
    alone = [day for day in published.days(session) if day < settings.today()
             and paths.of_data_of_day(day, FORMATS[0]) in there]
    gone = {paths.of_data_of_day(day, ending): None for day in alone for ending in FORMATS}
    return gone | of_days(session, alone, there) | index(session)


def _of_month(session: Session, month: date) -> Files:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return _written([paths.of_month(month, ending) for ending in FORMATS], published.shown(
        session, Publication.day >= month, Publication.day < min(following, settings.today())))


def _written(names: list[str], acts: list[Publication]) -> Files:
    rows = [row for act in acts for row in _rows(act)]
    return dict(zip(names, (_as_csv(rows), as_json(rows)), strict=True))


def _rows(act: Publication) -> Iterator[dict[str, Any]]:
    for row in publication_rows(act):
        yield {one["heading"]: row[one["field"]] for one in _COLUMNS}


def _as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as CSV that spreadsheets open as UTF-8 and that carries out nothing."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: guard(str(value)) for name, value in row.items()} for row in rows)
    return ("\ufeff" + text.getvalue()).encode()


def index(session: Session) -> Files:
    """Return the page that lists the files and says what their fields mean."""
    months: Counter[date] = Counter()
    today = {}
    for day, number in published.days(session).items():
        if day < settings.today():
            months[day.replace(day=1)] += number
        else:
            today[f"{day.year}年{day.month}月{day.day}日"] = day.isoformat()
    return {"data/index.html": page("data.html.j2", depth="../", fields=FIELDS, today=today, months=[
        (f"{month.year}年{month.month}月", number, f"{month.year}-{month.month:02}")
        for month, number in sorted(months.items(), reverse=True)])}
