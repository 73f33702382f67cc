"""The demo for real: PostgreSQL, Prefect's server, worker, triggers, the site; nothing stands in.

Two demos, side by side on one machine: one whose worker is killed in the middle, and again when it is
over, and one in which no event is ever sent.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from blocks import engine, settings
from blocks.local.processes import wait_until
from blocks.steps import stale_runs

CHOUCHA = Path(sys.executable).parent / "choucha"
LIMIT = 420
HEAP: list[str] = []  # the states of three nights that were missed
RUNS: list[dict] = []  # one that was killed, one that lived


def start(state: Path, **env: str) -> subprocess.Popen:
    """Start a demo with a state directory of its own; its output goes to demo.log beside it."""
    state.mkdir(parents=True)
    wanted = {k: v for k, v in os.environ.items() if not k.startswith(("CHOUCHA_", "PREFECT_"))}
    wanted |= {"CHOUCHA_STATE": str(state / "state"), **env}
    with (state / "demo.log").open("w") as log:
        return subprocess.Popen([str(CHOUCHA), "demo"], stdout=log, stderr=subprocess.STDOUT,
                                env=wanted, cwd=settings.ROOT)


def said(state: Path) -> str:
    return (state / "demo.log").read_text("utf-8")


def finish(demo: subprocess.Popen, state: Path) -> str:
    """Wait for a demo to end well and return what it said."""
    try:
        code = demo.wait(LIMIT)
    except subprocess.TimeoutExpired:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)
        code = -1
    assert code == 0, said(state)[-4000:]
    return said(state)


def must_be_whole(text: str) -> None:
    """The demo's own proof, each line of it."""
    for proof in ("份结果（含更正）与登记一致", "逐条校验相符", "只用公开文件重新计算抽取，结果相同",
                  "演示完成"):
        assert proof in text


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[str, Path]]]:
    """What each demo said and its state directory."""
    killed, silent = (tmp_path_factory.mktemp(n) / "demo" for n in ("killed", "silent"))
    started = {killed: start(killed, KEEP="1"), silent: start(silent, CHOUCHA_EVENTS="off")}
    try:
        kill_worker_in_the_draw(killed, started[killed])
        until(lambda: "演示完成" in said(killed) and "登录门户" in said(killed), killed, started[killed])
        RUNS[:] = what_became_of_a_dead_and_a_living_run(killed)
        started[killed].send_signal(signal.SIGINT)
        yield {state.parent.name[:6]: (finish(demo, state), state / "state")
               for state, demo in started.items()}
    finally:
        for demo in started.values():
            if demo.poll() is None:
                demo.send_signal(signal.SIGINT)
                demo.wait(60)


def until(question: Callable[[], object], state: Path, demo: subprocess.Popen) -> None:
    deadline = time.monotonic() + LIMIT
    while not question():
        assert demo.poll() is None and time.monotonic() < deadline, said(state)[-4000:]
        time.sleep(0.1)


def kill_worker_in_the_draw(state: Path, demo: subprocess.Popen) -> None:
    """Kill -9 the worker and what it runs, just when the draw is due."""
    until(lambda: "两人录入一致" in said(state), state, demo)
    time.sleep(4)  # the run of the draw is starting now
    kill_worker(state)


def kill_worker(state: Path) -> None:
    facts = json.loads((state / "state" / "up.json").read_text())
    worker = next(p["pid"] for p in facts["processes"] if p["name"] == "工作进程")
    os.killpg(worker, signal.SIGKILL)


def what_became_of_a_dead_and_a_living_run(state: Path) -> tuple[dict, dict]:
    """Kill a run with its worker, look after the engine's runs while another lives; return both at the end."""
    before = dict(os.environ)
    os.environ |= {"CHOUCHA_STATE": str(state / "state"), "CHOUCHA_PATIENCE_SECONDS": "1",
                   stale_runs.RUN_ID: "as if the sweep ran this"}
    os.environ.pop("CHOUCHA_DATABASE_URL", None)
    settings.get.cache_clear()
    try:
        with engine.client() as api:
            def is_in(run: str, *kinds: str) -> bool:
                return api.get(f"/flow_runs/{run}").json()["state_type"] in kinds

            HEAP[:] = what_became_of_three_missed_nights(api)
            dead, _ = engine.start("sweep", {}, f"to be killed {uuid4()}")
            assert wait_until(lambda: is_in(dead, "PENDING", "RUNNING"), 60, 0.1)
            kill_worker(state)
            living, _ = engine.start("sweep", {}, f"to live {uuid4()}")
            assert wait_until(lambda: is_in(living, "PENDING", "RUNNING"), 60, 0.1), "the worker is started again"
            assert wait_until(lambda: (stale_runs.settle(), is_in(living, *engine.ENDED))[1], 60, 0.5)
            return api.get(f"/flow_runs/{dead}").json(), api.get(f"/flow_runs/{living}").json()
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.get.cache_clear()


def test_a_demo_whose_worker_is_killed_publishes_what_was_recorded_and_nothing_twice(demos):
    text, _ = demos["killed"]
    must_be_whole(text)
    assert "工作进程意外停止，已重新启动" in text
    assert text.count("抽取：出签") == 1


def what_became_of_three_missed_nights(api: httpx.Client) -> list[str]:
    """Let the clock have scheduled three nights while nobody worked; return their states, the newest first."""
    pool = f"/work_pools/{settings.get().work_pool}"
    night = api.get(f"/deployments/name/{engine.DEPLOYMENTS['nightly']}").json()["id"]
    now = settings.wall_clock()
    api.patch(pool, json={"is_paused": True}).raise_for_status()
    api.post(f"/deployments/{night}/schedule", json={
        "start_time": (now - timedelta(days=3)).isoformat(), "end_time": now.isoformat()}).raise_for_status()
    stale_runs.settle()
    runs = api.post("/flow_runs/filter", json={
        "deployments": {"id": {"any_": [night]}}, "sort": "EXPECTED_START_TIME_DESC",
        "flow_runs": {"expected_start_time": {"before_": now.isoformat()}}}).raise_for_status().json()
    api.delete(f"/flow_runs/{runs[0]['id']}").raise_for_status()
    api.patch(pool, json={"is_paused": False}).raise_for_status()
    return [run["state_type"] for run in runs]


def test_of_nights_that_were_missed_only_the_newest_is_left_to_run(demos):
    assert HEAP == ["SCHEDULED", "CANCELLED", "CANCELLED"]


def test_a_run_whose_process_is_gone_is_marked_and_one_that_lives_is_not(demos):
    dead, living = RUNS
    assert dead["state_type"] == "CRASHED" and "运行它的进程已不在" in dead["state"]["message"]
    assert living["state_type"] == "COMPLETED"


def test_without_any_event_the_sweep_alone_finishes_the_inspection(demos):
    must_be_whole(demos["silent"][0])


def test_the_runs_of_an_inspection_are_few(demos):
    """Sweeps apart, which come by the clock; even with a killed worker's work begun again."""
    flows, sweeps, tasks = map(int, re.search(
        r"流程运行(\d+)次（其中巡查(\d+)次）、任务运行(\d+)次", demos["killed"][0]).groups())
    assert flows - sweeps + tasks <= 30


def test_prefects_own_services_ran_without_an_error(demos):
    """A server that schedules nothing still looks healthy: on SQLAlchemy 2.1 it did."""
    for _, state in demos.values():
        log = (state / "logs" / "server.log").read_text("utf-8", "replace")
        assert "ERROR" not in log, log[-3000:]


def test_everything_a_demo_started_was_stopped(demos):
    assert [state for _, state in demos.values() if (state / "up.json").exists()] == []
