"""The review of a submitted scheme, before the approver sees it (art. 8, 13)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import documents, engine, settings
from blocks.draw.strata import sealed_strata
from blocks.register import catalogue, notices, plans
from blocks.register.contents import as_draft
from blocks.register.directories import InspectionItem
from blocks.register.outlook import county_name, outlook, verdicts
from blocks.register.pool import Found, counts, pool
from blocks.register.schemes import Scheme, SchemeReview, departments_of
from blocks.register.schemes import scheme as find_scheme
from blocks.rules.planning import shortfall
from blocks.rules.sampling import strata_rules
from blocks.rules.schemes import check_scheme
from blocks.rules.stages import Actor


def review(scheme_id: int, actor: Actor) -> str | None:
    """Check a submitted scheme as a whole, write its document, tell the approver."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        done = session.scalar(select(SchemeReview.id).where(
            SchemeReview.scheme_id == scheme.id, SchemeReview.scheme_version == scheme.version))
        if scheme.stage != "submitted" or done:
            return None
        findings = find(session, scheme)
        session.add(SchemeReview(scheme_id=scheme.id, scheme_version=scheme.version,
                                 findings=findings))
        documents.scheme_document(session, scheme, findings)
        verdict = "未发现问题" if not findings["violations"] else "发现问题，不能批准"
        notices.queue(session, f"approval:{scheme.id}:{scheme.version}", "approval",
                      f"请审批：{scheme.title}",
                      "\n".join([f"系统审查{verdict}。", *findings["violations"],
                                 *findings["remarks"]]),
                      department_id=scheme.lead_id, scheme_id=scheme.id)
        return f"系统审查{verdict}，待抽库{findings['pool']['size']}家，预计抽取{findings['pool']['drawn']}家"


def find(session: Session, scheme: Scheme) -> dict[str, Any]:
    """Return what an approver should know: violations, remarks, the pool, the people."""
    today = settings.today()
    regulation = settings.regulation(today)
    items = {i.code: i for i in session.scalars(select(InspectionItem))}
    violations = [w.message for w in check_scheme(as_draft(session, scheme), items, today,
                                                  regulation)]
    found = pool(session, scheme)
    if not found.candidates.num_rows:
        violations.append("抽查对象范围内没有可抽取的企业")
    rules = strata_rules(scheme.sampling, found.sizes, regulation)
    drawn = {s["code"]: s["count"] for s in sealed_strata(rules, found.sizes)}
    staffing = outlook(session, scheme, found)
    return {"violations": violations, "remarks": verdicts(staffing) + _remarks(session, scheme),
            "staffing": staffing,
            "pool": {"size": found.candidates.num_rows, "drawn": sum(drawn.values()),
                     "strata": {code: [size, drawn[code]] for code, size in found.sizes.items()},
                     "counties": _counties(found),
                     "excluded": counts(found.excluded["reason"])}}


def _counties(found: Found) -> dict[str, int]:
    """Count the pool by county; codes that name none are the city itself."""
    told: dict[str, int] = {}
    for code, size in counts(found.candidates["county"]).items():
        name = county_name(code)
        told[name] = told.get(name, 0) + size
    return dict(sorted(told.items()))


def _remarks(session: Session, scheme: Scheme) -> list[str]:
    """Name what is unusual: a provisional calendar, less than the annual plan promised."""
    planned = plans.planned(session, scheme)
    short = shortfall(scheme.sampling, planned.share) if planned and planned.share else None
    left_out = [f"清单中事项「{one.name}」的配合部门没有参加：{'、'.join(names)}" for one, names in
                _left_out(session, scheme)]
    is_official = settings.calendar().is_official(scheme.window_end.year)
    return [*([] if is_official else
              [f"{scheme.window_end.year}年放假安排尚未公布，期限按最早可能日期暂定"]),
            *([short] if short else []), *left_out]


def _left_out(session: Session, scheme: Scheme) -> list[tuple[InspectionItem, list[str]]]:
    """Return the lead's items whose partners in the catalogue all stay away, with their names."""
    parties = {one.code for one in departments_of(session, scheme)}
    items = session.scalars(select(InspectionItem).where(InspectionItem.code.in_(scheme.lead_items)))
    return [(one, list(catalogue.names_of(session, one.partner_codes).values())) for one in items
            if one.partner_codes and not parties & set(one.partner_codes)]
