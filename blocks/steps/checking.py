"""Checking everything (全面核对): structure, invariants, trail, draws, public files, clocks (G21).

All parts look at one moment of the register, while the system runs; nothing is changed. What is on the
site may have moved on since that moment: what differs there is asked about once more before it is told.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw import chain, pairing_verifier, verifier
from blocks.draw.hashing import hexdigest
from blocks.errors import DrawError
from blocks.public_site.files import tree
from blocks.public_site.pages import NEVER_CHANGE
from blocks.public_site.results import as_json
from blocks.register import almanac, deliveries, draws, invariants, published, structure, trail
from blocks.register.database import snapshot
from blocks.register.due import MOST_TRIES, find
from blocks.register.invariants import references
from blocks.register.notices import failed
from blocks.register.schemes import Attempt
from blocks.rules.deadlines import CLOCKS
from blocks.rules.stages import KINDS

MOST_TOLD = 100  # rows of one part
Said = tuple[int, list[str]]


@dataclass(frozen=True)
class Part:
    """One part of the check: how many things were looked at, in how many seconds, and what is wrong."""

    name: str
    looked_at: int
    unit: str
    seconds: float
    wrong: list[str]


def check() -> Iterator[Part]:
    """Yield part after part, as each is done."""
    yield _timed("数据库结构", "项", structure.differences)
    with snapshot() as session:
        for name, unit, ask in PARTS:
            yield _timed(name, unit, lambda ask=ask: ask(session))


def _timed(name: str, unit: str, ask: Callable[[], Said]) -> Part:
    begun = time.monotonic()
    looked_at, wrong = ask()
    return Part(name, looked_at, unit, time.monotonic() - begun, wrong[:MOST_TOLD])


def _rules(session: Session) -> Said:
    rules = [one for one in invariants.INVARIANTS if one not in references.INVARIANTS]
    return len(rules), _breaking(session, rules)


def _references(session: Session) -> Said:
    return len(references.INVARIANTS), _breaking(session, references.INVARIANTS)


def _breaking(session: Session, rules: list | tuple) -> list[str]:
    return [f"{one.says}（{one.guarantee}）：{_label(row.thing)} {row.id or ''} {row.what}"
            for one in rules for row in invariants.breaking(session, one)]


def _label(thing: str) -> str:
    return KINDS[thing].label if thing in KINDS else thing


def _draws(session: Session) -> Said:
    """Recompute every draw that has a result from its public files, with the stranger's verifiers; what
    the public has of it is the same."""
    decided = draws.decided_draws(session)
    return len(decided), [f"{draw.title}：{said}" for draw in decided for said in _recomputed(session, draw)]


def _recomputed(session: Session, draw: draws.Draw) -> list[str]:
    folder = Path(tempfile.mkdtemp(prefix="choucha-check-"))
    try:
        files = draws.public_files(session, draw.id)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        told = verifier.verify(folder)
        if "pairing.json" in files:
            told += pairing_verifier.verify(folder)
        return [f"{name}，{detail}" for _, name, holds, detail in told if not holds] + [
            f"公示网站上的 {name} 不是封存的文件" for name in NEVER_CHANGE if name in files and
            tree().read(f"draws/{draw.scheme.code}-{draw.number}/{name}") not in (None, files[name])]
    finally:
        shutil.rmtree(folder)


def _chain(session: Session) -> Said:
    """Check the city's chain over all draws: every link, and that each line names the file that is there."""
    lines = draws.chain(session)
    try:
        chain.check(lines)
    except DrawError as error:
        return len(lines), [error.message]
    known = {(draw.scheme.code, draw.number): draw for draw in session.scalars(select(draws.Draw))}
    return len(lines), [f"链的第{line['number']}行所记的文件不是登记库里的文件" for line in lines
                        if _file_of(session, known.get((line["scheme"], line["draw_number"])), line) != line["file"]]


def _file_of(session: Session, draw: draws.Draw | None, line: dict) -> str:
    names = {"sealed": "seal.json", "drawn": "result.json", "void": "void.json"}
    return "" if draw is None else hexdigest(draw.hash_name, draws.file_bytes(session, draw.id, names[line["kind"]]))


def _results(session: Session) -> Said:
    """Compare every act of publicity with its hash, and the last one about each result with its file."""
    number, wrong = 0, []
    for act in published.acts(session):
        number += 1
        if hexdigest("sha256", as_json(act.content)) != act.sha256:
            wrong.append(f"公示记录{act.id}（{act.path}）的内容与它的摘要不符")
    suspects = {act.path for act in published.latest_acts(session) if not _is_shown(act)}
    if suspects:
        with snapshot() as later:
            acts = [act for act in published.latest_acts(later) if act.path in suspects]
            wrong += [f"公示网站上的 {act.path} 不是登记库里公示的文件" for act in acts if not _is_shown(act)]
    return number, wrong


def _is_shown(act: published.Publication) -> bool:
    return hexdigest("sha256", tree().read(act.path) or b"") == act.sha256


def _clocks(session: Session) -> Said:
    """Count every running clock anew by today's calendar."""
    running = session.scalars(select(trail.DueLine).where(trail.DueLine.met_at.is_(None))).all()
    moved = almanac.moved_by(session, settings.calendar())
    return len(running), [
        f"{CLOCKS[one.clock].label}（{_label(one.due.thing)} {one.due.thing_id}）登记为{one.was_on}，"
        f"按日历应为{one.now_on}" for one in moved if not one.due.provisional]


PARTS: tuple[tuple[str, str, Callable[[Session], Said]], ...] = (
    ("不变式", "条", _rules), ("表间引用", "张表", _references), ("留痕链", "条", trail.verify),
    ("全市抽取链", "行", _chain), ("重算抽取", "次", _draws), ("公示文件", "份", _results), ("期限", "个", _clocks))


def for_a_person() -> list[str]:
    """Return what the system cannot do by itself and shows to people: no break of a promise (G17)."""
    with snapshot() as session:
        due = {work.key for work in find(session)}
        tried = session.scalars(select(Attempt).where(Attempt.tries >= MOST_TRIES, Attempt.key.in_(due)))
        told = [f"流程「{one.flow}」已启动{one.tries}次仍未办成（方案{one.scheme_id or '—'}）" for one in tried]
        told += [f"通知没有送达：{one.subject}（{one.last_error}）" for one in failed(session)]
        lost = settings.now() - deliveries.PATIENCE
        unsure = session.scalars(select(deliveries.Delivery).where(
            deliveries.Delivery.stage == "unknown", deliveries.Delivery.first_tried_at < lost))
        return told + [f"不知是否送达：{one.notice.subject}（{one.channel} {one.address}）" for one in unsure]
