"""A Prefect that loses, doubles and shuffles: what it says over HTTP is as the real one says it."""

import json
import threading
from dataclasses import dataclass, field
from random import Random

import httpx

from blocks import engine


@dataclass(frozen=True)
class Run:
    """A run that somebody wanted: of a flow, for a scheme or none; `event`: the trail line that woke it."""

    flow: str
    scheme_id: int | None = None
    event: int | None = None


@dataclass
class Faults:
    """How often what goes wrong; all of it 0: a Prefect as one would wish."""

    lost: float = 0.3
    doubled: float = 0.3
    away: float = 0.1
    reply_lost: float = 0.05
    run_lost: float = 0.1


NONE = Faults(0, 0, 0, 0, 0)
FLOW_OF = {name: flow for flow, name in engine.DEPLOYMENTS.items()}


@dataclass
class Prefect:
    """`queue`: runs that would begin now; the schedule takes them in whatever order it likes.
    `refuses`: it says no to every event."""

    faults: Faults
    queue: list[Run] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    chance: threading.local = field(default_factory=threading.local)
    refuses: bool = False

    def wipe(self) -> None:
        """Forget everything, as if its database had been thrown away."""
        self.queue.clear()
        self.known.clear()

    def happens(self, share: float) -> bool:
        random: Random = self.chance.random
        return random.random() < share

    def client(self, timeout: float = 5) -> httpx.Client:
        return httpx.Client(base_url="http://prefect.invalid/api", trust_env=False, timeout=timeout,
                            transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.happens(self.faults.away):
            raise httpx.ConnectError("away", request=request)
        told = self._do(request)
        if self.happens(self.faults.reply_lost):
            raise httpx.ReadTimeout("no reply", request=request)
        return told

    def _do(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api")
        if path == "/events" and self.refuses:
            return httpx.Response(422, json={"detail": "no such resource"}, request=request)
        if path == "/events":
            for event in json.loads(request.content):
                self._hear(event)
            return httpx.Response(204, request=request)
        if path.startswith("/deployments/name/"):
            return httpx.Response(200, json={"id": FLOW_OF[path.removeprefix("/deployments/name/")]},
                                  request=request)
        if not path.endswith("/create_flow_run"):  # which runs, workers, artifacts there are: none
            return httpx.Response(200, json=[], request=request)
        flow, wanted = path.split("/")[2], json.loads(request.content)
        key = wanted["idempotency_key"]
        if key not in self.known:
            self.known[key] = len(self.known) + 1
            if not self.happens(self.faults.run_lost):
                self.queue.append(Run(flow, *wanted["parameters"].values()))
        return httpx.Response(201, json={"id": f"run-{self.known[key]}", "state": {"type": "SCHEDULED"}},
                              request=request)

    def _hear(self, event: dict) -> None:
        flow = event["resource"].get("choucha.wakes")
        if flow is None or self.happens(self.faults.lost):
            return
        run = Run(flow, event["payload"]["scheme_id"], event["payload"]["trail"])
        self.queue += [run, run] if self.happens(self.faults.doubled) else [run]
