"""A new year's notice is adopted by one person, and every open due date it moves is on the trail."""

from datetime import date

import pytest
import yaml
from sqlalchemy import select

from blocks import settings
from blocks.actions import almanac, schemes
from blocks.errors import InspectionError, RuleViolation, StageError
from blocks.register import database, trail
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.trail import DueLine, TrailLine
from blocks.steps import nightshift
from tests import people
from tests.scenes import SMALL, on_day

SOURCE = "https://www.gov.cn/zhengce/2027.htm"
NEXT = {"year": 2027, "source": [SOURCE],
        "holidays": [{"name": "元旦", "from": date(2027, 1, 1), "to": date(2027, 1, 3), "days": 3}],
        "make_up_workdays": []}
STORM = {"year": 2026, "source": ["本市防风指挥部公告"], "make_up_workdays": [],
         "holidays": [{"name": "台风停工", "from": date(2026, 9, 22), "to": date(2026, 9, 22)}]}


@pytest.fixture(autouse=True)
def calendar_of_the_checkout():
    """Leave the calendar to other tests as the checkout has it."""
    database.look_again()
    yield
    database.look_again()
    settings.add_notices("[]")


def waiting(day: date) -> None:
    """A scheme is submitted on a day: its approval has five workdays."""
    with on_day(day):
        schemes.submit("gaj.jingban", people.drafted(**SMALL))


def the_due() -> DueLine:
    with transaction() as session:
        return session.scalars(select(DueLine).where(DueLine.met_at.is_(None))).one()


def recounts() -> list[TrailLine]:
    with transaction() as session:
        return list(session.scalars(select(TrailLine).where(TrailLine.thing == "recount")))


def test_a_notice_settles_what_was_provisional_with_a_trail_line_and_says_what_moved(city):
    waiting(date(2026, 12, 30))
    assert (the_due().due_on, the_due().provisional) == (date(2027, 1, 4), True)
    would, remarks = almanac.rehearse(NEXT, SOURCE)
    assert [(one.was_on, one.now_on, one.settled) for one in would] == [
        (date(2027, 1, 4), date(2027, 1, 7), True)]
    assert "法定节假日为13天" in remarks[0]
    assert the_due().provisional, "rehearsed only"
    said, moved = almanac.adopt("bangong", NEXT, SOURCE)
    assert "1项在办期限变动" in said.sentence
    assert len(moved) == 1
    assert (the_due().due_on, the_due().provisional) == (date(2027, 1, 7), False)
    assert the_due().explained == "自12月30日起第5个工作日（不含元旦）"
    (line,) = recounts()
    assert (line.details["from"], line.details["to"]) == ("2027-01-04", "2027-01-07")
    assert line.scheme_id is not None
    with transaction() as session:
        assert trail.verify(session)[1] == []


def test_every_process_counts_by_it_at_its_next_look(city):
    almanac.adopt("bangong", NEXT, SOURCE)
    settings.add_notices("[]")  # another process, which has not looked yet
    assert not settings.calendar().is_official(2027)
    database.look_again()
    with transaction():
        assert settings.calendar().is_official(2027)


def test_the_night_recounts_what_another_process_still_counted_as_provisional(city):
    almanac.adopt("bangong", NEXT, SOURCE)
    with transaction():
        settings.add_notices("[]")  # that process looked just before
    waiting(date(2026, 12, 30))
    assert the_due().provisional
    database.look_again()
    with transaction() as session:
        who = service_account(session, "nightly", "夜间任务").as_actor(run="test")
    assert nightshift.recount_provisional(who) == "重新计算暂定期限1项"
    assert the_due().due_on == date(2027, 1, 7)
    assert nightshift.recount_provisional(who) is None
    assert len(recounts()) == 1


def test_a_local_override_moves_dates_that_were_settled(city):
    waiting(date(2026, 9, 18))
    assert the_due().due_on == date(2026, 9, 24)
    almanac.adopt("bangong", STORM, "本市防风指挥部公告", local=True)
    assert the_due().due_on == date(2026, 9, 28)
    assert "不含台风停工、中秋节" in the_due().explained


def test_the_same_notice_twice_and_a_changed_one_without_saying_so_are_refused(city):
    almanac.adopt("bangong", NEXT, SOURCE)
    with pytest.raises(StageError, match="内容一样"):
        almanac.adopt("bangong", NEXT, SOURCE)
    longer = {**NEXT, "make_up_workdays": [date(2027, 1, 9)]}
    with pytest.raises(StageError, match="内容不同"):
        almanac.adopt("bangong", longer, SOURCE)
    almanac.adopt("bangong", longer, SOURCE, replace=True)
    assert settings.calendar().is_workday(date(2027, 1, 9))


def test_a_refused_notice_leaves_the_calendar_as_it_was(city):
    with pytest.raises(RuleViolation, match="办公室"):
        almanac.adopt("gaj.jingban", NEXT, SOURCE)
    with transaction():
        assert not settings.calendar().is_official(2027)


@pytest.mark.parametrize(("changes", "source", "said"), [
    ({"year": 2028, "holidays": []}, SOURCE, "还缺2027年"),
    ({}, "https://www.gov.cn/another.htm", "出处"),
    ({"make_up_workdays": [date(2027, 1, 4)]}, SOURCE, "周六或周日"),
    ({"make_up_workdays": [date(2027, 1, 2)]}, SOURCE, "既是放假日又是调休"),
    ({"holidays": NEXT["holidays"] * 2}, SOURCE, "写了两次"),
    ({"source": []}, "", "source"),
    ({"holidays": "元旦"}, SOURCE, "各是一列"),
    ({"make_up_workdays": ["一月九日"]}, SOURCE, "周六或周日"),
])
def test_a_notice_that_cannot_be_right_is_refused_before_anything_changes(city, changes, source, said):
    with pytest.raises(InspectionError, match=said):
        almanac.adopt("bangong", {**NEXT, **changes}, source)


def test_the_schedules_of_the_checkout_add_up_to_the_days_of_the_law():
    for path in sorted((settings.CONFIG / "calendar").glob("*.yaml")):
        data = yaml.safe_load(path.read_text("utf-8"))
        if data["year"] >= 2025:
            assert almanac.check(data, "")[1] == []
