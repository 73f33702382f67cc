"""Real kills: `kill -9` of every process of a real system under load, until each has died N times.

People go on meanwhile, in this process and over HTTP, and send again what brought no answer. Then it
is quiet; the engine carries on what is due; and the oracle asks what it asks after every schedule.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import psutil
import psycopg
from sqlalchemy import func, select

from blocks import prefect_api, settings
from blocks.actions import accounts, intake, schemes
from blocks.errors import InspectionError, NotAnswering
from blocks.local import registering
from blocks.local.processes import Process, wait_until
from blocks.local.up import System, running
from blocks.register import guard
from blocks.register.database import transaction
from blocks.register.directories import Account
from blocks.register.due import find
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import TrailLine
from blocks.steps import sweeping
from tests import people
from tests.conftest import SAMPLE
from tests.faults import oracle
from tests.faults.acts import SIZE, forward
from tests.faults.boundaries import WATCH
from tests.faults.prefect_far_away import NONE, Prefect
from tests.faults.world import Submission, World, environment_kept

CROWD = 50
SPREAD = 6  # seconds within which each process dies once everything serves
SELDOM = 20  # rounds of killing everything between two wipes of Prefect's database
ROUNDS = 2  # of killing everything, after which an inspection must have moved before anybody dies again
PATIENCE = 240  # seconds, for the system to be whole again and for the engine to come to rest
SWEEP = 15  # seconds between two sweeps
EVERY = 120  # seconds between two signs of life
WIPED = "Prefect 的数据库"


@dataclass
class Siege:
    """A system under load that is being killed. `wrong`: what must not be."""

    system: System
    world: World
    wanted: int
    until: float
    random: Random
    killed: Counter[str] = field(default_factory=Counter)
    stood: dict[tuple[str, str], None] = field(default_factory=dict)  # scheme and stage, as they came
    served: int = -1  # after how many deaths everything was last seen to serve
    calls: int = 0
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    resting: threading.Event = field(default_factory=threading.Event)  # people begin nothing new
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def is_done(self, kind: str) -> bool:
        """Enough have died of it; or it is over, or late, or something is wrong already."""
        return (self.over.is_set() or bool(self.wrong) or time.monotonic() > self.until
                or self.killed[kind] >= self.wanted)

    # what kills

    def besiege(self, process: Process) -> None:
        """Kill a process some seconds after everything serves again, whatever the others do to theirs meanwhile;
        PostgreSQL every second time by a fast restart."""
        while not self.is_done(process.name) and self.is_ready():
            pid = process.pid
            self.over.wait(self.random.uniform(0, SPREAD))
            gently = process.name == "PostgreSQL" and self.killed[process.name] % 2
            self.killed[process.name] += 1
            _kill(process.pid, signal.SIGINT if gently else signal.SIGKILL)
            wait_until(lambda pid=pid: process.pid != pid or self.over.is_set(), PATIENCE, 0.1)

    def is_ready(self) -> bool:
        """Wait until somebody may die again, and return whether that came: everything serves, inspections move."""
        if wait_until(lambda: self.over.is_set() or (self.is_whole() and self.has_moved()), PATIENCE, 0.1):
            return not self.over.is_set()
        self.wrong.append(f"not everything came back, or no inspection moves: {[one.name for one in self.missing()]}, "
                          f"{self.rounds()} rounds, {list(self.stood)[-1:]}")
        return False

    def rounds(self) -> int:
        """Return how often everything has died."""
        return min(self.killed[one.name] for one in self.system.processes)

    def has_moved(self) -> bool:
        """Inspections have moved as often as they must by now: what is killed at once for ever gets nowhere, and
        only its first stages would be tried."""
        return len(self.stood) >= self.rounds() // ROUNDS

    def missing(self) -> list[Process]:
        return [one for one in self.system.processes if not self.serves(one)]

    def look(self) -> None:
        """See, for all who wait for it, whether everything serves."""
        while not self.over.is_set():
            deaths = self.killed.total()
            self.served = -1 if self.missing() else deaths
            time.sleep(0.1)

    def is_whole(self) -> bool:
        """Everything was seen to serve since anybody was killed."""
        return self.served == self.killed.total()

    def serves(self, process: Process) -> bool:
        urls = {"门户": f"{self.system.facts['portal_url']}/sign-in", "公示网站": self.system.facts["site_url"],
                "Prefect 服务器": f"{self.system.facts['api_url']}/health"}
        if not process.is_alive():
            return False
        if process.name == "PostgreSQL":
            return _answers(settings.database_url())
        if process.name in urls:
            return _is_there(urls[process.name])
        return _age(process.pid) > 3

    def wipe(self) -> None:
        """Throw Prefect's own database away, in the middle."""
        url = settings.database_url().replace("postgresql+psycopg", "postgresql") + "_prefect"
        while not self.is_done(WIPED) and self.killed[WIPED] < max(1, self.wanted // SELDOM):
            if self.rounds() < self.killed[WIPED] * SELDOM:
                self.over.wait(1)
            elif self.is_ready():
                with suppress(psycopg.Error):
                    with psycopg.connect(url, connect_timeout=3) as connection:  # all or nothing: PostgreSQL dies, too
                        connection.execute("SET lock_timeout = '5s'")
                        connection.execute("DROP SCHEMA public CASCADE")
                        connection.execute("CREATE SCHEMA public")
                    self.killed[WIPED] += 1
                    _kill(self.system.process("Prefect 服务器").pid, signal.SIGKILL)

    def watch(self) -> None:
        """Be `choucha up`: start again what has died."""
        while not self.over.is_set():
            with suppress(InspectionError):  # the server was killed while it was told its deployments
                self.system.revive()
            time.sleep(0.2)

    def sweep(self) -> None:
        """Be the clock, whose five minutes are some seconds here; when it is to be quiet, one sweep must do."""
        while not self.resting.wait(SWEEP):
            with suppress(InspectionError):  # Prefect or PostgreSQL is just dead
                sweeping.sweep()

    # what people do

    def inspect(self) -> None:
        """Carry one inspection after another to its end."""
        while not self.resting.is_set():
            code = self.insist("gaj.jingban", lambda: schemes.new("gaj.jingban", people.contents(**SIZE)))
            while code and not self.resting.is_set() and self.go_on(code):
                time.sleep(0.3)

    def go_on(self, code: str) -> bool:
        """Do what brings an inspection forward; return whether it goes on."""
        try:
            with transaction() as session:
                stage, acts = find_scheme(session, code).stage, forward(session, code)
        except NotAnswering:
            return True
        self.stood[code, stage] = None
        if stage == "dispatched" and any(act.name.startswith("assignments.accept") for act in acts):
            self.crowd(code)
        elif acts:
            self.insist(acts[0].login, acts[0].do)
        return stage not in ("publicised", "cancelled")

    def insist(self, login: str, do: Callable) -> str | None:
        """Send a submission in, and again until it is answered; return the scheme's code, if there is one."""
        key = f"{login}-{self.random.getrandbits(64):x}"
        sent = self.world.submissions[key] = Submission(key, self.ids[login])
        while not self.over.is_set():
            try:
                with guard.guarded(guard.Guard(sent.account_id, key)):
                    done = do()
                sent.told = True
                return done.ids.get("scheme")
            except NotAnswering:
                time.sleep(0.2)
            except (guard.Repeated, InspectionError):
                return None
        return None

    def crowd(self, code: str) -> None:
        """Fifty clients of two departments accept at once; each department's task is taken once."""
        logins = [f"{party}.jingban" for party in people.PARTICIPANTS] * (CROWD // 2)
        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(lambda login: self.call(login, f"/schemes/{code}/accept", {}), logins))

    def call(self, login: str, path: str, body: dict) -> httpx.Response | None:
        """Call the API, and again under the same key until an answer comes; note what was told to be done."""
        key = f"{login}-{self.random.getrandbits(64):x}"
        headers = {"Authorization": f"Bearer {self.tokens[login]}", "Idempotency-Key": key}
        while not self.over.is_set():
            with suppress(httpx.HTTPError):
                answer = httpx.post(f"{self.system.facts['portal_url']}/api/v1{path}", json=body, headers=headers,
                                    timeout=15, trust_env=False, verify=False)
                self.calls += 1
                if answer.status_code not in (502, 503):
                    self.told(login, key, answer)
                    return answer
            time.sleep(0.2)
        return None

    def told(self, login: str, key: str, answer: httpx.Response) -> None:
        if answer.status_code >= 500:
            self.wrong.append(f"{answer.status_code} {answer.text[:200]}")
        if answer.status_code == 200:
            self.world.submissions[key] = Submission(key, self.ids[login], told=True)

    def draft(self) -> None:
        """Draft one scheme after another over HTTP."""
        while not self.resting.wait(0.5):
            self.call("gaj.jingban", "/schemes", {"data": people.contents(**SIZE)})

    # and then it is quiet

    def quiet(self) -> None:
        """Wait until everything serves; one sweep; wait until the engine has come to rest; ask the oracle."""
        if not wait_until(self.is_whole, PATIENCE, 0.5):
            self.wrong.append(f"not everything came back: {[one.name for one in self.missing()]}")
            return
        if not wait_until(_is_known, 90, 1):
            self.wrong.append("Prefect does not know all deployments and automations again")
            return
        time.sleep(settings.get().patience_seconds)  # what a dead run was started for is started again
        sweeping.sweep()
        wait_until(self.rests, PATIENCE, 1)
        try:
            oracle.ask(self.world)
        except oracle.Broken as error:
            self.wrong.append(str(error))
        self.once()

    def rests(self) -> bool:
        with transaction() as session:
            return not find(session)

    def once(self) -> None:
        """Every task was taken once, whoever of the crowd was quickest."""
        with transaction() as session:
            several = session.execute(select(TrailLine.thing_id).where(
                TrailLine.thing == "assignment", TrailLine.label == "接收任务").group_by(TrailLine.thing_id).having(
                func.count() > 1)).all()
        if several:
            self.wrong.append(f"taken more than once: {several}")

    def line(self) -> str:
        ended = sum(stage == "publicised" for _, stage in self.stood)
        told = sum(sent.told for sent in self.world.submissions.values())
        each = ", ".join(f"{kind} {number}" for kind, number in self.killed.items())
        return (f"kills {sum(self.killed.values())} ({each}); told done {told} of {len(self.world.submissions)}, "
                f"calls {self.calls}, inspections ended {ended} and moved {len(self.stood)} times; "
                f"wrong {len(self.wrong)} {'; '.join(self.wrong[:5])}")


def _kill(pid: int, how: int) -> None:
    """Kill a process and, unless it is told to end by itself, all that it has started."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(pid).children(recursive=True) if how == signal.SIGKILL else []
        for one in (psutil.Process(pid), *family):
            with suppress(psutil.NoSuchProcess):
                one.send_signal(how)


def _age(pid: int) -> float:
    """Return for how many seconds a process has lived; 0 where it is gone."""
    try:
        return time.time() - psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0


def _is_there(url: str) -> bool:
    try:
        return httpx.get(url, timeout=3, trust_env=False, verify=False).status_code == 200
    except httpx.HTTPError:
        return False


def _is_known() -> bool:
    try:
        with prefect_api.client() as api:
            return registering.is_registered(api)
    except (httpx.HTTPError, NotAnswering):
        return False


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def besieged(state: Path, wanted: int, seconds: float, seed: int = 1) -> Iterator[Siege]:
    """Yield a system with the sample city that people use and that is being killed, until it is over."""
    os.environ.update({"CHOUCHA_STATE": str(state), "CHOUCHA_PATIENCE_SECONDS": "20"})
    for name in ("CHOUCHA_DATABASE_URL", "CHOUCHA_EVENTS", "PREFECT_API_URL"):
        os.environ.pop(name, None)
    settings.get.cache_clear()
    with running(lambda sentence, took: None) as system:
        for kind in ("departments", "items", "inspectors", "accounts"):
            intake.take(None, kind, SAMPLE / f"{kind}.csv")
        for kind in ("targets", "interests"):
            intake.take("bangong", kind, SAMPLE / f"{kind}.csv")
        with transaction() as session:
            made = oracle.catalogue(session)
            ids = {one.login: one.id for one in session.scalars(select(Account)) if one.active}
        world = World(None, "choucha", "", Prefect(NONE), made)
        siege = Siege(system, world, wanted, time.monotonic() + seconds, Random(seed), ids=ids)
        siege.tokens = {login: accounts.give_token("bangong", login).ids["token"]
                        for login in (f"{party}.jingban" for party in ("gaj", *people.PARTICIPANTS))}
        WATCH.listeners.append(world.heard)
        try:
            yield siege
        finally:
            siege.over.set()
            WATCH.listeners.remove(world.heard)


def carry_on(siege: Siege) -> None:
    """Let people, killers and the watcher go on until every kind was killed often enough; then ask."""
    watchers = [_begun(siege, work) for work in (siege.look, siege.watch)]
    crowd = [_begun(siege, work) for work in (siege.inspect, siege.draft, siege.sweep)]
    killers = [_begun(siege, lambda process=one: siege.besiege(process)) for one in siege.system.processes]
    begun = time.monotonic()
    for thread in (*killers, _begun(siege, siege.wipe)):
        while thread.is_alive():
            thread.join(EVERY)
            print(f"{dict(siege.killed)} after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    siege.resting.set()
    for thread in crowd:
        thread.join(60)
    siege.quiet()
    siege.over.set()
    for thread in watchers:
        thread.join(60)


def _begun(siege: Siege, work: Callable[[], object]) -> threading.Thread:
    """Begin a thread that, ending by an error, says so."""
    def safely() -> None:
        try:
            work()
        except Exception:
            siege.wrong.append(traceback.format_exc())

    thread = threading.Thread(target=safely, daemon=True)
    thread.start()
    return thread


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.faults.kills")
    asked.add_argument("--kills", type=int, default=200, help="of each kind of process")
    asked.add_argument("--minutes", type=float, default=24 * 60)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    for stop in (signal.SIGTERM, signal.SIGINT):  # also where a shell started us with & and ignores it
        signal.signal(stop, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        Path(folder).chmod(0o755)
        with environment_kept(), besieged(Path(folder), wanted.kills, wanted.minutes * 60, wanted.seed) as siege:
            carry_on(siege)
    print(siege.line())
    return 1 if siege.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
