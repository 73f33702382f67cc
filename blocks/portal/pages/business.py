"""The visited business, without an account: by the code on its notice (art. 9)."""

from blocks import settings
from blocks.actions import Done, objections, recusals
from blocks.portal.access import ANYBODY
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import aftermath, catalogue, overview, views
from blocks.register.visits import Check, CheckRecord

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
                    "people": [p for p in views.people(at.session, one) if not p["suspended"]],
                    "check": one, "result": _public(one),
                    "objections": aftermath.objections(at.session, one),
                    "refused": [r for r in views.open_claims(at.session, one)[0]
                                if r.stage == "refused" and r.version == recusals.FIRST_DECISION]}
                   for one in checks],
        "visited": any(one.stage != "planned" for one in checks), "site": settings.site_url(),
        "evaluation": aftermath.evaluation(at.session, visit),
        "results": settings.results().categories})


def _public(check: Check) -> CheckRecord | None:
    """Return the version of a result that the public sees, if it sees one."""
    passed = [one for one in check.records if one.verdict == "reviewed"]
    return passed[-1] if passed and check.stage in ("public", "corrected") else None


def claim(_: str, code: str, certificate: str, reason: str) -> Done:
    """Claim, as the business, that one of who is to come keeps away."""
    return recusals.claim_by_notice(code, certificate, reason)


def appeal(_: str, code: str, recusal_id: int, reason: str) -> Done:
    """Ask, as the business, that a refused recusal be considered again."""
    return recusals.appeal_by_notice(code, recusal_id, reason)


def dispute(_: str, code: str, check_id: int, reason: str) -> Done:
    """Dispute a published result."""
    return objections.object_by_notice(code, check_id, reason)


def evaluate(_: str, code: str, showed_certificate: bool, only_what_was_listed: bool,
             asked_for_money: bool, satisfaction: int, comment: str = "") -> Done:
    """Rate the visit."""
    return objections.evaluate_by_notice(code, showed_certificate, only_what_was_listed,
                                         asked_for_money, satisfaction, comment)


deed("/n/{code}/recuse", claim, ANYBODY, back=HERE)
deed("/n/{code}/recusals/{recusal_id}/appeal", appeal, ANYBODY, back=HERE)
deed("/n/{code}/checks/{check_id}/object", dispute, ANYBODY, back=HERE)
deed("/n/{code}/evaluate", evaluate, ANYBODY, back=HERE)
