"""Open data (开放数据): what was published, by month, as CSV and JSON with the national field names.

A row an inspected item. A correction is a new row with a higher version, in the month in which it was
published; of a result that was taken down no row is left.
"""

import csv
import io
from collections.abc import Iterator
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


def of_month(session: Session, month: date) -> dict[str, bytes | None]:
    """Return the two files of a month; `month` is its first day."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    acts = published.shown(session, Publication.day >= month, Publication.day < following)
    rows = [row for act in acts for row in _rows(act)]
    return {paths.of_month(month, "csv"): _as_csv(rows), paths.of_month(month, "json"): as_json(rows)}


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


def index(session: Session) -> dict[str, bytes | None]:
    """Return the page that lists the files and says what their fields mean."""
    months: dict[date, int] = {}
    for day, number in published.days(session).items():
        first = day.replace(day=1)
        months[first] = months.get(first, 0) + number
    return {"data/index.html": page("data.html.j2", depth="../", fields=FIELDS, months=[
        (f"{month.year}年{month.month}月", number, f"{month.year}-{month.month:02}")
        for month, number in sorted(months.items(), reverse=True)])}
