"""P13: from nothing running to every page answering, beside Prefect's server alone.

Ours: PostgreSQL, register, Prefect on PostgreSQL, work pool, automations, worker, portal, public site, as
`choucha up` starts them on a state that was in use before. The peer: `prefect server start` on its own
SQLite, made before. Stopping is not measured.
"""

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from blocks import settings
from blocks.local.processes import free_port, spawn, wait_until
from blocks.local.up import running
from blocks.steps import publishing
from tests.bench.benchmark import Benchmark

PREFECT = Path(sys.executable).parent / "prefect"


class Start(Benchmark):
    """Seconds until sign-in page, public site, Prefect's UI and its API answer 200."""

    id = "P13"
    work = "choucha up, from stopped to all pages answering"
    peer_name = "prefect server start alone"
    goal, limit = 1.5, "1 ×"
    sizes = {"toy": 0, "full": 1}  # noqa: RUF012  (0: not even started before)

    @contextmanager
    def shared(self, size, folder):
        before = dict(os.environ)
        _use(folder.resolve())
        try:
            if size:
                with running(lambda *_: None):
                    publishing.make_site()
                _peer_starts(folder.resolve())
            yield json.dumps(str(folder.resolve()))
        finally:
            os.environ.clear()
            os.environ.update(before)
            settings.get.cache_clear()

    def make(self, size, shared):
        self.folder = Path(json.loads(shared))
        _use(self.folder)

    def ours(self):
        begun = time.perf_counter()
        with running(lambda *_: None) as system:
            publishing.make_site()  # as the command does
            facts = system.facts
            for page in (f"{facts['portal_url']}/sign-in", f"{facts['site_url']}/", f"{facts['ui_url']}/",
                         f"{facts['api_url']}/health"):
                assert wait_until(lambda page=page: _answers(page), 60, 0.05), page
            return time.perf_counter() - begun

    def peer(self):
        return _peer_starts(self.folder)


def _use(folder: Path) -> None:
    os.environ["CHOUCHA_STATE"] = str(folder)
    for name in ("CHOUCHA_DATABASE_URL", "PREFECT_API_URL"):
        os.environ.pop(name, None)
    settings.get.cache_clear()


def _peer_starts(folder: Path) -> float:
    """Start Prefect's server alone; return after how many seconds UI and API answer."""
    port = free_port()
    env = os.environ | {"PREFECT_HOME": str(folder / "peer"), "DO_NOT_TRACK": "1",
                        "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    begun = time.perf_counter()
    server = spawn("Prefect", [str(PREFECT), "server", "start", "--host", "127.0.0.1", "--port", str(port)],
                   folder / "peer.log", env=env, cwd=settings.ROOT)
    try:
        for page in ("api/health", ""):
            assert wait_until(lambda page=page: _answers(f"http://127.0.0.1:{port}/{page}"), 120, 0.05), page
        return time.perf_counter() - begun
    finally:
        server.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


BENCHMARK = Start()
