"""Messages (消息): what one was told, by which ways one wants to be told, one's calendar's address."""

from starlette.datastructures import FormData

from blocks import subscriptions
from blocks.actions import contacts
from blocks.portal.access import ANYBODY, EVERYBODY, Rule
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import feeds, inbox
from blocks.register.deliveries import CHANNELS
from blocks.rules.stages import Role

OVERSEERS = Rule(frozenset({Role.OFFICE, Role.AUDITOR}))
STAGES = {"queued": "待发", "sent": "已送达", "failed": "未送达", "unknown": "不确定（会以同一编号重发）"}


@page("/messages", name="messages")
def messages(at: At) -> Shown:
    """Show one's messages, one's addresses and the department's, and whether a calendar is subscribed."""
    actor = at.visitor.actor
    return Shown("messages.html.j2", {
        "messages": inbox.messages(at.session, actor), "contacts": inbox.contacts(at.session, actor),
        "channels": CHANNELS, "stages": STAGES, "feeds": feeds.of_account(at.session, actor.id),
        "for_department": actor.department_id is not None and bool(
            actor.roles & contacts.SPEAKS_FOR_DEPARTMENT)})


@page("/deliveries", name="deliveries", rule=OVERSEERS)
def deliveries(at: At) -> Shown:
    """Show what was sent where and what became of it."""
    stage = at.request.query_params.get("stage", "")
    return Shown("deliveries.html.j2", {
        "deliveries": inbox.last_deliveries(at.session, stage if stage in STAGES else ""),
        "channels": CHANNELS, "stages": STAGES, "stage": stage})


@page("/feeds/{token}.ics", name="feed", rule=ANYBODY)
def feed(at: At) -> Shown:
    """Give the calendar that a token stands for; the token is all it takes."""
    return Shown("", {}, ("choucha.ics", "text/calendar; charset=utf-8",
                          subscriptions.calendar(at.session, at.params["token"])))


def _contact(form: FormData) -> dict:
    told = {name: str(form.get(name, "")) for name in ("channel", "address", "secret", "quiet_from", "quiet_to")}
    return told | {"whole_department": bool(form.get("whole_department"))}


deed("/contacts", contacts.add, EVERYBODY, back="/messages", parse=_contact)
deed("/contacts/{contact_id}/drop", contacts.drop, EVERYBODY, back="/messages")
deed("/feeds", contacts.subscribe, EVERYBODY, back="/messages")
