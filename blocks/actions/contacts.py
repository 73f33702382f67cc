"""Where one wants to be told (通知渠道): addresses, quiet hours, the secret address of one's calendar."""

import re
from datetime import time

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register import deliveries, feeds
from blocks.register.deliveries import CHANNELS, Contact
from blocks.register.directories import account
from blocks.rules.roles import Actor, Role

LOOKS = {"mail": (r"[^@\s<>,;]+@[^@\s<>,;]+", "邮箱"), "sms": (r"\+?[0-9][0-9-]{4,18}", "手机号码"),
         "other": (r"[a-z][a-z0-9+.-]*://\S+", "Apprise 地址（形如 ntfys://主题）")}
KEY = (r"[A-Za-z0-9_-]{4,200}", "群机器人的密钥（Webhook 地址最后一段，不是整个网址）")
SPEAKS_FOR_DEPARTMENT = frozenset({Role.DRAFTER, Role.APPROVER, Role.OFFICE})


def add(login: str, channel: str, address: str, secret: str = "", quiet_from: str = "",
        quiet_to: str = "", whole_department: bool = False) -> Done:
    """Register an address of one's own, or of one's department.

    Raises:
        RuleViolation: no such channel, an address that can be none, half of the quiet hours.
        StageError: it is registered already.
    """
    address, hours = address.strip(), _hours(quiet_from, quiet_to)
    if channel not in CHANNELS:
        raise RuleViolation(f"没有「{channel}」这种渠道", f"有：{'、'.join(f'{k} {v}' for k, v in CHANNELS.items())}")
    look, what = LOOKS.get(channel, KEY)
    if not re.fullmatch(look, address):
        raise RuleViolation(f"「{address}」不像{what}", "请核对后再登记")
    with engine.change() as session:
        who = account(session, login)
        if channel == "other" and Role.OFFICE.value not in who.roles:
            raise RuleViolation("其他渠道由联席会议办公室登记", "请联系办公室：系统会向这个地址发送", article=5)
        owner = {"department_id": _department(who.as_actor())} if whole_department else {"account_id": who.id}
        there = deliveries.contacts(session, account_ids=[who.id] if not whole_department else [],
                                    department_id=owner.get("department_id"))
        if any((one.channel, one.address) == (channel, address) for one in there):
            raise StageError("这个地址已经登记", "不必再登记一次")
        contact = Contact(channel=channel, address=address, secret=secret.strip(), quiet_from=hours[0],
                          quiet_to=hours[1], **owner)
        session.add(contact)
        session.flush()
        return Done(f"已登记{CHANNELS[channel]}", "从下一份通知起发到这里；门户的消息里总是都有",
                    {"contact": contact.id})


def drop(login: str, contact_id: int) -> Done:
    """Take an address away; what waited for it is shown to the office."""
    with engine.change() as session:
        who = account(session, login)
        contact = session.get(Contact, contact_id, with_for_update=True)
        own = contact is not None and contact.dropped_at is None and (
            contact.account_id == who.id or (contact.department_id is not None
                                             and contact.department_id == who.department_id
                                             and bool(who.as_actor().roles & SPEAKS_FOR_DEPARTMENT)))
        if not own:
            raise NotFound(f"没有编号{contact_id}的地址", "只能取消自己或本部门的；请看门户的消息页")
        deliveries.drop(session, contact)
        return Done(f"已取消{CHANNELS[contact.channel]}", "此后不再发到这个地址")


def subscribe(login: str, whole_department: bool = False) -> Done:
    """Make the secret address of a calendar feed; the one before ends."""
    with engine.change() as session:
        who = account(session, login)
        if whole_department:
            _department(who.as_actor())
        token = feeds.give(session, who, whole_department=whole_department)
        address = f"{settings.portal_url()}/feeds/{token}.ics"
        return Done("日历订阅地址已生成，此前的地址失效", "在手机日历里选「添加订阅日历」，粘贴下面的地址；"
                    "知道地址的人都看得到，请勿转发", {"secret": address})


def _department(actor: Actor) -> int:
    if actor.department_id is None or not actor.roles & SPEAKS_FOR_DEPARTMENT:
        raise RuleViolation("部门的渠道由本部门经办人、审批人登记", "请由本部门的人办理", article=6)
    return actor.department_id


def _hours(first: str, last: str) -> tuple[time, time] | tuple[None, None]:
    if not first.strip() and not last.strip():
        return None, None
    try:
        hours = time.fromisoformat(first.strip()), time.fromisoformat(last.strip())
    except ValueError:
        raise RuleViolation("免打扰时段看不懂", "请写起止两个时刻，如 21:00 和 07:30") from None
    if hours[0] == hours[1]:
        raise RuleViolation("免打扰时段的起止相同", "全天免打扰就收不到了；请改一个时刻")
    return hours
