"""A scheme whose records are all reviewed, made once; each test publishes a copy of it.

Personal numbers are planted where people do write them: in a finding, an address, a name.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from blocks import settings
from blocks.actions import checks
from blocks.local.postgres import Cluster
from blocks.public_site.tree import Tree
from blocks.register import database
from blocks.register.database import transaction
from blocks.register.due import find
from blocks.steps import publishing
from tests.conftest import _copy, _drop, _register, _take, use
from tests.people import LEAD, PARTICIPANTS, in_field, inspected, teams

MOBILE, IDENTITY = "13912345678", "440105199003071235"
PRIVATE = (MOBILE, IDENTITY, "139 1234 5678", "机密线索")
FINDING = f"机密线索：登记簿缺三页，经营者电话{MOBILE}、139 1234 5678，证件{IDENTITY}"
ODD_NAME = """样例·<script>alert("x")</script> & '老字号'"""


@dataclass(frozen=True)
class Reviewed:
    """A scheme before publication: its database, its state directory, its code."""

    database: str
    state: Path
    code: str


@dataclass(frozen=True)
class Published:
    """The public folder of a scheme, and what must not be found in it."""

    folder: Path
    code: str
    private: tuple[str, ...]


def files(folder: Path) -> list[Path]:
    """Return every file of a site, through the links that it is made of."""
    return sorted(folder / path for path in Tree(folder).files())


def steps() -> None:
    """Take every due step until nothing is due, as `carry_on` does."""
    for _ in range(30):
        with transaction() as session:
            due = [work for work in find(session) if work.scheme_id is not None]
        if not any(_take(work.flow, work.scheme_id) for work in due):
            return


def plant() -> tuple[str, ...]:
    """Write personal numbers and an odd name beside the results; return every private word."""
    with transaction() as session:
        session.execute(text(
            "UPDATE targets SET legal_representative = '吴经理' || :identity, "
            "address = '样例路1号，电话' || :mobile"), {"identity": IDENTITY, "mobile": MOBILE})
        session.execute(text(
            "UPDATE targets SET name = :name WHERE id = (SELECT min(target_id) FROM visits)"),
            {"name": ODD_NAME})
        people = session.scalars(text("SELECT name FROM inspectors UNION SELECT name FROM accounts "
                                      "WHERE name NOT LIKE '系统%'")).all()
    return (*PRIVATE, "吴经理", "样例路1号", *people)


_MADE: dict[str, Any] = {}


@pytest.fixture(scope="session")
def reviewed(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """Reviewed results, made once a run, whichever folders of tests ask for them."""
    if "reviewed" not in _MADE:
        _MADE["reviewed"] = _reviewed(cluster, tmp_path_factory)
    return _MADE["reviewed"]


def _reviewed(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """The first check found something, the others nothing; all are reviewed, none is public."""
    before = {k: os.environ[k] for k in ("CHOUCHA_DATABASE_URL", "CHOUCHA_STATE")}
    state = tmp_path_factory.mktemp("reviewed")
    use(_copy(cluster, "sample", "reviewed"), state)
    code = in_field(steps)
    for department in (LEAD, *PARTICIPANTS):
        for number, (check, people) in enumerate(teams(code, department)):
            found = department == LEAD and number == 0
            inspected(check, people, *(("problem_rectified", FINDING) if found else ()))
            checks.review(f"{department}.shenpi", check)
    database.engine(settings.database_url()).dispose()
    use(*(Path(v) if k == "CHOUCHA_STATE" else v for k, v in before.items()))
    return Reviewed("reviewed", state, code)


@pytest.fixture(scope="session")
def published(cluster: Cluster, reviewed: Reviewed,
              tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The public folder after everything was published, made once a run."""
    if "published" not in _MADE:
        _MADE["published"] = _published(cluster, reviewed, tmp_path_factory)
    return _MADE["published"]


def _published(cluster: Cluster, reviewed: Reviewed, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Everything is published, with personal numbers planted around."""
    before = {k: os.environ[k] for k in ("CHOUCHA_DATABASE_URL", "CHOUCHA_STATE")}
    state = tmp_path_factory.mktemp("published")
    use(_copy(cluster, reviewed.database, "published"), state)
    private = plant()
    steps()
    publishing.make_figures()
    _drop(cluster, "published")
    use(*(Path(v) if k == "CHOUCHA_STATE" else v for k, v in before.items()))
    return Published(state / "public", reviewed.code, private)


@pytest.fixture
def ready(cluster: Cluster, reviewed: Reviewed, tmp_path: Path) -> Iterator[str]:
    """A register of one's own with everything reviewed; yields the scheme's code."""
    shutil.copytree(reviewed.state, tmp_path / "state", symlinks=True)
    for _ in _register(cluster, tmp_path, reviewed.database):
        yield reviewed.code


@pytest.fixture
def snapshot() -> Callable[[], dict[str, tuple[bytes, int]]]:
    """Return a function that returns every public file with its bytes and its time."""

    def take() -> dict[str, tuple[bytes, int]]:
        folder = settings.state_dir() / "public"
        return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
                for path in files(folder)}

    return take
