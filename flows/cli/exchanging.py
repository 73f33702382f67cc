"""`choucha platform`: what was told to the provincial platform, its exports taken in, where both differ."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from blocks.actions import exchanging
from blocks.register import differences, exchanges
from blocks.register.database import transaction
from blocks.rules.stages import KINDS, label
from flows.cli.people import As, Reason, SchemeCode
from flows.cli.telling import add_row, console, done, show

platform = typer.Typer(no_args_is_help=True, help="省级平台：报送、回执、导入平台文件、差异")
Id = Annotated[int, typer.Argument(help="编号", metavar="编号")]
Kind = Annotated[str, typer.Argument(help="对照表里的一类：" + "、".join(
    f"{code} {name}" for code, name in {**exchanges.KINDS, **differences.KINDS}.items()), metavar="种类")]


@platform.command("list")
def platform_list(stage: Annotated[str, typer.Option(help="只看：" + "、".join(
        f"{code} {name}" for code, name in KINDS["exchange"].stages.items()))] = "") -> None:
    """报送了什么，平台收到没有；须人处理的在前。"""
    table = Table("编号", "报送", "报送编号", "条数", "情况", "次数", "回执或原因")
    with transaction() as session:
        for one in exchanges.listed(session, stage):
            add_row(table, str(one.id), one.title, one.key, str(len(one.content)), label("exchange", one.stage),
                    str(one.tries), one.last_error or one.receipt or "")
    if table.row_count:
        show(table)
    else:
        console.print("没有向省级平台报送过（CHOUCHA_PLATFORM=off 时不报送）")


@platform.command("export")
def platform_export(kind: Kind, out: Annotated[Path, typer.Option(help="写到这个 .xlsx 文件")], login: As,
                    code: Annotated[str, typer.Option("--scheme", help="只要这个方案的")] = "") -> None:
    """按平台的格式导出工作簿：还没有回执的报送，或者检查对象名录（targets）。"""
    done(exchanging.export(login, kind, out, code))


@platform.command("import")
def platform_import(kind: Kind, file: Path, login: As, full: Annotated[
        bool, typer.Option("--full", help="文件是全部，里面没有的也算差异")] = False) -> None:
    """导入平台导出的文件，逐条核对；有一处不对就一行都不收。"""
    done(exchanging.take(login, kind, file, full=full))


@platform.command("pull")
def platform_pull(kind: Kind, login: As) -> None:
    """从平台接口取一份名录，与我方核对。"""
    done(exchanging.pull(login, kind))


@platform.command("drawn")
def platform_drawn(code: SchemeCode, login: As, file: Annotated[
        Path | None, typer.Option(help="平台导出的名单；不写则从接口取")] = None) -> None:
    """收下在平台抽取的名单：核对回避、人数、频次和层，有一处不符就不收。"""
    done(exchanging.drawn(login, code, file))


@platform.command("resend")
def platform_resend(exchange_id: Id, login: As) -> None:
    """重新报送，编号不变。"""
    done(exchanging.resend(login, exchange_id))


@platform.command("receipt")
def platform_receipt(exchange_id: Id, receipt: Annotated[str, typer.Argument(help="平台的回执编号", metavar="回执")],
                     login: As) -> None:
    """手工登记平台的回执。"""
    done(exchanging.receipt(login, exchange_id, receipt))


@platform.command("differences")
def platform_differences() -> None:
    """与平台不一致、等人处理的。"""
    table = Table("编号", "种类", "名称", "我方", "平台", "来源")
    with transaction() as session:
        for one in differences.open_ones(session):
            add_row(table, str(one.id), differences.KINDS.get(one.kind, one.kind), one.name,
                    differences.told(one.ours, one.theirs), differences.told(one.theirs, one.ours), one.source)
    if table.row_count:
        show(table)
    else:
        console.print("与省级平台没有待处理的差异")


@platform.command("accept")
def platform_accept(difference_id: Id, login: As, reason: Reason) -> None:
    """认可一处差异（须写理由）。"""
    done(exchanging.accept(login, difference_id, reason))


@platform.command("resend-ours")
def platform_resend_ours(difference_id: Id, login: As) -> None:
    """按我方内容重新报送，消除一处差异。"""
    done(exchanging.resend_ours(login, difference_id))


@platform.command("reconcile")
def platform_reconcile(login: As) -> None:
    """现在就与平台按件数和摘要核对一遍（每天夜里自动核对）。"""
    done(exchanging.reconcile(login))
