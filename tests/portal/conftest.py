"""The portal as a real server on loopback, and people who sign in to it."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn

from blocks.actions import accounts
from blocks.portal.app import create_app

PASSWORD = "样例口令-一二三四五"


class Person:
    """Somebody with a browser: keeps the cookie, reads the token of the forms."""

    def __init__(self, base: str, login: str | None = None) -> None:
        self.http = httpx.Client(base_url=base, timeout=30)
        self.login = login
        if login:
            accounts.set_password(login, PASSWORD)
            answer = self.http.post("/sign-in", data={"login": login, "password": PASSWORD})
            assert answer.status_code == 303, answer.text

    def sees(self, path: str, status: int = 200) -> str:
        answer = self.http.get(path, follow_redirects=True)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.text

    def form(self, page: str, action: str) -> dict[str, str]:
        """Return the hidden fields of the form on a page that leads to `action`."""
        text = self.sees(page)
        found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', text, re.S)
        assert found, f"{page} has no form for {action}"
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0]))

    def does(self, page: str, action: str, **fields: object) -> str:
        """Fill in a form of a page, send it and return the page that follows."""
        return self.sends(action, {**self.form(page, action), **fields}, 200)

    def sends(self, action: str, fields: dict, status: int) -> str:
        answer = self.http.post(action, data=fields, follow_redirects=True)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.text


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Serve the portal; it speaks to whatever register the test uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(create_app(), "127.0.0.1", port, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(10)


@pytest.fixture
def person(server: str) -> Callable[..., Person]:
    """Return a function that signs somebody in; without a login, somebody with no account."""
    return lambda login=None: Person(server, login)
