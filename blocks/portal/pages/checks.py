"""A check: record on site, confirm, review, correct; who cannot come or must keep away (art. 9 to 11)."""

from itertools import groupby, pairwise

from blocks import settings
from blocks.actions import absences, checks, recusals, visits, withholding
from blocks.portal.access import movers
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import aftermath, attachments, catalogue, overview, views
from blocks.register.attachments import Attachment
from blocks.register.visits import CheckRecord
from blocks.rules.stages import Role

HERE = "/checks/{check_id}"
VISIT = "/visits/{visit_id}"


@page(HERE, name="check")
def check(at: At) -> Shown:
    """Show a check: the business, the items, its records, and what the visitor may do now."""
    found = views.check(at.session, at.visitor.actor, at.params["check_id"])
    people = views.people(at.session, found)
    actor = at.visitor.actor
    recused, absent = views.open_claims(at.session, found)
    latest = found.latest
    own = next((one for one in people if one["inspector_id"] == actor.inspector_id
                and actor.inspector_id is not None), None)
    waiting = latest if latest and latest.verdict is None else None
    return Shown("check.html.j2", {
        "check": found, "visit": found.visit, "people": people, "own": own, "waiting": waiting,
        "items": catalogue.items(at.session, found.item_codes, found.visit.scheme), "answers": checks.ANSWERS,
        "categories": settings.results().categories, "when": overview.visit_time(found.visit),
        "recusals": recused, "absences": absent, "reasons": absences.REASONS,
        "earlier": {new.number: old for old, new in pairwise(found.records)},
        "photos": _by_version(attachments.of_check(at.session, found.id)),
        "follow_ups": aftermath.follow_ups(at.session, found), "kinds": settings.results().follow_ups,
        "objections": aftermath.objections(at.session, found),
        "others": [one for one in views.departments(at.session) if one.id != found.department_id],
        "something_found": latest is not None and _something_found(latest),
        "took_part": latest is not None and actor.id in (latest.recorded_by_id,
                                                         latest.confirmed_by_id),
        "own_department": actor.department_id == found.department_id,
        "grounds": settings.results().grounds,
        "decides": Role.OFFICE in actor.roles or (
            Role.APPROVER in actor.roles and actor.department_id == found.department_id)})


def _by_version(photos: list[Attachment]) -> dict[int, list[Attachment]]:
    return {number: list(own) for number, own in groupby(
        sorted(photos, key=lambda one: (one.record_number, one.id)), key=lambda one: one.record_number)}


def _something_found(record: CheckRecord) -> bool:
    category = settings.results().category(record.category)
    return category.needs_follow_up or category.needs_description


@page("/follow/checks/{check_id}", name="follow-check")
def follow(at: At) -> Shown:
    """Tell what changes whenever the check has moved."""
    return Shown("", {"mark": views.check_mark(at.session, at.visitor.actor, at.params["check_id"])})


@page(VISIT, name="visit")
def visit(at: At) -> Shown:
    """Show a visit: where, when, its checks, and whether it must be replaced."""
    found = views.visit(at.session, at.visitor.actor, at.params["visit_id"])
    return Shown("visit.html.j2", {
        "visit": found, "checks": views.checks_of(at.session, found), "reasons": visits.REASONS,
        "when": overview.visit_time(found)})


deed("/checks/{check_id}/record", checks.record, movers("check", "填报记录"), back=HERE)
deed("/checks/{check_id}/confirm", checks.confirm, movers("check", "确认记录"), back=HERE)
deed("/checks/{check_id}/review", checks.review, movers("check", "审核通过", "退回补正", "审核更正", "退回更正"),
     back=HERE)
deed("/checks/{check_id}/correct", checks.correct, movers("check", "提出更正"), back=HERE)
deed("/checks/{check_id}/withhold", withholding.ask, movers("check", "申请不予公示", "申请撤下"), back=HERE)
deed("/checks/{check_id}/withhold/confirm", withholding.confirm,
     movers("check", "确认不予公示", "确认撤下"), back=HERE)
deed("/checks/{check_id}/withhold/refuse", withholding.refuse,
     movers("check", "退回不予公示申请", "退回撤下申请"), back=HERE)
deed("/checks/{check_id}/withhold/lift", withholding.lift, movers("check", "恢复公示"), back=HERE)
deed("/checks/{check_id}/recuse", recusals.claim, movers("recusal", "申请回避"), back="/")
deed("/checks/{check_id}/absence", absences.report, movers("absence", "申请换人"), back=HERE)
deed("/recusals/{recusal_id}/decide", recusals.decide, movers("recusal", "同意回避", "不予回避"), back="/")
deed("/recusals/{recusal_id}/appeal", recusals.appeal, movers("recusal", "申请复核"), back="/")
deed("/absences/{absence_id}/decide", absences.decide, movers("absence", "同意换人", "不予换人"), back="/")
deed("/visits/{visit_id}/replace", visits.ask_replacement, movers("visit", "申请递补"), back=VISIT)
deed("/visits/{visit_id}/confirm", visits.confirm_replacement, movers("visit", "确认递补"), back=VISIT)
