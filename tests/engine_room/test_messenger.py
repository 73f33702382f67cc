"""Notices (通知) leave the house once, recognisably, and none is lost when mail is away (G6, G17)."""

import email
import email.policy
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from blocks import settings
from blocks.actions import schemes
from blocks.local.processes import free_port
from blocks.messenger import Messenger
from blocks.register import notices
from blocks.register.database import transaction
from blocks.register.notices import Notice
from blocks.register.trail import DueLine
from blocks.steps import reminding
from flows.reminders import send_waiting
from tests.people import LEAD, drafted


def queue(key: str = "approval:7:2", subject: str = "请审批：旅馆业联合抽查",
          body: str = "系统审查未发现问题。\n待抽库200家。") -> int:
    with transaction() as session:
        notices.queue(session, key, "approval", subject, body)
        return session.scalar(select(Notice.id).where(Notice.key == key))


def notice(notice_id: int) -> Notice:
    with transaction() as session:
        return session.get_one(Notice, notice_id)


def test_a_notice_arrives_once_with_its_chinese_subject_and_its_key(
        register, mail_server, mail_goes_to):
    mail_goes_to(mail_server.port)
    number = queue()
    assert queue() == number, "the same fact is told once"
    assert send_waiting.fn() == 1
    assert send_waiting.fn() == 0
    assert not reminding.send(number, Messenger.from_settings().send)
    (mail,) = mail_server.taken
    assert mail["Subject"] == "请审批：旅馆业联合抽查"
    assert mail["Message-ID"] == "<approval.7.2@choucha>"
    assert mail["To"] == "bangong@choucha.localhost"
    assert mail["Date"].datetime == notice(number).queued_at.replace(microsecond=0)
    assert mail.get_content().split() == ["系统审查未发现问题。", "待抽库200家。"]
    sent = notice(number)
    assert (sent.stage, sent.tries, sent.last_error) == ("sent", 1, None)


def test_a_notice_goes_to_its_department(city, mail_server, mail_goes_to):
    mail_goes_to(mail_server.port)
    code = drafted()
    schemes.submit(f"{LEAD}.jingban", code)
    with transaction() as session:
        department = session.scalar(text("SELECT id FROM departments WHERE code = 'wjj'"))
        notices.queue(session, "assignment:1:1", "assignment", "请接收任务", "……",
                      department_id=department)
    assert send_waiting.fn() == 1
    assert mail_server.taken[0]["To"] == "wjj@choucha.localhost"


def test_while_the_mail_server_is_away_a_notice_waits_and_after_five_tries_is_shown(
        register, mail_server, mail_goes_to):
    mail_goes_to(free_port())
    number = queue()
    for tries in range(1, 5):
        with pytest.raises(ConnectionError, match="1份通知都没有发出"):
            send_waiting.fn()
        waiting = notice(number)
        assert (waiting.stage, waiting.tries) == ("queued", tries)
        assert "refused" in waiting.last_error
    with pytest.raises(ConnectionError):
        send_waiting.fn()
    assert (notice(number).stage, notice(number).tries) == ("failed", 5)
    mail_goes_to(mail_server.port)
    assert send_waiting.fn() == 0, "a person decides what becomes of it"
    assert mail_server.taken == []


def test_a_notice_that_was_tried_before_arrives_when_the_mail_server_is_back(
        register, mail_server, mail_goes_to):
    mail_goes_to(free_port())
    number = queue()
    with pytest.raises(ConnectionError):
        send_waiting.fn()
    mail_goes_to(mail_server.port)
    assert send_waiting.fn() == 1
    assert (notice(number).stage, notice(number).tries, notice(number).last_error) == (
        "sent", 2, None)
    assert len(mail_server.taken) == 1


def test_a_refusal_of_the_mail_server_is_kept_in_its_own_words(register, mail_server, mail_goes_to):
    mail_goes_to(mail_server.port)
    mail_server.refusal = "452 mailbox full"
    number = queue()
    with pytest.raises(ConnectionError):
        send_waiting.fn()
    assert notice(number).stage == "queued"
    assert "mailbox full" in notice(number).last_error
    assert mail_server.taken == []


def test_a_notice_that_cannot_go_keeps_no_other_waiting(register, mail_server, mail_goes_to):
    """A title may hold line breaks (a YAML block): a header may not, and must not stop the rest."""
    mail_goes_to(mail_server.port)
    queue("approval:1:1", "请审批：旅馆业\r\n联合抽查\n")
    queue("approval:2:1")
    assert send_waiting.fn() == 2
    assert [mail["Subject"] for mail in mail_server.taken] == [
        "请审批：旅馆业 联合抽查", "请审批：旅馆业联合抽查"]


def test_without_a_mail_server_each_notice_is_a_file(register):
    numbers = [queue(), queue("approval:8:1", "请审批：第二份")]
    assert send_waiting.fn() == 2
    folder = settings.state_dir() / "outgoing"
    assert [p.name for p in sorted(folder.iterdir())] == [f"{n:06d}.eml" for n in numbers]
    first = email.message_from_bytes((folder / f"{numbers[0]:06d}.eml").read_bytes(),
                                     policy=email.policy.default)
    assert first["Subject"] == "请审批：旅馆业联合抽查"
    assert first["Message-ID"] == "<approval.7.2@choucha>"
    assert "待抽库200家。" in first.get_content()
    assert [notice(n).stage for n in numbers] == ["sent", "sent"]


def test_each_rung_of_the_ladder_is_told_once_however_often_it_runs(city, monkeypatch):
    """Approval is due in 5 workdays: told with 5, 3, 1 and 0 left, then every workday it is late."""
    submitted = settings.today()
    schemes.submit(f"{LEAD}.jingban", drafted())
    with transaction() as session:
        due = session.scalar(select(DueLine.due_on).where(DueLine.clock == "approval"))
    calendar = settings.calendar()
    told: dict[int, int] = {}
    day = submitted
    while calendar.between(due, day) < 3:
        monkeypatch.setenv("CHOUCHA_TODAY", day.isoformat())
        settings.get.cache_clear()
        left = calendar.between(day, due)
        new = [reminding.queue_reminders() for _ in range(3)]
        assert new[1:] == [0, 0]
        if calendar.is_workday(day):
            told[left] = new[0]
        else:
            assert new[0] == 0, f"{day} is no workday"
        day += timedelta(days=1)
    first = calendar.between(submitted, due) if calendar.is_workday(submitted) else None
    assert first in (5, None)
    assert {left for left, new in told.items() if new} == {5, 3, 1, 0, -1, -2} & told.keys()
    assert set(told.values()) == {0, 1}
    with transaction() as session:
        said = session.scalars(select(Notice.subject).where(Notice.kind == "reminder")).all()
    assert {s.partition("：")[0] for s in said} == {"方案审批将到期", "方案审批已逾期"}
    assert len(said) == sum(told.values()) >= 5


def test_what_is_done_is_not_reminded_of(city, carry_on, monkeypatch):
    code = drafted()
    schemes.submit(f"{LEAD}.jingban", code)
    carry_on()
    schemes.approve(f"{LEAD}.shenpi", code)
    with transaction() as session:
        due: date = session.scalar(select(DueLine.due_on).where(DueLine.clock == "approval"))
    monkeypatch.setenv("CHOUCHA_TODAY", due.isoformat())
    settings.get.cache_clear()
    reminding.queue_reminders()
    with transaction() as session:
        assert session.scalars(select(Notice).where(Notice.kind == "reminder",
                                                    Notice.subject.like("方案审批%"))).all() == []
