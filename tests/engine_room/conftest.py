"""A small real mail server on loopback, and settings that name it."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from blocks import settings


class MailHandler(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 to take a message; `server.refusal` is said instead of taking it."""

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 loopback")
        for raw in self.rfile:
            verb = raw.split()[0].upper() if raw.split() else b""
            if verb == b"EHLO":
                self.say("250-loopback\r\n250 8BITMIME")
            elif verb == b"DATA":
                self.take()
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def take(self) -> None:
        self.say("354 go on")
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        if self.server.refusal:
            self.say(self.server.refusal)
            return
        self.server.taken.append(email.message_from_bytes(b"".join(lines),
                                                          policy=email.policy.default))
        self.say("250 taken")


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it took."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.taken: list[EmailMessage] = []
        self.refusal = ""

    @property
    def port(self) -> int:
        return self.server_address[1]


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def mail_goes_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Return a function that sets the port of the mail server on this machine."""

    def name(port: int) -> None:
        monkeypatch.setenv("CHOUCHA_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("CHOUCHA_SMTP_PORT", str(port))
        settings.get.cache_clear()

    yield name
    settings.get.cache_clear()


@pytest.fixture
def the_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Return a function that lets it be so many minutes after nine on a workday, and stand still."""

    def name(minutes: int) -> None:
        at = datetime(2026, 11, 25, 9, tzinfo=settings.SHANGHAI) + timedelta(minutes=minutes)
        monkeypatch.setenv("CHOUCHA_NOW", at.isoformat())
        settings.get.cache_clear()

    yield name
    settings.get.cache_clear()
