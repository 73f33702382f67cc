"""What the command says: done, refused, tables of status and timeline."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from blocks.actions import Done
from blocks.errors import InspectionError, RuleViolation
from blocks.register import overview, trail
from blocks.register.database import transaction
from blocks.register.directories import account
from blocks.register.schemes import all_schemes
from blocks.register.schemes import scheme as find_scheme
from blocks.rules.eligibility import INSPECTOR_EXCLUSIONS
from blocks.templating import stage_line, stratum_name

WIDE = 140  # where nobody looks on (a pipe, a log) lines are not broken at 80
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
for each in (console, errors):
    if not each.is_terminal:
        each.width = WIDE


def done(said: Done, command: str = "") -> None:
    """Say what was done and what comes next; `command`: how one would go on."""
    console.print(f"[green]✓[/] {escape(said.sentence)}")
    if said.next:
        console.print(f"  接下来：{escape(said.next)}")
    if command:
        console.print(f"  [dim]{escape(command)}[/]")


def save(path: Path, content: bytes) -> None:
    """Write what was asked for into a file, and say where."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise RuleViolation(f"写不了文件 {path}：{error.strerror}", "请用 --out 换一个地方") from None
    console.print(f"[green]✓[/] 已写入 {path}（{len(content)} 字节）")


def refusal(error: InspectionError) -> None:
    errors.print(f"[red]✗[/] {escape(error.message)}")
    if error.remedy:
        errors.print(f"  {escape(error.remedy)}")


def show(table: Table, where: Console = console) -> None:
    """Print a table; what is too long for its column goes on below, nothing is cut off."""
    for column in table.columns:
        column.overflow = "fold"  # Chinese has no spaces to break at
    where.print(table, soft_wrap=False)


def add_row(table: Table, *cells: str) -> None:
    """Add a row as it is written: what people type between [ ] is no markup."""
    table.add_row(*map(escape, cells))


def status(code: Annotated[str | None, typer.Argument(
        help="方案编号；不写则列出全部方案", metavar="方案编号")] = None) -> None:
    """各方案到了哪一步，期限到哪天，等谁办理。"""
    if code is not None:
        return status_of(code)
    with transaction() as session:
        table = Table("编号", "名称", "牵头", "进度", "等待", "最近期限")
        for scheme in all_schemes(session):
            dues = overview.open_dues(session, scheme.id)
            add_row(table, scheme.code, scheme.name, scheme.lead.short_name,
                 overview.scheme_story(session, scheme)["stage_label"],
                 overview.awaited(session, scheme), dues[0]["left"] if dues else "")
        troubles = overview.needs_a_person(session)
    if table.row_count:
        show(table)
    else:
        console.print("还没有方案。用 choucha scheme new 文件 --as 账号 起草第一个")
    for sentence in troubles:
        console.print(f"[red]需要人处理[/] {escape(sentence)}")
    return None


def status_of(code: str) -> None:
    """Tell how one scheme stands: stages, who is awaited, dates, every check."""
    with transaction() as session:
        scheme = find_scheme(session, code)
        story = overview.scheme_story(session, scheme)
        checks = overview.check_rows(session, scheme.id)
    console.print(f"[bold]{escape(story['title'])}[/]\n{stage_line(story['stage'])}")
    console.print(f"等待：{escape(story['awaited'])}")
    if story["dues"]:
        table = Table("时限", "部门", "件数", "到期", title="期限")
        for due in story["dues"]:
            left = due["left"] + ("（暂定）" if due["provisional"] else "")
            add_row(table, due["clock"], due["department"], str(due["count"]), left)
        show(table)
    if checks:
        table = Table("检查", "分口检查", "企业", "部门", "时间", "人员（首位主检）", "进度",
                      title="检查")
        for row in checks:
            add_row(table, *row)
        show(table)


def own_visits(login: str) -> None:
    """Tell an inspector where he or she goes; nothing of a visit from which one is suspended."""
    with transaction() as session:
        rows = overview.own_rows(session, account(session, login).as_actor())
    table = Table("检查", "分口检查", "企业", "地址", "时间", "事项", "进度", title="我的检查")
    for row in rows:
        add_row(table, *row)
    if rows:
        show(table)
    else:
        console.print("现在没有要参加的检查。抽定之后会列在这里")


def forecast(found: dict[str, Any], verdicts: list[str]) -> None:
    """Tell what a scheme will take: targets by stratum and county, people by department."""
    console.print(f"[bold]{escape(found['title'])}[/]\n待抽库{found['pool']}家，预计抽取"
                  f"{found['targets']}家。以下为测算，没有抽取任何对象")
    counties = sorted({county for row in found["expected"].values() for county in row})
    table = Table("层", *counties, "合计", title="预计抽取（家）")
    for code, row in found["expected"].items():
        add_row(table, stratum_name(code), *(f"{row.get(county, 0):.1f}" for county in counties),
             f"{sum(row.values()):.0f}")
    show(table)
    table = Table("部门", "事项", "需要人次", "可用人数", "可任组长", "不能参加", "人均任务", "最多人次",
                  "排不开的模拟", title=f"人员（模拟抽取{found['draws']}次）")
    for one in found["departments"]:
        out = "；".join(f"{INSPECTOR_EXCLUSIONS[why]}{n}人" for why, n in one["out"].items())
        add_row(table, one["department"], "、".join(one["items"]), str(one["needed"]),
             str(one["available"]), str(one["leaders"]), out or "无",
             "—" if one["load"] is None else str(one["load"]), str(one["capacity"]),
             f"{one['probability']:.1%}")
    show(table)
    for sentence in verdicts:
        console.print(f"[red]✗[/] {escape(sentence)}")
    if not verdicts:
        console.print("[green]✓[/] 各部门在全部模拟抽取中都能配齐人员")


def timeline(code: str, whole: Annotated[bool, typer.Option(
        "--all", help="逐条列出，不合并相同的连续动作")] = False) -> None:
    """一个方案发生过的事：何时、谁或哪个流程、做了什么。"""
    with transaction() as session:
        entries = overview.timeline(session, find_scheme(session, code).id, whole=whole)
    show(timeline_table(entries))


def timeline_table(entries: list[dict]) -> Table:
    table = Table("时间", "谁", "做了什么", "件数", "流程运行 / 理由", title="经过")
    for entry in entries:
        add_row(table, f"{entry['at']:%m-%d %H:%M:%S}", entry["who"],
             f"{entry['thing']}：{entry['what']}", str(entry["count"]),
             entry["run"] or entry["reason"])
    return table


def check_trail() -> None:
    """重新计算整条留痕链，发现改动、删除或插入。"""
    with transaction() as session:
        number, wrong = trail.verify(session)
    if wrong:
        raise InspectionError("留痕校验不符：" + "；".join(wrong[:20]),
                              "请立即保全数据库并通知监督人员")
    console.print(f"[green]✓[/] 留痕共{number}条，逐条校验相符")
