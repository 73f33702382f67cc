"""What the office does with the provincial platform: resend, enter a receipt, decide a difference, and
take in what the platform exports, whole or not at all."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import NotAnswering, NotTaken, Problem, Refused, RuleViolation, StageError
from blocks.gateway import mapping, workbooks
from blocks.gateway.client import Platform
from blocks.gateway.comparing import OURS, comparable, directory
from blocks.gateway.drawing import faults
from blocks.gateway.mapping import Layout
from blocks.gateway.reconciling import reconcile as compare_all
from blocks.register import differences, exchanges
from blocks.register.directories import RosterIntake, account
from blocks.register.drawn_there import DrawnThere
from blocks.register.draws import Draw, DrawTicket, open_draw
from blocks.register.exchanges import Exchange
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.rules.stages import Actor, Role

if TYPE_CHECKING:
    from blocks.gateway.block import Gateway

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

    `receipts` settle exchanges; directories, tasks and results are compared with ours.
    `full`: the file has everything, so what is missing in it differs, too.

    Raises:
        RosterError: with every fault of every row; nothing of the file was taken.
        RuleViolation: not the office.
    """
    layout = mapping.layout(kind, settings.get().platform_mapping)
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


def pull(login: str, kind: str) -> Done:
    """Fetch a directory of the platform and compare it with ours, read as strictly as a file.

    Raises:
        NotAnswering: the platform does not answer, or there is none by HTTP.
    """
    with engine.change() as session:
        actor = _office(session, login)
    layout, here = mapping.layout(kind, settings.get().platform_mapping), Path(f"接口 {kind}")
    rows = workbooks.rows_of(layout, _asked(lambda platform: platform.directory(kind)), here)
    with engine.change() as session:
        return Done(_compare(session, layout, here, rows, actor, full=True), "差异请在门户「平台交换」查看")


def _gateway() -> "Gateway":
    # Prefect takes a second to load, and hardly a command needs it
    from blocks.gateway.block import Gateway

    return Gateway.from_settings()


def _asked(question: Callable[[Platform], Iterable[Row]]) -> list[Row]:
    gateway = _gateway()
    if gateway.mode != "http":
        raise NotAnswering("没有配置平台接口", "请设 CHOUCHA_PLATFORM=http 和地址、密钥，或导入平台导出的文件")
    try:
        with gateway.platform() as platform:
            return list(question(platform))
    except NotTaken as error:
        raise NotAnswering(f"没有取到：{error}", "请稍后再取；什么都没有改动") from None


def drawn(login: str, code: str, path: Path | None = None) -> Done:
    """Take the list that the platform drew for a scheme: from its export, or else by HTTP.

    With CHOUCHA_DRAWS=theirs it decides who is visited and our sealed draw is the rehearsal; with both
    it is compared with ours and decides nothing.

    Raises:
        RosterError: it breaks a rule (recusal, staffing, caps, shape); every fault is listed.
        StageError: it is not the moment, there is a list already, or this city draws itself.
    """
    layout = mapping.layout("drawn", settings.get().platform_mapping)
    here = path or Path("接口：抽取名单")
    rows = workbooks.read(layout, path) if path else workbooks.rows_of(
        layout, _asked(lambda platform: platform.drawn(code)), here)
    with engine.change() as session:
        actor = _office(session, login)
        scheme = find_scheme(session, code, lock=True)
        draw = _may_be_taken(session, scheme)
        problems = faults(session, scheme, draw, rows)
        if problems and settings.get().draws == "theirs":
            raise workbooks.refused(layout, here, problems)
        kept = [{"uscc": row["uscc"], "business": row["name"], "certificates": row["certificates"] or []}
                for row in rows]
        session.add(DrawnThere(scheme_id=scheme.id, content=kept, file_name=here.name, sha=exchanges.sha(kept),
                               decides=settings.get().draws == "theirs", taken_by_id=actor.id))
        advance(session, draw, "drawn", actor, verb="收下平台抽取的名单", details={"sha": exchanges.sha(kept),
                                                                              "number": len(kept)})
        if settings.get().draws == "theirs":
            return Done(f"{scheme.title}：平台抽取的{len(rows)}家已收下", "系统随即配人；我方的抽取作为演练")
        theirs = {f"{code}:{row['uscc']}": {"name": row["name"]} for row in rows}
        ours = {f"{code}:{one.target.uscc}": {"name": one.target.name} for one in session.scalars(
            select(DrawTicket).where(DrawTicket.draw_id == draw.id, ~DrawTicket.is_reserve))}
        return Done(str(differences.compare(session, "drawn", ours, theirs, here.name, actor)), "以我方抽取为准")


def _may_be_taken(session: Session, scheme: Scheme) -> Draw:
    draw = open_draw(session, scheme.id)
    if settings.get().draws == "ours":
        raise StageError("本市由我方抽取（CHOUCHA_DRAWS=ours），不收平台的名单", "确要改由平台抽取，请改设置")
    if draw is None or draw.stage != "drawn" or (settings.get().draws == "theirs" and scheme.stage != "approved"):
        raise StageError(f"{scheme.title}还没有到收名单的时候，或已经过了", "我方封存的抽取出签之后、配人之前收")
    if session.get(DrawnThere, scheme.id):
        raise StageError(f"{scheme.title}的平台名单已经收下，不能再换", "确需重抽，请按作废程序办理")
    return draw


def export(login: str, kind: str, out: Path, code: str = "") -> Done:
    """Write a workbook for the platform: what has no receipt yet of a kind, or the directory of businesses."""
    layout = mapping.layout(kind, settings.get().platform_mapping)
    if out.suffix.lower() != ".xlsx":
        raise RuleViolation(f"写不了 {out}", "文件名请以 .xlsx 结尾")
    with engine.change() as session:
        _office(session, login)
        scheme_id = find_scheme(session, code).id if code else None
        rows = directory(session) if kind == "targets" else exchanges.unsettled_rows(session, kind, scheme_id)
    try:
        number = workbooks.write(layout, rows, out)
    except Refused as error:
        raise RuleViolation(f"没有写成：{error}", "请补全对照表；什么都没有写") from None
    except OSError as error:
        raise RuleViolation(f"写不了文件 {out}：{error.strerror}", "请用 --out 换一个地方") from None
    return Done(f"{layout.label}{number}条已写入 {out}", "在平台导入后，用 choucha platform import receipts 导回回执")


def reconcile(login: str) -> Done:
    """Compare with the platform now."""
    with engine.change() as session:
        actor = _office(session, login)
    return Done(compare_all(_gateway(), actor) or "按文件交换，请导入平台导出的文件核对")


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
            why = row["reason"] or "没有写明原因"
            advance(session, one, "refused", actor, reason=f"平台退回：{why}", last_error=why)
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
    if layout.name not in OURS:
        raise RuleViolation(f"「{layout.label}」只报送，不导入核对", "可以导入：" + "、".join((*TAKERS, *OURS)))
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
