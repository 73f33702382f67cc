"""`choucha calendar`: what the workday calendar holds, and the import of a new notice."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from blocks import settings
from blocks.actions import almanac
from blocks.register.almanac import Moved, in_force
from blocks.register.database import transaction
from blocks.rules.deadlines import CLOCKS
from flows.cli.people import As, read_yaml
from flows.cli.telling import add_row, console, done, show

calendar = typer.Typer(no_args_is_help=True, help="工作日历：有哪些年度、导入放假安排、推算期限")
TOLD = 20


@calendar.command("show")
def calendar_show() -> None:
    """有哪些年度的放假安排，出自哪里。"""
    with transaction() as session:
        added = in_force(session)
    years = settings.calendar().official_years
    console.print(f"放假安排：{min(years)}年至{max(years)}年；{max(years) + 1}年起暂定")
    for one in added:
        console.print(f"  {escape(one.title)}（导入，出处 {escape('、'.join(one.contents['source']))}）")


@calendar.command("count")
def calendar_count(start: Annotated[datetime, typer.Argument(
        formats=["%Y-%m-%d"], help="起算日（当日不计）", metavar="起算日")],
        workdays: Annotated[int, typer.Argument(min=1, max=2000, help="几个工作日", metavar="个数")]) -> None:
    """推算：从某日起第几个工作日是哪一天，怎么算出来的。"""
    with transaction():
        counted = settings.calendar().add(start.date(), workdays)
    console.print(f"{counted.on}{'（暂定）' if counted.provisional else ''}　{escape(counted.explained)}")


@calendar.command("import")
def calendar_import(
    file: Path, login: As,
    source: Annotated[str, typer.Option(help="公布这份安排的网址或文号")] = "",
    local: Annotated[bool, typer.Option("--local", help="本地安排（如防台风停工），在国家安排之上")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="后来改动的通知，取代同一年已导入的")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="采用；不写则只试算")] = False,
) -> None:
    """导入一年的放假安排：先试算哪些在办期限变动，加 --yes 才采用并逐项留痕。"""
    data = read_yaml(file)
    moved, remarks = almanac.rehearse(data, source, local=local)
    for remark in remarks:
        console.print(f"[yellow]请核对[/] {escape(remark)}")
    if not yes:
        console.print(f"试算：采用后{len(moved)}项在办期限变动，现在什么都没有改动；确认无误请加 --yes")
    else:
        said, moved = almanac.adopt(login, data, source, local=local, replace=replace)
        done(said)
    _tell(moved)


def _tell(moved: list[Moved]) -> None:
    if not moved:
        return
    table = Table("期限", "部门", "原为", "现为")
    for one in moved[:TOLD]:
        add_row(table, CLOCKS[one.clock].label, one.department, f"{one.was_on}",
                f"{one.now_on}{'（不再暂定）' if one.settled else ''}")
    show(table)
    if len(moved) > TOLD:
        console.print(f"另有{len(moved) - TOLD}项")
