"""What past years found in each risk class (art. 12): sizes as the draws sealed them, results of done visits."""

import json

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from blocks.register.counting import Span, stands
from blocks.register.counting_visits import problem_categories
from blocks.register.counting_work import versions
from blocks.register.draws import Draw, file_bytes
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, Visit
from blocks.rules.learning import Stratum, Year


def year_of(session: Session, span: Span) -> Year:
    """Return a period's strata by risk class: of draws whose inspections began in it.

    A visit found a problem where a check of it did, by the last reviewed version of then.
    """
    sizes: dict[str, int] = {}
    for draw_id in session.scalars(select(Draw.id).join(Draw.scheme).where(
            Draw.stage == "drawn", Scheme.stage != "cancelled", span.holds(Scheme.window_start))):
        for one in json.loads(file_bytes(session, draw_id, "seal.json") or b'{"strata": []}')["strata"]:
            if one["size"]:
                sizes[one["code"][0]] = sizes.get(one["code"][0], 0) + one["size"]
    found = _found(session, span)
    return {name: Stratum(max(size, found.get(name, (0, 0))[0]), *found.get(name, (0, 0)))
            for name, size in sorted(sizes.items())}


def _found(session: Session, span: Span) -> dict[str, tuple[int, int]]:
    """Return (visits with a result, visits with a problem) by risk class."""
    visit, version, risk = stands("visit", span), versions(span, latest=True), func.left(Visit.stratum, 1)
    problem = func.max(case((version.c.category.in_(problem_categories()), 1), else_=0)).label("problem")
    each = select(risk.label("risk"), problem).join(Scheme, Scheme.id == Visit.scheme_id).join(
        visit, and_(visit.c.id == Visit.id, visit.c.stage == "done")).join(
        Check, Check.visit_id == Visit.id).join(version, version.c.check_id == Check.id).where(
        span.holds(Scheme.window_start)).group_by(Visit.id).subquery()
    return {risk: (n, problems) for risk, n, problems in session.execute(select(
        each.c.risk, func.count(), func.sum(each.c.problem)).group_by(each.c.risk))}
