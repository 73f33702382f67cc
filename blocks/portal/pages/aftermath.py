"""After a result: follow-ups and their orders, objections, letters of supervision (art. 5, 10, 11)."""

from blocks.actions import follow_ups, letters, objections
from blocks.portal.access import Rule, movers
from blocks.portal.routes import At, Shown, deed, page
from blocks.rules.stages import Role

CHECK, SCHEME = "/checks/{check_id}", "/schemes/{code}"
READERS = Rule(frozenset({Role.OFFICE, Role.AUDITOR, Role.DRAFTER, Role.APPROVER}))
PAPER = "text/html; charset=utf-8"


@page("/follow-ups/{follow_up_id}/order", name="order", rule=Rule(READERS.roles | {Role.INSPECTOR}))
def order(at: At) -> Shown:
    """Show the order to rectify as the business gets it."""
    name, content = follow_ups.paper(at.visitor.login, at.params["follow_up_id"])
    return Shown("", {}, (name, PAPER, content))


@page("/letters/{letter_id}", name="letter", rule=READERS)
def letter(at: At) -> Shown:
    """Show a letter of supervision in official form."""
    name, content = letters.paper(at.visitor.login, at.params["letter_id"])
    return Shown("", {}, (name, PAPER, content))


deed("/checks/{check_id}/follow-up", follow_ups.order, movers("follow_up", "提出后续处置"), back=CHECK)
deed("/follow-ups/{follow_up_id}/postpone", follow_ups.postpone, movers("follow_up", "改期"), back="/")
deed("/follow-ups/{follow_up_id}/close", follow_ups.close, movers("follow_up", "办结"), back="/")
deed("/objections/{objection_id}/decide", objections.decide, movers("objection", "异议成立", "异议不成立"),
     back="/")
deed("/schemes/{code}/letter", letters.issue, movers("letter", "发督办函"), back=SCHEME)
deed("/letters/{letter_id}/answer", letters.answer, movers("letter", "回复督办"), back="/")
