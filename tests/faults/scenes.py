"""The stages at which schedules begin: a small inspection, made once a run under a clock that we move."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from blocks import settings
from blocks.actions import accounts, assignments, draws, intake, schemes
from blocks.engine import DEPLOYMENTS
from blocks.local import postgres
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.due import find
from blocks.register.upgrade import upgrade
from tests import people
from tests.conftest import SAMPLE, use
from tests.faults.acts import SECOND, SIZE
from tests.faults.oracle import catalogue
from tests.faults.prefect_far_away import Run
from tests.faults.workers import carry_out, far_from_prefect
from tests.faults.world import MORNING, Ground, leave
from tests.scenes import PARTIES, SECRETS

THROW_AWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
              "shared_buffers=256MB", "wal_level=minimal", "max_wal_senders=0")


def carry_all() -> None:
    """Take every due step as the engine would, with a Prefect as one would wish."""
    for _ in range(20):
        with transaction() as session:
            due = [work for work in find(session) if work.scheme_id is not None]
        if not due:
            return
        for work in due:
            carry_out(Run(work.flow, work.scheme_id))


def _drafted(code: str) -> str:
    return people.drafted(**SIZE)


def _submitted(code: str) -> str:
    schemes.submit("gaj.jingban", code)
    return code


def _approved(code: str) -> str:
    carry_all()
    schemes.approve("gaj.shenpi", code)
    return code


def _sealed(code: str) -> str:
    carry_all()
    for party in PARTIES:
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    carry_all()
    return code


def _revealed(code: str) -> str:
    settings.get().now += timedelta(minutes=1)
    for party in PARTIES:
        draws.reveal(f"{party}.jingban", code, SECRETS[party])
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    return code


def _dispatched(code: str) -> str:
    carry_all()
    return code


def _accepted(code: str) -> str:
    for party in people.PARTICIPANTS:
        assignments.accept(f"{party}.jingban", code)
    return code


def _in_field(code: str) -> str:
    carry_all()
    return code


def _recorded(code: str) -> str:
    for party in PARTIES:
        for check, team in people.teams(code, party):
            people.inspected(check, team, *(("no_problem", "") if check % 2 else ("problem_pending", "标志缺失")))
    carry_all()
    return code


def _reviewed(code: str) -> str:
    for party in PARTIES:
        for check, _ in people.teams(code, party):
            people.checks.review(f"{party}.shenpi", check)
    return code


def _publicised(code: str) -> str:
    carry_all()
    return code


STAGES: dict[str, Callable[[str], str]] = {
    "drafted": _drafted, "submitted": _submitted, "approved": _approved, "sealed": _sealed,
    "revealed": _revealed, "dispatched": _dispatched, "accepted": _accepted, "in_field": _in_field,
    "recorded": _recorded, "reviewed": _reviewed, "publicised": _publicised}


EARLY, TEN = ("drafted", "submitted", "approved", "sealed"), MORNING + timedelta(hours=1)


def beginning_of(stage: str) -> datetime:
    """Return the instant at which a schedule from this stage begins."""
    return (MORNING if stage in EARLY else TEN) + timedelta(minutes=1)


@contextmanager
def a_throw_away_cluster(folder: Path) -> Iterator[postgres.Cluster]:
    """Yield a PostgreSQL that may forget when the power goes: here only processes are killed, and only
    in play. Real kills, on disks that are waited for, are `kills.py`."""
    cluster = postgres.prepare(folder)
    process = postgres.start(cluster, folder / "postgres.log", THROW_AWAY)
    try:
        yield cluster
    finally:
        process.stop()


def make(cluster: postgres.Cluster, folder: Path) -> Ground:
    """Make a template database and a state folder for every stage."""
    def copied(template: str, name: str) -> None:
        leave()
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        if (folder / template).is_dir():
            shutil.copytree(folder / template, folder / name, symlinks=True)
        use(cluster.url(name), folder / name)
        settings.get().now, settings.get().events = MORNING, "off"

    use(cluster.url("postgres"), folder / "empty")
    copied("template0", "empty")
    upgrade(settings.database_url())
    for kind in ("departments", "items", "inspectors", "accounts"):
        intake.take(None, kind, SAMPLE / f"{kind}.csv")
    for kind in ("targets", "interests"):
        intake.take("bangong", kind, SAMPLE / f"{kind}.csv")
    for party in PARTIES:
        accounts.new("bangong", f"{party}.shenpi{SECOND}", "样例·另一名审批", ["approver"], department_code=party)
    with transaction() as session:
        for flow in DEPLOYMENTS:
            service_account(session, flow, flow)
    code, before = "", "empty"
    with ExitStack() as undo:
        far_from_prefect(lambda one: "taken", undo)
        for name, go_on in STAGES.items():
            copied(before, name)
            settings.get().now = MORNING if name in EARLY else TEN
            code, before = go_on(code), name
    with transaction() as session:
        ground = Ground(cluster, folder, code, catalogue(session))
    leave()
    return ground
