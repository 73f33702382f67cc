"""`choucha appraisal`: scores of a period, freezing it, counting what is frozen anew."""

from typing import Annotated

import typer
from rich.table import Table

from blocks.actions import appraising
from blocks.errors import StageError
from blocks.register import appraisals, scorecards
from blocks.register.database import transaction
from flows.cli.people import As
from flows.cli.telling import add_row, console, done, show

appraisal = typer.Typer(no_args_is_help=True, help="考核：得分、定稿、重新计算")
Period = Annotated[str, typer.Argument(help="月份（如 2026-11）或年度（如 2026）", metavar="考核期")]


@appraisal.command("show")
def appraisal_show(period: Period) -> None:
    """各部门得分、区间和名次；定稿的按定稿，没有定稿的按今天。"""
    with transaction() as session:
        there = scorecards.standing(session, period)
        cards = [scorecards.city(there), *scorecards.departments(session, there)]
    table = Table("部门", "得分", "95%区间", "名次", "最能提高得分的")
    for one in cards:
        points = one.score
        add_row(table, one.name, f"{points.points:.1f}" if points else "—",
                f"{points.low:.1f}—{points.high:.1f}" if points else "—", one.place if one.key else "",
                "、".join(mark.indicator.label for mark in points.raises) if points else "")
    console.print(f"{period} {'已定稿' if there.frozen else '未定稿'}，截至{there.span.on}")
    show(table)


@appraisal.command("freeze")
def appraisal_freeze(period: Period, login: As) -> None:
    """把一个已经结束的考核期定稿（每月二日系统自行办理）。"""
    done(appraising.freeze(login, period))


@appraisal.command("verify")
def appraisal_verify(period: Period) -> None:
    """按登记库和留痕重新计算一个已定稿的考核期，核对每一项。"""
    with transaction() as session:
        found = appraisals.find(session, period)
        wrong = appraisals.verify(session, found)
    if wrong:
        raise StageError("；".join(wrong), "请立即保全数据库，与备份核对")
    console.print(f"[green]✓[/] {found.title}：{len(found.content['rows'])}项指标重新计算，逐项相符")
