"""P11: from what a department does to the first line of the next stage's run; beside the engine's own pause.

Everything is started as `choucha up` starts it. Ours: a drafter submits a scheme through the portal's
API; the event wakes the run that reviews it. The peer: a deployment of an empty flow in the same work
pool, asked for directly. Both are over when the run says it is running.
"""

import json
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from blocks import prefect_api, settings
from blocks.actions import intake
from blocks.local.up import running
from blocks.register import sessions
from blocks.register.database import transaction
from blocks.register.directories import account
from tests import people
from tests.bench.benchmark import Benchmark
from tests.bench.p6 import use

PATIENCE = 60.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def token_of(login: str) -> str:
    with transaction() as session:
        return sessions.give_token(session, account(session, login))


def empty_deployment(api: httpx.Client) -> str:
    """Register the empty flow just as ours are; return its deployment's id."""
    ours = api.get("/deployments/name/方案审查/方案审查").raise_for_status().json()
    flow = api.post("/flows/", json={"name": "空流程"}).raise_for_status().json()
    made = api.post("/deployments/", json={
        "name": "空流程", "flow_id": flow["id"], "entrypoint": "tests.bench.empty.empty",
        **{name: ours[name] for name in ("work_pool_name", "path", "pull_steps")}})
    return made.raise_for_status().json()["id"]


class Waking(Benchmark):
    """Seconds from the request to the run's first line; 8 s is the most it may be."""

    id = "P11"
    work = "a department's event → first line of the next stage's run; ≤ 8 s"
    peer_name = "a bare run of an empty flow in the same pool"
    goal, limit = 1.3, "1 ×"
    bounds = {"wall": 8}  # noqa: RUF012
    sizes = {"toy": 1, "full": 1}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        before = dict(os.environ)
        os.environ |= {"CHOUCHA_STATE": str(folder.resolve())}
        for name in ("CHOUCHA_DATABASE_URL", "PREFECT_API_URL", "CHOUCHA_EVENTS"):
            os.environ.pop(name, None)
        settings.get.cache_clear()
        try:
            with running(lambda *_: None) as system:
                for kind in ("departments", "items", "inspectors", "accounts"):
                    intake.take(None, kind, settings.CONFIG / "sample" / f"{kind}.csv")
                intake.take("bangong", "targets", settings.CONFIG / "sample" / "targets.csv")
                code = people.drafted()
                with prefect_api.client(timeout=10) as api:
                    peer = empty_deployment(api)
                yield json.dumps({"CHOUCHA_STATE": str(folder.resolve()), "code": code, "peer": peer,
                                  "portal": system.facts["portal_url"],
                                  "drafter": token_of("gaj.jingban"), "approver": token_of("gaj.shenpi")})
        finally:
            os.environ.clear()
            os.environ.update(before)
            settings.get.cache_clear()

    def make(self, size, shared):
        self.told = json.loads(shared)
        use({"CHOUCHA_STATE": self.told["CHOUCHA_STATE"]})
        self.api = prefect_api.client(timeout=10)
        self.portal = httpx.Client(base_url=self.told["portal"], timeout=10)
        found = self.api.get("/deployments/name/方案审查/方案审查").raise_for_status().json()
        self.review = found["id"]

    def ours(self):
        code = self.told["code"]
        begun = datetime.now(UTC)
        self._does("drafter", f"/schemes/{code}/submit")
        run = self._next_run(self.review, begun)
        self._ended(run)
        self._does("approver", f"/schemes/{code}/return", {"reason": "再来一次"})
        return self._started(run, begun)

    def peer(self):
        begun = datetime.now(UTC)
        now = {"type": "SCHEDULED", "state_details": {"scheduled_time": begun.isoformat()}}
        run = self.api.post(f"/deployments/{self.told['peer']}/create_flow_run",
                            json={"state": now}).raise_for_status().json()
        self._ended(run["id"])
        return self._started(run["id"], begun)

    def _does(self, who: str, path: str, body: dict | None = None) -> None:
        self.portal.post(f"/api/v1{path}", json=body,
                         headers={"Authorization": f"Bearer {self.told[who]}"}).raise_for_status()

    def _next_run(self, deployment: str, since: datetime) -> str:
        wanted = {"deployments": {"id": {"any_": [deployment]}},
                  "flow_runs": {"expected_start_time": {"after_": since.isoformat()}}}
        for _ in self._patiently():
            found = self.api.post("/flow_runs/filter", json=wanted).raise_for_status().json()
            if found:
                return found[0]["id"]
        raise RuntimeError("no run was woken")

    def _ended(self, run: str) -> None:
        for _ in self._patiently():
            if self.api.get(f"/flow_runs/{run}").raise_for_status().json()["state_type"] in ENDED:
                return
        raise RuntimeError(f"run {run} does not end")

    def _started(self, run: str, begun: datetime) -> float:
        told = self.api.get(f"/flow_runs/{run}").raise_for_status().json()
        assert told["state_type"] == "COMPLETED", told["state"]
        return (datetime.fromisoformat(told["start_time"]) - begun).total_seconds()

    def _patiently(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            yield
            time.sleep(0.1)


BENCHMARK = Waking()
