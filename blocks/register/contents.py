"""A scheme of the register as the rules read it, and what it asks of each department."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks.register.directories import Department, InspectionItem
from blocks.register.schemes import Scheme
from blocks.rules.schemes import SchemeDraft, check_items


def as_draft(session: Session, scheme: Scheme) -> SchemeDraft:
    """Return the scheme's contents with departments by code."""
    codes = dict(session.execute(select(Department.id, Department.code)).all())
    return SchemeDraft(
        scheme.name, scheme.draw_kind, codes[scheme.lead_id],
        tuple(codes[i] for i in scheme.participant_ids), scheme.grounds, scheme.scope,
        scheme.sampling, scheme.window_start, scheme.window_end, scheme.mode,
        tuple(scheme.lead_items), tuple(scheme.randomness["sources"]))


def proposed_items(session: Session, scheme: Scheme, department: Department) -> list[str]:
    """Return a department's items: the lead's own, or those in the fields of the lead's items,
    which a participant may narrow."""
    if department.id == scheme.lead_id:
        return scheme.lead_items
    fields = select(InspectionItem.field).where(InspectionItem.code.in_(scheme.lead_items))
    items = {i.code: i for i in session.scalars(select(InspectionItem).where(
        InspectionItem.department_id == department.id, InspectionItem.field.in_(fields)))}
    return sorted(code for code in items
                  if not check_items([code], department.code, items, scheme.window_start,
                                     scheme.window_end))
