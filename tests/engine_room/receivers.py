"""Receivers on loopback that misbehave as real ones do: down, slow, 500, reset, half-open, silent after
having taken the message. They keep what reached them."""

import json
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller

SLOW = 1.5  # seconds; the channels under test give up after one


def _reset(connection: socket.socket) -> None:
    """Close with a reset instead of a good-bye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class _Hook(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        way = self.server.way
        if way == "half-open":  # takes the connection and says nothing
            time.sleep(SLOW)
            return
        line = self.rfile.readline().decode()
        headers = {}
        while (raw := self.rfile.readline().decode().strip()):
            name, _, value = raw.partition(":")
            headers[name.lower()] = value.strip()
        body = json.loads(self.rfile.read(int(headers.get("content-length", 0))) or b"{}")
        if way == "500":
            return self._answer(500, {"error": "internal"})
        self.server.taken.append({"path": line.split()[1], "headers": headers, "body": body})
        if way == "reset":
            return _reset(self.connection)
        if way == "slow":
            time.sleep(SLOW)
        if way == "refused":
            return self._answer(200, {"errcode": 300001, "errmsg": "token is not exist", "code": 19021})
        if way == "gibberish":
            return self._answer(200, ["ok"])
        return self._answer(200, {"errcode": 0, "code": 0})

    def _answer(self, status: int, said: Any) -> None:
        content = json.dumps(said).encode()
        self.wfile.write(f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: "
                         f"{len(content)}\r\nConnection: close\r\n\r\n".encode() + content)


class Hook(socketserver.ThreadingTCPServer):
    """A webhook. `way`: how it behaves."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.way, self.taken = "", []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def hook() -> Iterator[Hook]:
    with Hook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Mailbox:
    """A handler of aiosmtpd. `way`: how it behaves."""

    def __init__(self) -> None:
        self.way, self.taken = "", []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if self.way == "bounce":
            return "550 5.1.1 no such user"
        if self.way == "500":
            return "451 4.3.0 internal error"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.way == "slow":
            time.sleep(SLOW)
        if self.way == "reset":
            _reset(server.transport.get_extra_info("socket").dup())
            server.transport.abort()
        return "250 taken"


@contextmanager
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """Yield a mail server's handler and its port."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0, ready_timeout=10)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


@contextmanager
def silent() -> Iterator[int]:
    """Yield the port of something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
