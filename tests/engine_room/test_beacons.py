"""Fetching a round of drand from real servers on loopback: honest, slow, broken and lying ones."""

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from structlog.testing import capture_logs

from blocks.beacons import Beacon, fetch
from blocks.draw.beacon import DEFAULT, QUICKNET
from blocks.errors import NotAnswering
from blocks.local.processes import free_port

# Two real rounds as their networks publish them: 123 of `quicknet`, 1 of `default`.
SIGNATURE = ("b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482"
             "e26cd02df835d3546d23c4b13e0dfc92")
RANDOMNESS = sha256(bytes.fromhex(SIGNATURE)).hexdigest()
FIRST = {
    "round": 1,
    "randomness": "101297f1ca7dc44ef6088d94ad5fb7ba03455dc33d53ddb412bbc4564ed986ec",
    "signature": "8d61d9100567de44682506aea1a7a6fa6e5491cd27a0a0ed349ef6910ac5ac20"
                 "ff7bc3e09d7c046566c9f7f3c6f3b10104990e7cb424998203d8f7de586fb7fa"
                 "5f60045417a432684f85093b06ca91c769f0e7ca19268375e659c2a2352b4655",
    "previous_signature": "176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a",
}
ROUNDS = {
    f"/{QUICKNET.hash}/public/123": {
        "round": 123, "randomness": RANDOMNESS, "signature": SIGNATURE},
    f"/{DEFAULT.hash}/public/1": FIRST,
}
TRUE = ROUNDS[f"/{QUICKNET.hash}/public/123"]
BODY = json.dumps(TRUE).encode()
QUICKLY = 0.5


class Address(BaseHTTPRequestHandler):
    """An honest address; the others are subclasses that do one thing otherwise."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.answer()

    def answer(self) -> None:
        found = ROUNDS.get(self.path)
        self.send(json.dumps(found).encode(), 200 if found else 404)

    def send(self, body: bytes, status: int = 200, length: int | None = None, **headers) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def trickle(self, forever: bytes) -> None:
        """Send one byte of `forever` after another, until the other side has had enough."""
        try:
            while not self.server.closing.wait(0.05):
                self.wfile.write(forever)
        except OSError:
            self.close_connection = True

    def log_message(self, *args) -> None:
        """Keep the output of the tests clean."""


def saying(body: bytes, status: int = 200, **extra) -> type[Address]:
    """Return an address that says only this, whatever it is asked."""

    class Saying(Address):
        def answer(self) -> None:
            self.send(body, status, **extra)

    return Saying


def claiming(**changed) -> type[Address]:
    """Return an address that tells the true round with something changed."""
    return saying(json.dumps({**TRUE, **changed}).encode())


class Silent(Address):
    def answer(self) -> None:
        self.server.closing.wait(10)


class TricklingBody(Address):
    def answer(self) -> None:
        self.send(b"", length=10**6)
        self.trickle(b" ")


class TricklingHeaders(Address):
    def answer(self) -> None:
        self.send_response(200)
        self.flush_headers()
        self.trickle(b"x")


class Elsewhere(Address):
    def answer(self) -> None:
        if self.path.startswith("/there"):
            self.path = self.path.removeprefix("/there")
            return super().answer()
        return self.send(b"", 302, Location=f"/there{self.path}")


class Server(ThreadingHTTPServer):
    """A server that notes what it was asked, and lets its slow ones go when the test is over."""

    daemon_threads = True

    def __init__(self, address: type[Address]) -> None:
        super().__init__(("127.0.0.1", 0), address)
        self.asked: list[str] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type[Address]], Server]]:
    """Return a function that starts an address; none is reached through a proxy of this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as stack:

        def start(address: type[Address]) -> Server:
            server = stack.enter_context(Server(address))
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
            stack.callback(server.closing.set)
            return server

        yield start


def test_a_round_is_fetched_with_what_is_needed_to_check_it_again(serve):
    server = serve(Address)
    found = fetch(QUICKNET, 123, [f"{server.url}/"])
    assert server.asked == [f"/{QUICKNET.hash}/public/123"]
    assert found == Beacon(123, RANDOMNESS, SIGNATURE, "", server.url + server.asked[0])


def test_round_1_of_the_chained_network_comes_with_the_signature_before_it(serve):
    found = fetch(DEFAULT, 1, [serve(Address).url])
    assert found.randomness == FIRST["randomness"]
    assert found.previous_signature == FIRST["previous_signature"]


def test_the_first_address_that_answers_is_enough(serve):
    first, second = serve(Address), serve(Address)
    fetch(QUICKNET, 123, [first.url, second.url])
    assert (len(first.asked), len(second.asked)) == (1, 0)


def test_the_randomness_is_computed_here_and_not_believed(serve):
    assert fetch(QUICKNET, 123, [serve(claiming(randomness="00" * 32)).url]).randomness == RANDOMNESS


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (saying(b"", 500), "答复 500"),
        (saying(b"", 404), "答复 404"),
        (saying(BODY, 203), "答复 203"),
        (Elsewhere, "答复 302"),
        (saying(BODY[:40], length=len(BODY)), "通信中断"),
        (saying(BODY[:40]), "不是完整的 JSON"),
        (saying(b""), "不是完整的 JSON"),
        (saying(b"<html>"), "不是完整的 JSON"),
        (saying(b"\xff\xfe"), "不是完整的 JSON"),
        (saying(b"[" * 12_000), "不是完整的 JSON"),
        (saying(b"[]"), "不是完整的 JSON"),
        (saying(gzip.compress(BODY), Content_Encoding="gzip"), "不是完整的 JSON"),
        (saying(BODY + b" " * 16 * 1024), "过长"),
        (saying(b"{}"), "另一轮"),
        (claiming(round=124), "另一轮"),
        (claiming(round="123"), "另一轮"),
        (claiming(signature=None), "96 位小写十六进制"),
        (claiming(signature=SIGNATURE.upper()), "96 位小写十六进制"),
        (claiming(signature="c0" + "00" * 47), "无穷远点"),
        (claiming(signature=SIGNATURE[:-1] + "3"), "签名不对"),
        (claiming(previous_signature="ab"), "上一轮的签名"),
        (Silent, "0.5 秒内没有答完"),
        (TricklingBody, "0.5 秒内没有答完"),
        (TricklingHeaders, "0.5 秒内没有答完"),
    ],
)
def test_an_address_that_is_slow_broken_or_lies_is_passed_over_and_the_log_says_why(
        serve, address, why):
    useless, honest = serve(address), serve(Address)
    began = time.monotonic()
    with capture_logs() as logged:
        found = fetch(QUICKNET, 123, [useless.url, honest.url], patience=QUICKLY)
    assert found.from_url.startswith(honest.url)
    assert len(useless.asked) == 1
    assert time.monotonic() - began < 5
    (line,) = logged
    assert line["event"] == "drand address passed over"
    assert line["url"].startswith(useless.url)
    assert why in line["why"]


def test_the_true_signature_of_another_round_under_this_ones_number_is_a_lie(serve):
    another = saying(json.dumps({**TRUE, "round": 124}).encode())
    with pytest.raises(NotAnswering, match="与该链的公钥不符"):
        fetch(QUICKNET, 124, [serve(another).url])


def test_when_no_address_will_do_it_is_said_of_each_what_was_kept_and_what_comes_next(serve):
    nobody = f"http://127.0.0.1:{free_port()}"
    addresses = [nobody, serve(saying(b"", 500)).url, "drand.sh", "http://drand.sh:x", ""]
    with pytest.raises(NotAnswering) as refused:
        fetch(QUICKNET, 123, addresses)
    said = refused.value.message
    assert said.startswith("drand「quicknet」第 123 轮没有取到：")
    assert f"{nobody}（连接不上" in said
    assert f"{addresses[1]}（答复 500）" in said
    assert said.count("地址不对") == 3
    assert "没有任何改动" in refused.value.remedy
    assert "自动再取" in refused.value.remedy


def test_without_any_address_that_is_said():
    with pytest.raises(NotAnswering, match="没有设置任何地址"):
        fetch(QUICKNET, 123, [])


def test_it_is_fetched_within_a_running_event_loop_too(serve):
    async def within():
        return fetch(QUICKNET, 123, [serve(Address).url])

    with ThreadPoolExecutor(1) as thread:  # the browser's tests leave a loop running in this one
        assert thread.submit(asyncio.run, within()).result().signature == SIGNATURE
