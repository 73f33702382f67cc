"""Signing in and out. A form that was being filled in when the session ended comes along."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from blocks.actions import accounts
from blocks.errors import InspectionError
from blocks.portal.access import COOKIE
from blocks.portal.plain import plain
from blocks.register.sessions import LONGEST

router = APIRouter(include_in_schema=False)
KEPT = "kept."


def _page(next_: str, error: InspectionError | None = None, kept: list | None = None,
          status: int = 200, login: str = "") -> Response:
    return plain("sign-in.html.j2", status, typed={"login": login}, error=error, kept=kept or [],
                 next=next_, path="/sign-in")


@router.get("/sign-in", name="sign-in")
def sign_in_page(next: str = "/") -> Response:
    """Ask who it is."""
    return _page(_own(next))


@router.post("/sign-in", name="do:sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in and go where the person was going."""
    form = await request.form(max_files=0, max_fields=500)
    return await run_in_threadpool(_sign_in, request, form)


def _sign_in(request: Request, form: FormData) -> Response:
    from blocks.portal.app import shown
    from blocks.portal.routes import DEEDS, PAGES

    next_ = _own(str(form.get("next", "/")))
    kept = [(name.removeprefix(KEPT), text) for name, text in form.multi_items()
            if name.startswith(KEPT) and isinstance(text, str)]
    login = str(form.get("login", ""))[:80]
    try:
        token = accounts.sign_in(login, str(form.get("password", ""))[:200])
    except InspectionError as error:
        return _page(next_, error, kept, 422, login)
    found = next((one for one in DEEDS.values() if _fits(one.path, next_) is not None), None)
    response: Response = RedirectResponse(next_ if found is None else "/", 303)
    if kept and found is not None:
        request._cookies = {**request.cookies, COOKIE: token}
        typed: dict = {}
        for name, text in kept:
            typed[name] = text if name not in typed else [
                *(typed[name] if isinstance(typed[name], list) else [typed[name]]), text]
        params = _fits(found.path, next_) or {}
        response = shown(PAGES.get(str(typed.get("from", ""))) or PAGES[found.back], request,
                         typed=typed, params=params,
                         error=InspectionError("已重新登录", "您刚才填写的内容还在，请核对后再提交一次"))
        response.status_code = 200
    response.set_cookie(COOKIE, token, max_age=int(LONGEST.total_seconds()), httponly=True,
                        samesite="lax", secure=request.url.scheme == "https")
    return response


def _fits(path: str, given: str) -> dict[str, str] | None:
    """Return the path's parts if it fits."""
    pattern, parts = path.split("/"), given.split("?")[0].split("/")
    if len(pattern) != len(parts):
        return None
    found = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            found[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return found


def _own(target: str) -> str:
    """Return the target if it is a path of this portal; nobody is sent elsewhere."""
    fine = target.startswith("/") and not target.startswith("//") and "\\" not in target and (
        "\n" not in target and "\r" not in target)
    return target if fine else "/"


@router.post("/sign-out", name="do:sign-out")
def sign_out(request: Request) -> Response:
    """End this session. It needs no token of a form: being signed out by another site harms nobody."""
    token = request.cookies.get(COOKIE)
    if token:
        accounts.sign_out(token)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response
