"""Notices (通知) leave the house once, recognisably, and none is lost when mail is away (G6, G17)."""

import email
import email.policy

import pytest
from sqlalchemy import select, text

from blocks import settings
from blocks.actions import schemes
from blocks.local.processes import free_port
from blocks.messenger import Messenger
from blocks.register import notices
from blocks.register.database import transaction
from blocks.register.deliveries import Delivery
from blocks.register.notices import Notice
from blocks.steps import reminding
from flows.reminders import send_waiting
from tests.people import LEAD, drafted


def queue(key: str = "approval:7:2", subject: str = "请审批：旅馆业联合抽查",
          body: str = "系统审查未发现问题。\n待抽库200家。") -> int:
    with transaction() as session:
        notices.queue(session, key, "approval", subject, body)
        return session.scalar(select(Notice.id).where(Notice.key == key))


def delivery(notice_id: int) -> Delivery:
    with transaction() as session:
        return session.scalars(select(Delivery).where(Delivery.notice_id == notice_id)).one()


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
    assert not reminding.send(delivery(number).id, Messenger.from_settings().send)
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


def test_while_the_mail_server_is_away_a_notice_waits_for_four_hours_and_then_is_shown(
        register, mail_server, mail_goes_to, the_time):
    mail_goes_to(free_port())
    number = queue()
    for tries, minutes in enumerate((0, 10, 60, 239), 1):
        the_time(minutes)
        with pytest.raises(ConnectionError, match="1份通知都没有发出"):
            send_waiting.fn()
        assert send_waiting.fn() == 0, "not before ten minutes have passed"
        waiting = notice(number)
        assert (waiting.stage, waiting.tries) == ("queued", tries)
        assert "没有应答" in waiting.last_error
    the_time(250)
    with pytest.raises(ConnectionError):
        send_waiting.fn()
    assert (notice(number).stage, notice(number).tries) == ("failed", 5)
    mail_goes_to(mail_server.port)
    the_time(300)
    assert send_waiting.fn() == 0, "a person decides what becomes of it"
    assert mail_server.taken == []


def test_a_notice_that_was_tried_before_arrives_when_the_mail_server_is_back(
        register, mail_server, mail_goes_to, the_time):
    mail_goes_to(free_port())
    the_time(0)
    number = queue()
    with pytest.raises(ConnectionError):
        send_waiting.fn()
    mail_goes_to(mail_server.port)
    the_time(11)
    assert send_waiting.fn() == 1
    assert (notice(number).stage, notice(number).tries, notice(number).last_error) == (
        "sent", 2, None)
    assert len(mail_server.taken) == 1


def test_with_the_clock_set_back_what_waits_is_tried_all_the_same(
        register, mail_server, mail_goes_to, the_time):
    mail_goes_to(free_port())
    the_time(60 * 24)
    queue()
    with pytest.raises(ConnectionError):
        send_waiting.fn()
    mail_goes_to(mail_server.port)
    the_time(0)
    assert send_waiting.fn() == 1


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
