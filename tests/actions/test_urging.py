"""The office urges who is late, once a day (art. 5)."""

from datetime import date

from sqlalchemy import select

from blocks.actions import urging
from blocks.errors import RuleViolation, StageError
from blocks.register.database import transaction
from blocks.register.notices import Notice
from tests.scenes import on_day, refused


def bodies() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Notice.body).where(Notice.kind == "urge").order_by(
            Notice.id)))


def test_each_late_department_is_urged_once_a_day(open_scene):
    code = open_scene("dispatched")
    with refused("没有逾期的事", StageError):
        urging.urge("bangong", code)
    with on_day(date(2026, 12, 7)):
        said = urging.urge("bangong", code)
        assert "卫健" in said.sentence and "消防" in said.sentence
        assert len(bodies()) == 2 and "接收任务1件，已逾期" in bodies()[0]
        with refused("今天已经催办过", StageError):
            urging.urge("bangong2", code)
    with on_day(date(2026, 12, 8)):
        urging.urge("bangong", code)
    assert len(bodies()) == 4


def test_nobody_but_the_office_urges(look):
    code = look("dispatched")
    with refused("由联席会议办公室", RuleViolation):
        urging.urge("gaj.shenpi", code)
