"""The office's overview and the auditor's desk: everything by stage, who is late, what needs a person."""

from blocks import settings
from blocks.portal.access import Rule
from blocks.portal.routes import At, Shown, page
from blocks.register import overview, trail, views
from blocks.register.oversight import by_department, late, provisional_years, trail_lines
from blocks.rules.stages import KINDS, Role

OVERSEES = Rule(frozenset({Role.OFFICE, Role.AUDITOR}))


@page("/office", name="office", rule=OVERSEES)
def office(at: At) -> Shown:
    """Show all schemes, the late ones first, departments by punctuality, what needs a person."""
    late_ones = late(at.session)
    rows = [overview.scheme_story(at.session, one)
            for one in views.schemes(at.session, at.visitor.actor)]
    running = [one for one in rows if one["stage"] not in ("publicised", "cancelled")]
    late_codes = {one["scheme_code"] for one in late_ones}
    return Shown("office.html.j2", {
        "rows": sorted(rows, key=lambda one: one["scheme_code"] not in late_codes),
        "running": len(running), "late": late_ones, "departments": by_department(at.session),
        "needs": overview.needs_a_person(at.session),
        "provisional": provisional_years(at.session)})


@page("/audit", name="audit", rule=OVERSEES)
def audit(at: At) -> Shown:
    """Show the trail with filters; with `verify=1`, recompute it."""
    query = at.request.query_params
    verdict = trail.verify(at.session) if query.get("verify") else None
    lines, more = trail_lines(at.session, thing=query.get("thing", ""), who=query.get("who", "").strip(),
                              scheme=query.get("scheme", "").strip(), before=query.get("before", ""))
    return Shown("audit.html.j2", {"lines": lines, "more": more, "verdict": verdict, "kinds": KINDS,
                                   "query": query, "site": settings.site_url()})
