"""Restore (恢复): a backup into a database of its own, compared with its manifest, then put in place.

The register that was there keeps its rows under another name until somebody drops it. Nobody may work
meanwhile: `choucha up` has to be stopped, and the embedded PostgreSQL is started for as long as needed.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from blocks import settings
from blocks.errors import InspectionError
from blocks.local import postgres
from blocks.local.backup import DUMP, FOLDERS, Held, plain, read, run_tool
from blocks.local.processes import end_leftovers
from blocks.local.up import hold
from blocks.register import database, sessions, structure
from blocks.register.published import ROLE
from blocks.register.upgrade import upgrade


@dataclass(frozen=True)
class Restored:
    """What is in place now; `before`: the name of the database that was there, if it held anything."""

    made_at: str
    held: Held
    before: str | None


@contextmanager
def standing_still() -> Iterator[str]:
    """Yield the address of the register's database, with nobody at work in it.

    Raises:
        InspectionError: `choucha up` runs, or somebody else is connected.
    """
    wanted = settings.get()
    if wanted.database_url:
        yield wanted.database_url
        return
    state = settings.state_dir()
    with _nobody_up(state):
        end_leftovers(settings.running().get("processes", []))
        (state / "up.json").unlink(missing_ok=True)
        cluster = postgres.prepare(state, wanted.postgres_port)
        (state / "logs").mkdir(exist_ok=True)
        process = postgres.start(cluster, state / "logs" / "postgres.log")
        os.environ["CHOUCHA_DATABASE_URL"] = cluster.url("choucha")
        settings.get.cache_clear()
        try:
            yield cluster.url("choucha")
        finally:
            database.engine.cache_clear()
            del os.environ["CHOUCHA_DATABASE_URL"]
            settings.get.cache_clear()
            process.stop()


def _nobody_up(state: Path) -> IO[str]:
    try:
        return hold(state)
    except InspectionError:
        raise InspectionError(f"choucha up 正在运行（{state}），没有恢复",
                              "请先在它的窗口按 Ctrl-C 停下它，再恢复") from None


def restore(folder: Path, url: str, at: datetime, *, over: str | None = None) -> Restored:
    """Put a backup in place of the register. `over`: the name of the database whose rows may step aside.

    Raises:
        InspectionError: the backup is damaged or newer than the software, the register holds something
            else, somebody is connected, or what was restored is not what was saved.
    """
    manifest, held = read(folder)
    if held.revision not in structure.revisions():
        raise InspectionError(f"备份的登记库版本是{held.revision}，比本软件新", "请先更新软件再恢复；什么都没有改动")
    name = make_url(url).database
    admin = _address(url, "postgres")
    keeps = _look_at(admin, url, name)
    if keeps and over != name:
        raise InspectionError(f"登记库 {name} 里已有内容，没有恢复",
                              f"确要以备份代替它，请加 --over {name}；原来的登记库改名保留，不会删除")
    fresh, before = f"{name}_restoring", f"{name}_before_{at.astimezone(settings.SHANGHAI):%Y%m%d_%H%M%S}"
    _load(folder, admin, _address(url, fresh), fresh, held)
    with psycopg.connect(admin) as connection:  # both names at once, or neither
        if keeps is not None:
            connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(name), Identifier(before)))
        connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(fresh), Identifier(name)))
    if keeps is False:  # a register in which nothing was ever written
        _execute(admin, "DROP DATABASE {}", before)
    for part in FOLDERS:
        if (folder / part).is_dir():
            shutil.copytree(folder / part, settings.state_dir() / part, dirs_exist_ok=True)
    database.look_again()
    return Restored(manifest["made_at"], held, before if keeps else None)


def _address(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return make_url(plain(url)).set(database=name).render_as_string(hide_password=False)


def _execute(admin: str, statement: str, name: str) -> None:
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(SQL(statement).format(Identifier(name)))


def _look_at(admin: str, url: str, name: str) -> bool | None:
    """Return whether the database holds anything; None: it is not there.

    Raises:
        InspectionError: somebody is connected to it.
    """
    try:
        with psycopg.connect(admin) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).rowcount:
                return None
            others = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
                (name,)).fetchone()
        if others[0]:
            raise InspectionError(f"还有{others[0]}个连接在使用登记库 {name}，没有恢复",
                                  "请先停下 choucha up、门户和其他连接，再恢复")
        with psycopg.connect(plain(url)) as connection:
            return any(connection.execute(SQL("SELECT FROM {} LIMIT 1").format(Identifier(table))).rowcount
                       for (table,) in connection.execute(
                           "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)",
                           (["alembic_version", "rounds"],)).fetchall())
    except psycopg.OperationalError as error:
        raise InspectionError("PostgreSQL 没有应答，没有恢复", f"请核对 CHOUCHA_DATABASE_URL。原话：{error}") from error


def _load(folder: Path, admin: str, url: str, fresh: str, held: Held) -> None:
    """Load the dump into a new database, compare it with the manifest, bring it to this software's version."""
    _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", fresh)  # one that was cut off
    _execute(admin, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", fresh)
    try:
        with psycopg.connect(url) as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (ROLE,)).rowcount:
                connection.execute(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(ROLE)))
            connection.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(ROLE)))
        run_tool("pg_restore", url, "--no-owner", "--exit-on-error", str(folder / DUMP))
        with psycopg.connect(url) as connection:
            found = Held.of(connection)
        if found != held:
            raise InspectionError("恢复出来的登记库与备份的清单不符", "请换一份备份；原来的登记库没有改动")
        _bring_up_to_date(url)
    except BaseException:
        _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", fresh)
        raise


def _bring_up_to_date(url: str) -> None:
    """Apply newer migrations; end every session in the portal, for some had ended since."""
    upgrade(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with psycopg.connect(url) as connection:
        connection.execute(f"DELETE FROM {sessions.WebSession.__tablename__}")
