"""The application: routes from the tables of `routes`, every error as a page that says what to do."""

import secrets
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from blocks import settings
from blocks.errors import InspectionError, NotAnswering, NotFound
from blocks.portal import api, pages  # noqa: F401  (pages declare themselves)
from blocks.portal.access import Forbidden, SignedOut, genuine, permit, visitor
from blocks.portal.bounds import Bounds
from blocks.portal.performing import SECRET, perform, read_body, status_of, unreadable
from blocks.portal.plain import HTMX, LIBRARY, plain
from blocks.portal.routes import DEEDS, PAGES, At, Deed, Page, from_form
from blocks.portal.signing import router as signing
from blocks.register import guard, outbox
from blocks.register.database import reading
from blocks.rules.stages import ROLE_LABELS
from blocks.templating import render

log = structlog.get_logger()
MOST_FILES = 20
NOTHING_TOLD = {"sentence": "", "next": "", "secret": ""}
HIDDEN = ("csrf", "once", "shown")


def create_app() -> FastAPI:
    """Return the portal with its API; what it shows and does comes from the register alone (G20)."""
    app = FastAPI(title="choucha", version="1", docs_url=None, redoc_url=None,
                  openapi_url="/api/openapi.json",
                  description="部门联合“双随机、一公开”监管：门户的每个动作，以 JSON 提供")
    app.add_middleware(Bounds)
    app.include_router(signing)
    for one in PAGES.values():
        app.add_api_route(one.path, _page_route(one), methods=["GET"], name=one.name,
                          include_in_schema=False, response_class=HTMLResponse)
    for each in DEEDS.values():
        app.add_api_route(each.path, _deed_route(each), methods=["POST"], name=f"do:{each.name}",
                          include_in_schema=False, response_class=HTMLResponse)
    api.add(app)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    if HTMX:
        app.mount("/vendor", StaticFiles(directory=LIBRARY), name="vendor")
    app.exception_handler(SignedOut)(_signed_out)
    app.exception_handler(InspectionError)(_refused)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_unreadable)
    app.exception_handler(Exception)(_broken)
    return app


def _page_route(one: Page) -> Any:
    def show(request: Request) -> Response:
        return shown(one, request)
    return show


def shown(one: Page, request: Request, *, typed: Mapping[str, Any] | None = None,
          error: InspectionError | None = None, params: Mapping[str, str] | None = None,
          told: Mapping[str, str] | None = None) -> Response:
    """Return a page, with what was typed before and why it was refused, if it was."""
    if any("\x00" in part for part in request.path_params.values()):
        raise NotFound("没有这一页", "请从我的待办进入")
    with reading() as session:
        who = None if one.rule.public else visitor(session, request)
        if who is not None:
            permit(one.rule, who)
            if who.must_change and one.path != "/password":
                return RedirectResponse("/password", 303)
        at = At(request, session, who, params if params is not None else request.path_params,
                typed or {})
        made = one.make(at)
        if made.file is not None:
            return _file(*made.file)
        if not made.template:
            return JSONResponse(dict(made.values))
        content = render(f"portal/{made.template}", **_common(at, error, told), **made.values)
    return HTMLResponse(content, status_of(error) if error else 200)


def _file(name: str, kind: str, content: bytes) -> Response:
    """Return a page or picture to be looked at, or anything else to be kept; nothing in it may run."""
    shown = "inline" if kind.startswith(("text/html", "image/")) else "attachment"  # no PDF opens in a sandbox
    return Response(content, media_type=kind, headers={
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(name)}"})


def _common(at: At, error: InspectionError | None, just: Mapping[str, str] | None) -> dict[str, Any]:
    """Return what every page has: who is there, the token of its forms, what was just done."""
    who = at.visitor
    key = at.request.query_params.get("done", "")
    kept = guard.outcome(at.session, who.account.id, key) if who and key else None
    told = just or ((kept.outcome or {"sentence": "已办理"}) if kept else None)
    return {"visitor": who, "csrf": who.csrf if who else "", "once": lambda: secrets.token_urlsafe(18),
            "engine_away": told is not None and outbox.is_away(at.session), "htmx": HTMX, "error": error,
            "typed": at.typed, "done": {**NOTHING_TOLD, **told} if told else None,
            "path": at.request.url.path, "today": settings.today(),
            "roles": "、".join(ROLE_LABELS[r] for r in sorted(who.actor.roles)) if who else ""}


def _deed_route(one: Deed) -> Any:
    async def carry_out(request: Request) -> Response:
        form = await request.form(max_files=MOST_FILES if one.takes_files else 0, max_fields=500)
        return await run_in_threadpool(_carry_out, one, request, form)
    return carry_out


def _carry_out(one: Deed, request: Request, form: FormData) -> Response:
    """Do it once, then show the page it belongs to; refused, show that page with what was typed."""
    if one.rule.public:
        return _by_anybody(one, request, form)
    try:
        with reading() as session:
            who = visitor(session, request)
        permit(one.rule, who)
        genuine(who, str(form.get("csrf", "")))
        done, ids, key = perform(one, who, request.path_params, from_form(one, form),
                            str(form.get("once", "")), str(form.get("shown", "")))
    except InspectionError as error:
        return _again(one, request, form, error)
    told = [text for name, text in ids.items() if name in SECRET]
    if done and told:  # shown this once, kept nowhere
        return shown(PAGES[one.back], request, told={"sentence": done.sentence, "next": done.next,
                                                     "secret": told[0]})
    return RedirectResponse(f"{_filled(one.back, {**request.path_params, **ids})}?done={key}", 303)


def _by_anybody(one: Deed, request: Request, form: FormData) -> Response:
    """Carry out what needs no account: the code in the address is what entitles to it."""
    try:
        done = one.function("", **request.path_params, **read_body(one, from_form(one, form)))
    except InspectionError as error:
        return _again(one, request, form, error)
    return shown(PAGES[one.back], request, told={"sentence": done.sentence, "next": done.next})


def _filled(path: str, params: Mapping[str, Any]) -> str:
    return path.format_map({name: str(value) for name, value in params.items()})


def _again(one: Deed, request: Request, form: FormData, error: InspectionError) -> Response:
    """Show the page a refused form belongs to, with everything that was typed."""
    typed = {name: form.getlist(name) if len(form.getlist(name)) > 1 else value
             for name, value in form.items() if name not in HIDDEN and isinstance(value, str)}
    if isinstance(error, NotAnswering):
        return _kept(request, error, typed)
    try:
        back = PAGES.get(str(form.get("from", ""))) or PAGES[one.back]
        return shown(back, request, typed=typed, error=error)
    except (InspectionError, KeyError):  # the page cannot be made, or is not for this person
        return _kept(request, error, typed)


def _kept(request: Request, error: InspectionError, typed: Mapping[str, Any]) -> Response:
    """Show what was typed where no page can be made: it is not lost, and may be sent again."""
    return plain("kept.html.j2", status_of(error), error=error, path=request.url.path, typed=typed)


async def _signed_out(request: Request, error: Exception) -> Response:
    """Send to the sign-in page and back; a form that was being sent is kept in the sign-in form."""
    if request.url.path.startswith("/api/"):
        return api.refusal(Forbidden("没有登录，或令牌无效", "请在 Authorization 里写 Bearer 令牌"), 401)
    if request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={target}", 303)
    form = await request.form(max_files=MOST_FILES)
    kept = [(name, text) for name, text in form.multi_items()
            if name not in HIDDEN and isinstance(text, str)]
    told = Forbidden("登录已过期", "请重新登录，您填写的内容还在，登录后再提交一次")
    return plain("sign-in.html.j2", 401, error=told, kept=kept, next=request.url.path, path=request.url.path)


async def _refused(request: Request, error: InspectionError) -> Response:
    if request.url.path.startswith("/api/"):
        return api.refusal(error, status_of(error))
    return _kept(request, error, {})


async def _unreadable(request: Request, error: RequestValidationError) -> Response:
    return await _refused(request, unreadable(error.errors()))


async def _broken(request: Request, error: Exception) -> Response:
    """A bug: say so in plain words, with a number by which the operator finds it in the log."""
    number = secrets.token_hex(4)
    log.error("portal failed", number=number, path=request.url.path,
              trace="".join(traceback.format_exception(error)))  # without values: they may be secret
    told = InspectionError(f"系统出了意外（编号{number}），这一步没有办成", "请稍后重试；仍不行，请把编号告诉管理员")
    if request.url.path.startswith("/api/"):
        return api.refusal(told, 500)
    response = _kept(request, told, {})
    response.status_code = 500
    return response


async def _http_error(request: Request, error: HTTPException) -> Response:
    told = {404: NotFound("没有这一页", "请从我的待办进入"),
            405: Forbidden("这个地址不能这样使用", "请从我的待办进入")}.get(
        error.status_code, InspectionError("请求没有被接受", "请返回重试"))
    status = 422 if error.status_code == 400 else error.status_code  # a body that is no text at all
    if request.url.path.startswith("/api/"):
        return api.refusal(told, status)
    response = _kept(request, told, {})
    response.status_code = status
    return response

