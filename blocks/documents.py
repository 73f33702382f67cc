"""Official documents (公文), written by Jinja2 into the state directory."""

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import catalogue
from blocks.register.aftermath import FollowUp, Letter
from blocks.register.directories import Department
from blocks.register.merging import group
from blocks.register.overview import HALF_LABELS
from blocks.register.schemes import Scheme, departments_of
from blocks.register.visits import Check, Visit, live_seats
from blocks.rules.schemes import DRAW_KINDS, MODES
from blocks.templating import render


def write(name: str, text: str) -> Path:
    """Write a document whole or not at all, and return where it stands."""
    path = settings.state_dir() / "documents" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)
    return path


def scheme_document(session: Session, scheme: Scheme, findings: dict) -> Path:
    """Write the scheme in official form (抽查工作方案, art. 8) with what its review found."""
    items = catalogue.items(session, sorted(scheme.lead_items), scheme)
    text = render("documents/scheme.html.j2", scheme=scheme, items=items, findings=findings,
                  departments=departments_of(session, scheme), mode=MODES[scheme.mode],
                  draw_kind=DRAW_KINDS[scheme.draw_kind], counties=settings.COUNTIES)
    return write(f"{scheme.code}-方案.html", text)


def visit_notice(session: Session, visit: Visit) -> str:
    """Return the notice (检查通知书) of a visit and of those merged with it.

    It names who is to come and the code by which the business may claim a recusal (art. 9).
    """
    visits = [visit, *group(session, visit)]
    checks = session.scalars(select(Check).where(
        Check.visit_id.in_([one.id for one in visits])).order_by(Check.department_id, Check.id))
    return render("documents/notice.html.j2", business=visit.target,
                  schemes=sorted({one.scheme for one in visits}, key=lambda scheme: scheme.code),
                  code=_grouped(visit.notice_code), day=visit.day,
                  qr=_qr(f"/n/{visit.notice_code}"),
                  half=HALF_LABELS.get(visit.half or "", ""), departments=[
                      _noticed(session, department, list(own)) for department, own in groupby(
                          checks, key=lambda check: check.department)])


def _noticed(session: Session, department: Department, checks: list[Check]) -> dict[str, Any]:
    """Return what a department inspects, for one scheme or more, and who of it comes."""
    items = list({item.code: item for check in checks for item in catalogue.items(
        session, sorted(check.item_codes), check.visit.scheme)}.values())
    seats = [seat for check in checks for seat in live_seats(session, check.id)
             if not seat.suspended]
    return {"name": department.name, "items": items, "people": list(dict.fromkeys(
        (seat.inspector.name, seat.inspector.certificate_no) for seat in seats))}


def rectification_order(session: Session, follow_up: FollowUp) -> str:
    """Return the order to rectify (责令改正通知书) that the business gets (art. 10)."""
    check = follow_up.check
    entry = next(one for one in check.records if one.number == follow_up.record_number)
    return render("documents/order.html.j2", follow_up=follow_up, check=check, record=entry,
                  business=check.visit.target, code=_grouped(check.visit.notice_code),
                  items=catalogue.items(session, sorted(check.item_codes), check.visit.scheme),
                  category=settings.results().category(entry.category))


def supervision_letter(session: Session, letter: Letter) -> str:
    """Return a letter of supervision (督办函) in official form (art. 5)."""
    return render("documents/letter.html.j2", letter=letter, scheme=letter.scheme)


def _grouped(code: str) -> str:
    return " ".join(re.findall(".{4}", code))


def _qr(path: str) -> str:
    """Return a QR code of a page of the portal as a data address; "" where it has no address."""
    address = settings.portal_url()
    return segno.make(f"{address}{path}", error="m").svg_data_uri(scale=4, border=2) if address else ""
