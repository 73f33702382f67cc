"""Take rosters into the register: all rows or none, the same file twice changes nothing (G10)."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import engine, rosters, settings
from blocks.errors import NotFound, Problem, RosterError, RuleViolation
from blocks.public_site.building import show_foreseen
from blocks.register import catalogue
from blocks.register.database import transaction
from blocks.register.directories import (
    Account,
    Department,
    Inspector,
    RosterIntake,
    Target,
    account,
    department,
    service_account,
)
from blocks.register.staging import Changed, stage
from blocks.register.takers import LEAVERS, TAKERS, Staged
from blocks.rosters.checking import Reading
from blocks.rules.stages import Actor, Role

OFFICE_ONLY = ("departments", "accounts", "items")
OF_INSPECTORS = ("accounts", "interests", "ties", "leave")
EXAMPLES = 3
ONE_AT_A_TIME = 7004  # the advisory lock of imports


@dataclass(frozen=True)
class Intake:
    """What came of a roster: rows in = taken + returned, always.

    `added`, `changed`: of the rows taken, those new to the register and those that differ from it.
    `leaving`: with a full list, who is in the register and not in the file.
    """

    kind: str
    label: str
    rows_in: int
    taken: int
    problems: list[Problem]
    repaired: list[Any]
    defaults: Mapping[str, int]
    ignored: list[str]
    seen_before: bool = False
    notes: list[Problem] = field(default_factory=list)
    understood: list[Any] = field(default_factory=list)
    footers: list[tuple[str, int, str]] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    leaving: list[str] = field(default_factory=list)
    is_rehearsal: bool = False


def _known(session: Session, kind: str, actor: Actor) -> dict[str, set[str]]:
    """Return the codes a roster of this kind may refer to; a department's own people, if it is one.

    The office speaks for all departments, as does the account that sets the register up.
    """
    own = actor.department_id if _is_of_one_department(actor) else None
    known: dict[str, set[str]] = {}
    if kind != "departments":
        codes = select(Department.code)
        known["department_code"] = known["department_codes"] = set(session.scalars(
            codes if own is None else codes.where(Department.id == own)))
    if kind in OF_INSPECTORS:
        numbers = select(Inspector.certificate_no)
        known["certificate_no"] = set(session.scalars(
            numbers if own is None else numbers.where(Inspector.department_id == own)))
    if kind == "interests":
        known["uscc"] = set(session.scalars(select(Target.uscc)))
    return known


def _is_of_one_department(actor: Actor) -> bool:
    return not actor.roles & {Role.OFFICE, Role.SYSTEM}


def _importer(session: Session, login: str | None, kind: str) -> Actor:
    """Return who imports. A register without any person is set up by the system's own account."""
    people = session.scalar(select(func.count()).select_from(Account).where(
        ~Account.roles.contains([Role.SYSTEM.value])))
    if login is None and not people:
        return service_account(session, "setup", "初装").as_actor()
    if login is None:
        raise RuleViolation("请写明由谁导入", "加上 --as 账号")
    actor = account(session, login).as_actor()
    allowed = {Role.OFFICE} if kind in OFFICE_ONLY else {Role.OFFICE, Role.DRAFTER, Role.APPROVER}
    if not actor.roles & allowed:
        raise RuleViolation(f"{actor.name}不能导入这类名录",
                            "部门、账号、事项清单由联席会议办公室导入", article=5)
    return actor


def take(login: str | None, kind: str, path: Path, *, directory: str | None = None,
         accept_valid: bool = False, full: bool = False, rehearse: bool = False,
         agree: Callable[[Intake], bool] = lambda intake: True,
         progress: Callable[[int], None] = lambda rows: None) -> Intake:
    """Read, check and take in a roster; nothing is written unless every row passes.

    Args:
        login: whose account; None sets up a register in which there is nobody yet.
        kind: one of TAKERS.
        path: the file.
        directory: the department whose directory the businesses belong to where the rows do not say.
        accept_valid: take the rows that pass and return the others.
        full: the file is the whole list: what is not in it is deactivated, never deleted.
        rehearse: do everything and undo it.
        agree: is shown what was understood before anything is written, and may say no.
        progress: is told how many rows have been checked.

    Raises:
        RosterError: rows are wrong; every one is listed.
        RuleViolation: not this person, not this kind; or `agree` said no.
    """
    if kind not in TAKERS:
        raise NotFound(f"没有「{kind}」这种名录", f"可导入：{'、'.join(TAKERS)}")
    if full and kind not in LEAVERS:
        raise RuleViolation("这类名录没有整份替换", "去掉 --full；表中没有的行保持原样")
    with engine.change() as session:
        actor = _importer(session, login, kind)
        if directory:
            department(session, directory)
        reading = rosters.read(kind, path, counties=settings.COUNTIES, progress=progress,
                               city_code=settings.CITY_CODE, known=_known(session, kind, actor))
        reading = reading.without([*_homeless(kind, reading, directory),
                                   *_others_people(session, kind, reading, actor)])
        _refuse_faults(kind, reading, accept_valid)
        session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        staged = Staged(stage(session, reading.table), settings.today(), reading.absent, directory)
        leaving = session.execute(LEAVERS[kind][0](staged)).all() if full else []
        report = _report(kind, reading, leaving)
        if not agree(report):
            raise RuleViolation("没有导入，什么都没有改动", "核对文件后再导入")
        intake = _earlier(session, kind, path, directory)
        if intake.rows_taken >= report.taken and not leaving:
            return replace(report, seen_before=True, is_rehearsal=rehearse)
        with session.begin_nested() as attempt:
            done = _write(session, kind, staged, [one for one, _ in leaving], actor.id)
            intake.rows_taken, intake.rows_returned = report.taken, report.rows_in - report.taken
            intake.taken_by_id = actor.id
            session.add(intake)
            if rehearse:
                attempt.rollback()
        report = replace(report, added=done.added, changed=done.changed, is_rehearsal=rehearse)
    if kind == "items" and not rehearse:
        with transaction() as session:  # what was taken in stays, should the page not be written
            show_foreseen(session)
    return report


def _write(session: Session, kind: str, staged: Staged, leaving: list[int], by_id: int) -> Changed:
    done = TAKERS[kind](session, staged)
    if leaving:
        LEAVERS[kind][1](session, leaving, staged)
    if kind == "items":
        catalogue.record(session, by_id)
    return done


def _homeless(kind: str, reading: Reading, directory: str | None) -> list[Problem]:
    """Return the businesses of which nobody says in whose directory they stand."""
    if kind != "targets" or directory is not None:
        return []
    lone = reading.table.filter(pc.equal(pc.list_value_length(reading.table["department_codes"]), 0))
    return [Problem(row["row_"], "监管部门", row["name"], "没有写明在哪个部门的名录",
                    "加一列「监管部门」，或用 --department 指明", row["sheet_"])
            for row in lone.select(["sheet_", "row_", "name"]).to_pylist()]


def _others_people(session: Session, kind: str, reading: Reading, actor: Actor) -> list[Problem]:
    """Return the rows that would move another department's inspectors into one's own."""
    if kind != "inspectors" or not _is_of_one_department(actor):
        return []
    rows = reading.table.select(["sheet_", "row_", "certificate_no"]).to_pylist()
    others = set(session.scalars(select(Inspector.certificate_no).where(
        Inspector.department_id != actor.department_id,
        Inspector.certificate_no.in_([row["certificate_no"] for row in rows]))))
    return [Problem(row["row_"], "执法证号", row["certificate_no"], "是其他部门登记的检查人员",
                    "调动由联席会议办公室导入", row["sheet_"])
            for row in rows if row["certificate_no"] in others]


def _refuse_faults(kind: str, reading: Reading, accept_valid: bool) -> None:
    if reading.problems and not (accept_valid and reading.table.num_rows):
        label = rosters.kinds()[kind].label
        raise RosterError(
            f"{label}没有导入：{reading.rows_in}行中有问题{len(reading.problems)}处，什么都没有改动",
            reading.problems, "请按上面逐行改正后再导入；或加 --accept-valid 先导入没有问题的行")


def _report(kind: str, reading: Reading, leaving: list) -> Intake:
    return Intake(kind, rosters.kinds()[kind].label, reading.rows_in, reading.table.num_rows,
                  reading.problems, reading.repaired, reading.defaults, reading.ignored_headings,
                  notes=reading.notes, understood=reading.understood, footers=reading.footers,
                  examples=reading.table.slice(0, EXAMPLES).to_pylist(),
                  leaving=[label for _, label in leaving])


def _earlier(session: Session, kind: str, path: Path, directory: str | None) -> RosterIntake:
    """Return the record of this very file, or a new one; a row returned then may be in order now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"|{directory}".encode())
    content = digest.hexdigest()
    found = session.scalar(select(RosterIntake).where(
        RosterIntake.kind == kind, RosterIntake.content_hash == content))
    return found or RosterIntake(kind=kind, content_hash=content, rows_taken=0, rows_returned=0)
