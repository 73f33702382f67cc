"""`choucha check`: everything at once, from the register, the public site and the calendar."""

import json
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from blocks.errors import InspectionError
from flows.cli.records import check as group
from flows.cli.telling import console

REMEDY = "请保全数据库和状态目录，告知监督人员；数据有损的，用 choucha restore 恢复到另一处比对"


@group.callback(invoke_without_command=True)
def check(context: typer.Context, as_json: Annotated[
        bool, typer.Option("--json", help="全面核对的结果输出为 JSON，供程序读取")] = False) -> None:
    """不带子命令：全面核对结构、不变式、留痕、抽取、公示文件、期限，系统运行时也可以；子命令：检查记录的填报、确认、审核、更正。"""
    if context.invoked_subcommand is None:
        everything(as_json)


def everything(as_json: bool = False) -> None:
    """Check everything and tell it.

    Raises:
        InspectionError: something does not hold; the rows have been told.
    """
    from blocks.steps import checking

    begun = time.monotonic()
    parts = list(checking.check())
    waiting = checking.for_a_person()
    seconds = round(time.monotonic() - begun, 2)
    wrong = [said for part in parts for said in part.wrong]
    if as_json:
        typer.echo(json.dumps({"holds": not wrong, "seconds": seconds, "parts": [asdict(one) for one in parts],
                               "for_a_person": waiting}, ensure_ascii=False, indent=1))
        if wrong:
            raise typer.Exit(1)
        return
    tell(parts, waiting)
    if wrong:
        raise InspectionError(f"核对发现{len(wrong)}处不符", REMEDY)
    console.print(f"[green]✓[/] 全部相符，用时{seconds:.1f}秒")


def tell(parts: list, waiting: list[str]) -> None:
    """Print the parts as a table, then what is wrong, then what waits for a person."""
    table = Table("核对", "数量", "秒", "结果")
    for one in parts:
        result = f"[red]✗ {len(one.wrong)}处不符[/]" if one.wrong else "[green]✓ 相符[/]"
        table.add_row(one.name, f"{one.looked_at}{one.unit}", f"{one.seconds:.2f}", result)
    console.print(table)
    for one in parts:
        for said in one.wrong:
            console.print(f"[red]✗[/] {one.name}：{escape(said)}")
    for said in waiting:
        console.print(f"[yellow]![/] 需要人处理：{escape(said)}")
