"""Take rosters into the register: all rows or none, the same file twice changes nothing (G10)."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from blocks import engine, rosters, settings
from blocks.errors import NotFound, Problem, RosterError, RuleViolation
from blocks.register.directories import (
    Account,
    Department,
    InspectionItem,
    Inspector,
    Interest,
    Leave,
    RosterIntake,
    Target,
    TargetListing,
    Tie,
    account,
    department,
    service_account,
)
from blocks.rules.stages import Actor, Role

CHUNK = 2000


@dataclass(frozen=True)
class Intake:
    """What came of a roster: rows in = taken + returned, always."""

    kind: str
    label: str
    rows_in: int
    taken: int
    problems: list[Problem]
    repaired: list[Any]
    defaults: Mapping[str, int]
    ignored: list[str]
    seen_before: bool = False


def _upsert(session: Session, model: Any, rows: list[dict], key: tuple[str, ...]) -> None:
    """Insert rows, or write over those with the same key; nothing else is touched."""
    for start in range(0, len(rows), CHUNK):
        statement = insert(model).values(rows[start:start + CHUNK])
        changed = {c: statement.excluded[c] for c in rows[0] if c not in key}
        session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed)
                        if changed else statement.on_conflict_do_nothing(index_elements=key))


def _ids(session: Session, column: Any, id_column: Any) -> dict[str, int]:
    return dict(session.execute(select(column, id_column)).all())


def _departments(session: Session, rows: list[dict], _: str | None) -> None:
    _upsert(session, Department, rows, ("code",))


def _accounts(session: Session, rows: list[dict], _: str | None) -> None:
    departments = _ids(session, Department.code, Department.id)
    inspectors = _ids(session, Inspector.certificate_no, Inspector.id)
    _upsert(session, Account, [{
        "login": r["login"], "name": r["name"], "roles": r["roles"], "active": True,
        "department_id": departments.get(r["department_code"]),
        "inspector_id": inspectors.get(r["certificate_no"]),
    } for r in rows], ("login",))


def _items(session: Session, rows: list[dict], _: str | None) -> None:
    departments = _ids(session, Department.code, Department.id)
    _upsert(session, InspectionItem, [
        {**_without(r, "department_code"), "department_id": departments[r["department_code"]]}
        for r in rows], ("code",))


def _inspectors(session: Session, rows: list[dict], _: str | None) -> None:
    departments = _ids(session, Department.code, Department.id)
    _upsert(session, Inspector, [
        {**_without(r, "department_code"), "active": True,
         "department_id": departments[r["department_code"]]} for r in rows], ("certificate_no",))


def _interests(session: Session, rows: list[dict], _: str | None) -> None:
    inspectors = _ids(session, Inspector.certificate_no, Inspector.id)
    targets = _ids(session, Target.uscc, Target.id)
    _upsert(session, Interest, [
        {"inspector_id": inspectors[r["certificate_no"]], "target_id": targets[r["uscc"]],
         "reason": r["reason"]} for r in rows], ("inspector_id", "target_id"))


def _ties(session: Session, rows: list[dict], _: str | None) -> None:
    _upsert(session, Tie, _of_inspectors(session, rows), ("inspector_id", "kind", "value"))


def _leave(session: Session, rows: list[dict], _: str | None) -> None:
    _upsert(session, Leave, _of_inspectors(session, rows), ("inspector_id", "first"))


def _of_inspectors(session: Session, rows: list[dict]) -> list[dict]:
    inspectors = _ids(session, Inspector.certificate_no, Inspector.id)
    return [{**_without(r, "certificate_no"), "inspector_id": inspectors[r["certificate_no"]]}
            for r in rows]


def _targets(session: Session, rows: list[dict], directory: str | None) -> None:
    _upsert(session, Target, [_without(r, "department_codes") for r in rows], ("uscc",))
    targets = _ids(session, Target.uscc, Target.id)
    departments = _ids(session, Department.code, Department.id)
    listings = [{"target_id": targets[r["uscc"]], "department_id": departments[code]}
                for r in rows for code in r["department_codes"] or [directory]]
    if listings:
        _upsert(session, TargetListing, listings, ("target_id", "department_id"))


def _without(row: dict, *names: str) -> dict:
    return {k: v for k, v in row.items() if k not in names}


TAKERS: dict[str, Callable[[Session, list[dict], str | None], None]] = {
    "departments": _departments, "items": _items, "inspectors": _inspectors,
    "accounts": _accounts, "targets": _targets, "interests": _interests, "ties": _ties,
    "leave": _leave,
}
OFFICE_ONLY = ("departments", "accounts", "items")


def _known(session: Session, kind: str) -> dict[str, set[str]]:
    """Return the codes a roster of this kind may refer to."""
    known: dict[str, set[str]] = {}
    if kind != "departments":
        known["department_code"] = set(session.scalars(select(Department.code)))
        known["department_codes"] = known["department_code"]
    if kind in ("accounts", "interests", "ties", "leave"):
        known["certificate_no"] = set(session.scalars(select(Inspector.certificate_no)))
    if kind == "interests":
        known["uscc"] = set(session.scalars(select(Target.uscc)))
    return known


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
         accept_valid: bool = False) -> Intake:
    """Read, check and take in a roster; nothing is written unless every row passes.

    `directory`: the department whose directory the businesses belong to where the rows do not say.
    `accept_valid`: take the rows that pass and return the others.

    Raises:
        RosterError: rows are wrong; every one is listed.
    """
    if kind not in TAKERS:
        raise NotFound(f"没有「{kind}」这种名录", f"可导入：{'、'.join(TAKERS)}")
    with engine.change() as session:
        actor = _importer(session, login, kind)
        if directory:
            department(session, directory)
        reading = rosters.read(kind, path, counties=settings.COUNTIES,
                               city_code=settings.CITY_CODE, known=_known(session, kind))
        problems = list(reading.problems)
        rows = reading.rows
        if kind == "targets" and directory is None:
            problems += [Problem(0, "监管部门", "", f"{r['name']}没有写明在哪个部门的名录",
                                 "加一列「监管部门」，或用 --department 指明")
                         for r in rows if not r["department_codes"]][:1]
            rows = [r for r in rows if r["department_codes"]]
        label = rosters.kinds()[kind].label
        if problems and not (accept_valid and rows):
            raise RosterError(f"{label}没有导入：{reading.rows_in}行中有问题{len(problems)}处，什么都没有改动",
                              problems, "请按上面逐行改正后再导入；或加 --accept-valid 先导入没有问题的行")
        content = hashlib.sha256(Path(path).read_bytes() + f"|{directory}".encode()).hexdigest()
        before = session.scalar(select(RosterIntake).where(
            RosterIntake.kind == kind, RosterIntake.content_hash == content))
        seen = before is not None and before.rows_taken >= len(rows)
        if rows and not seen:  # or a row that was returned then is in order now
            TAKERS[kind](session, rows, directory)
            entry = before or RosterIntake(kind=kind, content_hash=content)
            entry.rows_taken, entry.rows_returned = len(rows), reading.rows_in - len(rows)
            entry.taken_by_id = actor.id
            session.add(entry)
        return Intake(kind, label, reading.rows_in, len(rows), problems, reading.repaired,
                      reading.defaults, reading.ignored_headings, seen)
