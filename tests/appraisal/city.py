"""A city of three years, made by PostgreSQL itself: everything that can go right, late or wrong does somewhere.

Its things and their trail come past the one door, so the trail's hashes are empty; nothing here reads them.
"""

import calendar
import json
from pathlib import Path

from sqlalchemy import text

from blocks.register.database import transaction

DEPARTMENTS, INSPECTORS, ITEMS, PER_SCHEME = 20, 400, 80, 50
YEARS = (2024, 2025, 2026)
AREA = "445200"

THINGS = Path(__file__).with_suffix(".sql")
TEMPORARY = ("moves", "plan", "clocks")


def build(targets: int, visits: int) -> None:
    """Fill an empty register; `visits` are drawn in inspections of fifty."""
    numbers = {"targets": targets, "visits": visits, "schemes": visits // PER_SCHEME}
    with transaction() as session:
        session.execute(text("SET session_replication_role = replica"))
        for statement in filter(str.strip, THINGS.read_text("utf-8").split(";\n")):
            session.execute(text(statement), {name: n for name, n in numbers.items() if f":{name}" in statement})
        for year in YEARS:
            session.execute(text(
                "INSERT INTO annual_plans (id, year, area, number, title, content, published_at, stage, version, "
                "stage_since, moved_by_id) VALUES (:year, :year, :area, 1, '样例', :content, make_timestamptz("
                ":year, 1, 1, 9, 0, 0, 'Asia/Shanghai'), 'published', 1, now(), 1)"),
                {"year": year, "area": AREA, "content": _plan(year)})
        for name in TEMPORARY:
            session.execute(text(f"DROP TABLE {name}"))
        session.execute(text("SET session_replication_role = DEFAULT"))
    with transaction() as session:
        session.execute(text("ANALYZE"))


def _plan(year: int) -> str:
    """One inspection foreseen in every month, led by one department after the other."""
    return json.dumps({"source": "样例", "entries": [
        {"number": month, "written": {"name": f"样例{month}", "months": f"{month}月", "lead": f"样例·第{month}局",
                                      "targets": "样例", "items": f"SX-{month}", "share": "5%"}}
        for month in range(1, 13)]}, ensure_ascii=False)


def last_of(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
