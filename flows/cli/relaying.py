"""`choucha relay`: hand events to Prefect; show, send again or let be what it refused."""

import signal
from threading import Event
from typing import Annotated

import typer
from rich.table import Table

from blocks.actions import relaying as actions
from blocks.register import outbox
from blocks.register.database import transaction
from blocks.steps import relaying
from flows.cli.people import As
from flows.cli.telling import add_row, console, done, show

relay = typer.Typer(no_args_is_help=True, help="事件转发：运行，查看发不出的，重新发出，不再发送")
Number = Annotated[int, typer.Argument(help="留痕编号", metavar="留痕编号")]


@relay.command("run")
def relay_run() -> None:
    """把登记库里待发的事件转给流程引擎，直到 Ctrl-C（choucha up 会自己启动一个）。"""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _end)
    relaying.serve(Event())


def _end(*_: object) -> None:
    raise SystemExit(0)  # at whatever point: a line that was not marked as told is told once more


@relay.command("list")
def relay_list() -> None:
    """列出被流程引擎拒绝五次、等人处理的事件。"""
    with transaction() as session:
        lines = outbox.poison(session)
    table = Table("留痕编号", "事件", "唤醒", "次数", "原因")
    for one in lines:
        add_row(table, str(one.trail_number), one.event, one.wakes or "", str(one.tries), one.last_error or "")
    if lines:
        show(table)
    else:
        console.print("没有发不出的事件")


@relay.command("again")
def relay_again(number: Number, login: As) -> None:
    """重新发出一个被拒绝的事件。"""
    done(actions.resend(login, number))


@relay.command("drop")
def relay_drop(number: Number, login: As) -> None:
    """不再发送一个被拒绝的事件；已办的事不受影响。"""
    done(actions.let_be(login, number))
