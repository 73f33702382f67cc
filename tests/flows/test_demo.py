"""The demo for real: PostgreSQL, Prefect's server, worker, triggers, the site; nothing stands in.

Two demos, side by side on one machine: one whose worker is killed in the middle, and again when it is
over, and one in which no event is ever sent.
"""

import csv
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
import psycopg
import pytest

from blocks import engine, prefect_api, settings
from blocks.local import postgres
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
    facts = json.loads((state / "state" / "up.json").read_text())
    (state / "state" / "strangers.json").write_text(json.dumps(strangers(facts)))
    time.sleep(4)  # the run of the draw is starting now
    kill_worker(state)


def kill_worker(state: Path) -> None:
    facts = json.loads((state / "state" / "up.json").read_text())
    worker = next(p["pid"] for p in facts["processes"] if p["name"] == "工作进程")
    os.killpg(worker, signal.SIGKILL)


def strangers(facts: dict) -> dict[str, list]:
    """Knock at the running engine as it should not be knocked at: {who: [status, allowed origin]}."""
    known, wrong = tuple(facts["api_password"].split(":")), ("admin", "123456")
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    with httpx.Client(base_url=facts["api_url"]) as api:
        answers = {
            "health": api.get("/health"),
            "nobody": api.get("/admin/settings"),
            "guesser": api.get("/admin/settings", auth=wrong),
            "forger": api.post("/flow_runs/filter", json={}, auth=known),
            "other site": api.options("/flow_runs/filter", headers={"Origin": "http://example.com", **preflight}),
            "own page": api.options("/flow_runs/filter", headers={
                "Origin": facts["api_url"].removesuffix("/api"), **preflight}),
        }
    return {who: [answer.status_code, answer.headers.get("access-control-allow-origin")]
            for who, answer in answers.items()}


def what_became_of_a_dead_and_a_living_run(state: Path) -> tuple[dict, dict]:
    """Kill a run with its worker, look after the engine's runs while another lives; return both at the end."""
    before = dict(os.environ)
    os.environ |= {"CHOUCHA_STATE": str(state / "state"), "CHOUCHA_PATIENCE_SECONDS": "1",
                   stale_runs.RUN_ID: "as if the sweep ran this"}
    os.environ.pop("CHOUCHA_DATABASE_URL", None)
    settings.get.cache_clear()
    try:
        with prefect_api.client() as api:
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


def test_who_does_not_know_the_password_or_comes_from_another_site_gets_nothing_of_prefect(demos):
    state = demos["killed"][1]
    knocked = json.loads((state / "strangers.json").read_text())
    own = knocked.pop("own page")[1]
    assert own.startswith("http://127.0.0.1:")
    assert knocked == {"health": [200, None], "nobody": [401, None], "guesser": [401, None],
                       "forger": [403, None], "other site": [400, None]}
    for name in ("prefect.password", "postgres.password"):
        assert (state / name).stat().st_mode & 0o777 == 0o600, name


def test_everything_a_demo_started_was_stopped(demos):
    assert [state for _, state in demos.values() if (state / "up.json").exists()] == []


@pytest.fixture(scope="module")
def prefects_memory(demos) -> Iterator[psycopg.Connection]:
    """Prefect's own database of the demo whose worker was killed."""
    cluster = postgres.prepare(demos["killed"][1])
    process = postgres.start(cluster, cluster.data.with_name("again.log"))
    try:
        with psycopg.connect(cluster.url("choucha_prefect"), autocommit=True) as connection:
            yield connection
    finally:
        process.stop()


def test_runs_are_named_and_tagged_by_stage_scheme_and_department(prefects_memory):
    rows = prefects_memory.execute("SELECT name, tags, work_queue_name FROM flow_run WHERE state_type = 'COMPLETED'")
    named = {name: (set(tags), queue) for name, tags, queue in rows}
    assert set(named) >= {"巡查", "提醒"}
    for name, (tags, queue) in named.items():
        stage, *rest = name.split(" · ")
        if rest:
            assert (rest[0][:8], rest[-1], queue) == ("2026-001", "公安", "urgent"), name
            assert tags >= {stage, "2026-001", "公安", "消防", "卫健"}, name
        else:
            assert queue == {"夜间任务": "routine"}.get(stage, "watch") and stage in tags, name
    assert {name.split(" · ")[0] for name in named} >= {"方案审查", "抽取", "派发", "接收配员", "现场检查", "公示"}


def test_the_artifact_of_a_scheme_says_how_it_stands_and_leads_to_portal_and_public_page(prefects_memory):
    (told,) = prefects_memory.execute(
        "SELECT data #>> '{}' FROM artifact WHERE key LIKE 'scheme-_' ORDER BY created DESC LIMIT 1").fetchone()
    for words in ("揭双随机〔2026〕1号", "✓公示", "公安、消防、卫健", "全部办结", "/schemes/2026-001)",
                  "/schemes/2026-001.html)"):
        assert words in told, told
    tables = prefects_memory.execute("SELECT count(*) FROM artifact WHERE type = 'table' AND key = 'late-today'")
    assert tables.fetchone()[0] > 0


def test_every_automation_is_there_once(prefects_memory):
    names = [name for (name,) in prefects_memory.execute("SELECT name FROM automation")]
    woken = [one for one in settings.deployments() if one.get("triggers")]
    assert len(names) == len(set(names)) == len(woken) + len(settings.config("automations.yaml")) > 9
    assert {"抽查·运行失败", "抽查·运行中断", "抽查·运行没有开始", "抽查·唤醒抽取"} <= set(names)


def test_prefect_knows_no_person_and_no_business(prefects_memory):
    """Every row of every table: parameters, names, logs, artifacts, events (G19)."""
    tables = prefects_memory.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    rows = [row for (table,) in tables for (row,) in prefects_memory.execute(f'SELECT t::text FROM "{table}" t')]
    known = re.sub(r"\\+u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), "\n".join(rows))
    assert known.count("2026-001") > 20
    sample = settings.CONFIG / "sample"
    private = {row[column] or "∅" for name, columns in (
        ("inspectors", ("姓名", "执法证号")), ("accounts", ("姓名",)),
        ("targets", ("名称", "统一社会信用代码", "法定代表人")))
        for row in csv.DictReader((sample / f"{name}.csv").open(encoding="utf-8-sig")) for column in columns}
    assert len(private) > 800
    found = [known[max(0, at - 80):at + 60] for one in sorted(private) for at in [known.find(one)] if at >= 0]
    assert found == [], "\n".join(found)
