"""A scheme of the register as the rules read it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks.register.directories import Department
from blocks.register.schemes import Scheme
from blocks.rules.schemes import SchemeDraft


def as_draft(session: Session, scheme: Scheme) -> SchemeDraft:
    """Return the scheme's contents with departments by code."""
    codes = dict(session.execute(select(Department.id, Department.code)).all())
    return SchemeDraft(
        scheme.name, scheme.draw_kind, codes[scheme.lead_id],
        tuple(codes[i] for i in scheme.participant_ids), scheme.grounds, scheme.scope,
        scheme.sampling, scheme.window_start, scheme.window_end, scheme.mode,
        tuple(scheme.lead_items), tuple(scheme.randomness["sources"]))
