"""Our side of a comparison with the platform (核对), by the platform's own columns: code and name."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import Problem
from blocks.gateway.mapping import Layout
from blocks.register.directories import Account, Department, InspectionItem, Inspector, Target
from blocks.register.exchanges import Exchange
from blocks.register.schemes import Scheme
from blocks.register.visits import Visit
from blocks.rules.stages import Role

Row = dict[str, Any]
Side = dict[str, Row]
Found = tuple[Side, list[Problem], dict[str, int]]
NAMES = ("name", "business", "scheme_title")


def comparable(layout: Layout, row: Row) -> tuple[str, Row]:
    """Return a row's key and what is compared of it: the mapped fields that both sides know, as text."""
    key = ":".join(_text(row[name]) for name in layout.kind.key)
    known = {one.field for one in layout.columns} & COMPARED[layout.name]
    told = {name: _text(row.get(name)) for name in sorted(known)}
    return key, {**told, "name": next((told[name] for name in NAMES if told.get(name)), key)}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "" if value is None else str(value)


COMPARED = {"tasks": {"name"}, "targets": {"uscc", "name", "address"},
            "inspectors": {"certificate_no", "name", "department"},
            "accounts": {"department", "name"}, "items": {"code", "name", "department"},
            "results": {"scheme_code", "authority", "uscc", "item_code", "version", "result", "inspected_on"}}


def _side(layout: Layout, rows: Iterable[Row]) -> Side:
    return dict(comparable(layout, row) for row in rows)


def _targets(session: Session, layout: Layout, rows: list[Row], full: bool) -> Found:
    query = select(Target)
    if not full:
        query = query.where(Target.uscc.in_([row["uscc"] for row in rows]))
    return _side(layout, ({"uscc": one.uscc, "name": one.name, "address": one.address}
                          for one in session.scalars(query))), [], {}


def directory(session: Session) -> list[Row]:
    """Return our directory of businesses, without what is private."""
    names = {**settings.COUNTIES, settings.CITY_CODE: "市直"}
    return [{"key": one.uscc, "uscc": one.uscc, "name": one.name, "address": one.address, "company_type": one.kind,
             "area": names.get(one.county_code, "")} for one in session.scalars(select(Target).order_by(Target.uscc))]


def _inspectors(session: Session, layout: Layout, rows: list[Row], full: bool) -> Found:
    query = select(Inspector).where(Inspector.active)
    if not full:
        query = query.where(Inspector.certificate_no.in_([row["certificate_no"] for row in rows]))
    return _side(layout, ({"certificate_no": one.certificate_no, "name": one.name,
                           "department": one.department.name} for one in session.scalars(query))), [], {}


def _items(session: Session, layout: Layout, rows: list[Row], full: bool) -> Found:
    query = select(InspectionItem)
    if not full:
        query = query.where(InspectionItem.code.in_([row["code"] for row in rows]))
    return _side(layout, ({"code": one.code, "name": one.name, "department": one.department.name}
                          for one in session.scalars(query))), [], {}


def _accounts(session: Session, layout: Layout, rows: list[Row], full: bool) -> Found:
    """Who works with us has an account there, and nobody else of the city has (art. 5): the logins are theirs."""
    query = select(Account).where(Account.active, Account.department_id.is_not(None),
                                  Account.roles.overlap([Role.DRAFTER, Role.APPROVER, Role.OFFICE]))
    if not full:
        query = query.where(tuple_(Department.name, Account.name).in_([(row["department"], row["name"])
                                                                       for row in rows])).join(Account.department)
    return _side(layout, ({"department": one.department.name, "name": one.name}
                          for one in session.scalars(query))), [], {}


def _tasks(session: Session, layout: Layout, rows: list[Row], full: bool) -> Found:
    """What the province asks for is compared with our schemes by name: the rest is to be drafted."""
    return _side(layout, ({"name": name} for name in session.scalars(select(Scheme.name).where(
        Scheme.stage != "cancelled", Scheme.name.in_([row["name"] for row in rows]))))), [], {}


def _results(session: Session, layout: Layout, rows: list[Row], full: bool) -> Found:
    """Ours are the results told so far in the schemes of the file; each visit must be one of ours."""
    codes = {row["scheme_code"] for row in rows}
    known = {(code, uscc): stage for code, uscc, stage in session.execute(
        select(Scheme.code, Target.uscc, Visit.stage).join(Visit, Visit.scheme_id == Scheme.id).join(
            Target, Target.id == Visit.target_id).where(Scheme.code.in_(codes)))}
    problems = [problem for row in rows if (problem := _no_visit(session, known, row))]
    ours: Side = {}
    ids: dict[str, int] = {}
    for one in session.scalars(select(Exchange).join(Exchange.scheme).where(
            Exchange.kind == "results", Scheme.code.in_(codes)).order_by(Exchange.id)):
        side = _side(layout, one.content)
        ours |= side
        ids |= dict.fromkeys(side, one.id)
    if not full:
        wanted = _side(layout, rows)
        ours = {key: row for key, row in ours.items() if key in wanted}
    return ours, problems, ids


def _no_visit(session: Session, known: dict[tuple[str, str], str], row: Row) -> Problem | None:
    """Say what is wrong with a row about a business that is not visited, or no longer."""
    stage = known.get((row["scheme_code"], row["uscc"]))
    if stage == "replaced":
        return Problem(row["row_"], "uniscid", row["uscc"], "这家已经递补，不再检查，却有结果", "请在平台上删去或核实")
    if stage is None:
        there = session.scalar(select(Target.name).where(Target.uscc == row["uscc"]))
        return Problem(row["row_"], "uniscid", row["uscc"],
                       f"{there}不在方案{row['scheme_code']}里" if there else "名录库里没有这家企业", "请与平台核实")
    return None


OURS = {"accounts": _accounts, "tasks": _tasks, "targets": _targets, "inspectors": _inspectors, "items": _items,
        "results": _results}
