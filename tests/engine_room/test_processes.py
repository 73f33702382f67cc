"""What runs on this machine: started, recognised, stopped; never somebody else's process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from blocks.errors import NotAnswering
from blocks.local import postgres
from blocks.local.processes import Process, end_leftovers, spawn, wait_until

CHOUCHA = Path(sys.executable).parent / "choucha"
FAMILY = ["sh", "-c", "sleep 300 & echo $!; wait"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    """A process of ours that would sleep for five minutes."""
    process = spawn("甲", ["sleep", "300"], tmp_path / "sleep.log", cwd=tmp_path)
    yield process
    process.stop()


def is_gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_a_leftover_with_its_own_birth_time_is_ended(sleeper):
    mark = sleeper.mark()
    assert end_leftovers([mark]) == 1
    assert not sleeper.is_alive()
    assert end_leftovers([mark]) == 0, "and only once"


@pytest.mark.parametrize("seconds", [-3600, -0.5, 0.5, 3600])
def test_a_pid_with_another_birth_time_is_somebody_elses(sleeper, seconds):
    mark = sleeper.mark()
    assert end_leftovers([mark | {"born": mark["born"] + seconds}]) == 0
    assert sleeper.is_alive()


def test_one_strangers_pid_does_not_keep_the_others_alive(sleeper, tmp_path):
    other = spawn("乙", ["sleep", "300"], tmp_path / "other.log", cwd=tmp_path)
    stranger = sleeper.mark() | {"born": 0.0}
    try:
        assert end_leftovers([stranger, other.mark()]) == 1
        assert sleeper.is_alive() and not other.is_alive()
    finally:
        other.stop()


def test_stopping_a_process_ends_its_children_too(tmp_path):
    log = tmp_path / "family.log"
    process = spawn("一家", FAMILY, log, cwd=tmp_path)
    assert wait_until(lambda: log.exists() and log.read_text().strip() != "", 10, 0.02)
    child = int(log.read_text())
    process.stop()
    assert not process.is_alive()
    assert wait_until(lambda: is_gone(child), 10, 0.02)


def test_children_of_a_killed_leftover_are_ended_by_their_group(tmp_path):
    log = tmp_path / "family.log"
    process = spawn("一家", FAMILY, log, cwd=tmp_path)
    assert wait_until(lambda: log.exists() and log.read_text().strip() != "", 10, 0.02)
    child, mark = int(log.read_text()), process.mark()
    os.kill(process.pid, signal.SIGKILL)
    process.child.wait(10)
    assert not is_gone(child)
    end_leftovers([mark])
    assert wait_until(lambda: is_gone(child), 10, 0.02)


def test_the_embedded_postgres_starts_answers_stops_and_keeps_its_data(tmp_path):
    cluster = postgres.prepare(tmp_path)
    assert (tmp_path / "postgres.password").stat().st_mode & 0o077 == 0
    log = tmp_path / "postgres.log"
    process = postgres.start(cluster, log)
    try:
        for _ in range(2):
            postgres.ensure_database(cluster.url("postgres"), "choucha")
        with psycopg.connect(cluster.url("choucha")) as connection:
            shown = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in (
                "synchronous_commit", "fsync", "full_page_writes", "listen_addresses", "TimeZone",
                "server_encoding")}
            connection.execute("CREATE TABLE kept AS SELECT '留痕' AS word")
        assert shown == {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on",
                         "listen_addresses": "127.0.0.1", "TimeZone": "UTC",
                         "server_encoding": "UTF8"}
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://choucha:x@127.0.0.1:{cluster.port}/choucha")
    finally:
        process.stop()
    assert not process.is_alive()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.url("choucha"), connect_timeout=2)
    again = postgres.prepare(tmp_path)
    assert again.password == cluster.password
    process = postgres.start(again, log)
    try:
        with psycopg.connect(again.url("choucha")) as connection:
            assert connection.execute("SELECT word FROM kept").fetchone() == ("留痕",)
        os.kill(process.pid, signal.SIGKILL)
        process.child.wait(10)
        third = postgres.start(again, log)
        try:
            with psycopg.connect(again.url("choucha")) as connection:
                assert connection.execute("SELECT word FROM kept").fetchone() == ("留痕",)
        finally:
            third.stop()
    finally:
        process.stop()


def test_a_postgres_whose_port_is_taken_says_so_and_leaves_nothing_running(tmp_path, cluster):
    mine = postgres.prepare(tmp_path, cluster.port)
    before = {p.pid for p in psutil.Process().children()}
    with pytest.raises(NotAnswering, match="内置 PostgreSQL 没有启动") as told:
        postgres.start(mine, tmp_path / "postgres.log")
    assert "Address already in use" in told.value.remedy
    assert {p.pid for p in psutil.Process().children()} <= before


def test_a_second_up_on_the_same_state_directory_is_refused(tmp_path):
    """And the first, interrupted while it starts, takes down what it had started."""
    env = {k: v for k, v in os.environ.items() if k != "CHOUCHA_DATABASE_URL"}
    env |= {"CHOUCHA_STATE": str(tmp_path / "state")}
    facts = tmp_path / "state" / "up.json"
    with (tmp_path / "out").open("w") as out:
        first = subprocess.Popen([CHOUCHA, "up"], env=env, stdout=out, stderr=out)
    try:
        assert wait_until(facts.exists, 60, 0.05), (tmp_path / "out").read_text()
        marks = json.loads(facts.read_text())["processes"]
        assert [m["name"] for m in marks] == ["PostgreSQL"]
        second = subprocess.run([CHOUCHA, "up"], env=env, capture_output=True, text=True,
                                check=False, timeout=60)
        assert second.returncode == 1
        assert "这个状态目录已有一个 choucha up 在运行" in second.stderr
        assert "另设 CHOUCHA_STATE" in second.stderr
        assert "Traceback" not in second.stderr
        assert first.poll() is None and not is_gone(marks[0]["pid"]), "the first is unharmed"
        marks = json.loads(facts.read_text())["processes"]
    finally:
        first.terminate()
        code = first.wait(60)
    said = (tmp_path / "out").read_text()
    assert code == 0 and "Traceback" not in said, said
    assert "已停止本次启动的全部进程" in said
    assert all(is_gone(mark["pid"]) for mark in marks)
    assert not facts.exists()
