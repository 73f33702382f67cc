"""The draw as people meet over it: seal, contributions, tickets, the list (art. 3)."""

import re

from blocks import settings
from blocks.actions import draws
from blocks.draw.hashing import hexdigest
from blocks.portal.access import movers
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import views

HERE = "/schemes/{code}/draw"


@page(HERE, name="draw")
def drawing(at: At) -> Shown:
    """Show how far the draw is, who has contributed, and who was drawn."""
    scheme = views.scheme(at.session, at.visitor.actor, at.params["code"])
    draw, sources, tickets = views.draw(at.session, scheme)
    actor = at.visitor.actor
    names = {one.id: one.short_name for one in views.departments(at.session)}
    digest = hexdigest(draw.hash_name, draw.seal.encode()) if draw and draw.seal else ""
    return Shown("draw.html.j2", {
        "mark": views.mark(at.session, scheme), "seal": re.findall(".{8}", digest),
        "scheme": scheme, "draw": draw, "sources": sources, "tickets": tickets, "names": names,
        "own": next((one for one in sources if one.kind == "reveal"
                     and one.department_id == actor.department_id), None),
        "figures": [one for one in sources if one.kind in ("typed", "dice")],
        "now": settings.now(), "site": settings.site_url()})


deed("/schemes/{code}/draw/commit", draws.commit, movers("draw", "提交随机数承诺"), back=HERE)
deed("/schemes/{code}/draw/reveal", draws.reveal, movers("draw", "提交随机数"), back=HERE)
deed("/schemes/{code}/draw/type", draws.type_figure, movers("draw", "提交随机数"), back=HERE)
deed("/schemes/{code}/draw/ask-void", draws.ask_void, movers("draw", "申请作废"), back=HERE)
deed("/schemes/{code}/draw/void", draws.void, movers("draw", "作废"), back=HERE)
