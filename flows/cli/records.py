"""Commands of inspectors and reviewers, and the import of rosters."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from blocks.actions import absences, checks, papers, recusals, visits
from blocks.errors import RuleViolation
from flows.cli import importing
from flows.cli.people import As, Reason
from flows.cli.telling import done, own_visits, save

recusal = typer.Typer(no_args_is_help=True, help="回避：申请、决定、复核")
absence = typer.Typer(no_args_is_help=True, help="检查人员不能参加时的换人：申请、决定")
visit = typer.Typer(no_args_is_help=True, help="我的检查，检查通知书，检查对象无法检查时的递补")
check = typer.Typer(help="检查记录：填报、确认、审核、更正；不带子命令时全面核对")

Answers = Annotated[list[str], typer.Option(
    "--answer", help="事项编号=是|否|未检查|合理缺项；*=是 表示各项相同")]
NoticeCode = Annotated[str, typer.Argument(help="通知书右上角的编码", metavar="编码")]
Finding = Annotated[str, typer.Option(help="发现的情况")]
Result = Annotated[str, typer.Option("--result", help="检查结果代码，见 config/results.yaml")]


def parse_answers(answers: list[str]) -> dict[str, str]:
    """Read `CODE=是` pairs."""
    pairs = [a.partition("=") for a in answers]
    if any(not sign for _, sign, _ in pairs):
        raise RuleViolation("--answer 看不懂", "请写成 事项编号=是，各项相同时写 '*=是'")
    return {code.strip(): said.strip() for code, _, said in pairs}


def import_roster(
    kind: Annotated[str, typer.Argument(
        help="departments 部门 | accounts 账号 | items 事项 | inspectors 检查人员 | targets 检查对象 | "
             "interests 利害关系 | ties 回避线索 | leave 请假 | abnormal 经营异常名录 | "
             "serious 严重违法失信名单 | complaints 投诉举报 | penalties 行政处罚")],
    file: Path,
    login: Annotated[str | None, typer.Option(
        "--as", help="导入人的账号；系统里还没有人时可不写")] = None,
    department: Annotated[str | None, typer.Option(
        help="检查对象属于哪个部门的名录（表中没有「监管部门」一列时）")] = None,
    accept_valid: Annotated[bool, typer.Option(
        "--accept-valid", help="有问题的行退回，其余导入")] = False,
    full: Annotated[bool, typer.Option(
        "--full", help="这是整份名单：系统里有而表中没有的停用（先列出，问过再办）")] = False,
    dry_run: Annotated[bool, typer.Option(
        "--dry-run", help="试导入：说明会怎样，什么都不改动")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问")] = False,
    returned: Annotated[Path | None, typer.Option(
        help="退回的行写到这个 .xlsx；默认写在当前文件夹")] = None,
) -> None:
    """导入名录：全部通过才写入，逐行报告问题并退回；同一文件再次导入不改动任何内容。"""
    importing.run(login, kind, file, directory=department, accept_valid=accept_valid, full=full,
                  rehearse=dry_run, yes=yes, returned=returned)


@recusal.command("claim")
def recusal_claim(check_id: str, login: As, reason: Reason = "", inspector: Annotated[
        str | None, typer.Option(help="执法证号（经办人代为提出时）")] = None) -> None:
    """申请回避；申请人即时暂停参加该次检查。"""
    done(recusals.claim(login, check_id, reason, inspector))


@recusal.command("decide")
def recusal_decide(
    recusal_id: str, login: As, reason: Reason = "",
    grant: Annotated[bool, typer.Option("--grant/--refuse", help="同意或不予回避")] = True,
) -> None:
    """审批人决定回避申请。"""
    done(recusals.decide(login, recusal_id, grant=grant, reason=reason))


@recusal.command("appeal")
def recusal_appeal(recusal_id: str, login: As, reason: Reason = "") -> None:
    """不服不予回避的决定，申请复核一次。"""
    done(recusals.appeal(login, recusal_id, reason))


@recusal.command("by-notice")
def recusal_by_notice(code: NoticeCode, inspector: Annotated[
        str, typer.Option(help="通知书上的执法证号")], reason: Reason = "") -> None:
    """被检查企业：凭通知书上的编码申请某名检查人员回避。"""
    done(recusals.claim_by_notice(code, inspector, reason))


@recusal.command("appeal-by-notice")
def recusal_appeal_by_notice(code: NoticeCode, recusal_id: str, reason: Reason = "") -> None:
    """被检查企业：不服不予回避的决定，凭通知书申请复核一次。"""
    done(recusals.appeal_by_notice(code, recusal_id, reason))


@absence.command("report")
def absence_report(
    check_id: str, login: As,
    why: Annotated[str, typer.Option(
        help="ill 因病 | transferred 调离 | certificate 执法证失效 | other 其他")],
    note: Annotated[str, typer.Option(help="补充说明")] = "",
    inspector: Annotated[str | None, typer.Option(help="执法证号（经办人代为提出时）")] = None,
) -> None:
    """检查人员或经办人：申请换人。"""
    done(absences.report(login, check_id, why, note, inspector))


@absence.command("decide")
def absence_decide(
    absence_id: str, login: As, reason: Reason = "",
    grant: Annotated[bool, typer.Option("--grant/--refuse", help="同意或不予换人")] = True,
) -> None:
    """审批人决定换人；同意后系统从封存的名单中重新抽定这一席。"""
    done(absences.decide(login, absence_id, grant=grant, reason=reason))


@visit.command("mine")
def visit_mine(login: As) -> None:
    """检查人员：我要参加的检查。"""
    own_visits(login)


@visit.command("notice")
def visit_notice(visit_id: str, login: As, form: Annotated[
        str, typer.Option("--form", help="html | pdf | docx（Word）")] = "html", out: Annotated[
        Path, typer.Option(help="写到这个文件夹")] = Path()) -> None:
    """给被检查企业的检查通知书：谁来、何时、依据，以及申请回避的编码。"""
    name, content = papers.take(login, "notice", visit_id, form)
    save(out / name, content)


@visit.command("replace")
def visit_replace(
    visit_id: str, login: As,
    why: Annotated[str, typer.Option(help="not_found 无法联系 | closed 停业 | moved 迁出")],
    note: Annotated[str, typer.Option(help="补充说明")] = "",
) -> None:
    """检查人员：申请递补（查无下落、停业、迁出）。"""
    done(visits.ask_replacement(login, visit_id, why, note))


@visit.command("confirm")
def visit_confirm(visit_id: str, login: As, reason: Reason = "情况属实") -> None:
    """牵头部门：确认递补，按封存的备选顺序换下一家。"""
    done(visits.confirm_replacement(login, visit_id, reason))


@check.command("record")
def check_record(check_id: str, login: As, result: Result, answer: Answers,
                 finding: Finding = "", on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="检查日期，默认今天")] = None,
) -> None:
    """主检人员：填报检查记录。"""
    done(checks.record(login, check_id, result, parse_answers(answer), finding,
                       on.date() if on else None))


@check.command("confirm")
def check_confirm(check_id: str, login: As) -> None:
    """另一名检查人员：确认记录。"""
    done(checks.confirm(login, check_id))


@check.command("review")
def check_review(check_id: str, login: As, send_back: Annotated[
        bool, typer.Option("--return", help="退回补正（须写理由）")] = False,
                 reason: Reason = "") -> None:
    """审核人（不是参加检查的人）：通过或退回。"""
    done(checks.review(login, check_id, approve=not send_back, reason=reason))


@check.command("correct")
def check_correct(check_id: str, login: As, result: Result, answer: Answers,
                  reason: Reason = "", finding: Finding = "") -> None:
    """对已公示的结果提出更正（成为新的一版）。"""
    done(checks.correct(login, check_id, result, parse_answers(answer), reason, finding))
