"""What inspectors bring along: the notice of a visit, the record sheets (art. 9, 10, 14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from re import findall

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from blocks import settings
from blocks.documents import finding
from blocks.documents.declaring import Paper, day_of, document, number
from blocks.register import catalogue, views
from blocks.register.merging import group, merged
from blocks.register.overview import HALF_LABELS
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, CheckRecord, Seat, Visit, live_visits
from blocks.templating import chinese_date

BOX, TICKED = "□\u2060", "■\u2060"  # joined to what they stand before
TO_WRITE = "\n\n\n"  # room for a pen


@dataclass(frozen=True)
class SchemeName:
    name: str
    code: str


@dataclass(frozen=True)
class Noticed:
    """What a department inspects, on what basis, and who of it comes."""

    department: str
    items: str
    people: str


@dataclass(frozen=True)
class NoticePaper(Paper):
    number: str
    business: str
    uscc: str
    code: str
    page: str
    schemes: list[SchemeName]
    when: str
    lead: str
    departments: list[Noticed]
    date: date | None


@document("notice", "检查通知书", of="检查编号", find=finding.noticed_visit)
def notice(session: Session, visit: Visit) -> NoticePaper:
    """The notice of a visit and of those merged with it: who comes, and the code by which the business
    may claim a recusal (art. 9)."""
    visits = [visit, *group(session, visit)]
    schemes = sorted({one.scheme for one in visits}, key=lambda scheme: scheme.code)
    address = settings.portal_url()
    return NoticePaper(
        file=f"{visit.scheme.code}-检查通知书-{visit.target.uscc}",
        number=number("inspection", visit.scheme.code, visit.id), business=visit.target.name,
        uscc=visit.target.uscc, code=grouped(visit.notice_code), lead=visit.scheme.lead.name,
        date=day_of(visit.stage_since),
        page=f"{address}/n/{visit.notice_code}" if address else "",
        schemes=[SchemeName(one.name, one.code) for one in schemes], when=_when(visit, schemes[0]),
        departments=[Noticed(part.department, "\n".join(f"{row.item}\n{row.basis}" for row in part.rows),
                             part.people) for part in _parts(session, _checks(session, visits))])


def grouped(code: str) -> str:
    """Return a notice's code in groups of four."""
    return " ".join(findall(".{4}", code))


def _when(visit: Visit, scheme: Scheme) -> str:
    if visit.day:
        return f"{chinese_date(visit.day)}{HALF_LABELS.get(visit.half or '', '')}"
    return (f"{chinese_date(scheme.window_start)}至{chinese_date(scheme.window_end)}之间，"
            "确定后另行告知")


@dataclass(frozen=True)
class Row:
    """An item on a record sheet; a tick in one of its four columns, or none yet."""

    number: int
    item: str
    basis: str
    yes: str
    no: str
    unchecked: str
    excused: str


@dataclass(frozen=True)
class Part:
    """A department's part of a sheet. `results`: every category with its box."""

    department: str
    people: str
    rows: list[Row]
    results: str
    finding: str


@dataclass(frozen=True)
class Sheet:
    title: str
    bookmark: str
    schemes: str
    business: str
    uscc: str
    address: str
    kind: str
    when: str
    parts: list[Part]


@dataclass(frozen=True)
class Sheets(Paper):
    sheets: list[Sheet]


@document("sheet", "检查表", of="分口检查编号", find=views.check, template="sheet")
def sheet(session: Session, check: Check) -> Sheets:
    """The record sheet of one department in one visit (检查表, art. 10), filled in where recorded."""
    (made,) = _sheets(session, _fully(session, Check.id == check.id))
    return Sheets(f"{check.visit.scheme.code}-检查表-{check.visit.target.uscc}-{check.department.code}", [made])


@document("visit-sheet", "联合检查表（一表通查）", of="检查编号", find=finding.noticed_visit, template="sheet")
def visit_sheet(session: Session, visit: Visit) -> Sheets:
    """One sheet for a whole visit, all departments and all schemes merged in it (一表通查, art. 14).

    It is for the pen: what one department recorded is not another's to read.
    """
    visits = [visit, *group(session, visit)]
    made = _sheet(visit, "部门联合“双随机、一公开”检查表（一表通查）", visit.target.name,
                  _parts(session, _checks(session, visits)), visits)
    return Sheets(f"{visit.scheme.code}-一表通查-{visit.target.uscc}", [made])


@document("sheets", "检查表（全部）", of="方案编号", find=finding.checks, template="sheet")
def sheets(session: Session, found: tuple[Scheme, int | None]) -> Sheets:
    """Every record sheet of a scheme that somebody may have, visit by visit, in one file with bookmarks."""
    scheme, department_id = found
    wanted = [Visit.scheme_id == scheme.id, Visit.stage != "replaced"]
    if department_id is not None:
        wanted.append(Check.department_id == department_id)
    checks = {one.id: one for one in _fully(session, *wanted)}
    order = {visit.id: at for at, visit in enumerate(live_visits(session, scheme.id))}
    return Sheets(f"{scheme.code}-检查表", _sheets(session, sorted(
        checks.values(), key=lambda one: (order[one.visit_id], one.department_id != scheme.lead_id, one.id))))


def _fully(session: Session, *wanted: object) -> list[Check]:
    """Return checks with all that a sheet shows of them: a query a table, not a query a check."""
    return list(session.scalars(select(Check).join(Check.visit).where(*wanted).options(
        joinedload(Check.department), selectinload(Check.records),
        joinedload(Check.visit).options(joinedload(Visit.target), joinedload(Visit.scheme))).order_by(Check.id)))


def _checks(session: Session, visits: Iterable[Visit]) -> list[Check]:
    return sorted(_fully(session, Check.visit_id.in_([one.id for one in visits])),
                  key=lambda check: (check.department_id, check.id))


def _sheets(session: Session, checks: Sequence[Check]) -> list[Sheet]:
    people = _people(session, checks)
    items: dict[tuple[int, str], object] = {}
    for _, own in groupby(sorted(checks, key=lambda one: one.visit.scheme_id), key=lambda one: one.visit.scheme_id):
        own = list(own)
        codes = sorted({code for check in own for code in check.item_codes})
        items |= {(own[0].visit.scheme_id, one.code): one
                  for one in catalogue.items(session, codes, own[0].visit.scheme)}
    along = {visit.id for visit in merged(session, {check.visit for check in checks})}
    return [_sheet(check.visit, "部门联合“双随机、一公开”检查表",
                   f"{check.visit.target.name} {check.department.short_name}",
                   [_part([check], people, items, _latest(check))], [check.visit],
                   "（合并上门）" if check.visit_id in along else "") for check in checks]


def _parts(session: Session, checks: Sequence[Check]) -> list[Part]:
    """Return a part for each department, whatever the number of schemes it comes for."""
    people = _people(session, checks)
    items = {(check.visit.scheme_id, one.code): one for check in checks
             for one in catalogue.items(session, sorted(check.item_codes), check.visit.scheme)}
    return [_part(list(own), people, items, None)
            for _, own in groupby(checks, key=lambda check: check.department_id)]


def _people(session: Session, checks: Sequence[Check]) -> dict[int, list[str]]:
    """Return who is to come, leaders first, by check; nobody who is suspended."""
    found: dict[int, list[str]] = {}
    for seat in session.scalars(select(Seat).where(
            Seat.check_id.in_([one.id for one in checks]), Seat.vacated_at.is_(None), ~Seat.suspended,
    ).order_by(Seat.leads.desc(), Seat.id).options(joinedload(Seat.inspector))):
        found.setdefault(seat.check_id, []).append(f"{seat.inspector.name}（{seat.inspector.certificate_no}）")
    return found


def _part(checks: list[Check], people: dict, items: dict, record: CheckRecord | None) -> Part:
    own = {code: items[check.visit.scheme_id, code] for check in checks for code in sorted(check.item_codes)
           if (check.visit.scheme_id, code) in items}
    come = dict.fromkeys(name for check in checks for name in people.get(check.id, ()))
    answers = record.answers if record else {}
    return Part(checks[0].department.name, "\n".join(come) or "待定", [
        Row(n, one.name, one.legal_basis, *_ticks(answers.get(code)))
        for n, (code, one) in enumerate(own.items(), 1)],
        "　".join(f"{TICKED if record and record.category == one.code else BOX}{one.label}"
                 for one in settings.results().categories.values()),
        (record.finding or "无") if record else TO_WRITE)


def _ticks(answer: str | None) -> list[str]:
    return ["√" if answer == one else "" for one in ("是", "否", "未检查", "合理缺项")]


def _latest(check: Check) -> CheckRecord | None:
    """Return the version that counts: not one that was returned."""
    kept = [one for one in check.records if one.verdict != "returned"]
    return kept[-1] if kept else None


def _sheet(visit: Visit, title: str, bookmark: str, parts: list[Part], visits: Sequence[Visit],
           note: str = "") -> Sheet:
    schemes = sorted({f"{one.scheme.code} {one.scheme.name}" for one in visits})
    return Sheet(title, bookmark, "\n".join(schemes), visit.target.name, visit.target.uscc,
                 visit.target.address, visit.target.kind, _when(visit, visit.scheme) + note, parts)
