"""What is written about a scheme: the scheme itself, the joint notice, assignments, the draw (art. 8, 9)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.documents import finding
from blocks.documents.declaring import (
    Item,
    Paper,
    as_items,
    document,
    moved_on,
    number,
    office,
)
from blocks.draw.hashing import hexdigest
from blocks.register import catalogue, views
from blocks.register.bench import regulation_of
from blocks.register.contents import proposed_items
from blocks.register.directories import Department
from blocks.register.draws import Draw, file_bytes
from blocks.register.schemes import Assignment, Scheme, departments_of
from blocks.register.trail import DueLine
from blocks.register.visits import live_visits
from blocks.rules.sampling import RAISES
from blocks.rules.schemes import DRAW_KINDS, MODES, SOURCE_KINDS
from blocks.templating import stratum_name


@dataclass(frozen=True)
class Stratum:
    name: str
    size: int
    drawn: int


@dataclass(frozen=True)
class Staffing:
    """How a department would manage: `load` people's visits each, `missed` of the simulated draws."""

    department: str
    needed: int
    available: int
    leaders: int
    load: str
    missed: str
    trouble: str
    remedies: str


@dataclass(frozen=True)
class Contents(Paper):
    """The six contents of a scheme (art. 8) but the lead's items, in words."""

    number: str
    code: str
    name: str
    grounds: str
    lead: str
    participants: str
    scope: str
    amount: str
    window_start: date
    window_end: date
    mode: str
    draw_kind: str


@dataclass(frozen=True)
class SchemePaper(Contents):
    pool: int
    drawn: int
    strata: list[Stratum]
    items: list[Item]
    targets: int
    draws: int
    staffing: list[Staffing]


@document("scheme", "抽查工作方案", of="方案编号", find=finding.reviewed_scheme)
def scheme_paper(session: Session, found: tuple[Scheme, dict[str, Any]]) -> SchemePaper:
    """The scheme in official form (art. 8), with what its review found."""
    scheme, findings = found
    pool, staffing = findings["pool"], findings["staffing"]
    return SchemePaper(
        file=f"{scheme.code}-方案", **_contents(session, scheme, "scheme"),
        pool=pool["size"], drawn=pool["drawn"],
        strata=[Stratum(stratum_name(code), *numbers) for code, numbers in pool["strata"].items()],
        items=as_items(catalogue.items(session, sorted(scheme.lead_items), scheme)),
        targets=staffing["targets"], draws=staffing["draws"],
        staffing=[_staffing(one) for one in staffing["departments"]])


def _contents(session: Session, scheme: Scheme, symbol: str) -> dict[str, Any]:
    lead, *others = departments_of(session, scheme)
    return {"number": number(symbol, scheme.code), "code": scheme.code, "name": scheme.name,
            "grounds": scheme.grounds, "lead": lead.name,
            "participants": "、".join(one.name for one in others), "scope": _scope(scheme),
            "amount": _amount(scheme.sampling), "window_start": scheme.window_start,
            "window_end": scheme.window_end, "mode": MODES[scheme.mode],
            "draw_kind": DRAW_KINDS[scheme.draw_kind]}


def _staffing(one: Mapping[str, Any]) -> Staffing:
    return Staffing(one["department"], one["needed"], one["available"], one["leaders"],
                    "—" if one["load"] is None else str(one["load"]), f"{one['probability']:.1%}",
                    one["trouble"] or "", "；".join(one["remedies"] or ()))


def _scope(scheme: Scheme) -> str:
    """Say which businesses of the lead's directory are meant."""
    scope = scheme.scope
    kinds = "、".join(scope.get("kinds") or ["全部类型"])
    places = "、".join(settings.COUNTIES.get(code, "市直") for code in scope.get("counties") or ()) or "全市"
    classes = "、".join(scope.get("risk_classes") or ())
    return f"{kinds}，{places}" + (f"，信用风险{classes}类" if classes else "")


def _amount(sampling: Mapping[str, Any]) -> str:
    """Say how many are drawn, and who oftener."""
    if sampling.get("mode") == "number":
        said = f"抽取{sampling.get('number')}家"
    else:
        rates = "，".join(f"{name}类{rate}" for name, rate in (sampling.get("rates") or {}).items())
        said = f"按信用风险分类抽取：{rates or '按本市各类比例'}"
        said += f"，不少于{sampling['at_least']}家" if sampling.get("at_least") else ""
    raised = "；".join(f"{RAISES[name]}的按{factor}倍" for name, factor in (sampling.get("raise") or {}).items())
    return f"{said}；{raised}" if raised else said


@dataclass(frozen=True)
class Share:
    """What a department inspects in a scheme."""

    department: str
    role: str
    items: str


@dataclass(frozen=True)
class JointNotice(Contents):
    shares: list[Share]
    acceptance_workdays: int
    staffing_workdays: int
    recording_workdays: int
    publicity_workdays: int
    inspectors: int
    date: date | None


@document("joint-notice", "联合抽查通知", of="方案编号", find=finding.approved_scheme)
def joint_notice(session: Session, scheme: Scheme) -> JointNotice:
    """The lead's notice to the participating departments (联合抽查通知, art. 4, 6)."""
    rules = regulation_of(scheme)
    chosen = {one.department_id: one.item_codes for one in views.assignments(session, scheme)}
    return JointNotice(
        file=f"{scheme.code}-联合抽查通知", **_contents(session, scheme, "notice"),
        shares=[_share(session, scheme, one, chosen.get(one.id)) for one in departments_of(session, scheme)],
        acceptance_workdays=rules.acceptance_workdays, staffing_workdays=rules.staffing_workdays,
        recording_workdays=rules.recording_workdays, publicity_workdays=rules.publicity_workdays,
        inspectors=rules.min_inspectors_per_check, date=moved_on(session, scheme, "approved"))


def _share(session: Session, scheme: Scheme, department: Department, codes: list[str] | None) -> Share:
    wanted = proposed_items(session, scheme, department) if codes is None else codes
    names = [one.name for one in catalogue.items(session, wanted, scheme)]
    return Share(department.name, "牵头" if department.id == scheme.lead_id else "参与",
                 "\n".join(names) or "由该部门在联合抽查事项清单内选定")


@dataclass(frozen=True)
class Business:
    number: int
    name: str
    uscc: str
    address: str


@dataclass(frozen=True)
class AssignmentPaper(Paper):
    number: str
    code: str
    name: str
    lead: str
    department: str
    window_start: date
    window_end: date
    mode: str
    items: list[Item]
    businesses: list[Business]
    due: date | None
    date: date | None


@document("assignment", "任务派发函", of="派发任务编号", find=finding.assignment)
def assignment_paper(session: Session, found: Assignment) -> AssignmentPaper:
    """The lead's letter to one department: what to inspect, where, until when (派发, art. 9)."""
    scheme = found.scheme
    due = session.scalar(select(DueLine.due_on).where(
        DueLine.thing == "assignment", DueLine.thing_id == found.id, DueLine.clock == "acceptance",
    ).order_by(DueLine.id.desc()).limit(1))
    targets = [visit.target for visit in live_visits(session, scheme.id)]
    return AssignmentPaper(
        file=f"{scheme.code}-任务派发函-{found.department.code}",
        number=number("assignment", scheme.code, found.id), code=scheme.code, name=scheme.name,
        lead=scheme.lead.name, department=found.department.name, window_start=scheme.window_start,
        window_end=scheme.window_end, mode=MODES[scheme.mode],
        items=as_items(catalogue.items(session, sorted(found.item_codes), scheme)),
        businesses=[Business(n, one.name, one.uscc, one.address) for n, one in enumerate(targets, 1)],
        due=due, date=moved_on(session, found, "sent"))


@dataclass(frozen=True)
class SourceLine:
    kind: str
    locator: str
    value: str


@dataclass(frozen=True)
class Ticket:
    stratum: str
    rank: int
    name: str
    uscc: str


@dataclass(frozen=True)
class DrawPaper(Paper):
    number: str
    code: str
    name: str
    lead: str
    office: str
    ordinal: int
    sealed_at: datetime
    hash_name: str
    seal: str
    base: str
    sources: list[SourceLine]
    strata: list[Stratum]
    drawn: int
    tickets: list[Ticket]
    address: str
    date: date | None


@document("draw", "抽取证明", of="方案编号", find=finding.draw)
def draw_paper(session: Session, draw: Draw) -> DrawPaper:
    """The certificate of a draw: what was sealed, what was thrown, who was drawn, how to check (art. 3)."""
    scheme = draw.scheme
    _, sources, tickets = views.draw(session, scheme)
    names = dict(session.execute(select(Department.id, Department.short_name)).all())
    sealed = settings.site_url()
    return DrawPaper(
        file=f"{scheme.code}-抽取证明-{draw.number}", number=number("draw", scheme.code, draw.number),
        code=scheme.code, name=scheme.name, lead=scheme.lead.name, office=office(), ordinal=draw.number,
        sealed_at=draw.sealed_at, hash_name=draw.hash_name.upper(), base=_grouped(draw.base or ""),
        seal=_grouped(hexdigest(draw.hash_name, (draw.seal or "").encode())),
        sources=[SourceLine(SOURCE_KINDS[one.kind], names.get(one.department_id) or one.locator,
                            _grouped(one.value or "未揭示")) for one in sources],
        strata=_drawn_strata(session, draw), drawn=len(tickets),
        tickets=[Ticket(stratum_name(one.stratum), one.rank, one.target.name, one.target.uscc)
                 for one in tickets],
        address=f"{sealed}/draws/{scheme.code}-{draw.number}/verify.html" if sealed else "",
        date=moved_on(session, draw, "drawn"))


def _drawn_strata(session: Session, draw: Draw) -> list[Stratum]:
    result = json.loads(file_bytes(session, draw.id, "result.json"))
    return [Stratum(stratum_name(one["code"]), one["size"], one["count"]) for one in result["strata"]]


def _grouped(text: str) -> str:
    """Return a long digest in groups that fit a line; anything else as it is."""
    return " ".join(re.findall(".{8}", text)) if re.fullmatch("[0-9a-f]{32,}", text) else text
