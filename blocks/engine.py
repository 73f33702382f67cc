"""The bridge to Prefect: changes that wake flows, events, starting a deployment.

An event only wakes. `change` commits first and tells Prefect afterwards; what could not be told
stays in the outbox, and the sweep finds the work from the register. Events go by one HTTP call,
which says whether it was taken; Prefect's own client returns normally with the server down.
"""

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import NotAnswering
from blocks.register import guard, reports
from blocks.register.database import transaction
from blocks.register.due import is_due
from blocks.register.trail import OutboxLine

log = structlog.get_logger()
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
}
ENDED = ("CRASHED", "FAILED", "CANCELLED", "COMPLETED")


def _client() -> httpx.Client:
    url = settings.api_url()
    if not url:
        raise NotAnswering("流程引擎（Prefect）没有运行", "请运行 choucha up；已办的事不会丢失")
    auth = os.environ.get("PREFECT_API_AUTH_STRING", "")
    user, _, password = auth.partition(":")
    return httpx.Client(base_url=url, timeout=5, auth=(user, password) if auth else None)


@contextmanager
def change() -> Iterator[Session]:
    """Yield a session; commit; then wake the flows that the moves made in it have made due."""
    with transaction() as session:
        yield session
        reports.prepare(session)
        lines = _settle(session)
        guard.take(session)
    if lines and settings.get().events != "off":
        announce(lines)


def _settle(session: Session) -> list[OutboxLine]:
    """Leave `wakes` only on one line per flow and scheme, and only where the flow is due."""
    session.flush()
    lines: list[OutboxLine] = session.info.pop("outbox", [])
    woken: set[tuple[str, int]] = set()
    for line in reversed(lines):
        if line.wakes is None:
            continue
        key = (line.wakes, line.payload["scheme_id"])
        if key in woken or not is_due(session, *key):
            line.wakes = None
        else:
            woken.add(key)
    return lines


def announce(lines: Iterable[OutboxLine]) -> bool:
    """Tell Prefect of these moves; return whether it took them. Never raises: a hint may be lost.

    An event has ids only. Its label `choucha.wakes` names the flow that is due.
    """
    lines = list(lines)
    try:
        with _client() as client:
            client.post("/events", json=[_event(line) for line in lines]).raise_for_status()
    except (NotAnswering, httpx.HTTPError) as error:
        log.warning("events not taken, the sweep will find the work", error=str(error))
        return False
    with transaction() as session:
        mark_told(session, [line.trail_number for line in lines])
    return True


def is_away(session: Session) -> bool:
    """Tell whether Prefect was not there to be told of something that wakes a flow."""
    waiting = select(OutboxLine.trail_number).where(OutboxLine.done_at.is_(None), OutboxLine.wakes.is_not(None))
    return settings.get().events != "off" and session.scalar(waiting.limit(1)) is not None


def mark_told(session: Session, numbers: list[int]) -> None:
    session.execute(update(OutboxLine).where(OutboxLine.trail_number.in_(numbers)).values(
        done_at=settings.now(), tries=OutboxLine.tries + 1))


def _event(line: OutboxLine) -> dict[str, Any]:
    resource = {"prefect.resource.id": f"choucha.{line.payload['thing']}.{line.payload['id']}"}
    if line.wakes:
        resource["choucha.wakes"] = line.wakes
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"choucha.trail.{line.trail_number}")),
        "occurred": settings.now().isoformat(), "event": line.event, "resource": resource,
        "payload": line.payload,
    }


def tell_the_rest() -> int:
    """Tell Prefect what it was not told at the time, without waking anything; return how many."""
    with transaction() as session:
        lines = list(session.scalars(select(OutboxLine).where(OutboxLine.done_at.is_(None))
                                     .order_by(OutboxLine.trail_number).limit(500)))
        session.expunge_all()
    for line in lines:
        line.wakes = None
    if settings.get().events == "off":
        with transaction() as session:
            mark_told(session, [line.trail_number for line in lines])
        return 0
    return len(lines) if not lines or announce(lines) else 0


def start(flow: str, parameters: dict[str, Any], key: str) -> tuple[str, str]:
    """Ask Prefect to run a flow's deployment; return the run's id and its state.

    The same `key` returns the same run, however often it is asked.

    Raises:
        NotAnswering: Prefect does not answer, or does not know the deployment.
    """
    try:
        with _client() as client:
            name = DEPLOYMENTS[flow]
            found = client.get(f"/deployments/name/{name}").raise_for_status().json()
            run = client.post(f"/deployments/{found['id']}/create_flow_run", json={
                "parameters": parameters, "idempotency_key": key,
                "state": {"type": "SCHEDULED"},
            }).raise_for_status().json()
    except httpx.HTTPError as error:
        raise NotAnswering("流程引擎（Prefect）没有应答", "请查看 choucha up 的输出；"
                           "已办的事不会丢失，引擎恢复后自动接着办") from error
    return run["id"], run["state"]["type"]
