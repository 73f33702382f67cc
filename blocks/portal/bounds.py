"""What holds for every answer: nothing far too large is read, and the headers that keep it in its place."""

from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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

        await (_refusal(Headers(scope=scope)) or self.app)(scope, receive, answer)


def _refusal(headers: Headers) -> PlainTextResponse | None:
    """Return what is said to a request that is not even read."""
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers:
        return PlainTextResponse("提交的内容没有写明长度，没有保存。请用浏览器提交。", 411)
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return PlainTextResponse(f"提交的内容超过 {MOST_BYTES // 1024**2} MB，没有保存。请缩小照片后重试。", 413)
    return None
