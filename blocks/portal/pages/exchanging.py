"""The provincial platform for the office: what was told, what came back, where both sides differ."""

from blocks import settings
from blocks.actions import exchanging
from blocks.portal.access import movers
from blocks.portal.pages.office import OFFICE, OVERSEES
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import differences, exchanges
from blocks.rules.stages import KINDS


@page("/platform", name="platform", rule=OVERSEES)
def platform(at: At) -> Shown:
    """Show exchanges, those that need a person first, and open differences."""
    stages = KINDS["exchange"].stages
    stage = at.request.query_params.get("stage", "")
    return Shown("platform.html.j2", {
        "exchanges": exchanges.listed(at.session, stage if stage in stages else ""), "stages": stages,
        "stage": stage, "counts": exchanges.counts(at.session), "mode": settings.get().platform,
        "differences": differences.open_ones(at.session), "kinds": differences.KINDS, "told": differences.told})


deed("/exchanges/{exchange_id}/resend", exchanging.resend, movers("exchange", "重新报送"), back="/platform")
deed("/exchanges/{exchange_id}/receipt", exchanging.receipt, OFFICE, back="/platform")
deed("/differences/{difference_id}/accept", exchanging.accept, movers("difference", "认可差异"), back="/platform")
deed("/differences/{difference_id}/resend", exchanging.resend_ours, movers("difference", "按我方重新报送"),
     back="/platform")
