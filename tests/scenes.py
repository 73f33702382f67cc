"""Where an inspection may stand, each made once a run and copied for every test that moves it.

A scene is a small scheme (three businesses, three departments). `Scenes.open` gives a test a copy
of its own; `Scenes.look` gives refusals one copy to share, since `refused` proves that each left
every row of every table as it was.
"""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text, update

from blocks import settings
from blocks.actions import assignments, draws, schemes
from blocks.errors import InspectionError
from blocks.local.postgres import Cluster
from blocks.register import Base, database
from blocks.register.database import transaction
from blocks.register.directories import Account, Inspector, account, service_account
from blocks.register.due import find
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Check, live_visits
from blocks.rules.stages import Actor
from tests import people
from tests.conftest import use

SMALL = {"sampling": {"mode": "number", "number": 3}}
PARTIES = (people.LEAD, *people.PARTICIPANTS)
SECRETS = {party: f"{number:02x}" * 32 for number, party in enumerate(PARTIES, 1)}
Carry = Callable[[], list[str]]


def _drafted(code: str, _: Carry) -> str:
    return people.drafted(**SMALL)


def _submitted(code: str, _: Carry) -> str:
    schemes.submit("gaj.jingban", code)
    return code


def _approved(code: str, carry_on: Carry) -> str:
    carry_on()
    schemes.approve("gaj.shenpi", code)
    carry_on()
    return code


def _sealed(code: str, carry_on: Carry) -> str:
    for party in PARTIES:
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    carry_on()
    people.wait_for_the_figure()
    return code


def _dispatched(code: str, carry_on: Carry) -> str:
    for party in PARTIES:
        draws.reveal(f"{party}.jingban", code, SECRETS[party])
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    carry_on()
    return code


def _in_field(code: str, carry_on: Carry) -> str:
    for party in people.PARTICIPANTS:
        assignments.accept(f"{party}.jingban", code)
    carry_on()
    return code


def _publicised(code: str, carry_on: Carry) -> str:
    for party in PARTIES:
        for check, team in people.teams(code, party):
            people.inspected(check, team)
            people.checks.review(f"{party}.shenpi", check)
    carry_on()
    return code


STEPS = {"drafted": ("sample", _drafted), "submitted": ("drafted", _submitted),
         "approved": ("submitted", _approved), "sealed": ("approved", _sealed),
         "dispatched": ("sealed", _dispatched), "in_field": ("dispatched", _in_field),
         "publicised": ("in_field", _publicised)}


class Scenes:
    """The scenes of one run of the tests; `made` holds the code of each one's scheme."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.made = {"sample": "", "empty": ""}
        self.shared: set[str] = set()
        self.copies: list[str] = []

    def _make(self, name: str, carry_on: Carry) -> None:
        if name not in self.made:
            parent, step = STEPS[name]
            self._make(parent, carry_on)
            self._copy(f"scene_{name}", parent)
            self.made[name] = step(self.made[parent], carry_on)
            database.engine(settings.database_url()).dispose()

    def _copy(self, name: str, scene: str) -> None:
        template = scene if scene in ("sample", "empty") else f"scene_{scene}"
        self._tell(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        self._enter(name)

    def _enter(self, name: str) -> None:
        use(self.cluster.url(name), self.folder / name)

    def _tell(self, command: str) -> None:
        with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as connection:
            connection.execute(command)

    def open(self, name: str, carry_on: Carry) -> str:
        """Let this test work in a copy of its own; return the code of the scene's scheme."""
        self._make(name, carry_on)
        self.copies.append(f"copy_{name}_{len(self.copies)}")
        self._copy(self.copies[-1], name)
        return self.made[name]

    @contextmanager
    def for_a_while(self) -> Iterator[None]:
        """Drop at the end the copies that were opened inside."""
        before = len(self.copies)
        try:
            yield
        finally:
            database.engine(settings.database_url()).dispose()
            for name in self.copies[before:]:
                self._tell(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def look(self, name: str, carry_on: Carry) -> str:
        """Let this test be refused in the copy that all refusals in this scene share."""
        self._make(name, carry_on)
        if name in self.shared:
            self._enter(f"shared_{name}")
        else:
            self.shared.add(name)
            self._copy(f"shared_{name}", name)
        return self.made[name]


_THE_SCENES: list[Scenes] = []


def the_scenes(cluster: Cluster, folder: Path) -> Iterator[Scenes]:
    """Yield the scenes of this run, the same for all folders of tests."""
    if not _THE_SCENES:
        _THE_SCENES.append(Scenes(cluster, folder))
    yield _THE_SCENES[0]


EVERYTHING = " UNION ALL ".join(
    f"SELECT '{table}', count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM \"{table}\" t"
    for table in Base.metadata.tables)


def everything() -> dict[str, str]:
    """Return a digest of every row of every table of the register."""
    with transaction() as session:
        return dict(session.execute(text(EVERYTHING)).tuples().all())


@contextmanager
def refused(saying: str, kind: type[InspectionError] = InspectionError) -> Iterator[None]:
    """What is inside is refused in Chinese with what to do next, and nothing changed anywhere."""
    before = everything()
    with pytest.raises(kind) as caught:
        yield
    assert saying in caught.value.message
    assert caught.value.remedy
    assert everything() == before


@contextmanager
def on_day(day: date) -> Iterator[None]:
    """Let it be another day."""
    before = os.environ.get("CHOUCHA_TODAY")
    os.environ["CHOUCHA_TODAY"] = day.isoformat()
    settings.get.cache_clear()
    try:
        yield
    finally:
        os.environ.pop("CHOUCHA_TODAY")
        if before is not None:
            os.environ["CHOUCHA_TODAY"] = before
        settings.get.cache_clear()


def actor(login: str) -> Actor:
    with transaction() as session:
        return account(session, login).as_actor()


def hired(login: str, like: str, **changes: object) -> str:
    """Open an account like another's (with another login and no certificate); return its login."""
    with transaction() as session:
        model = account(session, like)
        session.add(Account(**{
            "login": login, "name": f"样例·{login}", "department_id": model.department_id,
            "roles": model.roles, "active": True, **changes}))
    return login


def all_may_lead() -> None:
    """Let whoever is free lead, so that a seat can be filled whatever was drawn."""
    with transaction() as session:
        session.execute(update(Inspector).values(may_lead=True))


def stage_of(kind: type, id: int) -> str:
    with transaction() as session:
        return session.get_one(kind, id).stage


def first_check(code: str, party: str = people.LEAD) -> tuple[int, list[str]]:
    return people.teams(code, party)[0]


def visit_of(check: int) -> int:
    with transaction() as session:
        return session.get_one(Check, check).visit_id


def seated(code: str) -> dict[int, list[str]]:
    """Return the logins of every live check's inspectors, the leader's first, by check id."""
    return {check: team for party in PARTIES for check, team in people.teams(code, party)}


def visits(code: str) -> list[int]:
    with transaction() as session:
        return [visit.id for visit in live_visits(
            session, find_scheme(session, code).id)]


def due_flows() -> list[str]:
    """Return the flows that are due now for some scheme."""
    with transaction() as session:
        return [work.flow for work in find(session) if work.scheme_id is not None]


def run(flow: str, code: str) -> list[str]:
    """Take one flow's steps in a scheme, as the engine would; return what was said."""
    with transaction() as session:
        who = service_account(session, flow, flow).as_actor(run=f"test {flow}")
        scheme_id = find_scheme(session, code).id
    steps = importlib.import_module(f"flows.{flow}").STEPS
    return [sentence for step in steps if (sentence := step(scheme_id, who))]
