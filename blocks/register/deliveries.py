"""Where a notice goes (送达): addresses of persons and departments, and each delivery's fate.

queued → sent | failed | unknown. A delivery is `unknown` from the moment it is handed over until the
answer is known: whoever dies in between leaves it so, and it is repeated under the same Message-ID
or key (G6). What nobody takes is tried every ten minutes for four hours, then shown to a person.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    exists,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from blocks import settings
from blocks.errors import NotTaken, Refused, Unsure
from blocks.register.base import Base, Id
from blocks.register.directories import Account, Department
from blocks.register.notices import Notice
from blocks.rules.quiet import allowed_from
from blocks.rules.stages import Role

AGAIN = timedelta(minutes=10)
PATIENCE = timedelta(hours=4)
ONLY_IN_WORKING_HOURS = ("reminder", "letter")
OPEN = ("queued", "unknown")
CHANNELS = {"mail": "邮件", "wecom": "企业微信机器人", "dingtalk": "钉钉机器人", "feishu": "飞书机器人",
            "sms": "短信", "other": "其他（Apprise 地址）"}


class Contact(Base):
    """One address of a person or a department. `secret` signs (DingTalk, Feishu); never shown.

    `quiet_from`, `quiet_to`: the person's own quiet hours for this address.
    """

    __tablename__ = "contacts"
    id: Mapped[Id]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    channel: Mapped[str]
    address: Mapped[str]
    secret: Mapped[str]
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    dropped_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (department_id IS NULL)", name="of_one"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet"),
        *(Index(f"uq_contacts_{owner}", owner, "channel", "address", unique=True,
                postgresql_where="dropped_at IS NULL") for owner in ("account_id", "department_id")))


class Delivery(Base):
    """One notice by one channel to one address. `next_at`: not before; `went_to`: who took it."""

    __tablename__ = "deliveries"
    id: Mapped[Id]
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    channel: Mapped[str]
    address: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    stage: Mapped[str]
    tries: Mapped[int]
    next_at: Mapped[datetime]
    first_tried_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    went_to: Mapped[str | None]
    last_error: Mapped[str | None]
    notice: Mapped[Notice] = relationship()
    contact: Mapped[Contact | None] = relationship()
    __table_args__ = (
        UniqueConstraint("notice_id", "channel", "address"),
        CheckConstraint("stage IN ('queued','sent','failed','unknown')", name="stage"),
        Index("ix_deliveries_waiting", "next_at", postgresql_where="stage IN ('queued','unknown')"))

    @property
    def secret(self) -> str:
        return self.contact.secret if self.contact else ""


def contacts(session: Session, *, account_ids: Sequence[int] = (),
             department_id: int | None = None) -> list[Contact]:
    """Return the addresses of these persons, or of a department."""
    return list(session.scalars(select(Contact).where(
        Contact.dropped_at.is_(None), or_(
            Contact.account_id.in_(account_ids), Contact.department_id == department_id
            if department_id else Contact.account_id.in_(account_ids))).order_by(Contact.id)))


def _addresses(session: Session, notice: Notice) -> list[tuple[str, str, Contact | None]]:
    """Return where a notice goes: the person's addresses, else the department's, else its default."""
    department_id = notice.department_id
    if notice.account_id:
        department_id = session.scalar(select(Account.department_id).where(Account.id == notice.account_id))
        found = contacts(session, account_ids=[notice.account_id])
    elif department_id is None:
        found = contacts(session, account_ids=list(session.scalars(select(Account.id).where(
            Account.active, Account.roles.contains([Role.OFFICE.value])))))
    else:
        found = []
    if not found and department_id is not None:
        found = contacts(session, department_id=department_id)
    if found:
        return [(one.channel, one.address, one) for one in found]
    code = session.scalar(select(Department.code).where(Department.id == department_id)) or "bangong"
    domain = settings.get().mail_domain
    return [("mail", f"{code}@{domain}", None)] if domain else []


def _not_before(notice: Notice, contact: Contact | None) -> datetime:
    own = (contact.quiet_from, contact.quiet_to) if contact and contact.quiet_from else None
    usual = settings.quiet() if notice.kind in ONLY_IN_WORKING_HOURS else None
    return allowed_from(settings.now().astimezone(settings.SHANGHAI), [one for one in (own, usual) if one],
                        settings.calendar() if usual else None)


def spread(session: Session) -> None:
    """Give every notice that has none its deliveries; one that can go nowhere is shown at once."""
    for notice in session.scalars(select(Notice).where(
            Notice.stage.in_(OPEN), ~exists().where(Delivery.notice_id == Notice.id)).order_by(
            Notice.id).with_for_update(skip_locked=True)):
        where = _addresses(session, notice)
        for channel, address, contact in where:
            session.execute(insert(Delivery).values(
                notice_id=notice.id, channel=channel, address=address, stage="queued", tries=0,
                contact_id=contact.id if contact else None, next_at=_not_before(notice, contact),
            ).on_conflict_do_nothing())
        if not where:
            notice.stage, notice.last_error = "failed", "没有登记任何通知渠道，只在门户的消息里"


def _ready() -> tuple:
    """A delivery to be tried now; one tried in the future tells that the clock was set back."""
    now = settings.now()
    return (Delivery.stage.in_(OPEN), or_(Delivery.next_at <= now, Delivery.tried_at > now))


def is_waiting(session: Session) -> bool:
    """Tell whether anything is to be sent now."""
    fresh = select(Notice.id).where(Notice.stage.in_(OPEN),
                                    ~exists().where(Delivery.notice_id == Notice.id))
    waiting = select(Delivery.id).where(*_ready())
    return any(session.scalar(query.limit(1)) is not None for query in (fresh, waiting))


def ready(session: Session) -> list[int]:
    return list(session.scalars(select(Delivery.id).where(*_ready()).order_by(Delivery.id)))


def claim(session: Session, delivery_id: int) -> Delivery | None:
    """Take one delivery in hand, or None where another run has it: from here its fate is unknown."""
    one = session.scalar(select(Delivery).where(Delivery.id == delivery_id, *_ready()).with_for_update(
        skip_locked=True))
    if one is None:
        return None
    now = settings.now()
    one.stage, one.tries, one.tried_at = "unknown", one.tries + 1, now
    one.first_tried_at = one.first_tried_at or now
    one.next_at = now + AGAIN
    _sum_up(session, one.notice_id)
    return one


def settle(session: Session, delivery_id: int, outcome: str | NotTaken) -> None:
    """Write what became of it: where it went, or why it did not."""
    one = session.get_one(Delivery, delivery_id, with_for_update=True)
    now = settings.now()
    if isinstance(outcome, str):
        one.stage, one.sent_at, one.went_to, one.last_error = "sent", now, outcome, None
    else:
        one.last_error = str(outcome)
        over = isinstance(outcome, Refused) or now - one.first_tried_at >= PATIENCE
        one.stage = "failed" if over else "unknown" if isinstance(outcome, Unsure) else "queued"
        one.next_at = max(one.tried_at + AGAIN, _not_before(one.notice, one.contact))
    _sum_up(session, one.notice_id)


def _sum_up(session: Session, notice_id: int) -> None:
    """Let the notice say what its deliveries say together."""
    session.flush()
    notice = session.get_one(Notice, notice_id)
    all_ = list(session.scalars(select(Delivery).where(Delivery.notice_id == notice_id)))
    there = {one.stage for one in all_}
    notice.stage = next((stage for stage in ("queued", "unknown", "failed") if stage in there), "sent")
    notice.tries = max(one.tries for one in all_)
    notice.last_error = next((one.last_error for one in all_ if one.last_error), None)
    notice.sent_at = max((one.sent_at for one in all_ if one.sent_at), default=None)


def again(session: Session, notice: Notice) -> None:
    """Let what failed be tried anew, with the patience of the first time, at the addresses of today."""
    now = settings.now()
    for one in session.scalars(select(Delivery).where(
            Delivery.notice_id == notice.id, Delivery.stage == "failed")):
        gone = one.contact is not None and one.contact.dropped_at is not None
        if gone:
            session.delete(one)
        else:
            one.stage, one.first_tried_at, one.next_at = "queued", None, now
    session.flush()
    notice.stage, notice.tries = "queued", 0
    for channel, address, contact in _addresses(session, notice):
        session.execute(insert(Delivery).values(
            notice_id=notice.id, channel=channel, address=address, stage="queued", tries=0, next_at=now,
            contact_id=contact.id if contact else None).on_conflict_do_nothing())


def of_notice(session: Session, notice_ids: Sequence[int]) -> dict[int, list[Delivery]]:
    """Return the deliveries of these notices."""
    found: dict[int, list[Delivery]] = {id_: [] for id_ in notice_ids}
    for one in session.scalars(select(Delivery).where(Delivery.notice_id.in_(notice_ids)).order_by(Delivery.id)):
        found[one.notice_id].append(one)
    return found


def drop(session: Session, contact: Contact) -> None:
    """Forget an address. What was not tried yet goes where the notice now goes; the rest is shown."""
    contact.dropped_at = settings.now()
    session.flush()
    for one in session.scalars(select(Delivery).where(
            Delivery.contact_id == contact.id, Delivery.stage.in_(OPEN)).with_for_update()):
        if one.tries:
            one.stage, one.last_error = "failed", "这个地址已取消"
            _sum_up(session, one.notice_id)
        else:
            session.delete(one)
    session.flush()
    spread(session)
