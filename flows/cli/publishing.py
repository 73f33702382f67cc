"""Commands about what is public: withhold, take down, prove, write the site anew."""

from typing import Annotated

import typer
from rich.console import Console

from blocks import settings
from blocks.actions import schemes, withholding
from blocks.errors import NotFound
from flows.cli.people import As, Reason
from flows.cli.records import check
from flows.cli.telling import done

site = typer.Typer(no_args_is_help=True, help="公示网站：证明某日已公示、全部重写")

Ground = Annotated[str, typer.Option(help="法定理由代码，见 config/results.yaml 的 grounds")]


@check.command("withhold")
def withhold(check_id: str, login: As, ground: Ground, reason: Reason = "") -> None:
    """申请对审核通过的结果不予公示，或者撤下已公示的结果；由另一人决定。"""
    done(withholding.ask(login, check_id, ground, reason))


@check.command("withhold-decide")
def withhold_decide(
    check_id: str, login: As, reason: Reason = "",
    confirm: Annotated[bool, typer.Option("--confirm/--refuse", help="确认或不同意")] = True,
) -> None:
    """另一人确认（或不同意）不予公示、撤下。"""
    done((withholding.confirm if confirm else withholding.refuse)(login, check_id, reason))


@check.command("withhold-lift")
def withhold_lift(check_id: str, login: As, reason: Reason = "") -> None:
    """不予公示的理由消除，恢复公示。"""
    done(withholding.lift(login, check_id, reason))


@site.command("prove")
def prove(
    what: Annotated[str, typer.Argument(help="统一社会信用代码，或者检查编号", metavar="代码或编号")],
    on: Annotated[str, typer.Option("--on", help="哪一天，如 2026-03-09；不写为今天")] = "",
) -> None:
    """证明某家企业（或某次检查）的结果在某一天是公示的：文件、摘要、读回时间、留痕。"""
    from blocks.public_site.proof import receipts
    from blocks.register import trail
    from blocks.register.database import transaction

    day = schemes.parse_day(on, settings.today()) if on else settings.today()
    with transaction() as session:
        found = receipts(session, what, day)
        lines, wrong = trail.verify(session)
    if not found:
        raise NotFound(f"{day}没有公示「{what}」的结果", "请核对代码和日期；撤下的结果自撤下之日起不再公示")
    console = Console()
    for one in found:
        said = one.content
        until = f"，{one.until.astimezone(settings.SHANGHAI):%Y-%m-%d %H:%M}撤下" if one.until else ""
        console.print(f"[bold]{said['business']}[/]（{said['uscc']}）{said['authority']} "
                      f"第{said['version']}版：{said['result']}")
        console.print(f"  公示于 {one.since.astimezone(settings.SHANGHAI):%Y-%m-%d %H:%M}（写入后读回核对）{until}\n"
                      f"  文件   {one.path}\n  SHA-256 {one.sha256}\n"
                      f"  现在   网站上{'仍是' if one.stands else '已不是'}这个文件", soft_wrap=True)
        bound = f"第{one.on_trail[0]}条，摘要 {one.on_trail[1]}" if one.on_trail else "[red]没有找到，不能证明[/]"
        console.print(f"  留痕   {bound}", soft_wrap=True)
    console.print(f"留痕共{lines}条，" + ("[green]逐条校验相符[/]" if not wrong else f"[red]不符：{wrong[0]}[/]"))
    if wrong or not all(one.on_trail for one in found):
        raise typer.Exit(1)
    console.print(f"[green]✓[/] 上述{len(found)}份结果在{day}是公示的")


@site.command("rebuild")
def rebuild() -> None:
    """从登记库把公示网站全部重写一遍；写好之后一次切换，其间原来的网站照常可看。"""
    from blocks.steps import publishing

    Console().print(f"[green]✓[/] 公示网站已重写，共{publishing.rebuild()}个文件")
