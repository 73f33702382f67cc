"""Carry out a deed once, under its guard, for a page or for a call."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from blocks.actions import Done
from blocks.errors import InspectionError, NotAnswering, NotFound
from blocks.portal.access import Forbidden, Visitor
from blocks.portal.routes import OWN_TOKEN, Deed, check_text, path_values, takes_token
from blocks.register import guard
from blocks.register.database import transaction
from blocks.register.guard import Guard, Repeated, Stale

SECRET = ("secret", "password", "token")  # told once, never kept
STATUS = ((Stale, 409), (Forbidden, 403), (NotFound, 404), (NotAnswering, 503))


def status_of(error: InspectionError) -> int:
    """Return the HTTP status that tells what kind of refusal it is."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 422)


def perform(one: Deed, who: Visitor, params: Mapping[str, str], body: Mapping[str, Any], once: str,
            seen: str) -> tuple[Done | None, dict[str, Any], str]:
    """Carry out an action under its guard; return what it said (None: it was carried out before), its
    ids, and the key of its outcome.

    Raises:
        InspectionError: the action refused, or the body is not what it asks for.
    """
    values = read_body(one, body) | ({OWN_TOKEN: who.token} if takes_token(one) else {})
    key = once[:80] or secrets.token_urlsafe(18)
    try:
        with guard.guarded(Guard(who.account.id, key, _seen(seen))):
            done = one.function(who.login, **path_values(one, params), **values)
    except (Repeated, InspectionError) as error:
        with transaction() as session:
            before = guard.outcome(session, who.account.id, key)
        if before is None and not isinstance(error, Repeated):
            raise
        return None, dict((before.outcome or {}).get("ids", {})) if before else {}, key
    with transaction() as session:
        kept = guard.outcome(session, who.account.id, key)
        if kept is not None:
            kept.outcome = {"sentence": done.sentence, "next": done.next,
                            "ids": {name: value for name, value in done.ids.items()
                                    if name not in SECRET}}
    return done, done.ids, key


def read_body(one: Deed, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an action from a form or a call.

    Raises:
        InspectionError: they are not what it asks for; names which.
    """
    try:
        ready = one.body(**body)
    except ValidationError as error:
        raise unreadable(error.errors()) from None
    values = {name: getattr(ready, name) for name in one.body.model_fields}
    check_text(values)
    return values


def _seen(text: str) -> tuple[str, int, int] | None:
    """Read `scheme:12:3`: thing, id, version as the page showed them."""
    thing, _, rest = text.partition(":")
    id_, _, version = rest.partition(":")
    return (thing, int(id_), int(version)) if id_.isdecimal() and version.isdecimal() else None


def unreadable(errors: Iterable[Mapping[str, Any]]) -> InspectionError:
    """Return what a person is told of pydantic's errors: which fields."""
    places = ([part for part in one["loc"] if isinstance(part, str)] for one in errors)
    names = "、".join(dict.fromkeys(place[-1] for place in places if place))
    return InspectionError(f"没有填写或看不懂：{names}", "请补充后重新提交；什么都没有改动")
