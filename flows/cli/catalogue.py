"""Commands for the catalogue: what is listed, and what changed when."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from blocks import settings
from blocks.errors import NotFound
from blocks.register import catalogue as editions
from blocks.register.database import transaction
from blocks.rules.schemes import MODES
from flows.cli.telling import add_row, console, show

catalogue = typer.Typer(no_args_is_help=True, help="联合抽查事项清单：现在和以前各版，每项的变更")


@catalogue.command("list")
def catalogue_list(edition: Annotated[int | None, typer.Option(
        help="第几版；不写则现行版")] = None) -> None:
    """列出已公布的事项。"""
    with transaction() as session:
        there = editions.editions(session)
        number = edition or (there[0][0] if there else None)
        if number is None or number not in [one[0] for one in there]:
            raise NotFound(f"清单没有第{number}版" if there and number else "还没有事项清单",
                           f"现有第1至{there[0][0]}版" if there else "用 choucha import items 导入")
        listed = editions.listed(session, number)
    at = next(one[1] for one in there if one[0] == number).astimezone(settings.SHANGHAI)
    table = Table("编码", "领域", "事项", "部门", "对象", "方式", "依据",
                  title=f"联合抽查事项清单 第{number}版（{at:%Y-%m-%d %H:%M}，{len(listed)}项）")
    for one in listed:
        add_row(table, one.code, one.field, one.name,
                "、".join([one.department_code, *one.partner_codes]), "、".join(one.target_kinds),
                MODES.get(one.mode, one.mode), one.legal_basis)
    show(table)


@catalogue.command("history")
def catalogue_history(code: Annotated[str, typer.Argument(help="事项编码", metavar="编码")]) -> None:
    """一个事项历次改了什么、何时、由谁。"""
    with transaction() as session:
        found = editions.history(session, code)
    if not found:
        raise NotFound(f"清单里没有事项「{code}」", "用 choucha catalogue list 查看编码")
    for number, at, who, changes in found:
        console.print(f"第{number}版 {at.astimezone(settings.SHANGHAI):%Y-%m-%d %H:%M} {escape(who)}："
                      f"{escape('；'.join(changes))}")
