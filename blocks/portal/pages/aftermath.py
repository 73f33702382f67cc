"""After a result: follow-ups, objections, letters of supervision (art. 5, 10, 11)."""

from blocks.actions import follow_ups, letters, objections
from blocks.portal.access import movers
from blocks.portal.routes import deed

CHECK, SCHEME = "/checks/{check_id}", "/schemes/{code}"


deed("/checks/{check_id}/follow-up", follow_ups.order, movers("follow_up", "提出后续处置"), back=CHECK)
deed("/follow-ups/{follow_up_id}/postpone", follow_ups.postpone, movers("follow_up", "改期"), back="/")
deed("/follow-ups/{follow_up_id}/close", follow_ups.close, movers("follow_up", "办结"), back="/")
deed("/objections/{objection_id}/decide", objections.decide, movers("objection", "异议成立", "异议不成立"),
     back="/")
deed("/schemes/{code}/letter", letters.issue, movers("letter", "发督办函"), back=SCHEME)
deed("/letters/{letter_id}/answer", letters.answer, movers("letter", "回复督办"), back="/")
