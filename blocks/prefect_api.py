"""Prefect's API over plain HTTP: where it is, who we are to it, and its guard against forged calls (CSRF).

Prefect's own client does the same, but takes seconds to import, and returns normally from events that a
server never had.
"""

import os
from collections.abc import Generator
from uuid import uuid4

import httpx

from blocks import settings
from blocks.errors import NotAnswering

SAFE = ("GET", "HEAD", "OPTIONS")


class _Signed(httpx.Auth):
    """The shared password, and for whatever changes something a token that the server gave for it."""

    requires_response_body = True

    def __init__(self, api_url: str, password: str) -> None:
        self.tokens_url, self.client, self.token = f"{api_url}/csrf-token", str(uuid4()), ""
        self.basic = httpx.BasicAuth(*password.split(":", 1)) if ":" in password else httpx.Auth()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if request.method in SAFE:
            yield from self.basic.auth_flow(request)
            return
        for _ in range(2):  # a token runs out after an hour: then it is asked for once more
            if not self.token:
                yield from self._ask()
            request.headers.update({"Prefect-Csrf-Token": self.token, "Prefect-Csrf-Client": self.client})
            answer = yield from _answered(self.basic, request)
            if answer.status_code != httpx.codes.FORBIDDEN:
                return
            self.token = ""

    def _ask(self) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield from _answered(self.basic, httpx.Request(
            "GET", self.tokens_url, params={"client": self.client}))
        # 422: this server asks for no token
        self.token = answer.json()["token"] if answer.status_code == httpx.codes.OK else "none"


def _answered(basic: httpx.Auth, request: httpx.Request
              ) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
    """Send a request with the password on it; return what was answered."""
    signed = next(basic.auth_flow(request))
    return (yield signed)


def client(timeout: float = 5) -> httpx.Client:
    """Return a client of the API; `timeout` in seconds for each step of a call.

    Raises:
        NotAnswering: nothing says where Prefect is.
    """
    url = settings.api_url()
    if not url:
        raise NotAnswering("流程引擎（Prefect）没有运行", "请运行 choucha up；已办的事不会丢失")
    # without TLS no certificates are read, which takes 30 ms
    return httpx.Client(base_url=url, timeout=timeout, auth=_Signed(url, password()), verify=url.startswith("https:"))


def password() -> str:
    """Return the API's one shared login (name:password), or "" where it asks for none."""
    return os.environ.get("PREFECT_API_AUTH_STRING") or settings.running().get("api_password", "")
