"""Addresses, texts and calendars of people: what is registered, how it reads, who may subscribe."""

from datetime import date, datetime, time

import icalendar
import pytest
from sqlalchemy import select, text

from blocks import messages, settings, subscriptions
from blocks.actions import contacts, letters
from blocks.errors import InspectionError, NotFound, RuleViolation, StageError
from blocks.register import inbox, notices
from blocks.register.database import transaction
from blocks.register.deliveries import Contact, Delivery
from blocks.register.directories import account
from blocks.register.notices import Notice
from blocks.steps import reminding
from tests.scenes import first_check, on_day, visit_of


@pytest.mark.parametrize(("channel", "address", "more", "said"), [
    ("pigeon", "x", {}, "没有「pigeon」这种渠道"),
    ("mail", "li at example", {}, "不像邮箱"),
    ("mail", "li@example.gov.cn\r\nBcc: x@y", {}, "不像邮箱"),
    ("sms", "call me", {}, "不像手机号码"),
    ("wecom", "https://qyapi.weixin.qq.com/x?key=1", {}, "不像群机器人的密钥"),
    ("other", "json://127.0.0.1:1/", {}, "由联席会议办公室登记"),
    ("mail", "li@example.gov.cn", {"quiet_from": "21:00"}, "免打扰时段看不懂"),
    ("mail", "li@example.gov.cn", {"quiet_from": "21:00", "quiet_to": "21:00"}, "全天"),
])
def test_an_address_that_can_be_none_is_refused(look, channel, address, more, said):
    look("sample")
    with pytest.raises(InspectionError, match=said):
        contacts.add("gaj.jingban", channel, address, **more)


def test_an_address_is_registered_once_and_dropped_by_its_owner_alone(city):
    settings.get().now = datetime(2026, 11, 30, 10, tzinfo=settings.SHANGHAI)  # nobody wants quiet then
    number = contacts.add("gaj.jingban", "mail", "li@example.gov.cn", quiet_from="21:00",
                          quiet_to="07:30").ids["contact"]
    with pytest.raises(StageError, match="已经登记"):
        contacts.add("gaj.jingban", "mail", "li@example.gov.cn")
    with pytest.raises(NotFound):
        contacts.drop("wjj.jingban", number)
    with transaction() as session:
        assert session.get_one(Contact, number).quiet_to == time(7, 30)
        notices.queue(session, "a:1", "assignment", "甲", "…", account_id=account(session, "gaj.jingban").id)
    assert len(reminding.waiting()) == 1
    contacts.drop("gaj.jingban", number)
    with transaction() as session:  # not lost: it goes to the department's address now
        assert session.scalars(select(Delivery.address)).one() == "gaj@choucha.localhost"
    assert contacts.add("gaj.jingban", "mail", "li@example.gov.cn").ids["contact"] != number
    with pytest.raises(RuleViolation, match="部门的渠道"):
        contacts.add("gaj.01", "mail", "x@example.gov.cn", whole_department=True)


def test_a_message_stands_in_the_portal_for_whom_it_is_whatever_the_channels_do(look):
    look("dispatched")
    with transaction() as session:
        told = {login: [one.subject for one in inbox.messages(session, account(session, login).as_actor())]
                for login in ("wjj.jingban", "gaj.01", "bangong")}
    assert any("接收任务" in one for one in told["wjj.jingban"])
    assert told["gaj.01"] == []


@pytest.mark.parametrize("kind", messages.SAMPLES)
def test_every_template_can_be_previewed(kind):
    subject, body = messages.preview(kind)
    assert subject and body.strip()


@pytest.mark.parametrize(("content", "said"), [
    ("主题\n{{ subject }}\n{{ titel }}\n", "第3行没有「titel」这个字段"),
    ("主题\n{% if portal %}\n", "第2行写法有误"),
    ("主题\n\n{{ subject.nothing.more }}\n", "第3行按样例写不出来"),
    ("主题\n{{ 1 / 0 }}\n", "第2行按样例写不出来"),
])
def test_a_faulty_template_is_refused_when_it_is_loaded_with_its_line(tmp_path, monkeypatch, content, said):
    (tmp_path / "notice.txt.j2").write_text(content, "utf-8")
    monkeypatch.setenv("CHOUCHA_MESSAGES", str(tmp_path))
    settings.get.cache_clear()
    try:
        with pytest.raises(InspectionError, match=said):
            messages.preview("notice")
    finally:
        monkeypatch.delenv("CHOUCHA_MESSAGES")
        settings.get.cache_clear()


def feed(login: str, **more: bool) -> tuple[str, list]:
    token = contacts.subscribe(login, **more).ids["secret"].rpartition("/")[2].removesuffix(".ics")
    return token, events(token)


def events(token: str) -> list:
    with transaction() as session:
        return icalendar.Calendar.from_ical(subscriptions.calendar(session, token)).walk("VEVENT")


def test_a_calendar_holds_what_concerns_its_owner_and_nothing_else(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    _, mine = feed(team[0])
    with transaction() as session:
        from blocks.register.visits import Visit
        visit = session.get_one(Visit, visit_of(check))
        assert any(visit.target.name in one["summary"] and one["dtstart"].dt == visit.day for one in mine)
    assert feed("sthj.jingban")[1] == []
    _, ours = feed("gaj.jingban", whole_department=True)
    assert sum(one["summary"].startswith("填报检查记录") for one in ours) >= 1
    assert len({one["uid"] for one in ours}) == len(ours)


def test_a_new_address_of_a_calendar_ends_the_one_before_and_uids_stay(open_scene):
    open_scene("dispatched")
    old, before = feed("wjj.jingban")
    new, after = feed("wjj.jingban")
    assert [one["uid"] for one in before] == [one["uid"] for one in after] != []
    assert events(new)
    with pytest.raises(NotFound, match="已失效"):
        events(old)
    with transaction() as session:
        session.execute(text("UPDATE accounts SET active = false WHERE login = 'wjj.jingban'"))
    with pytest.raises(NotFound):
        events(new)


def test_the_system_writes_a_letter_on_the_third_workday_late_and_none_while_one_is_open(open_scene):
    open_scene("dispatched")
    with transaction() as session:
        session.execute(text("UPDATE dues SET started_on = '2026-11-10', due_on = '2026-11-17' "
                             "WHERE clock = 'acceptance'"))
        from blocks.register.directories import service_account
        who = service_account(session, "reminders", "提醒").as_actor(run="test")
    for day, wanted in ((19, 0), (20, 2), (23, 0)):
        with on_day(date(2026, 11, day)):
            assert reminding.issue_letters(who) == wanted
    with transaction() as session:
        told = session.scalars(select(Notice).where(Notice.kind == "letter")).all()
        assert all("已逾期满3个工作日" in one.body for one in told)
    with pytest.raises(StageError, match="还没有回复"):
        letters.issue("bangong", "2026-001", "wjj", "再催")
