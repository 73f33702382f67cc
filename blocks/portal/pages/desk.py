"""The first page of everybody: what waits for me, and for an inspector where to go today."""

from blocks.portal.access import Rule
from blocks.portal.routes import At, Shown, page
from blocks.register import views
from blocks.register.desk import tasks
from blocks.register.overview import standings
from blocks.rules.stages import Role


@page("/", name="desk")
def desk(at: At) -> Shown:
    """Show what waits for the visitor, and what he or she waits for from others."""
    running = [one for one in views.schemes(at.session, at.visitor.actor)
               if one.stage not in ("publicised", "cancelled")]
    waiting = standings(at.session, running[:20])
    return Shown("desk.html.j2", {"tasks": tasks(at.session, at.visitor.actor), "waiting": waiting})


@page("/today", name="today", rule=Rule(frozenset({Role.INSPECTOR})))
def today(at: At) -> Shown:
    """Show an inspector's visits in order of time."""
    return Shown("today.html.j2", {"visits": views.visits_of(at.session, at.visitor.actor)})
