"""What follows a result: orders, referrals, letters of supervision, the table made public (art. 5, 10, 11)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from blocks import settings
from blocks.documents import finding
from blocks.documents.declaring import (
    Item,
    Paper,
    as_items,
    day_of,
    document,
    number,
    office,
)
from blocks.documents.of_visits import grouped
from blocks.register import catalogue, published
from blocks.register.aftermath import FollowUp, Letter
from blocks.register.attachments import of_check
from blocks.register.directories import Department
from blocks.register.published import Publication
from blocks.register.schemes import Scheme


@dataclass(frozen=True)
class FoundPaper(Paper):
    """What was found where, and what is asked for."""

    number: str
    department: str
    business: str
    uscc: str
    scheme: str
    inspected_on: date
    result: str
    finding: str
    items: list[Item]
    instructions: str
    due_on: date | None
    date: date | None


@dataclass(frozen=True)
class OrderPaper(FoundPaper):
    recheck: bool
    code: str


@document("order", "责令改正通知书", of="后续处置编号", find=finding.order)
def order(session: Session, found: FollowUp) -> OrderPaper:
    """The order to rectify that the business gets (art. 10)."""
    return OrderPaper(
        file=f"责令改正通知书-{found.id}", **_found(session, found, "order"), recheck=found.recheck,
        code=grouped(found.check.visit.notice_code))


def _found(session: Session, found: FollowUp, symbol: str) -> dict[str, Any]:
    """Return the fields of a FoundPaper, by the version of the record that the decision is about."""
    check, visit = found.check, found.check.visit
    record = next(one for one in check.records if one.number == found.record_number)
    return {"number": number(symbol, visit.scheme.code, found.id), "instructions": found.instructions,
            "due_on": found.due_on, "date": day_of(found.stage_since), "department": check.department.name,
            "business": visit.target.name, "uscc": visit.target.uscc,
            "scheme": visit.scheme.name, "inspected_on": record.inspected_on,
            "result": settings.results().category(record.category).label,
            "finding": record.finding or "见检查记录",
            "items": as_items(catalogue.items(session, sorted(check.item_codes), visit.scheme))}


@dataclass(frozen=True)
class ReferralPaper(FoundPaper):
    addressee: str
    is_copy: bool
    address: str
    materials: list[str]


@document("referral", "移送函", of="后续处置编号", find=finding.referral)
def referral(session: Session, found: FollowUp) -> ReferralPaper:
    """The letter by which a finding goes to the case unit, or to another department (移送, 抄告, art. 10)."""
    told = session.get(Department, found.to_department_id) if found.to_department_id else None
    photos = sum(one.record_number == found.record_number for one in of_check(session, found.check_id))
    return ReferralPaper(
        file=f"移送函-{found.id}", **_found(session, found, "referral"),
        addressee=told.name if told else f"{found.check.department.name}案件办理机构",
        is_copy=told is not None, address=found.check.visit.target.address,
        materials=["检查表1份", *([f"现场照片{photos}张"] if photos else [])])


@dataclass(frozen=True)
class LetterPaper(Paper):
    number: str
    office: str
    department: str
    scheme: str
    code: str
    matters: list[str]
    request: str
    answer: str
    workdays: int
    date: date | None


@document("letter", "督办函", of="督办函编号", find=finding.letter)
def letter(session: Session, found: Letter) -> LetterPaper:
    """A letter of supervision (督办函, art. 5)."""
    issued = day_of(found.stage_since)
    return LetterPaper(
        file=f"督办函-{found.id}", number=number("letter", found.scheme.code, found.id), office=office(),
        department=found.department.name, scheme=found.scheme.name, code=found.scheme.code,
        matters=list(found.matters), request=found.request, answer=found.answer or "",
        workdays=settings.regulation(issued).letter_workdays, date=issued)


@dataclass(frozen=True)
class Published:
    number: int
    business: str
    uscc: str
    authority: str
    items: str
    result: str
    inspected_on: str
    version: int


@dataclass(frozen=True)
class PublicityPaper(Paper):
    number: str
    code: str
    name: str
    lead: str
    results: list[Published]
    date: date | None


@document("publicity", "检查结果公示表", of="方案编号", find=finding.approved_scheme)
def publicity(session: Session, scheme: Scheme) -> PublicityPaper:
    """The table of what is public of a scheme's results, as it was published and read back (art. 11)."""
    acts = sorted(published.shown(session, Publication.scheme_id == scheme.id),
                  key=lambda act: (act.uscc or "", act.check_id, act.record_number))
    return PublicityPaper(
        file=f"{scheme.code}-检查结果公示表", number=number("publicity", scheme.code), code=scheme.code,
        name=scheme.name, lead=scheme.lead.name, date=max((act.day for act in acts), default=None),
        results=[_row(n, act.content) for n, act in enumerate(acts, 1)])


def _row(place: int, said: dict[str, Any]) -> Published:
    return Published(place, said["business"], said["uscc"], said["authority"],
                     "\n".join(item["name"] for item in said["items"]), said["result"], said["inspected_on"],
                     said["version"])
