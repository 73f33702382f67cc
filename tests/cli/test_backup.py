"""Backup and restore (G21): consistent while somebody writes, whole or not there, and what follows a restore."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from blocks import settings
from blocks.errors import InspectionError
from blocks.local import postgres
from blocks.local.backup import back_up, plain
from blocks.local.processes import wait_until
from blocks.local.restoring import restore
from blocks.local.up import hold
from blocks.public_site.files import tree
from blocks.register import database, structure
from blocks.register.database import transaction
from blocks.register.upgrade import upgrade
from blocks.steps import checking
from tests import people
from tests.cli.conftest import COMMAND, environment
from tests.conftest import use
from tests.scenes import PARTIES, everything


def execute(statement: str) -> None:
    with transaction() as session:
        session.execute(text(statement))


def beside(name: str) -> str:
    """Return the address of another database of this test's server."""
    return make_url(settings.database_url()).set(database=name, drivername="postgresql").render_as_string(
        hide_password=False)


def databases() -> set[str]:
    with psycopg.connect(beside("postgres")) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


@contextmanager
def somebody_writing() -> Iterator[None]:
    """Somebody adds a row and takes one away, again and again, each time in two tables at once."""
    over = threading.Event()

    def write() -> None:
        with psycopg.connect(plain(settings.database_url())) as connection:
            number = 0
            while not over.is_set():
                number += 1
                connection.execute("INSERT INTO attempts VALUES (%s, 'draw', NULL, 1, now(), '')",
                                   (f"writing:{number}",))
                connection.execute("UPDATE dues SET explained = %s", (f"第{number}次",))
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def test_an_inspection_goes_on_from_a_backup_on_a_machine_where_there_was_nothing(
        shell, open_scene, carry_on, tmp_path):
    code = open_scene("in_field")
    (settings.state_dir() / "documents").mkdir(exist_ok=True)
    (settings.state_dir() / "documents" / "通知书.html").write_text("样例")
    with somebody_writing():
        said = shell.says("backup", tmp_path / "backups")
    made = next((tmp_path / "backups").glob("choucha-*"))
    assert str(made) in said
    there = {"CHOUCHA_DATABASE_URL": "", "CHOUCHA_STATE": str(tmp_path / "there")}
    told = shell.says("restore", made, **there)
    assert "行与清单相符" in told
    assert "✓ 全部相符" in told
    assert (tmp_path / "there" / "documents" / "通知书.html").read_text() == "样例"
    database.engine(settings.database_url()).dispose()
    cluster = postgres.prepare(tmp_path / "there")
    process = postgres.start(cluster, tmp_path / "postgres.log")
    try:
        use(cluster.url("choucha"), tmp_path / "there")
        assert people.stage(code) == "in_field"
        for party in PARTIES:
            for check, team in people.teams(code, party):
                people.inspected(check, team)
                people.checks.review(f"{party}.shenpi", check)
        carry_on()
        assert people.stage(code) == "publicised"
        assert [part.wrong for part in checking.check() if part.wrong] == []
    finally:
        database.engine(settings.database_url()).dispose()
        process.stop()


def test_what_was_restored_is_row_by_row_what_was_saved_and_the_site_is_written_anew(shell, open_scene, tmp_path):
    open_scene("publicised")
    execute("INSERT INTO web_sessions (token_hash, account_id, csrf, made_at, seen_at) SELECT 'x', id, 'y', now(), "
            "now() FROM accounts LIMIT 1")
    before = everything()
    made = back_up(tmp_path, settings.now())
    use(beside("restored"), tmp_path / "restored")
    try:
        assert "公示网站已重写" in shell.says("restore", made)
        after = everything()
        assert after.pop("web_sessions") != before.pop("web_sessions")  # everybody signs in again
        assert after == before
        assert any(path.startswith("results/") for path in tree().files())
        database.engine(settings.database_url()).dispose()
        refused = shell.refused("restore", made)
        assert "已有内容" in refused
        assert "--over restored" in refused
        execute("DELETE FROM attempts")
        database.engine(settings.database_url()).dispose()
        assert "原来的登记库改名为 restored_before_" in shell.says("restore", made, "--over", "restored")
        with psycopg.connect(beside("restored")), pytest.raises(InspectionError, match="还有1个连接在使用登记库"):
            restore(made, beside("restored"), settings.now(), over="restored")
        assert not [name for name in databases() if name.endswith("_restoring")]
    finally:
        database.engine(settings.database_url()).dispose()


def test_a_register_of_an_older_version_is_brought_up_to_date(cluster, register, tmp_path):
    postgres.ensure_database(beside("postgres"), "older")
    use(beside("older"), tmp_path / "older")
    upgrade(settings.database_url(), "0012")
    made = back_up(tmp_path / "backups", settings.now())
    restored = restore(made, beside("newer"), settings.now())
    assert (restored.held.revision, restored.before) == ("0012", None)
    use(beside("newer"), tmp_path / "newer")
    assert structure.differences()[1] == []


def test_of_a_newer_version_it_is_refused(register, tmp_path):
    execute("UPDATE alembic_version SET version_num = '9999'")
    made = back_up(tmp_path, settings.now())
    with pytest.raises(InspectionError, match="比本软件新"):
        restore(made, beside("newer_still"), settings.now())
    assert "newer_still" not in databases()


@pytest.mark.parametrize(("damage", "said"), [
    (lambda one: flip(one / "register.dump"), "register.dump 与清单不符"),
    (lambda one: (one / "register.dump").unlink(), "register.dump 与清单不符"),
    (lambda one: (one / "another").write_text("?"), "another 与清单不符"),
    (lambda one: (one / "manifest.json").write_text("{"), "不是完整的备份"),
    (lambda one: (one / "manifest.json").unlink(), "不是完整的备份"),
    (lambda one: change(one, lambda told: told["held"]["rows"].update(schemes=9)), "与备份的清单不符"),
    (lambda one: change(one, lambda told: told.update(format=2)), "备份的格式是2"),
], ids=["a flipped bit", "a missing file", "one more file", "half a manifest", "no manifest", "another count", "newer"])
def test_a_damaged_backup_is_refused_and_nothing_is_left(register, tmp_path, damage, said):
    made = back_up(tmp_path, settings.now())
    before, there = everything(), databases()
    damage(made)
    with pytest.raises(InspectionError, match=said):
        restore(made, beside("from_damaged"), settings.now())
    assert everything() == before
    assert databases() == there


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change(folder: Path, how) -> None:
    told = json.loads((folder / "manifest.json").read_bytes())
    how(told)
    (folder / "manifest.json").write_text(json.dumps(told))


def test_a_backup_that_was_killed_has_no_name_of_one_and_the_next_clears_it_away(register, tmp_path):
    with psycopg.connect(plain(settings.database_url())) as connection:
        connection.execute("LOCK TABLE schemes")  # pg_dump waits
        going = subprocess.Popen([COMMAND, "backup", tmp_path], env=environment({}), start_new_session=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert wait_until(lambda: any(tmp_path.glob("*.part")), 60)
        with pytest.raises(InspectionError, match="另一次备份正在写入"):
            back_up(tmp_path, settings.now())
        os.killpg(going.pid, signal.SIGKILL)
        going.wait()
    assert not [one for one in tmp_path.glob("choucha-*") if one.suffix != ".part"]
    left = next(tmp_path.glob("*.part"))
    with pytest.raises(InspectionError, match="不是完整的备份"):
        restore(left, beside("from_half"), settings.now())
    made = back_up(tmp_path, settings.now())
    assert [one.name for one in tmp_path.glob("choucha-*")] == [made.name]


def test_where_the_disk_takes_no_more_the_person_is_told_and_nothing_is_left(register, tmp_path):
    """A limit on the size of files stands for a full disk: pg_dump's write fails in the same place."""
    done = subprocess.run(["sh", "-c", f"ulimit -f 8; exec '{COMMAND}' backup '{tmp_path}'"], env=environment({}),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "✗ pg_dump 没有成功" in done.stderr
    assert "没有留下不完整的备份" in done.stderr
    assert list(tmp_path.glob("choucha-*")) == []


def test_nothing_is_restored_while_the_system_runs(shell, register, tmp_path):
    made = back_up(tmp_path, settings.now())
    with hold(settings.state_dir()):
        said = shell.refused("restore", made, CHOUCHA_DATABASE_URL="")
    assert "choucha up 正在运行" in said
    assert "停下它" in said
