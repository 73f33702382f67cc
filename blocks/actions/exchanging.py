"""What the office does with the provincial platform: resend, enter a receipt, decide a difference, and
take in what the platform exports, whole or not at all."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import Problem, RuleViolation, StageError
from blocks.gateway import Gateway, mapping, workbooks
from blocks.gateway.comparing import OURS, comparable
from blocks.gateway.mapping import Layout
from blocks.register import differences, exchanges
from blocks.register.directories import RosterIntake, account
from blocks.register.exchanges import Exchange
from blocks.register.trail import advance
from blocks.rules.stages import Actor, Role

Row = dict[str, Any]


def resend(login: str, exchange_id: int) -> Done:
    """Hand an exchange over once more, under the same key: what was refused, or what they have lost."""
    with engine.change() as session:
        actor = _office(session, login)
        one = exchanges.find(session, exchange_id, lock=True)
        _again(session, one, actor)
        return Done(f"{one.title}将重新报送", "系统随即报送；编号不变，平台不会重复登记", {"exchange": one.id})


def _again(session: Session, one: Exchange, actor: Actor) -> None:
    if one.stage != "prepared":
        advance(session, one, "prepared", actor, verb="重新报送", next_at=settings.now(), away=False, last_error=None)


def receipt(login: str, exchange_id: int, receipt: str) -> Done:
    """Enter by hand that the platform has taken an exchange, and under which number."""
    with engine.change() as session:
        actor = _office(session, login)
        one = exchanges.find(session, exchange_id, lock=True)
        if not receipt.strip():
            raise RuleViolation("请填写平台的回执编号", "编号在平台的导入结果里")
        advance(session, one, "acknowledged", actor, receipt=receipt.strip(), last_error=None, away=False)
        return Done(f"{one.title}：回执已登记", "", {"exchange": one.id})


def accept(login: str, difference_id: int, reason: str) -> Done:
    """Accept that both sides differ; it is not shown again unless it changes."""
    with engine.change() as session:
        actor = _office(session, login)
        one = differences.find(session, difference_id)
        advance(session, one, "accepted", actor, reason=reason)
        return Done(f"{one.title}：已认可", "内容不再变化就不再列出")


def resend_ours(login: str, difference_id: int) -> Done:
    """Settle a difference by telling the platform again what we say.

    Raises:
        StageError: nothing was told from here that could be told again.
    """
    with engine.change() as session:
        actor = _office(session, login)
        one = differences.find(session, difference_id)
        if one.exchange is None:
            raise StageError(f"{one.title}不是从这里报送的，不能重新报送", "请在平台上改正，或写明理由认可差异")
        advance(session, one, "resent", actor)
        _again(session, one.exchange, actor)
        return Done(f"{one.title}：将按我方内容重新报送", "系统随即报送")


def take(login: str, kind: str, path: Path, *, full: bool = False) -> Done:
    """Take in a workbook that the platform exported; the same file again changes nothing.

    `receipts` settle exchanges; `targets`, `inspectors`, `items` and `results` are compared with ours.
    `full`: the file has everything, so what is missing in it differs, too.

    Raises:
        RosterError: with every fault of every row; nothing of the file was taken.
        RuleViolation: not the office.
    """
    layout = mapping.layout(kind, Gateway.in_use().mapping)
    with engine.change() as session:
        actor = _office(session, login)
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        if digest and session.scalar(select(RosterIntake.id).where(
                RosterIntake.kind == f"platform:{kind}", RosterIntake.content_hash == digest)):
            return Done(f"这个文件已经导入过：{path.name}", "什么都没有改动")
        rows = workbooks.read(layout, path)
        taker = TAKERS.get(kind, _compare)
        said = taker(session, layout, path, rows, actor, full)
        session.add(RosterIntake(kind=f"platform:{kind}", content_hash=digest, rows_taken=len(rows),
                                 rows_returned=0, taken_by_id=actor.id))
        return Done(said, "差异请在门户「平台交换」或 choucha platform differences 查看")


def _receipts(session: Session, layout: Layout, path: Path, rows: list[Row], actor: Actor, full: bool) -> str:
    """Settle exchanges by their receipts; one for nothing, or against what stands, refuses the file."""
    problems: list[Problem] = []
    known = {one.key: one for one in session.scalars(select(Exchange).where(
        Exchange.key.in_([row["key"] for row in rows])).with_for_update())}
    settled = again = 0
    for row in rows:
        one = known.get(row["key"])
        wrong = _wrong_receipt(one, row)
        if wrong:
            problems.append(Problem(row["row_"], layout.columns[0].heading, row["key"], *wrong))
        elif one.stage == row["state"]:
            again += 1
        elif row["state"] == "refused":
            advance(session, one, "refused", actor, reason=f"平台退回：{row['reason'] or '没有写明原因'}",
                    last_error=row["reason"])
            settled += 1
        else:
            advance(session, one, "acknowledged", actor, receipt=row["receipt"], last_error=None, away=False)
            settled += 1
    if problems:
        raise workbooks.refused(layout, path, problems)
    return f"登记回执{settled}份" + (f"，{again}份此前已登记" if again else "")


def _wrong_receipt(one: Exchange | None, row: Row) -> tuple[str, str] | None:
    """Return what is wrong with a receipt and what to do, or None."""
    if one is None:
        return "没有这份报送，是谁的回执", "请核对编号；可能是别的地市的"
    if row["state"] == "acknowledged" and not row["receipt"]:
        return "写着已接收，却没有回执编号", "请从平台重新导出"
    if one.stage == "acknowledged" and (row["state"], row["receipt"]) != ("acknowledged", one.receipt):
        return f"此前已登记回执 {one.receipt}，与这份不同", "请与平台核实以哪一份为准"
    if one.stage == "prepared":
        return "这份还没有报送，却有回执", "请核对编号"
    return None


def _compare(session: Session, layout: Layout, path: Path, rows: list[Row], actor: Actor, full: bool) -> str:
    """Compare a directory or the results of the platform with ours, by code and name."""
    theirs = {comparable(layout, row)[0]: comparable(layout, row)[1] for row in rows}
    ours, problems, ids = OURS[layout.name](session, layout, rows, full)
    if problems:
        raise workbooks.refused(layout, path, problems)
    return str(differences.compare(session, layout.name, ours, theirs, f"平台文件 {path.name}", actor, ids))


TAKERS: dict[str, Callable[..., str]] = {"receipts": _receipts}


def _office(session: Session, login: str) -> Actor:
    actor = account(session, login).as_actor()
    if Role.OFFICE not in actor.roles:
        raise RuleViolation("平台交换由联席会议办公室办理", "请联系办公室", article=5)
    return actor
