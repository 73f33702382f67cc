"""A provincial platform that behaves like a stubborn real one; a program of its own, on loopback.

    python -m tests.gateway.simulator --port 0 --secret KEY [--signing sm3|sha256] [--tls CERT --client-ca CA]

It prints its address. It knows nothing of our code: it signs and checks by its own hand, from the
contract alone (config/gateway/platform.openapi.yaml). `POST /sim/faults` {"kind", "times"} lets it
misbehave so many times; `GET /sim/state` tells what it has taken, and what was sent to it twice.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import quote

import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from fastapi import FastAPI, Request, Response

FAULTS = ("slow", "maintenance", "duplicate", "error_inside", "lost_reply", "code_table", "server_error", "reset",
          "bad_signature", "truncated", "clock")
PAGE = 50
ALGORITHMS = {"sm3": hashes.SM3, "sha256": hashes.SHA256}


class Reset(Exception):
    """The connection is to be torn down without a word."""


class Refusal(Exception):
    def __init__(self, code: int, message: str, status: int = 200) -> None:
        self.code, self.message, self.status = code, message, status


class Sim:
    """What the platform has, and how it will misbehave next."""

    def __init__(self, secret: str, signing: str, slow: float) -> None:
        self.secret, self.signing, self.slow = secret.encode(), signing, slow
        self.taken: dict[str, dict[str, Any]] = {}
        self.directories: dict[str, list[dict]] = {}
        self.drawn: dict[str, list[dict]] = {}
        self.faults: Counter[str] = Counter()
        self.doubles: list[str] = []
        self.nonces: set[str] = set()
        self.calls = 0

    def due(self, *kinds: str) -> str:
        """Return the fault of these kinds that is due now, and count it down."""
        for kind in kinds:
            if self.faults[kind] > 0:
                self.faults[kind] -= 1
                return kind
        return ""

    def hash(self, data: bytes) -> str:
        made = hashes.Hash(ALGORITHMS[self.signing]())
        made.update(data)
        return made.finalize().hex()

    def sign(self, what: str, path: str, at: str, nonce: str, body: bytes) -> str:
        made = HMAC(self.secret, ALGORITHMS[self.signing]())
        made.update(f"{what}\n{path}\n{at}\n{nonce}\n{self.hash(body)}".encode())
        return made.finalize().hex()

    def check(self, request: Request, path: str, body: bytes) -> None:
        given = {name: request.headers.get(f"x-{name}", "") for name in ("timestamp", "nonce", "signature")}
        wanted = self.sign(request.method, path, given["timestamp"], given["nonce"], body)
        if not hmac.compare_digest(wanted, given["signature"]):
            raise Refusal(4010, "签名不符", 401)
        if self.due("clock") or abs(int(given["timestamp"]) - time.time()) > 300:
            raise Refusal(4011, "时间戳超出五分钟", 401)
        if given["nonce"] in self.nonces:
            raise Refusal(4012, "随机串用过", 401)
        self.nonces.add(given["nonce"])

    def take(self, key: str, told: dict[str, Any]) -> dict[str, Any]:
        if self.due("code_table"):
            raise Refusal(4220, "抽查类型代码表已更新，代码不存在")
        if key in self.taken and self.taken[key]["sha"] == told["sha"]:
            self.doubles.append(key)
        receipt = f"HZ{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        self.taken[key] = {"key": key, "kind": told["kind"], "scheme": told["scheme"], "sha": told["sha"],
                           "rows": told["rows"], "receipt": receipt, "state": "acknowledged",
                           "twice": bool(self.due("duplicate"))}
        return self.answer(self.taken[key])

    @staticmethod
    def answer(one: dict[str, Any]) -> dict[str, Any]:
        return {name: one[name] for name in ("key", "kind", "sha", "receipt", "state")} | {"rows": len(one["rows"])}

    def of(self, scheme: str) -> list[dict[str, Any]]:
        return [self.answer(one) for one in self.taken.values() if one["scheme"] == scheme
                for _ in range(1 + one["twice"])]


def page(items: list[dict], cursor: str) -> dict[str, Any]:
    start = int(cursor or 0)
    more = start + PAGE < len(items)
    return {"items": items[start:start + PAGE], "next": str(start + PAGE) if more else None}


def contract(sim: Sim, request: Request, body: bytes) -> Any:
    """Return the data of an answer, as the contract has it."""
    _, version, what, *rest = request.url.path.split("/")
    query = request.query_params
    assert version == "v1"
    if request.method == "PUT":
        return sim.take("/".join(rest), json.loads(body))
    if what == "exchanges" and rest:
        if "/".join(rest) not in sim.taken:
            raise Refusal(4040, "查无此件")
        return sim.answer(sim.taken["/".join(rest)])
    if what == "exchanges":
        return page(sim.of(query["scheme"]), query.get("cursor", ""))
    if what == "summaries":
        shas = sorted({f"{one['key']} {one['sha']}" for one in sim.of(rest[0])})
        return {"number": len(shas), "sha": hashlib.sha256("\n".join(shas).encode()).hexdigest()}
    if what == "draws":
        return page(sim.drawn.get(query["scheme"], []), query.get("cursor", ""))
    return page(sim.directories.get(rest[0], []), query.get("cursor", ""))


async def respond(sim: Sim, request: Request) -> Response:
    body = await request.body()
    path = quote(request.scope["raw_path"], safe="/%:") + (f"?{request.url.query}" if request.url.query else "")
    nonce, status = request.headers.get("x-nonce", ""), 200
    before = sim.due("reset", "maintenance", "error_inside") if request.method == "PUT" else ""
    try:
        if before == "reset":
            raise Reset
        sim.check(request, path, body)
        if before == "maintenance":
            raise Refusal(5030, "每日0时至6时系统维护")
        if before == "error_inside":
            raise Refusal(5001, "系统异常，请联系管理员")
        said = {"code": 0, "message": "成功", "data": contract(sim, request, body)}
    except Refusal as refusal:
        said, status = {"code": refusal.code, "message": refusal.message}, refusal.status
    after = sim.due("slow", "lost_reply", "server_error", "bad_signature", "truncated") if (
        request.method == "PUT" and said["code"] == 0) else ""
    if after == "slow":
        await asyncio.sleep(sim.slow)
    if after == "lost_reply":
        raise Reset
    if after == "server_error":
        said, status = {"code": 5000, "message": "Internal Server Error"}, 500
    content = json.dumps(said, ensure_ascii=False).encode()
    at = str(int(time.time()))
    signed = sim.sign(str(status), path, at, nonce, content)
    return Response(content[:len(content) // 2] if after == "truncated" else content, status, {
        "X-Timestamp": at, "X-Signature": "00" * 32 if after == "bad_signature" else signed,
        "Content-Type": "application/json"})


def make_app(sim: Sim) -> FastAPI:
    app = FastAPI(title="省级平台模拟器")

    @app.post("/sim/faults")
    async def faults(request: Request) -> dict:
        told = await request.json()
        assert told["kind"] in FAULTS
        sim.faults[told["kind"]] = told["times"]
        return dict(sim.faults)

    @app.post("/sim/put")
    async def put(request: Request) -> dict:
        """Let somebody type something into the platform by hand: directories, draws, taken (None: deleted)."""
        told = await request.json()
        shelf = getattr(sim, told["shelf"])
        if told["value"] is None:
            shelf.pop(told["key"])
        else:
            shelf[told["key"]] = told["value"]
        return {}

    @app.get("/sim/state")
    async def state() -> dict:
        return {"taken": sim.taken, "doubles": sim.doubles, "faults": +sim.faults, "calls": sim.calls}

    @app.api_route("/v1/{rest:path}", methods=["GET", "PUT"])
    async def speak(request: Request) -> Response:
        sim.calls += 1
        return await respond(sim, request)

    return app


class Tearing:
    """Tears the connection down where the platform falls silent: no answer, not even an end."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except Reset:
            receive.__self__.transport.abort()


def leave_with(parent: int) -> None:
    """End when whoever started us is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main() -> None:
    threading.Thread(target=leave_with, args=(os.getppid(),), daemon=True).start()
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--secret", default="moni")
    asked.add_argument("--signing", choices=ALGORITHMS, default="sm3")
    asked.add_argument("--slow", type=float, default=3)
    asked.add_argument("--tls")
    asked.add_argument("--client-ca")
    given = asked.parse_args()
    tls = {"ssl_certfile": given.tls, "ssl_ca_certs": given.client_ca, "ssl_cert_reqs": 2} if given.tls else {}
    config = uvicorn.Config(Tearing(make_app(Sim(given.secret, given.signing, given.slow))), host="127.0.0.1",
                            port=given.port, log_level="critical", access_log=False, **tls)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    print(f"{'https' if given.tls else 'http'}://127.0.0.1:{socket.getsockname()[1]}", flush=True)
    server.run(sockets=[socket])


if __name__ == "__main__":
    main()
