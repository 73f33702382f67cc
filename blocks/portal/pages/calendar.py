"""What falls due when, and which years' workdays are official (art. 11)."""

from datetime import timedelta

from blocks import settings
from blocks.portal.access import Rule
from blocks.portal.routes import At, Shown, page
from blocks.register.oversight import dues_by_day, open_clocks
from blocks.register.views import SEES_ALL
from blocks.rules.stages import Role
from blocks.workdays import WEEKDAYS

READS = Rule(frozenset({Role.OFFICE, Role.AUDITOR, Role.DRAFTER, Role.APPROVER}))
AHEAD = 6  # weeks


@page("/calendar", name="calendar", rule=READS)
def calendar(at: At) -> Shown:
    """Show six weeks with what falls due on each day, and what is late or later."""
    actor, today, workdays = at.visitor.actor, settings.today(), settings.calendar()
    whole = bool(actor.roles & SEES_ALL)
    dues = dues_by_day(at.session, None if whole else actor.department_id)
    first = today - timedelta(today.weekday())
    days = [first + timedelta(n) for n in range(7 * AHEAD)]
    return Shown("calendar.html.j2", {
        "weeks": [[{"day": day, "works": workdays.is_workday(day), "official": workdays.is_official(day.year),
                    "dues": [one for one in dues if one["due_on"] == day]} for day in days[n:n + 7]]
                  for n in range(0, len(days), 7)],
        "dues": dues, "weekdays": WEEKDAYS, "whole": whole,
        "provisional": sum(one["count"] for one in dues if one["provisional"]),
        "years": sorted(workdays.official_years), "next_year": max(workdays.official_years) + 1})


@page("/clocks", name="clocks", rule=READS)
def clocks(at: At) -> Shown:
    """Show every running clock and how it was counted; departments see their own."""
    actor = at.visitor.actor
    whole = bool(actor.roles & SEES_ALL)
    return Shown("clocks.html.j2", {"whole": whole, "clocks": open_clocks(
        at.session, None if whole else actor.department_id)})
