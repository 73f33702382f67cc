"""Official documents (公文), written by Jinja2 into the state directory."""

from pathlib import Path

from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.directories import InspectionItem
from blocks.register.schemes import Scheme, departments_of
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
    items = session.query(InspectionItem).filter(
        InspectionItem.code.in_(scheme.lead_items)).order_by(InspectionItem.code).all()
    text = render("documents/scheme.html.j2", scheme=scheme, items=items, findings=findings,
                  departments=departments_of(session, scheme), mode=MODES[scheme.mode],
                  draw_kind=DRAW_KINDS[scheme.draw_kind], counties=settings.COUNTIES)
    return write(f"{scheme.code}-方案.html", text)
