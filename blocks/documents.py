"""Official documents (公文), written by Jinja2 into the state directory."""

import re
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import catalogue
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
                  code=" ".join(re.findall(".{4}", visit.notice_code)), day=visit.day,
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
