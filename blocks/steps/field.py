"""The field: begin on the first day or with the first record; conclude when all is reviewed."""

from sqlalchemy import func, select

from blocks import engine, settings
from blocks.register.due import is_due
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.register.visits import Check, Visit
from blocks.rules.stages import Actor


def begin_field(scheme_id: int, actor: Actor) -> str | None:
    """Move a staffed scheme into the field on its first day, or with its first record."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        if scheme.stage != "staffed" or not is_due(session, "field_check", scheme.id):
            return None
        advance(session, scheme, "in_field", actor)
        return f"检查开始（{scheme.window_start}至{scheme.window_end}，今天{settings.today()}）"


def conclude(scheme_id: int, actor: Actor) -> str | None:
    """Conclude a scheme whose every live check is reviewed; visits without successor are named."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        if scheme.stage != "in_field" or not is_due(session, "field_check", scheme.id):
            return None
        lost = list(session.scalars(select(Visit.id).where(
            Visit.scheme_id == scheme.id, Visit.stage == "replaced",
            Visit.id.not_in(select(Visit.replaces_id).where(
                Visit.scheme_id == scheme.id, Visit.replaces_id.is_not(None))))))
        number = session.scalar(select(func.count()).select_from(Check).join(Check.visit).where(
            Visit.scheme_id == scheme.id, Visit.stage != "replaced"))
        advance(session, scheme, "concluded", actor, details={"without_successor": lost})
        unfilled = f"，{len(lost)}家备选用尽未能递补" if lost else ""
        return f"全部{number}份分口检查已审核，检查结束{unfilled}"
