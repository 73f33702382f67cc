"""The inspection that the machines carry, and who is killed in which scene."""

import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import func, select

from blocks import engine, prefect_api, settings
from blocks.actions import accounts, assignments, checks, draws, intake, schemes
from blocks.errors import InspectionError
from blocks.register import trail
from blocks.register.database import transaction
from blocks.register.due import find
from blocks.register.schemes import SchemeReview
from blocks.register.trail import OutboxLine
from tests import people
from tests.several.story import NUDGE, PASSWORD, PATIENCE, Clicks, Machines

PARTIES = (people.LEAD, *people.PARTICIPANTS)


def carry(machines: Machines) -> dict:
    """Let people and machines take turns to the last page; return what is left over."""
    prepare(machines)
    office = Clicks(settings.portal_url(), "bangong")
    office.start()
    waiting = Waiting(machines)
    code = people.drafted(sampling={"mode": "number", "number": 3})

    schemes.submit("gaj.jingban", code)
    machines.kill("api1")
    waiting.until("reviewed", lambda: _count(SchemeReview) > 0)

    schemes.approve("gaj.shenpi", code)
    waiting.until("announced", lambda: _draw(code) == "announced")
    numbers = {one: draws.commit(f"{one}.jingban", code).ids["secret"] for one in PARTIES}
    machines.kill("redis")
    machines.kill("relay-work1")
    time.sleep(5)  # without its messages Prefect takes nothing up; whoever watches Redis starts it again
    machines.start_redis()
    waiting.until("sealed", lambda: _draw(code) == "sealed")

    people.wait_for_the_figure()
    for one, number in numbers.items():
        draws.reveal(f"{one}.jingban", code, number)
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    time.sleep(4)  # a run of the draw is starting on one of the two
    machines.kill("work1")
    waiting.until("dispatched", lambda: people.stage(code) == "dispatched")

    machines.kill("web1")
    for one in people.PARTICIPANTS:
        assignments.accept(f"{one}.jingban", code)
    waiting.until("staffed", lambda: people.stage(code) in ("staffed", "in_field"))
    for one in PARTIES:
        for check, team in people.teams(code, one):
            people.inspected(check, team)
            checks.review(f"{one}.shenpi", check)
    waiting.until("publicised", lambda: people.stage(code) == "publicised")
    waiting.until("told", lambda: _untold() == 0)
    office.enough.set()
    office.join()
    return {"stage": people.stage(code), "pages": office.pages, "broken": office.broken,
            "signed_out": office.signed_out, "untold": _untold(), "nudges": waiting.nudges, **_left_over()}


def prepare(machines: Machines) -> None:
    """Deploy through the gate as an operator does, start the workers, take the sample city in."""
    machines.start("deploy", "work1", "choucha", "deploy")
    assert machines.processes["deploy"].child.wait(300) == 0, machines.log("deploy")
    for host in ("work1", "work2"):
        machines.start_worker(host)
    for kind in ("departments", "items", "inspectors", "accounts"):
        intake.take(None, kind, settings.CONFIG / "sample" / f"{kind}.csv")
    for kind in ("targets", "interests"):
        intake.take("bangong", kind, settings.CONFIG / "sample" / f"{kind}.csv")
    accounts.set_password("bangong", PASSWORD)


class Waiting:
    """Patience; now and then a sweep, which the cron would bring in five minutes."""

    def __init__(self, machines: Machines) -> None:
        self.machines, self.nudges = machines, 0

    def until(self, what: str, question: Callable[[], bool]) -> None:
        begun = nudged = time.monotonic()
        while not question():
            now = time.monotonic()
            if now - nudged > NUDGE:
                nudged, self.nudges = now, self.nudges + 1
                with suppress(InspectionError):
                    engine.start("sweep", {}, f"several:{uuid.uuid4()}")
            if now - begun > PATIENCE:
                self.machines.until(what, question, 1)
            time.sleep(0.3)


def _count(model: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model))


def _draw(code: str) -> str:
    from blocks.register.draws import Draw

    with transaction() as session:
        return session.scalar(select(Draw.stage).order_by(Draw.id.desc()).limit(1)) or ""


def _untold() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).where(OutboxLine.done_at.is_(None)))


def _left_over() -> dict:
    """Return what is due, what is wrong with the trail, and which runs Prefect counts under which state."""
    with transaction() as session:
        due = [work.key for work in find(session) if work.scheme_id is not None]
        lines, wrong = trail.verify(session)
    with prefect_api.client(timeout=30) as api:
        runs = api.post("/flow_runs/filter", json={"limit": 200}).raise_for_status().json()
    states: dict[str, int] = {}
    for run in runs:
        states[run["state_type"]] = states.get(run["state_type"], 0) + 1
    return {"due": due, "trail": lines, "wrong": wrong, "runs": states}
