"""What `choucha import` says: what was understood, what came of it, what is sent back."""

import sys
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from blocks import rosters
from blocks.actions import intake
from blocks.actions.intake import Intake
from blocks.errors import Problem, RosterError, RuleViolation
from flows.cli.telling import add_row, console, errors, refusal, show

MOST = 50  # lines of a table on the screen; a workbook holds them all
SOME = 5
LEAVING = 20


def run(login: str | None, kind: str, file: Path, *, yes: bool, returned: Path | None,
        **options: Any) -> None:
    """Take in a roster, asking first where somebody sits at the terminal."""

    def agree(understood: Intake) -> bool:
        preview(understood)
        if understood.leaving and not options["rehearse"]:
            return yes or typer.confirm(f"停用以上{len(understood.leaving)}条？", default=False)
        return yes or options["rehearse"] or not sys.stdin.isatty() or typer.confirm(
            "这样理解对吗？导入？", default=True)

    try:
        with _progress() as progress:
            task = progress.add_task("读取并核对", total=None)
            report = intake.take(login, kind, file, **options, agree=_quietly(progress, agree),
                                 progress=lambda rows: progress.update(task, completed=rows))
    except RosterError as error:
        problems(error)
        if any(problem.row for problem in error.problems):
            send_back(rosters.kinds()[kind], file, error.problems, returned, whole=True)
        raise typer.Exit(1) from None
    intake_report(report)
    if report.problems:
        send_back(rosters.kinds()[kind], file, report.problems, returned, whole=False)


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} 行"),
                    TimeElapsedColumn(), console=errors, transient=True,
                    disable=not errors.is_terminal)


def _quietly(progress: Progress, agree):
    """Let the progress bar rest while somebody is asked."""
    def asked(understood: Intake) -> bool:
        progress.stop()
        return agree(understood)
    return asked


def preview(report: Intake) -> None:
    """Say how the file was understood before anything is written."""
    kind = rosters.kinds()[report.kind]
    layout(report)
    for example in report.examples[:1]:
        told = [f"{one.heading}＝{_shown(example[one.name])}" for one in kind.fields
                if example[one.name] not in (None, "", [])]
        console.print(f"  例如第{example['row_']}行：{escape('，'.join(told))}")
    if report.leaving:
        console.print(f"[yellow]![/] 表中没有、将停用的共{len(report.leaving)}条："
                      f"{escape('、'.join(report.leaving[:LEAVING]))}"
                      f"{' 等' if len(report.leaving) > LEAVING else ''}")


def layout(report: Any) -> None:
    """Say where the headings were found, what each was taken for, and which lines are no rows."""
    for one in report.understood:
        sheet = f"工作表「{one.sheet}」" if one.sheet else "文件"
        pairs = "，".join(official if written == official else f"{written}→{official}"
                         for written, official in one.columns)
        console.print(f"{escape(sheet)}：表头在第{one.row}行；{escape(pairs)}")
        if one.ignored:
            console.print(f"  没有用到的列：{escape('、'.join(one.ignored))}")
    for sheet, row, text in report.footers[:SOME]:
        console.print(f"  {escape(sheet)}第{row}行是表尾说明，不作为数据：{escape(text[:40])}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(value) if isinstance(value, list) else str(value)


def problems(error: RosterError) -> None:
    """Show every fault of a roster as a table by row."""
    refusal(error)
    show(problem_table(error.problems, "逐行问题"), errors)
    if len(error.problems) > MOST:
        errors.print(f"  另有 {len(error.problems) - MOST} 处未列出")


def problem_table(found: list[Problem], title: str) -> Table:
    table = Table("行", "列", "内容", "问题", "怎么办", title=title)
    for problem in found[:MOST]:
        add_row(table, f"{problem.sheet} {problem.row or ''}".strip(), problem.column,
                problem.value[:24], problem.wrong, problem.remedy)
    return table


def intake_report(report: Intake) -> None:
    """Say what came of a roster: rows in = taken + returned."""
    back = report.rows_in - report.taken
    seen = "（同一文件以前导入过，没有改动）" if report.seen_before else (
        f"（新增{report.added}，更新{report.changed}，其余没有变化）")
    did = "会导入" if report.is_rehearsal else "导入"
    console.print(f"[green]✓[/] {report.label}：共{report.rows_in}行，{did}{report.taken}行，"
                  f"退回{back}行{seen}")
    if report.is_rehearsal:
        console.print("  以上为试导入，什么都没有改动；去掉 --dry-run 正式导入")
    elif report.leaving:
        console.print(f"  已停用{len(report.leaving)}条（没有删除，再次导入即恢复）")
    kind = rosters.kinds()[report.kind]
    notes = [f"{kind.field(name).heading}{number}行" for name, number in report.defaults.items()]
    if notes:
        console.print(f"  按默认处理：{'，'.join(notes)}")
    if report.repaired:
        console.print(f"  自动修正{len(report.repaired)}处，例如：{escape(str(report.repaired[0]))}")
    if report.notes:
        show(problem_table(report.notes[:SOME], f"已导入、请核对的共{len(report.notes)}处"))
    if report.problems:
        show(problem_table(report.problems, "退回的行"))


def send_back(kind: rosters.Kind, file: Path, found: list[Problem], out: Path | None, *,
              whole: bool) -> None:
    """Write the rows that were not taken into a workbook, each with what is wrong."""
    out = out or Path(f"{file.name.split('.')[0]}-退回.xlsx")
    try:
        rows = rosters.write_returned(kind, file, found, out, whole=whole)
    except OSError as error:
        raise RuleViolation(f"退回的行写不了文件 {out}：{error.strerror}", "请用 --returned 换一个地方") from None
    what = "原表加上问题" if whole else "退回的行"
    console.print(f"  {what}已写入 {escape(str(out))}（{rows}行有问题），改好后直接导入该文件即可")
