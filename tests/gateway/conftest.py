"""A platform that runs beside the tests, settings that name it, and time that passes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from blocks import settings
from blocks.register.database import transaction
from tests.conftest import carry_all

SECRET = "样例密钥-moni"


class Province:
    """The simulator as a test sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=20)

    def will(self, kind: str, times: int = 1) -> None:
        self.http.post("/sim/faults", json={"kind": kind, "times": times}).raise_for_status()

    def put(self, shelf: str, key: str, value: Any) -> None:
        self.http.post("/sim/put", json={"shelf": shelf, "key": key, "value": value}).raise_for_status()

    @property
    def state(self) -> dict[str, Any]:
        return self.http.get("/sim/state").raise_for_status().json()

    @property
    def taken(self) -> dict[str, dict]:
        return self.state["taken"]


def started(*args: str) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen([sys.executable, "-m", "tests.gateway.simulator", "--secret", SECRET, *args],
                               stdout=subprocess.PIPE, text=True, cwd=settings.ROOT)
    return process, process.stdout.readline().strip()


@pytest.fixture
def province() -> Iterator[Province]:
    process, url = started("--slow", "1.5")
    try:
        yield Province(url)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that sets how the platform is told."""

    def set_(**wanted: Any) -> None:
        for name, value in wanted.items():
            monkeypatch.setenv(f"CHOUCHA_{name.upper()}", str(value))
        settings.get.cache_clear()

    yield set_
    settings.get.cache_clear()


@pytest.fixture
def by_http(province: Province, told) -> Province:
    told(platform="http", platform_url=province.url, platform_secret=SECRET, platform_seconds=1)
    return province


@pytest.fixture
def open_scene(scenes, carry_on) -> Iterator[Callable[[str], str]]:
    """Enter a scene of its own that was made while the city had no platform."""

    def open_(name: str) -> str:
        wanted = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("CHOUCHA_PLATFORM")}
        settings.get.cache_clear()
        code = scenes.open(name, carry_on)
        os.environ.update(wanted)
        settings.get.cache_clear()
        return code

    with scenes.for_a_while():
        yield open_


def time_passes() -> None:
    """Let an hour pass for what waits to be handed over or asked about."""
    with transaction() as session:
        session.execute(text("UPDATE exchanges SET next_at = next_at - interval '2 hours', "
                             "tried_at = tried_at - interval '2 hours'"))


def carry_out(times: int = 40) -> None:
    """Let time pass until nothing waits for the platform."""
    for _ in range(times):
        carry_all()
        with transaction() as session:
            if not session.scalar(text("SELECT count(*) FROM exchanges WHERE stage IN "
                                       "('prepared','sent','unknown')")):
                return
        time_passes()
    raise AssertionError("the exchanges never come to rest")


def rows(query: str, **values: Any) -> list[tuple]:
    with transaction() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


os.environ.setdefault("NO_PROXY", "127.0.0.1")
