"""Runs that Prefect still believes in (僵死的运行): whose process is gone, and late ones that came in a heap.

Prefect's state is a picture for the administrator, never the truth; this makes the picture true again. A
run that lives is never touched: its process is looked for on this machine, by the run's id in its
environment; what the worker of another machine took is given up only when far older than any lawful run.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import psutil

from blocks import prefect_api, settings
from blocks.errors import NotAnswering

RUN_ID = "PREFECT__FLOW_RUN_ID"  # what the process of a run has in its environment
WORKER = "prefect.worker.name"  # the label of a run that a worker has taken
LONGEST = timedelta(hours=6)  # no lawful run takes longer
LATE = timedelta(minutes=1)
A_PAGE = 200


def settle() -> str | None:
    """Mark dead runs as crashed and cancel late doubles; say in Chinese how many.

    Raises:
        NotAnswering: Prefect does not answer.
    """
    try:
        with prefect_api.client() as api:
            crashed, cancelled = _crash_the_dead(api), cancel_late(api)
    except httpx.HTTPError as error:
        raise NotAnswering("流程引擎（Prefect）没有应答", "请查看 choucha up 的输出") from error
    told = [f"标明中断的运行{crashed}个"] * bool(crashed) + [f"取消积压的定时运行{cancelled}个"] * bool(cancelled)
    return "，".join(told) or None


def clear_heap() -> int:
    """Cancel late doubles before anybody works; return how many. An engine that is away has none."""
    try:
        with prefect_api.client() as api:
            return cancel_late(api)
    except (httpx.HTTPError, NotAnswering):
        return 0


def cancel_late(api: httpx.Client) -> int:
    """Cancel what the clock scheduled and nobody ran in time, except the newest of each flow."""
    seen, cancelled = set(), 0
    for run in _runs(api, ["SCHEDULED"], LATE):
        if not run["auto_scheduled"]:
            continue
        if run["deployment_id"] in seen:
            cancelled += _set(api, run, "CANCELLED", "停机期间积压的定时运行：只补最近一次")
        seen.add(run["deployment_id"])
    return cancelled


def _crash_the_dead(api: httpx.Client) -> int:
    patience = timedelta(seconds=settings.get().patience_seconds)
    silent = [run for run in _runs(api, ["RUNNING", "PENDING", "CANCELLING"], patience)
              if _age(run) > patience]
    if not silent:
        return 0
    living, is_ours = set(_here()), _ours(api)
    dead = [run for run in silent if run["id"] not in living and (is_ours(run) or _age(run) > LONGEST)]
    why = "运行它的进程已不在（断电或被强制结束）；登记库里的事由巡查接着办"
    return sum(_set(api, run, "CRASHED", why) for run in dead)


def _runs(api: httpx.Client, states: list[str], older_than: timedelta) -> list[dict[str, Any]]:
    """Return runs of our work pool in these states that were to start so long ago, the newest first."""
    before = (settings.wall_clock() - older_than).isoformat()
    return api.post("/flow_runs/filter", json={
        "flow_runs": {"state": {"type": {"any_": states}}, "expected_start_time": {"before_": before}},
        "work_pools": {"name": {"any_": [settings.get().work_pool]}},
        "sort": "EXPECTED_START_TIME_DESC", "limit": A_PAGE}).raise_for_status().json()


def _age(run: dict[str, Any]) -> timedelta:
    return settings.wall_clock() - datetime.fromisoformat(run["state"]["timestamp"])


def _ours(api: httpx.Client) -> Callable[[dict[str, Any]], bool]:
    """Return what tells of a run whether, if it lives, it has its process on this machine: it was taken by the
    worker that runs this (named after its machine), or there is no other."""
    if RUN_ID not in os.environ:
        return lambda run: False
    found = api.post(f"/work_pools/{settings.get().work_pool}/workers/filter", json={}).raise_for_status().json()
    if sum(one["status"] == "ONLINE" for one in found) <= 1:
        return lambda run: True
    own = api.get(f"/flow_runs/{os.environ[RUN_ID]}").raise_for_status().json()["labels"].get(WORKER)
    return lambda run: own is not None and run["labels"].get(WORKER) == own


def _here() -> Iterator[str]:
    """Yield the ids of the runs that have a process on this machine."""
    yield os.environ.get(RUN_ID, "")
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process.environ().get(RUN_ID, "")
        except (psutil.Error, OSError):
            continue


def _set(api: httpx.Client, run: dict[str, Any], kind: str, message: str) -> bool:
    """Bring a run into a state unless it has moved meanwhile (from scheduled to late is no move); tell
    whether Prefect took it."""
    now = api.get(f"/flow_runs/{run['id']}").raise_for_status().json()
    if now["state_type"] != run["state_type"]:
        return False
    answer = api.post(f"/flow_runs/{run['id']}/set_state", json={
        "state": {"type": kind, "message": message}, "force": False}).raise_for_status().json()
    return answer["status"] == "ACCEPT"
