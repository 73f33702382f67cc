"""A real PostgreSQL for the whole run, a database of its own for each test, a city in it if asked.

`register` is an empty register, `city` one with the sample city. `carry_on` does what the flows
would do, step by step and without the engine; the engine itself is tested in tests/flows.
"""

import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from blocks import settings
from blocks.actions import intake
from blocks.local import postgres
from blocks.register import database
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.due import find
from blocks.register.upgrade import upgrade

SAMPLE = settings.CONFIG / "sample"
SHARED = settings.ROOT.parent / "shared" / "data"
MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30  # bytes; below, what is thrown away goes to the disk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the demos: they take longest, and run beside everything else."""
    items.sort(key=lambda item: "test_demo" not in item.nodeid)


def use(url: str, state: Path) -> None:
    """Let this process speak to another register."""
    os.environ["CHOUCHA_DATABASE_URL"], os.environ["CHOUCHA_STATE"] = url, str(state)
    settings.get.cache_clear()


def _copy(cluster: postgres.Cluster, template: str, name: str) -> str:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return cluster.url(name)


def _drop(cluster: postgres.Cluster, name: str) -> None:
    database.engine(settings.database_url()).dispose()
    database.engine.cache_clear()
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def throw_away_folder() -> Iterator[Path]:
    """Yield a folder for a PostgreSQL that nobody keeps, which is gone afterwards: in memory where there is
    enough of it, as a database is made and dropped there for a sixth of the processor's time on a disk."""
    for left in MEMORY.glob("choucha-*-*"):  # by a run that was killed
        if not psutil.pid_exists(int(left.name.split("-")[1])):
            shutil.rmtree(left, ignore_errors=True)
    base = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH else None
    folder = Path(tempfile.mkdtemp(prefix=f"choucha-{os.getpid()}-", dir=base))
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL with two templates: `empty`, and `sample` with the sample city."""
    with throw_away_folder() as folder:
        yield from _cluster(folder)


def _cluster(state: Path) -> Iterator[postgres.Cluster]:
    before = {k: os.environ.get(k) for k in ("CHOUCHA_DATABASE_URL", "CHOUCHA_STATE")}
    made = postgres.prepare(state)
    # its databases are made and dropped a thousand times, and none outlives the machine
    process = postgres.start(made, state / "postgres.log", ("fsync=off", "full_page_writes=off"))
    try:
        postgres.ensure_database(made.url("postgres"), "empty")
        use(made.url("empty"), state)
        upgrade(settings.database_url())
        database.engine(settings.database_url()).dispose()
        use(_copy(made, "empty", "sample"), state)
        for kind in ("departments", "items", "inspectors", "accounts"):
            intake.take(None, kind, SAMPLE / f"{kind}.csv")
        for kind in ("targets", "interests"):
            intake.take("bangong", kind, SAMPLE / f"{kind}.csv")
        database.engine(settings.database_url()).dispose()
        yield made
    finally:
        process.stop()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        settings.get.cache_clear()


def _register(cluster: postgres.Cluster, tmp_path: Path, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{_register.number}"
    _register.number += 1
    url = _copy(cluster, template, name)
    use(url, tmp_path / "state")
    yield url
    _drop(cluster, name)


_register.number = 0


@pytest.fixture
def register(cluster: postgres.Cluster, tmp_path: Path) -> Iterator[str]:
    """An empty register; yields its address."""
    yield from _register(cluster, tmp_path, "empty")


@pytest.fixture
def city(cluster: postgres.Cluster, tmp_path: Path) -> Iterator[str]:
    """A register with the sample city; yields its address."""
    yield from _register(cluster, tmp_path, "sample")


def carry_all() -> list[str]:
    """Take every due step until nothing is due; return what was said."""
    said: list[str] = []
    for _ in range(30):
        with transaction() as session:
            due = [work for work in find(session) if work.scheme_id is not None]
        if not due:
            return said
        before = len(said)
        for work in due:
            said += _take(work.flow, work.scheme_id)
        if len(said) == before:
            return said
    raise AssertionError(f"the steps never come to rest: {said[-5:]}")


@pytest.fixture
def carry_on() -> Callable[[], list[str]]:
    """Return `carry_all`: what the flows would do, without the engine."""
    return carry_all


def _take(flow: str, scheme_id: int) -> list[str]:
    with transaction() as session:
        who = service_account(session, flow, flow).as_actor(run=f"test {flow}")
    steps = importlib.import_module(f"flows.{flow}").STEPS
    return [sentence for step in steps if (sentence := step(scheme_id, who))]


@pytest.fixture(scope="session")
def scenes(cluster: postgres.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The scenes of tests/scenes.py, each made once a run."""
    from tests.scenes import the_scenes  # which itself asks for `use` above

    yield from the_scenes(cluster, tmp_path_factory.mktemp("scenes"))


@pytest.fixture
def open_scene(scenes, carry_on) -> Iterator[Callable[[str], str]]:
    """Enter a copy of a scene that is this test's own; returns its scheme's code."""
    with scenes.for_a_while():
        yield lambda name: scenes.open(name, carry_on)


@pytest.fixture
def look(scenes, carry_on) -> Iterator[Callable[[str], str]]:
    """Enter the copy of a scene that all refusals share; returns its scheme's code."""
    yield lambda name: scenes.look(name, carry_on)
    database.engine(settings.database_url()).dispose()
