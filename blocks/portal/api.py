"""The same actions as JSON: POST /api/v1/… with a machine account's token, once per Idempotency-Key."""

from typing import Any

from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from blocks.errors import InspectionError, RuleViolation
from blocks.portal.access import SignedOut, Visitor, permit
from blocks.portal.performing import perform
from blocks.portal.routes import DEEDS, Deed
from blocks.register import guard, sessions
from blocks.register.database import reading

PREFIX = "/api/v1"


class Outcome(BaseModel):
    """What was done (Chinese), what happens next by itself, ids of what came of it."""

    sentence: str
    next: str
    ids: dict[str, Any]


class Refusal(BaseModel):
    """What is wrong and what to do (Chinese); `article` of the city's rules, where one forbids it."""

    message: str
    remedy: str
    article: int | None = None


def refusal(error: InspectionError, status: int) -> JSONResponse:
    """Return a refusal as JSON."""
    article = error.article if isinstance(error, RuleViolation) else None
    return JSONResponse(Refusal(message=error.message, remedy=error.remedy,
                                article=article).model_dump(), status)


def machine(request: Request) -> Visitor:
    """Return the account of the call's bearer token.

    Raises:
        SignedOut: there is none.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    with reading() as session:
        found = sessions.machine(session, token) if kind.lower() == "bearer" and token else None
        if found is None:
            raise SignedOut
        return Visitor(found, found.as_actor(), token, "")


def add(app: FastAPI) -> None:
    """Add a route for each deed."""
    bearer = Depends(HTTPBearer(auto_error=False))  # so that the document tells of it; `machine` looks
    problems = {status: {"model": Refusal} for status in (401, 403, 404, 409, 411, 413, 422, 503)}
    for one in (each for each in DEEDS.values() if not each.rule.public):
        app.add_api_route(PREFIX + one.path, _route(one), methods=["POST"], response_model=Outcome,
                          responses=problems, dependencies=[bearer], operation_id=one.name,
                          summary=(one.function.__doc__ or "").split("\n")[0],
                          name=f"api:{one.name}")


def _route(one: Deed) -> Any:
    def call(request: Request, body: Any, idempotency_key: str, if_match: str) -> Any:
        who = machine(request)
        permit(one.rule, who)
        given = body.model_dump(exclude_unset=True) if body is not None else {}
        done, ids, key = perform(one, who, request.path_params, given, idempotency_key, if_match)
        if done is not None:
            return Outcome(sentence=done.sentence, next=done.next, ids=ids)
        with reading() as session:
            kept = guard.outcome(session, who.account.id, key)
            told = dict(kept.outcome or {}) if kept else {}
        return Outcome(sentence=told.get("sentence", "已办理"), next=told.get("next", ""), ids=ids)

    key = Header("", alias="Idempotency-Key", max_length=80)
    shown = Header("", alias="If-Match", max_length=80,
                   description="thing:id:version，与登记库不符则 409")
    if one.body.model_fields:
        def with_body(request: Request, body: one.body, idempotency_key: str = key,  # type: ignore[valid-type]
                      if_match: str = shown) -> Any:
            return call(request, body, idempotency_key, if_match)
        return with_body

    def without_body(request: Request, idempotency_key: str = key, if_match: str = shown) -> Any:
        return call(request, None, idempotency_key, if_match)
    return without_body
