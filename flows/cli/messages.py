"""`choucha message` and `choucha clocks`: texts, addresses, what was delivered, what is open."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from blocks import messages
from blocks.actions import contacts
from blocks.register import inbox
from blocks.register.database import transaction
from blocks.register.deliveries import CHANNELS
from blocks.register.directories import account
from blocks.register.oversight import open_clocks
from blocks.register.views import SEES_ALL
from flows.cli.people import As
from flows.cli.telling import add_row, console, done, show

message = typer.Typer(no_args_is_help=True, help="消息：预览模板，登记通知渠道，查送达，日历订阅")
Department = Annotated[bool, typer.Option("--department", help="本部门的，不是本人的")]


@message.command("preview")
def message_preview(kind: Annotated[str, typer.Argument(
        help=f"哪一种：{'、'.join(messages.SAMPLES)}", metavar="种类")]) -> None:
    """按样例写出一种消息；模板有误时指出哪一行。"""
    subject, body = messages.preview(kind)
    console.print(f"主题：{escape(subject)}\n{escape(body)}")


@message.command("contact")
def message_contact(
    channel: Annotated[str, typer.Argument(
        help=f"{'、'.join(f'{code} {label}' for code, label in CHANNELS.items())}", metavar="渠道")],
    address: Annotated[str, typer.Argument(help="地址；机器人只写密钥", metavar="地址")],
    login: As, department: Department = False,
    secret: Annotated[str, typer.Option(help="加签密钥（钉钉、飞书）")] = "",
    quiet: Annotated[str, typer.Option(help="免打扰时段，如 21:00-07:30")] = "",
) -> None:
    """登记一个接收通知的地址。"""
    first, _, last = quiet.partition("-")
    done(contacts.add(login, channel, address, secret, first, last, department))


@message.command("drop")
def message_drop(contact_id: Annotated[int, typer.Argument(help="地址编号", metavar="编号")], login: As) -> None:
    """取消一个接收通知的地址。"""
    done(contacts.drop(login, contact_id))


@message.command("feed")
def message_feed(login: As, department: Department = False) -> None:
    """生成日历订阅地址；此前的地址失效。"""
    said = contacts.subscribe(login, department)
    done(said)
    console.print(escape(said.ids["secret"]))


@message.command("deliveries")
def message_deliveries(stage: Annotated[str, typer.Option(
        help="只看：queued 待发、sent 已送达、failed 未送达、unknown 不确定")] = "") -> None:
    """最近的送达：发到哪里，结果如何。"""
    with transaction() as session:
        table = Table("通知", "渠道", "情况", "次数", "说明")
        for one in inbox.last_deliveries(session, stage):
            add_row(table, one.notice.subject, CHANNELS.get(one.channel, one.channel), one.stage,
                    str(one.tries), one.last_error or one.went_to or "")
    show(table)


def clocks(login: As) -> None:
    """在办的每一项期限：等谁，到哪天，怎么算出来的；部门看到本部门的。"""
    with transaction() as session:
        actor = account(session, login).as_actor()
        rows = open_clocks(session, None if actor.roles & SEES_ALL else actor.department_id or -1)
    table = Table("期限", "事项", "方案", "部门", "件数", "还剩", "怎么算的")
    for one in rows:
        add_row(table, f"{one['due_on']}{'（暂定）' if one['provisional'] else ''}", one["clock"],
                one["scheme_code"], one["department"], str(one["count"]), one["left"], one["explained"])
    if rows:
        show(table)
    else:
        console.print("现在没有在办的期限")
