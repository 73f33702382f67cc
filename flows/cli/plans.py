"""Commands for annual plans: take in, show, answer what was asked, publish."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from blocks.actions import plans
from blocks.actions.plans import PlanIntake
from blocks.errors import RosterError, RuleViolation
from blocks.rosters.columns import plan_kind
from blocks.rules import stages
from blocks.rules.planning import HEADINGS, Entry, Proposal
from flows.cli.importing import layout, problem_table, send_back
from flows.cli.people import As
from flows.cli.telling import add_row, console, done, refusal, show

plan = typer.Typer(no_args_is_help=True, help="年度抽查计划：登记、查看、补充、公布")

Year = Annotated[int, typer.Argument(help="年度，如 2026", metavar="年度")]
County = Annotated[str | None, typer.Option(help="县（市、区）的代码或名称；市级计划不写")]
CELL = 28


@plan.command("import")
def plan_import(
    file: Path, login: As,
    year: Annotated[int, typer.Option(help="年度，如 2026")],
    county: County = None,
    title: Annotated[str | None, typer.Option(help="计划名称；不写则自动拟定")] = None,
    accept_valid: Annotated[bool, typer.Option(
        "--accept-valid", help="看不懂的行退回，其余登记")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说明会怎样，什么都不改动")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问")] = False,
    returned: Annotated[Path | None, typer.Option(
        help="退回的行写到这个 .xlsx；默认写在当前文件夹")] = None,
) -> None:
    """登记年度计划（.xlsx、.csv，或从网页复制的 .txt）；看不懂的逐处列出来问，不猜。"""

    def agree(understood: PlanIntake) -> bool:
        _preview(understood)
        return yes or dry_run or not sys.stdin.isatty() or typer.confirm("这样理解对吗？登记？",
                                                                        default=True)

    try:
        intake = plans.take(login, file, year, county=county, title=title,
                            accept_valid=accept_valid, rehearse=dry_run, agree=agree)
    except RosterError as error:
        refusal(error)
        if error.problems:
            show(problem_table(error.problems, "没有看懂的行"))
        if any(problem.row for problem in error.problems):
            send_back(plan_kind(), file, error.problems, returned, whole=True)
        raise typer.Exit(1) from None
    _report(intake, f"choucha plan publish {year}" + (f" --county {county}" if county else ""))
    if intake.problems:
        send_back(plan_kind(), file, intake.problems, returned, whole=True)


@plan.command("show")
def plan_show(year: Year, county: County = None, version: Annotated[
        int | None, typer.Option(help="第几版；不写则最近一版")] = None) -> None:
    """各项怎样理解，哪些待定，哪些可以合并，与上一版有何不同。"""
    told = plans.show(year, county=county, number=version)
    console.print(f"{escape(told.title)}　第{told.number}版（{stages.label('plan', told.stage)}）")
    _entries(told.entries, told.proposals)
    for sentence in told.changed:
        console.print(f"  与上一版相比：{escape(sentence)}")


@plan.command("answer")
def plan_answer(
    year: Year, entry: Annotated[int, typer.Argument(help="第几项", metavar="项")], login: As,
    county: County = None,
    share: Annotated[str | None, typer.Option(help="抽查比例或数量，如 5%、10%但不少于10家")] = None,
    months: Annotated[str | None, typer.Option(help="抽查时间，如 4月—6月")] = None,
    targets: Annotated[str | None, typer.Option(help="检查对象，如 旅馆")] = None,
    items: Annotated[str | None, typer.Option(help="抽查事项的编码或名称，用顿号隔开")] = None,
    lead: Annotated[str | None, typer.Option(help="发起部门")] = None,
    participants: Annotated[str | None, typer.Option(help="配合部门，用顿号隔开")] = None,
    mode: Annotated[str | None, typer.Option(help="检查方式，如 实地检查")] = None,
) -> None:
    """补充或改写一项里的内容；已公布的计划由此产生新的一版，待办公室公布。"""
    cells = {"share": share, "months": months, "targets": targets, "items": items, "lead": lead,
             "participants": participants, "mode": mode}
    said = {name: text.strip() for name, text in cells.items() if text is not None}
    if not said:
        raise RuleViolation("没有写明改什么", "例如：--share 5% --months 4月—6月")
    done(plans.answer(login, year, entry, said, county=county))


@plan.command("publish")
def plan_publish(year: Year, login: As, county: County = None) -> None:
    """公布最近一版；旧版仍可查阅。"""
    done(plans.publish(login, year, county=county))


def _preview(intake: PlanIntake) -> None:
    layout(intake.reading)
    for note in intake.reading.notes:
        console.print(f"  {escape(str(note))}")
    _entries(intake.entries, intake.proposals)
    for sentence in intake.changed:
        console.print(f"  与上一版相比：{escape(sentence)}")


def _entries(entries: list[Entry], proposals: list[Proposal]) -> None:
    """Show what each entry means, then what is asked, then what might be merged."""
    table = Table("项", "任务", "时间", "多少", "谁", "发起", "配合", "事项")
    for one in entries:
        times = "；".join(f"{a:%m-%d}至{b:%m-%d}" for a, b in one.windows)
        add_row(table, str(one.number), one.name[:CELL], times or "？", str(one.share or "？"),
                "、".join(one.kinds) or "？", one.lead or "？", "、".join(one.participants) or "？",
                "、".join(one.items) or "？")
    show(table)
    asked = Table("项", "列", "内容", "问题", "怎么办", title="待明确")
    for one in entries:
        for question in one.questions:
            add_row(asked, str(one.number), HEADINGS[question.field], question.value[:CELL],
                    question.wrong, question.remedy)
    if asked.row_count:
        show(asked)
    for proposal in proposals:
        console.print(f"  建议合并：{escape(str(proposal))}")


def _report(intake: PlanIntake, publish: str) -> None:
    reading = intake.reading
    asked = sum(len(one.questions) for one in intake.entries)
    did = "会登记" if intake.is_rehearsal else "登记"
    console.print(
        f"[green]✓[/] {escape(intake.title)}第{intake.number}版：共{reading.rows_in}行，{did}{reading.rows_taken}行"
        f"（{len(intake.entries)}项），退回{reading.rows_in - reading.rows_taken}行；待明确{asked}处")
    if intake.is_rehearsal:
        console.print("  以上为试登记，什么都没有改动；去掉 --dry-run 正式登记")
    elif not intake.is_new and not intake.changed:
        console.print("  与已登记的内容相同，没有改动")
    else:
        console.print(f"  接下来：用 choucha plan answer 补充待明确之处，再用 {escape(publish)} 公布")
    if reading.problems:
        show(problem_table(reading.problems, "退回的行"))
