"""How large everything has grown (占用空间): the register, Prefect's own tables, the state directory."""

import os
from pathlib import Path

import psycopg
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from blocks import settings

PREFECT = "choucha_prefect"


def told(session: Session) -> str:
    """Return the sizes in Chinese; what cannot be asked is left out."""
    found = {"登记库": session.scalar(select(func.pg_database_size(func.current_database()))),
             "流程引擎库": _of_prefect(session), "状态目录": _of_folder(settings.state_dir())}
    return "，".join(f"{name}{_say(size)}" for name, size in found.items() if size is not None)


def _of_prefect(session: Session) -> int | None:
    url = settings.get().prefect_database_url.replace("+asyncpg", "")
    if not url:
        return session.scalar(text("SELECT pg_database_size(oid) FROM pg_database WHERE datname = :name"),
                              {"name": PREFECT})
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]
    except psycopg.Error:
        return None


def _of_folder(folder: Path) -> int:
    """Return the bytes of all files below; what vanishes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _say(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
