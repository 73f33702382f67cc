"""The engine as `choucha up` starts it: forms, queues, automations (`make engine`; four minutes).

The inspections of tests/flows/test_demo.py show the same on a smaller scale in every run of the tests.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from sqlalchemy import select

from blocks import prefect_api, progress, settings, story
from blocks.actions import intake, schemes
from blocks.local import registering
from blocks.local.processes import wait_until
from blocks.local.up import System, running
from blocks.register.database import transaction
from blocks.register.notices import Notice
from blocks.steps import stale_runs
from tests import people
from tests.scenes import everything

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
PATIENCE = 120
LONG = 40  # seconds


class Engine:
    """Prefect's API, asked as its UI asks it."""

    def __init__(self, system: System, api: httpx.Client, code: str) -> None:
        self.system, self.api, self.code = system, api, code

    def ask(self, method: str, path: str, /, **body: Any) -> Any:
        return self.api.request(method, path, json=body or None).raise_for_status().json()

    def deployment(self, name: str) -> str:
        return self.ask("GET", f"/deployments/name/{name}/{name}")["id"]

    def start(self, deployment: str, *, at: datetime | None = None, **parameters: Any) -> str:
        """Ask for a run as the form does; return its id."""
        when = {"scheduled_time": (at or datetime.now(UTC)).isoformat()}
        return self.ask("POST", f"/deployments/{deployment}/create_flow_run", parameters=parameters,
                        state={"type": "SCHEDULED", "state_details": when})["id"]

    def died(self, name: str, **parameters: Any) -> str:
        """Leave a run as its worker leaves it that dies just after taking it; return its id."""
        return self.ask("POST", f"/deployments/{self.deployment(name)}/create_flow_run", parameters=parameters,
                        state={"type": "PENDING"})["id"]

    def run(self, id_: str) -> dict[str, Any]:
        return self.ask("GET", f"/flow_runs/{id_}")

    def ended(self, id_: str) -> dict[str, Any]:
        assert wait_until(lambda: self.run(id_)["state_type"] in ENDED, PATIENCE, 0.5), self.run(id_)
        return self.run(id_)

    def automations(self) -> list[dict[str, Any]]:
        return self.api.post("/automations/filter", json={}).raise_for_status().json()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    before = dict(os.environ)
    os.environ |= {"CHOUCHA_STATE": str(tmp_path_factory.mktemp("live")), "CHOUCHA_PATIENCE_SECONDS": "20"}
    for name in ("CHOUCHA_DATABASE_URL", "PREFECT_API_URL", "CHOUCHA_EVENTS"):
        os.environ.pop(name, None)
    settings.get.cache_clear()
    try:
        with running(lambda *_: None) as system, prefect_api.client(timeout=30) as api:
            for kind in ("departments", "items", "inspectors", "accounts"):
                intake.take(None, kind, settings.CONFIG / "sample" / f"{kind}.csv")
            intake.take("bangong", "targets", settings.CONFIG / "sample" / "targets.csv")
            here = Engine(system, api, people.drafted())
            api.patch(f"/deployments/{here.deployment('巡查')}", json={"paused": True}).raise_for_status()
            yield here
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.get.cache_clear()


@pytest.fixture
def told() -> Callable[[str], str]:
    """Return what waits for the operator's notice about a flow and returns its text."""

    def wait(flow: str) -> str:
        found: list[str] = []

        def look() -> bool:
            with transaction() as session:
                found[:] = session.scalars(select(Notice.body).where(
                    Notice.key == f"failed-run:{flow}:{settings.today()}")).all()
            return bool(found)

        assert wait_until(look, PATIENCE, 0.5), f"nobody was told of {flow}"
        return found[0]

    return wait


def test_an_event_wakes_the_stage_and_the_form_repeats_it_without_harm(engine):
    schemes.submit("gaj.jingban", engine.code)
    review = engine.deployment("方案审查")

    def woken() -> list[dict[str, Any]]:
        return engine.ask("POST", "/flow_runs/filter", deployments={"id": {"any_": [review]}})

    assert wait_until(lambda: bool(woken()), PATIENCE, 0.5)
    (run,) = woken()
    assert run["parameters"]["scheme"] == "1"
    assert engine.ended(run["id"])["state_type"] == "COMPLETED"
    before = _but_the_sweeps_notes()
    runs = [engine.ended(one) for one in [engine.start(review, scheme=typed) for typed in (
        engine.code, "揭双随机【２０２６】1号", "〔2026〕 1 号")]]
    assert [one["state_type"] for one in runs] == ["COMPLETED"] * 3
    assert _but_the_sweeps_notes() == before, "the second and third time nothing was due"
    assert {one["name"] for one in (run | engine.run(run["id"]), *runs)} == {
        "方案审查 · 2026-001 样例·旅馆业部门联合“双随机、一公开”抽查 · 公安"}
    tagged = engine.ask("POST", "/flow_runs/filter", flow_runs={"tags": {
        "all_": ["公安", "卫健", "2026-001", "方案审查"]}})
    assert {one["id"] for one in tagged} == {run["id"], *(one["id"] for one in runs)}


@pytest.mark.parametrize(("typed", "said"), [("揭双随机〔2026〕99号", "没有方案「2026-099」"),
                                             ("旅馆", "「旅馆」不是方案编号")])
def test_a_number_that_does_not_exist_ends_failed_with_a_sentence_and_changes_nothing(engine, typed, said):
    before = everything()
    run = engine.ended(engine.start(engine.deployment("派发"), scheme=typed))
    assert (run["state_type"], run["name"]) == ("FAILED", "派发 · 没有这个方案")
    assert said in run["state"]["message"]
    after = everything()
    assert {name for name in after if after[name] != before[name]} <= {"notices", "deliveries", "accounts"}


def test_the_form_is_refused_where_the_number_is_missing(engine):
    answer = engine.api.post(f"/deployments/{engine.deployment('派发')}/create_flow_run", json={"parameters": {}})
    assert answer.status_code == 409


def test_registering_again_doubles_nothing(engine):
    before = sorted(one["name"] for one in engine.automations())
    for _ in range(2):
        registering.make_pool(engine.api)
        registering.make_automations(engine.api, engine.system.facts["portal_url"])
        registering.deploy(engine.system.log("deploy"), engine.system.env)
    assert sorted(one["name"] for one in engine.automations()) == before
    wanted = [trigger for each in settings.deployments() for trigger in each.get("triggers", ())]
    assert before == sorted(one["name"] for one in (*wanted, *settings.config("automations.yaml")))
    assert len(before) == len(set(before)) > 9
    queues = engine.api.post("/work_pools/choucha/queues/filter", json={}).json()
    assert [(one["name"], one["priority"], one["concurrency_limit"]) for one in queues] == [
        ("urgent", 1, None), ("watch", 2, None), ("routine", 3, 2), ("default", 4, None)]
    assert engine.ask("GET", "/work_pools/choucha")["concurrency_limit"] is None


def test_runs_whose_processes_died_keep_no_place_from_the_living(engine):
    """More of each queue than a worker runs at once, taken and then gone, as a power cut leaves them."""
    dead = [engine.died(name, **parameters)
            for name, parameters in (("派发", {"scheme": engine.code}), ("提醒", {}), ("夜间任务", {}))
            for _ in range(registering.RUNS_AT_ONCE + 1)]
    review = engine.start(engine.deployment("方案审查"), scheme=engine.code)
    assert engine.ended(review)["state_type"] == "COMPLETED"
    night = engine.start(engine.deployment("夜间任务"))
    time.sleep(settings.get().patience_seconds)
    assert engine.run(night)["state_type"] == "SCHEDULED", "two dead ones have its places"
    assert engine.ended(engine.start(engine.deployment("巡查")))["state_type"] == "COMPLETED"
    assert {engine.run(one)["state_type"] for one in dead} == {"CRASHED"}
    assert engine.ended(night)["state_type"] == "COMPLETED"


def test_of_several_workers_each_judges_what_it_took_itself_and_nothing_else(engine):
    """Another machine's worker is there, too: its runs may live, and so may one of which nobody knows who took it."""
    engine.api.post("/work_pools/choucha/workers/heartbeat", json={"name": "elsewhere"}).raise_for_status()
    taken = {worker: engine.died("派发", scheme=engine.code) for worker in ("choucha", "elsewhere", "nobody knows")}
    for worker in ("choucha", "elsewhere"):
        engine.api.patch(f"/flow_runs/{taken[worker]}/labels", json={stale_runs.WORKER: worker}).raise_for_status()
    time.sleep(settings.get().patience_seconds)
    try:
        assert engine.ended(engine.start(engine.deployment("巡查")))["state_type"] == "COMPLETED"
        assert {worker: engine.run(one)["state_type"] for worker, one in taken.items()} == {
            "choucha": "CRASHED", "elsewhere": "PENDING", "nobody knows": "PENDING"}
    finally:
        engine.api.delete("/work_pools/choucha/workers/elsewhere").raise_for_status()
    assert engine.ended(engine.start(engine.deployment("巡查")))["state_type"] == "COMPLETED"
    assert {engine.run(one)["state_type"] for one in taken.values()} == {"CRASHED"}, "now there is one worker"


@pytest.mark.parametrize("lost", ["deployments", "automations"])
def test_what_prefect_lost_or_was_never_told_is_made_up_by_who_watches(engine, lost):
    """… as when it dies in the middle of being told, after its database was wiped."""
    def there() -> list[str]:
        return sorted(one["name"] for one in engine.api.post(f"/{lost}/filter", json={}).raise_for_status().json())

    before = there()
    one = engine.api.post(f"/{lost}/filter", json={}).json()[-1]
    engine.api.delete(f"/{lost}/{one['id']}").raise_for_status()
    assert there() != before
    engine.system.asked_at = 0
    engine.system.revive()
    assert there() == before


def test_a_run_that_crashed_is_told_by_the_server_itself(engine, told):
    run = engine.start(engine.deployment("现场检查"), at=datetime.now(UTC) + timedelta(days=1), scheme=engine.code)
    engine.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CRASHED", "name": "Crashed"}, force=True)
    assert "中断" in told("现场检查")


def test_a_run_that_no_worker_takes_is_told_though_it_can_say_nothing(engine, told):
    """The automation's ten minutes are ten seconds here."""
    (late,) = [one for one in engine.automations() if one["name"] == "抽查·运行没有开始"]
    late["trigger"]["within"] = 10
    engine.api.put(f"/automations/{late['id']}", json={name: late[name] for name in (
        "name", "description", "enabled", "trigger", "actions")}).raise_for_status()
    engine.api.patch("/work_pools/choucha/queues/urgent", json={"is_paused": True}).raise_for_status()
    try:
        engine.start(engine.deployment("公示"), scheme=engine.code)
        assert "迟迟没有开始" in told("公示")
    finally:
        engine.api.patch("/work_pools/choucha/queues/urgent", json={"is_paused": False}).raise_for_status()


def test_long_routine_runs_do_not_delay_what_somebody_waits_for(engine):
    sweep = engine.ask("GET", "/deployments/name/巡查/巡查")
    flow = engine.ask("POST", "/flows/", name="长运行")
    long = engine.ask("POST", "/deployments/", name="长运行", flow_id=flow["id"],
                      entrypoint="tests.engine_room.sleeping.sleep", work_queue_name="routine",
                      **{name: sweep[name] for name in ("work_pool_name", "path", "pull_steps")})["id"]
    many = [engine.start(long, seconds=LONG) for _ in range(registering.RUNS_AT_ONCE + 2)]
    assert wait_until(lambda: _running(engine, many) == 2, PATIENCE, 0.5), "the queue lets two run"
    begun = time.monotonic()
    assert engine.ended(engine.start(engine.deployment("方案审查"), scheme=engine.code))["state_type"] == "COMPLETED"
    took = time.monotonic() - begun
    assert took < LONG
    assert _running(engine, many) <= 2
    assert [engine.run(one)["state_type"] for one in many].count("COMPLETED") <= 2, "most of them still wait"
    for one in many:
        engine.api.post(f"/flow_runs/{one}/set_state", json={"state": {"type": "CANCELLED"}, "force": True})


def test_progress_is_shown_of_work_that_takes_longer_than_a_moment_and_of_no_other(engine):
    with temporary_settings({PREFECT_API_URL: engine.system.facts["api_url"],
                             PREFECT_API_AUTH_STRING: engine.system.facts["api_password"]}):
        for key, after in (("short", 60.0), ("long", 0.0)):
            with story.shown_progress(key, after):
                for number in range(3):
                    progress.tell("登记已公示的结果", number, 4)
    found = engine.ask("POST", "/artifacts/filter", artifacts={"key": {"any_": ["short", "long"]}})
    assert [(one["key"], one["type"], one["data"], one["description"]) for one in found] == [
        ("long", "progress", 100.0, "已办完")]


def _but_the_sweeps_notes() -> dict[str, str]:
    return {table: rows for table, rows in everything().items() if table != "attempts"}


def _running(engine: Engine, runs: list[str]) -> int:
    return sum(engine.run(one)["state_type"] in ("PENDING", "RUNNING") for one in runs)
