"""Backup (备份): the register as one moment had it, by pg_dump, and what stands in the state folder.

A folder with `register.dump`, copies of documents and outgoing messages, and `manifest.json`: hashes of
everything, what the register held, its migration. It is written under another name and renamed at the
end, so what has the name of a backup is whole. The public site and Prefect's database are not in it: the
first follows from the register, the second is a picture of it (G2).
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg
import psycopg.conninfo
import psycopg.sql
from pydantic import SecretStr

from blocks import settings
from blocks.errors import InspectionError
from blocks.local.postgres import BINARIES

FORMAT = 1
MANIFEST, DUMP, PART = "manifest.json", "register.dump", ".part"
FOLDERS = ("documents", "outgoing")  # of the state folder
NOT_SAVED = ("state", "database_url", "prefect_database_url", "today", "now")
NO_ROOM = "请腾出空间或换一个文件夹再备份；没有留下不完整的备份，登记库没有改动"


@dataclass(frozen=True)
class Held:
    """What a register held: its migration, the last line of its trail (number, hash), rows by table."""

    revision: str
    trail: tuple[int, str]
    rows: Mapping[str, int]

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "Held":
        tables = [name for (name,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")]
        count = psycopg.sql.SQL("SELECT count(*) FROM {}")
        rows = {name: connection.execute(count.format(psycopg.sql.Identifier(name))).fetchone()[0] for name in tables}
        last = connection.execute("SELECT number, hash FROM trail ORDER BY number DESC LIMIT 1").fetchone()
        return cls(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0], last or (0, ""), rows)


def plain(url: str) -> str:
    """Return an address as PostgreSQL's own tools take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def run_tool(name: str, url: str, *args: str) -> None:
    """Run one of PostgreSQL's tools on a database; its password is not on the command line.

    Raises:
        InspectionError: there is none for this server, or it failed; says what it said.
    """
    known = psycopg.conninfo.conninfo_to_dict(plain(url))
    secret = {"PGPASSWORD": str(known.pop("password"))} if "password" in known else {}
    command = [_tool(name, url), f"--dbname={psycopg.conninfo.make_conninfo(**known)}", "--no-password", *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=os.environ | secret | {"LC_ALL": "C.UTF-8"})
    if done.returncode:
        raise InspectionError(f"{name} 没有成功：{done.stderr.strip()[-500:]}", NO_ROOM if name == "pg_dump" else
                              "请核对备份和数据库；原来的登记库没有改动")


def _tool(name: str, url: str) -> str:
    """Return the tool beside the embedded server, or the system's where your own server is newer."""
    with psycopg.connect(plain(url)) as connection:
        wanted = connection.info.server_version // 10_000
    for path in (str(BINARIES / name), shutil.which(name)):
        if path and _major(path) >= wanted:
            return path
    raise InspectionError(f"没有能用于 PostgreSQL {wanted} 的 {name}", f"请安装 PostgreSQL {wanted} 的客户端工具")


def _major(path: str) -> int:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    return int(words[2].split(".")[0]) if len(words) > 2 and done.returncode == 0 else 0


def back_up(into: Path, at: datetime) -> Path:
    """Write a backup into a folder, while the system runs; return its own folder.

    Raises:
        InspectionError: no room, no right to write, or another backup is being written there.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        with _alone(into):
            for left in into.glob(f"*{PART}"):  # one that was cut off
                shutil.rmtree(left)
            whole = into / f"choucha-{at.astimezone(settings.SHANGHAI):%Y%m%d-%H%M%S}"
            part = whole.with_name(whole.name + PART)
            try:
                part.mkdir(mode=0o700)  # passwords' hashes and persons' names are in it
                _write(part, at)
                part.rename(whole)
                _sync(into)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise InspectionError(f"备份没有写成：{error.strerror or error}", NO_ROOM) from error
    return whole


@contextmanager
def _alone(folder: Path) -> Iterator[IO[str]]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InspectionError(f"另一次备份正在写入 {folder}", "请等它结束，或换一个文件夹") from None
        yield lock


def _write(part: Path, at: datetime) -> None:
    url = settings.database_url()
    with psycopg.connect(plain(url)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        moment = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        held = Held.of(connection)
        run_tool("pg_dump", url, "--format=custom", "--compress=gzip:3", "--no-owner", f"--snapshot={moment}",
                 f"--file={part / DUMP}")
        server = connection.info.server_version // 10_000
    for name in FOLDERS:
        if (settings.state_dir() / name).is_dir():
            shutil.copytree(settings.state_dir() / name, part / name)
    manifest = {"format": FORMAT, "made_at": at.isoformat(), "postgres": server, "held": asdict(held),
                "settings": _settings(), "files": {name: _hash(part / name) for name in files(part)}}
    (part / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
    for path in (*part.rglob("*"), part):
        _sync(path)


def _settings() -> dict[str, Any]:
    """Return the settings, without secrets, for whoever sets the system up anew."""
    wanted = settings.get()
    kept = {name for name in type(wanted).model_fields
            if name not in NOT_SAVED and not isinstance(getattr(wanted, name), SecretStr)}
    return wanted.model_dump(mode="json", include=kept)


def files(folder: Path) -> list[str]:
    """Return the paths of a backup's files, but the manifest's."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if path.is_file() and path != folder / MANIFEST)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(folder: Path) -> tuple[dict[str, Any], Held]:
    """Return a backup's manifest and what its register held, every file verified by its hash.

    Raises:
        InspectionError: no backup, of a newer software, or a file is missing, added or changed.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        held = Held(manifest["held"]["revision"], tuple(manifest["held"]["trail"]), manifest["held"]["rows"])
        known, number = dict(manifest["files"]), manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InspectionError(f"{folder} 不是完整的备份", "请给出 choucha backup 写成的文件夹（其中有 manifest.json）；"
                              "名称以 .part 结尾的是没有写完的") from error
    if number != FORMAT:
        raise InspectionError(f"备份的格式是{number}，本软件只认{FORMAT}", "请用写这份备份的版本恢复")
    there = files(folder)
    wrong = sorted(known.keys() ^ set(there)) or [name for name in there if _hash(folder / name) != known[name]]
    if wrong:
        raise InspectionError(f"备份已损坏：{'、'.join(wrong[:5])} 与清单不符，什么都没有恢复", "请换一份备份")
    return manifest, held
