"""Bring everything up on this machine, watch it, and take down only what was brought up."""

import fcntl
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg

from blocks import prefect_api, settings
from blocks.errors import InspectionError, NotAnswering
from blocks.local import postgres, registering
from blocks.local.processes import Process, end_group, end_leftovers, free_port, spawn, wait_until
from blocks.register.upgrade import upgrade

Say = Callable[[str, float], None]
BIN = Path(sys.executable).parent
ASK_EVERY = 30  # seconds
SOON = 0.05  # seconds between two questions whether a process serves


@dataclass
class System:
    """Everything that runs. `processes` in the order they were started."""

    state: Path
    say: Say
    processes: list[Process] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    asked_at: float = 0  # when the server was last asked whether it knows our deployments

    def process(self, name: str) -> Process:
        return next(p for p in self.processes if p.name == name)

    def begin(self, process: Process) -> None:
        """Take in a process that was just started."""
        self.processes.append(process)
        self.write_facts()

    def write_facts(self) -> None:
        """Tell other commands where everything is, and a later `up` what to clear away."""
        facts = {**self.facts, "processes": [p.mark() for p in self.processes if p.is_alive()]}
        part = self.state / "up.json.part"
        part.touch(mode=0o600)
        part.write_text(json.dumps(facts, indent=1))
        part.replace(self.state / "up.json")

    @contextmanager
    def step(self, sentence: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.say(sentence, time.monotonic() - begun)

    def log(self, name: str) -> Path:
        (self.state / "logs").mkdir(exist_ok=True)
        return self.state / "logs" / f"{name}.log"

    def revive(self) -> list[str]:
        """Start again what has died; return the names (Chinese)."""
        revived = []
        for process in self.processes:
            if not process.is_alive():
                end_group(process.pid)
                process.start()
                revived.append(process.name)
        if revived:
            self.write_facts()
        if time.monotonic() - self.asked_at > ASK_EVERY:
            self.asked_at = time.monotonic()
            with suppress(InspectionError, httpx.HTTPError):  # it is just coming back: asked again soon
                if _healthy(self.facts["api_url"]) and not _is_known():
                    _register(self)  # its database was wiped: nothing but this is lost with it (G2)
        return revived

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()
        (self.state / "up.json").unlink(missing_ok=True)


def hold(state: Path) -> IO[str]:
    """Hold the state directory; a second `up` on it is refused with a plain word."""
    lock = (state / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InspectionError(f"这个状态目录已有一个 choucha up 在运行：{state}",
                              "请用它，或另设 CHOUCHA_STATE 再启动一套") from None
    return lock


@contextmanager
def running(say: Say, before_work: Callable[[], object] = lambda: None) -> Iterator[System]:
    """Yield the running system; stop everything it started, and nothing else, at the end.

    `before_work` is called when Prefect answers and nobody works yet.
    """
    state = settings.state_dir()
    lock = hold(state)
    system = System(state, say)
    try:
        left = end_leftovers(settings.running().get("processes", []))
        (state / "up.json").unlink(missing_ok=True)
        if left:
            say(f"清理上次未正常结束的进程 {left} 个", 0)
        _start_database(system)
        _start_prefect(system)  # which takes the longest: all that can be done meanwhile is
        _upgrade(system)
        _start_portal(system)
        _start_site(system)
        _wait_for_portal(system)
        _wait_for_prefect(system)
        _register(system)
        before_work()
        _start_worker(system)
        _start_relay(system)
        yield system
    finally:
        system.stop()
        lock.close()


def _start_database(system: System) -> None:
    wanted = settings.get()
    if wanted.database_url:
        system.facts["database_url"] = wanted.database_url
        prefect = wanted.prefect_database_url or _beside(wanted.database_url)
    else:
        with system.step("PostgreSQL 已启动（内置）"):
            cluster = postgres.prepare(system.state, wanted.postgres_port)
            system.begin(postgres.start(cluster, system.log("postgres")))
            for name in ("choucha", "choucha_prefect"):
                postgres.ensure_database(cluster.url("postgres"), name)
        system.facts["database_url"] = cluster.url("choucha")
        prefect = cluster.url("choucha_prefect")
    system.write_facts()  # whoever asks for the register is told its address from now on
    system.env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = prefect.replace(
        "postgresql://", "postgresql+asyncpg://", 1)


def _upgrade(system: System) -> None:
    with system.step("登记库已是最新版本"):
        upgrade(settings.database_url())


def _beside(database_url: str) -> str:
    """Return the address of a database for Prefect on the operator's own server, made if missing."""
    try:
        postgres.ensure_database(database_url, "choucha_prefect")
    except psycopg.Error as error:
        raise NotAnswering("您的 PostgreSQL 没有应答，或不许建库 choucha_prefect",
                           f"请核对 CHOUCHA_DATABASE_URL；也可先建好该库并设 "
                           f"CHOUCHA_PREFECT_DATABASE_URL。原话：{error}") from error
    return f"{database_url.rpartition('/')[0]}/choucha_prefect"


def _start_portal(system: System) -> None:
    port = settings.get().portal_port or free_port()
    system.facts["portal_url"] = f"http://127.0.0.1:{port}"
    system.begin(spawn("门户", [
        sys.executable, "-m", "uvicorn", "blocks.portal.app:create_app", "--factory", "--host",
        "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-server-header",
    ], system.log("portal"), cwd=settings.ROOT))


def _start_site(system: System) -> None:
    port = settings.get().site_port or free_port()
    folder = system.state / "public"  # a link that the first page makes
    system.facts["site_url"] = f"http://127.0.0.1:{port}"
    with system.step("公示网站已启动"):
        system.begin(spawn("公示网站", [
            sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1",
            "--directory", str(folder)], system.log("site"), cwd=settings.ROOT))


def _wait_for_portal(system: System) -> None:
    with system.step("门户已启动"):
        if not wait_until(lambda: _answers(f"{system.facts['portal_url']}/sign-in"), 120, SOON):
            raise NotAnswering("门户在两分钟内没有启动",
                               system.log("portal").read_text("utf-8", "replace")[-800:])


def _start_prefect(system: System) -> None:
    port = settings.get().prefect_port or free_port()
    ui = f"http://127.0.0.1:{port}"
    system.facts |= {"ui_url": ui, "api_url": f"{ui}/api", "api_password": _api_password(system.state)}
    system.env = {
        **os.environ, **system.env, "PREFECT_API_URL": system.facts["api_url"],
        "PREFECT_HOME": str(system.state / "prefect"), "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_CLIENT_METRICS_ENABLED": "false", "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW":
        "ignore", "PREFECT_CLI_PROMPT": "false", "PYTHONUNBUFFERED": "1",
        "PREFECT_SERVER_UI_API_URL": system.facts["api_url"],
        "PREFECT_SERVER_API_AUTH_STRING": system.facts["api_password"],
        "PREFECT_API_AUTH_STRING": system.facts["api_password"],
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": ui,
        **_retention(),
    }
    system.begin(spawn("Prefect 服务器", [
        str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port),
    ], system.log("server"), env=system.env, cwd=settings.ROOT))


def _wait_for_prefect(system: System) -> None:
    with system.step("Prefect 服务器已启动"):
        if not wait_until(lambda: _healthy(system.facts["api_url"]), 120, SOON):
            tail = system.log("server").read_text("utf-8", "replace")[-800:]
            raise NotAnswering("Prefect 服务器在两分钟内没有启动", tail)


def _api_password(state: Path) -> str:
    """Return the shared login of Prefect's UI and API, made at the first start and kept."""
    kept = state / "prefect.password"
    if not (kept.exists() and kept.read_text()):
        kept.touch(mode=0o600)
        kept.write_text(f"admin:{secrets.token_urlsafe(18)}")
    return kept.read_text()


def _retention() -> dict[str, str]:
    """Let Prefect's own vacuum delete runs with their logs and artifacts, and events, after so many days."""
    days = settings.get().retention_days
    return {"PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(days * 86_400),
            "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"P{days}D"}


def _healthy(api_url: str) -> bool:
    return _answers(f"{api_url}/health")


def _is_known() -> bool:
    """Tell whether the server knows what it was told; one that does not answer has not forgotten them."""
    try:
        with prefect_api.client() as api:
            return registering.is_registered(api)
    except httpx.HTTPError:
        return True


def _answers(url: str) -> bool:
    """Tell whether a page of ours on this machine is there; certificates, which take 30 ms to read, have no part."""
    try:
        return httpx.get(url, timeout=2, verify=False, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _register(system: System) -> None:
    """Tell Prefect of pool, queues, automations; of blocks and deployments only when they have changed."""
    with prefect_api.client(timeout=30) as api:
        with system.step("工作池与队列已登记"):
            registering.make_pool(api)
            is_there = registering.is_registered(api)
        content, kept = registering.stamp(), system.state / "deployed"
        if is_there and kept.exists() and kept.read_text() == content:
            system.say("流程部署没有变化", 0)
        else:
            with system.step("十一个流程已部署（定时与事件触发）"):
                registering.deploy(system.log("deploy"), system.env)
            kept.write_text(content)
        with system.step("自动化已登记"):
            registering.make_automations(api, system.facts["portal_url"])


def _start_worker(system: System) -> None:
    with system.step("工作进程已启动"):
        system.begin(spawn("工作进程", [
            str(BIN / "prefect"), "worker", "start", "--pool", settings.get().work_pool,
            "--type", "process", "--name", "choucha", "--limit", str(registering.RUNS_AT_ONCE),
        ], system.log("worker"), env=system.env, cwd=settings.ROOT))


def _start_relay(system: System) -> None:
    if settings.get().events != "off":
        system.begin(spawn("事件转发", [str(BIN / "choucha"), "relay", "run"], system.log("relay"),
                             env=system.env, cwd=settings.ROOT))
