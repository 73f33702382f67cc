"""The visited business, without an account: by the code on its notice (art. 9)."""

from blocks.actions import Done, recusals
from blocks.portal.access import ANYBODY
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import catalogue, overview, views

HERE = "/n/{code}"


@page("/n", name="notice-code", rule=ANYBODY)
def ask(at: At) -> Shown:
    """Ask for the code of a notice."""
    return Shown("notice-code.html.j2", {})


@page("/n/look", name="notice-look", rule=ANYBODY)
def look(at: At) -> Shown:
    """Show the page of a code typed without JavaScript."""
    return business(At(at.request, at.session, None,
                       {"code": "".join(at.request.query_params.get("code", "").split())}, at.typed))


@page(HERE, name="business", rule=ANYBODY)
def business(at: At) -> Shown:
    """Show who comes, on what basis, and what the business may ask for; it proves they are genuine."""
    visit = recusals.visit_noticed(at.session, at.params["code"])
    checks = views.checks_of(at.session, visit)
    return Shown("business.html.j2", {
        "visit": visit, "when": overview.visit_time(visit), "code": at.params["code"],
        "checks": [{"department": one.department.name,
                    "items": catalogue.items(at.session, one.item_codes, visit.scheme),
                    "people": [p for p in views.people(at.session, one) if not p["suspended"]]}
                   for one in checks]})


def claim(_: str, code: str, certificate: str, reason: str) -> Done:
    """Claim, as the business, that one of who is to come keeps away."""
    return recusals.claim_by_notice(code, certificate, reason)


deed("/n/{code}/recuse", claim, ANYBODY, back=HERE)
