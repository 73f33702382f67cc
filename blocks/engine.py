"""The bridge to Prefect: changes that wake flows, events, starting a deployment.

An event only wakes. `change` commits and speaks to nobody; the relay (`steps.relaying`) hands what
stands in the outbox to Prefect, and what is lost there the sweep finds from the register. Events go by
one HTTP call, which says whether it was taken; Prefect's own client returns normally with the server down.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy.orm import Session

from blocks import prefect_api, settings
from blocks.errors import NotAnswering
from blocks.register import guard, outbox, reports, waking
from blocks.register.database import transaction
from blocks.register.due import is_to_be_woken
from blocks.register.trail import OutboxLine

DEPLOYMENTS = {
    "plan_approval": "方案审查/方案审查",
    "draw": "抽取/抽取",
    "dispatch": "派发/派发",
    "acceptance": "接收配员/接收配员",
    "field_check": "现场检查/现场检查",
    "publicity": "公示/公示",
    "exchange": "平台交换/平台交换",
    "reminders": "提醒/提醒",
    "sweep": "巡查/巡查",
    "nightly": "夜间任务/夜间任务",
    "appraisal": "考核统计/考核统计",
}
ENDED = ("CRASHED", "FAILED", "CANCELLED", "COMPLETED")
OF_THE_LINES = (400, 409, 413, 415, 422)  # refusals of what was sent; every other one is of us


class Refused(Exception):
    """Prefect will not take these events."""


@contextmanager
def change() -> Iterator[Session]:
    """Yield a session; commit; the relay then tells Prefect of the moves made in it.

    Raises:
        Taken: in a run that an event woke: another run has taken that event up.
    """
    with transaction() as session:
        waking.take(session)
        yield session
        reports.prepare(session)
        if _settle(session) and settings.get().events != "off":
            outbox.notify(session)
        guard.take(session)


def _settle(session: Session) -> list[OutboxLine]:
    """Leave `wakes` only on one line per flow and scheme, and only where the flow is to be woken."""
    session.flush()
    lines: list[OutboxLine] = session.info.pop("outbox", [])
    rousing: dict[tuple[str, int], list[OutboxLine]] = {}
    for line in lines:
        if line.wakes is not None:
            rousing.setdefault((line.wakes, line.payload["scheme_id"]), []).append(line)
    for (flow, scheme_id), some in rousing.items():
        is_last_to_wake = is_to_be_woken(session, flow, scheme_id, {one.payload["id"] for one in some})
        for line in some[:-1] if is_last_to_wake else some:
            line.wakes = None
    return lines


def post(to: httpx.Client, lines: Sequence[OutboxLine]) -> None:
    """Hand events to Prefect in one call; they have ids only.

    Raises:
        Refused: the server will not take these; another choice of them it might.
        NotAnswering: the server is away, or answers nobody (a wrong password, too many calls).
    """
    try:
        answer = to.post("/events", json=[_event(line) for line in lines])
        if answer.status_code in OF_THE_LINES:
            raise Refused(f"{answer.status_code} {answer.text[:300]}")
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise NotAnswering("流程引擎（Prefect）没有应答", f"请查看 choucha up 的输出；已办的事不会丢失。{error}"
                           ) from error


def _event(line: OutboxLine) -> dict[str, Any]:
    """Return a line as an event: the label `choucha.wakes` names the flow that is due; the id, which
    follows from the trail, makes a repeat recognisable."""
    resource = {"prefect.resource.id": f"choucha.{line.payload['thing']}.{line.payload['id']}"}
    if line.wakes:
        resource["choucha.wakes"] = line.wakes
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"choucha.trail.{line.trail_number}")),
        "occurred": settings.now().isoformat(), "event": line.event, "resource": resource,
        "payload": {**line.payload, "trail": line.trail_number},
    }


def start(flow: str, parameters: dict[str, Any], key: str) -> tuple[str, str]:
    """Ask Prefect to run a flow's deployment; return the run's id and its state.

    The same `key` returns the same run, however often it is asked.

    Raises:
        NotAnswering: Prefect does not answer, or does not know the deployment.
    """
    try:
        with prefect_api.client() as api:
            name = DEPLOYMENTS[flow]
            found = api.get(f"/deployments/name/{name}").raise_for_status().json()
            run = api.post(f"/deployments/{found['id']}/create_flow_run", json={
                "parameters": parameters, "idempotency_key": key,
                "state": {"type": "SCHEDULED"},
            }).raise_for_status().json()
    except httpx.HTTPError as error:
        raise NotAnswering("流程引擎（Prefect）没有应答", "请查看 choucha up 的输出；"
                           "已办的事不会丢失，引擎恢复后自动接着办") from error
    return run["id"], run["state"]["type"]
