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

from blocks.public_site import paths
from blocks.public_site.results import as_json
from blocks.register import published
from blocks.register.published import Publication
from blocks.rules.formulas import guard
from blocks.rules.schemes import DRAW_KINDS
from blocks.templating import page

# National name → what it means here. Source: the publication fields of the national platform.
FIELDS = {
    "raninsPlanId": "年度计划编号", "raninsPlaneName": "年度计划名称", "raninsTaskId": "抽查任务编号",
    "raninsTaskName": "抽查任务名称", "raninsTypeName": "抽查类型", "insAuth": "检查机关",
    "insDate": "检查完成日期", "raninsItemNo": "抽查事项编号", "raninsItemName": "抽查事项名称",
    "raninsCheckResName": "抽查检查结果", "uniscid": "统一社会信用代码", "entName": "企业名称",
    "resultVersion": "结果版本", "publicDate": "公示日期", "lateWorkdays": "逾期工作日",
    "resultFile": "结果文件",
}


def of_month(session: Session, month: date) -> dict[str, bytes | None]:
    """Return the two files of a month; `month` is its first day."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    acts = published.shown(session, Publication.day >= month, Publication.day < following)
    rows = [row for act in acts for row in _rows(act)]
    return {paths.of_month(month, "csv"): _as_csv(rows), paths.of_month(month, "json"): as_json(rows)}


def _rows(act: Publication) -> Iterator[dict[str, Any]]:
    said = act.content
    for item in said["items"]:
        values = (said["plan_id"] or "", said["plan_name"] or "", said["scheme_code"],
                  said["scheme_title"], DRAW_KINDS.get(said["draw_kind"], said["draw_kind"]),
                  said["authority"], said["inspected_on"], item["code"], item["name"],
                  said["result"], said["uscc"], said["business"], said["version"],
                  said["public_on"], said["late_workdays"], act.path)
        yield dict(zip(FIELDS, values, strict=True))


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
