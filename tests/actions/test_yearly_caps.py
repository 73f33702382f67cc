"""A business is visited so often a year and no oftener (art. 14)."""

from datetime import date

import pytest
from sqlalchemy import select, update

from blocks import settings
from blocks.register.database import transaction
from blocks.register.directories import Target
from blocks.register.pool import pool
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import CheckRecord, Visit

YEAR, DEPARTMENT = ("max_visits_per_business_per_year",
                    "max_visits_per_business_and_department_per_year")


def reasons(code: str, **caps: int) -> dict[str, str]:
    """Return why each business that was visited by this scheme could not be drawn again."""
    with transaction() as session:
        visited = set(session.scalars(select(Target.uscc).join(Visit).join(Visit.scheme).where(
            Scheme.code == code, Visit.stage == "done")))
        again = find_scheme(session, code)
        again.regulation = settings.regulation(settings.today()).as_record() | caps
        table = pool(session, again).excluded
        session.rollback()
    found = dict(zip(table["uscc"].to_pylist(), table["reason"].to_pylist(), strict=True))
    assert visited
    return {uscc: found.get(uscc, "") for uscc in visited}


@pytest.fixture
def code(open_scene) -> str:
    code = open_scene("publicised")
    with transaction() as session:
        session.execute(update(Target).values(risk_class="B"))
    return code


@pytest.mark.parametrize(("caps", "why"), [
    ({YEAR: 2, DEPARTMENT: 2}, ""),
    ({YEAR: 1, DEPARTMENT: 2}, "year_full"),
    ({YEAR: 2, DEPARTMENT: 1}, "department_full"),
])
def test_three_departments_visit_once_and_the_next_visit_is_left_out_when_the_cap_is_reached(
        code, caps, why):
    assert set(reasons(code, **caps).values()) == {why}


@pytest.mark.parametrize("day", ["12-31 of the year before", "1-1 of the year after"])
def test_a_visit_of_another_year_does_not_count(code, day):
    with transaction() as session:
        year = find_scheme(session, code).window_start.year
        other = date(year - 1, 12, 31) if "before" in day else date(year + 1, 1, 1)
        session.execute(update(CheckRecord).values(inspected_on=other))
    assert set(reasons(code, **{YEAR: 1, DEPARTMENT: 1}).values()) == {""}


def test_a_correction_is_a_second_version_and_no_second_visit(code):
    with transaction() as session:
        for record in list(session.scalars(select(CheckRecord))):
            kept = {column.name: getattr(record, column.name)
                    for column in CheckRecord.__table__.columns if column.name != "id"}
            session.add(CheckRecord(**kept | {"number": record.number + 1}))
    assert set(reasons(code, **{YEAR: 2, DEPARTMENT: 2}).values()) == {""}
    assert set(reasons(code, **{YEAR: 1, DEPARTMENT: 2}).values()) == {"year_full"}
