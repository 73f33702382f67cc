"""What holds for every answer: nothing far too large is read, and the headers that keep it in its place."""

from fastapi.responses import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.errors import InspectionError
from blocks.portal import api
from blocks.portal.plain import plain

MOST_BYTES = 40 * 1024**2  # a form with its photos; each is made smaller in the browser first
FILES = ("/static/", "/vendor/")  # the browser may keep these
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
    " data: blob:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none';"
    " manifest-src 'self'; worker-src 'self'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY", "Cache-Control": "no-store",
}


class Bounds:
    """Refuse what is far too large before it is read; set the headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kept = scope["path"].startswith(FILES)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name != "Cache-Control" or not kept:
                        headers.setdefault(name, value)
            await send(message)

        await (_refusal(scope) or self.app)(scope, receive, answer)


def _refusal(scope: Scope) -> Response | None:
    """Return what is said to a request that is not even read."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers:
        return _said(scope, 411, "提交的内容没有写明长度，没有保存", "请用浏览器提交")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return _said(scope, 413, f"提交的内容超过 {MOST_BYTES // 1024**2} MB，没有保存",
                     "请返回上一页，缩小照片或者分几次提交")
    return None


def _said(scope: Scope, status: int, message: str, remedy: str) -> Response:
    told = InspectionError(message, remedy)
    if scope["path"].startswith("/api/"):
        return api.refusal(told, status)
    return plain("kept.html.j2", status, error=told, path=scope["path"])
