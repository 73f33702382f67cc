"""Each channel against a receiver that is down, slow, failing, resetting, half-open, or silent after
success: nothing is lost, and what arrives twice bears one Message-ID or key (G6)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from blocks import settings
from blocks.local.processes import free_port
from blocks.messenger import Messenger
from blocks.register import deliveries, notices
from blocks.register.database import transaction
from blocks.register.deliveries import Contact, Delivery
from blocks.register.directories import account
from blocks.register.notices import Notice
from blocks.steps import reminding
from tests.engine_room.receivers import Hook, Mailbox, hook, mailbox, silent

KEYS = {"wecom": "WECOM_HOST", "dingtalk": "DINGTALK_HOST", "feishu": "FEISHU_HOST", "sms": "SMS_URL"}
KEY = "assignment:1:1"


@pytest.fixture(autouse=True)
def impatient(monkeypatch, the_time) -> Callable[[int], None]:
    monkeypatch.setenv("CHOUCHA_CHANNEL_SECONDS", "1")
    the_time(0)
    return the_time


@pytest.fixture
def receiver(monkeypatch) -> Iterator[Hook]:
    """One webhook that every robot and the SMS gateway are set to."""
    with hook() as server:
        for name in KEYS.values():
            monkeypatch.setenv(f"CHOUCHA_{name}", server.url)
        settings.get.cache_clear()
        yield server


@pytest.fixture
def box(mail_goes_to) -> Iterator[Mailbox]:
    with mailbox() as (made, port):
        mail_goes_to(port)
        yield made


def told(channel: str, address: str = "k-1", secret: str = "", login: str = "gaj.jingban") -> None:
    """Register an address of a person, and queue a notice for him or her."""
    with transaction() as session:
        who = account(session, login)
        session.add(Contact(account_id=who.id, channel=channel, address=address, secret=secret))
        notices.queue(session, KEY, "assignment", "请接收任务", "宾馆旅店联合抽查", account_id=who.id)


def carried() -> int:
    carry = Messenger.from_settings().send
    return sum(reminding.send(one, carry) for one in reminding.waiting())


def fate() -> tuple[str, str]:
    """Return the stage of the delivery and of its notice."""
    with transaction() as session:
        return (session.scalars(select(Delivery.stage)).one(), session.scalars(select(Notice.stage)).one())


@pytest.mark.parametrize(("channel", "way", "stage", "reached"), [
    ("wecom", "", "sent", 1), ("wecom", "500", "queued", 0), ("wecom", "slow", "unknown", 1),
    ("wecom", "reset", "unknown", 1), ("wecom", "half-open", "unknown", 0),
    ("wecom", "refused", "failed", 1), ("wecom", "gibberish", "unknown", 1),
    ("dingtalk", "refused", "failed", 1), ("feishu", "refused", "failed", 1), ("sms", "reset", "unknown", 1),
])
def test_a_robot_that_misbehaves_loses_nothing_and_a_repeat_bears_its_key(
        city, receiver, impatient, channel, way, stage, reached):
    told(channel)
    receiver.way = way
    assert carried() == (stage == "sent")
    assert fate() == (stage, stage)
    assert len(receiver.taken) == reached
    assert carried() == 0, "not again at once"
    receiver.way = ""
    impatient(11)
    assert carried() == (stage in ("queued", "unknown"))
    assert fate()[0] == ("failed" if stage == "failed" else "sent")
    assert {one["headers"]["idempotency-key"] for one in receiver.taken} == {"assignment%3A1%3A1"}
    assert all(KEY in str(one["body"]) for one in receiver.taken)


def test_a_robot_that_is_down_is_waited_for(city, receiver, impatient, monkeypatch):
    told("wecom")
    monkeypatch.setenv("CHOUCHA_WECOM_HOST", f"http://127.0.0.1:{free_port()}")
    settings.get.cache_clear()
    assert carried() == 0
    assert fate() == ("queued", "queued")
    monkeypatch.setenv("CHOUCHA_WECOM_HOST", receiver.url)
    impatient(11)
    assert carried() == 1


def test_dingtalk_is_signed_in_the_address(city, receiver):
    told("dingtalk", "token", "SEC-1")
    assert carried() == 1
    query = parse_qs(urlsplit(receiver.taken[0]["path"]).query)
    stamp = query["timestamp"][0]
    assert len(stamp) == 13
    assert query["access_token"] == ["token"]
    assert base64.b64decode(query["sign"][0]) == hmac.digest(
        b"SEC-1", f"{stamp}\nSEC-1".encode(), hashlib.sha256)


def test_feishu_is_signed_in_the_body(city, receiver):
    told("feishu", "token", "SEC-2")
    assert carried() == 1
    (one,) = receiver.taken
    assert one["path"] == "/open-apis/bot/v2/hook/token"
    assert base64.b64decode(one["body"]["sign"]) == hmac.digest(
        f"{one['body']['timestamp']}\nSEC-2".encode(), b"", hashlib.sha256)


@pytest.mark.parametrize(("way", "stage", "reached"), [
    ("", "sent", 1), ("500", "queued", 0), ("slow", "unknown", 1), ("reset", "unknown", 1),
    ("bounce", "failed", 0),
])
def test_a_mail_server_that_misbehaves_loses_nothing_and_a_repeat_bears_its_message_id(
        city, box, impatient, way, stage, reached):
    told("mail", "li@example.gov.cn")
    box.way = way
    assert carried() == (stage == "sent")
    assert fate() == (stage, stage)
    assert len(box.taken) == reached
    box.way = ""
    impatient(11)
    assert carried() == (stage in ("queued", "unknown"))
    assert {mail["Message-ID"] for mail in box.taken} == (
        {"<assignment.1.1@choucha>"} if stage != "failed" else set())
    assert all(mail["To"] == "li@example.gov.cn" for mail in box.taken)


def test_a_mail_server_that_never_says_a_word_is_waited_for(city, mail_goes_to, impatient):
    told("mail", "li@example.gov.cn")
    with silent() as port:
        mail_goes_to(port)
        assert carried() == 0
    assert fate() == ("queued", "queued")


def test_who_dies_after_handing_over_leaves_it_unknown_and_it_is_repeated_recognisably(
        city, box, impatient):
    told("mail", "li@example.gov.cn")
    (number,) = reminding.waiting()
    with transaction() as session:
        one = deliveries.claim(session, number)
        _ = one.notice, one.contact
    Messenger.from_settings().send(one)  # … and the process is killed before it can say so
    assert fate() == ("unknown", "unknown")
    impatient(11)
    assert carried() == 1
    assert [mail["Message-ID"] for mail in box.taken] == ["<assignment.1.1@choucha>"] * 2
    assert box.taken[1]["X-Choucha-Repeat"] == "perhaps"


def test_two_at_once_never_carry_the_same_delivery(city, box):
    told("mail", "li@example.gov.cn")
    (number,) = reminding.waiting()
    carry = Messenger.from_settings().send

    def while_another_tries(one: Delivery) -> str:
        assert not reminding.send(number, carry)
        return carry(one)

    assert reminding.send(number, while_another_tries)
    assert len(box.taken) == 1


def test_who_has_no_address_is_told_at_the_departments_and_with_none_it_is_shown(city, box, monkeypatch):
    with transaction() as session:
        who = account(session, "gaj.jingban")
        notices.queue(session, "a:1", "assignment", "甲", "…", account_id=who.id)
        session.add(Contact(department_id=who.department_id, channel="mail", address="ju@example.gov.cn",
                            secret=""))
    assert carried() == 1
    assert box.taken[0]["To"] == "ju@example.gov.cn"
    monkeypatch.setenv("CHOUCHA_MAIL_DOMAIN", "")
    settings.get.cache_clear()
    with transaction() as session:
        notices.queue(session, "a:2", "assignment", "乙", "…",
                      account_id=account(session, "wjj.jingban").id)
    assert carried() == 0
    with transaction() as session:
        (shown,) = notices.failed(session)
        assert "没有登记任何通知渠道" in shown.last_error


def test_quiet_hours_of_a_person_hold_a_message_back_and_do_not_drop_it(city, box, impatient):
    told("mail", "li@example.gov.cn")
    with transaction() as session:
        contact = session.scalars(select(Contact)).one()
        contact.quiet_from, contact.quiet_to = settings.time(8), settings.time(10)
    assert carried() == 0
    impatient(59)
    assert carried() == 0
    impatient(60)
    assert carried() == 1
