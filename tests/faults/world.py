"""The world of one schedule: a copy of the register, a clock, a far-away Prefect, a ledger of what was told.

The ledger stands outside the register: what people were told is done must be found there in the end.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random

import psycopg
from sqlalchemy.orm import Session

from blocks import prefect_api, settings
from blocks.errors import NotTaken, Unsure
from blocks.gateway.block import Gateway
from blocks.local import postgres
from blocks.messages import outgoing
from blocks.messenger.mail import message
from blocks.register import database, guard
from blocks.register.deliveries import Delivery
from tests.conftest import use
from tests.faults.boundaries import WATCH
from tests.faults.prefect_far_away import Faults, Prefect
from tests.faults.province_far_away import Province

Head = tuple[int, str]  # number and hash of a trail line
MORNING = datetime(2026, 11, 23, 9, tzinfo=settings.SHANGHAI)  # a Monday


@dataclass(frozen=True)
class Ground:
    """Where schedules begin: the cluster, the folder of the stages, the code of their scheme, and a
    digest of what the migrations made."""

    cluster: postgres.Cluster
    folder: Path
    code: str
    catalogue: str


@dataclass
class Submission:
    """What a person sent in: what its commits wrote last, and whether the person was told that it is done."""

    name: str
    account_id: int
    heads: list[Head] = field(default_factory=list)
    told: bool = False


@dataclass
class World:
    """`sent`: (Message-ID, address) → of each time it went out, whether it said that it is a repeat."""

    cluster: postgres.Cluster
    name: str
    code: str
    prefect: Prefect
    catalogue: str
    submissions: dict[str, Submission] = field(default_factory=dict)
    heads: list[Head] = field(default_factory=list)
    sent: dict[tuple[str, str], list[bool]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    province: Province = field(init=False)
    admin: psycopg.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.province = Province(self.prefect)

    def heard(self, boundary: str, session: Session) -> None:
        """Note what a commit wrote on the trail, once it is committed."""
        if boundary.startswith("before"):
            return
        head, sender = session.info.get("trail_head"), guard._GUARD.get()
        if head and session.info.pop("faults.wrote", True):
            self.heads.append(head)
            if sender is not None:
                self.submissions[sender.key].heads.append(head)

    def carry(self, one: Delivery) -> str:
        """Be the mail server: take a message, which may be told to be a repeat, or be away just then."""
        if self.prefect.happens(self.prefect.faults.away):
            raise NotTaken("away")
        made = message(one.notice, "choucha@localhost", one.address, *outgoing(one.notice), repeat=one.tries > 1)
        self.sent.setdefault((made["Message-ID"], one.address), []).append("X-Choucha-Repeat" in made)
        if self.prefect.happens(self.prefect.faults.reply_lost):
            raise Unsure("no reply")
        return "taken"

    def tell(self, platform: str, draws: str = "ours") -> None:
        """Let the city have a provincial platform from here on: `files` or `http`."""
        settings.get().platform, settings.get().draws = platform, draws

    def cut(self, session: Session) -> None:
        """End the session's connection, as a network or a server does."""
        pid = session.connection().connection.dbapi_connection.info.backend_pid
        self.admin.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))

    def blocked(self) -> int:
        """Return how many connections wait for a lock that another holds."""
        return self.admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND cardinality(pg_blocking_pids(pid)) > 0", (self.name,)).fetchone()[0]

    @property
    def now(self) -> datetime:
        return settings.get().now

    def later(self, by: timedelta) -> None:
        settings.get().now = self.now + by

    def next_morning(self) -> None:
        """Let it be nine o'clock on the next workday."""
        day = settings.calendar().add(settings.today(), 1).on
        settings.get().now = datetime.combine(day, time(9), settings.SHANGHAI)


@contextmanager
def entered(where: Ground, template: str, random: Random, faults: Faults, at: datetime) -> Iterator[World]:
    """Yield a world that begins as a copy of a template; nothing is left of it afterwards."""
    name, cluster, folder = f"world_{os.getpid()}", where.cluster, where.folder
    world = World(cluster, name, where.code, Prefect(faults), where.catalogue)
    world.prefect.chance.random = random
    client, prefect_api.client = prefect_api.client, world.prefect.client
    platform, Gateway.platform = Gateway.platform, world.province.platform
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as world.admin:
        world.admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        world.admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        state = folder / name
        shutil.rmtree(state, ignore_errors=True)
        if (folder / template).is_dir():
            shutil.copytree(folder / template, state, symlinks=True)
        use(cluster.url(name), state)
        database.look_again()  # the calendar that the last world of this name had adopted is not this one's
        settings.get().now = at
        WATCH.listeners.append(world.heard)
        try:
            yield world
        finally:
            WATCH.listeners.remove(world.heard)
            prefect_api.client, Gateway.platform = client, platform
            leave()
            world.admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            shutil.rmtree(state, ignore_errors=True)


@contextmanager
def environment_kept() -> Iterator[None]:
    """Let whoever comes next find the settings as they were."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.get.cache_clear()


def leave() -> None:
    """Give up the connections of this process to its register; what it has learnt of statements stays."""
    database.engine(settings.database_url()).dispose()
