"""The office's overview: everything by stage, who is late, what needs a person."""

from blocks import settings
from blocks.actions import relaying, urging
from blocks.portal.access import Rule
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import aftermath, notices, outbox, overview, rounds, views
from blocks.register.oversight import by_department, due_this_week, late, provisional_years
from blocks.rules.stages import Role

OFFICE = Rule(frozenset({Role.OFFICE}))
OVERSEES = Rule(frozenset({Role.OFFICE, Role.AUDITOR}))


@page("/office", name="office", rule=OVERSEES)
def office(at: At) -> Shown:
    """Show all schemes, the late ones first, departments by punctuality, what needs a person."""
    late_ones = late(at.session)
    rows = overview.standings(at.session, views.schemes(at.session, at.visitor.actor))
    running = [one for one in rows if one["stage"] not in ("publicised", "cancelled")]
    late_codes = {one["scheme_code"] for one in late_ones}
    return Shown("office.html.j2", {
        "rows": sorted(rows, key=lambda one: one["scheme_code"] not in late_codes),
        "running": len(running), "late": late_ones, "departments": by_department(at.session),
        "stuck": overview.stuck_works(at.session), "unsent": notices.failed(at.session),
        "alarms": rounds.alarms(at.session), "refused": outbox.poison(at.session),
        "codes": {one.short_name: one.code for one in views.departments(at.session)},
        "evaluations": aftermath.evaluations(at.session),
        "provisional": provisional_years(at.session), "this_week": due_this_week(at.session),
        "next_year": max(settings.calendar().official_years) + 1,
        "years": sorted({one["scheme_code"].partition("-")[0] for one in rows}, reverse=True)})


deed("/notices/{notice_id}/again", urging.again, OFFICE, back="/office")
deed("/works/{key}/retry", urging.retry, OFFICE, back="/office")
deed("/events/{number}/again", relaying.resend, OFFICE, back="/office")
deed("/events/{number}/drop", relaying.let_be, OFFICE, back="/office")
