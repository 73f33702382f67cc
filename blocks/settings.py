"""Settings and the few things read from `config/`: the calendar, the numbers of the law, results.

Environment variables begin with CHOUCHA_ (see config/settings.example.toml); a TOML file named by
CHOUCHA_CONFIG may hold the same. `choucha up` writes `up.json` into the state directory: where the
parts it started can be reached.
"""

import json
import os
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from blocks.errors import NotAnswering
from blocks.rules.regulation import Regulation
from blocks.rules.results import Results
from blocks.workdays import WorkCalendar

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config"
SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY_CODE = "445200"
COUNTIES = {"445202": "榕城区", "445203": "揭东区", "445222": "揭西县", "445224": "惠来县",
            "445281": "普宁市"}


class Settings(BaseSettings):
    """What an operator may set."""

    model_config = SettingsConfigDict(env_prefix="CHOUCHA_", extra="ignore")

    state: Path = ROOT / ".choucha"
    database_url: str = ""
    prefect_database_url: str = ""
    events: str = "on"
    today: date | None = None
    prefect_port: int = 0
    site_port: int = 0
    portal_port: int = 0
    portal_url: str = ""
    documents: Path | None = None  # the office's own templates and faces
    postgres_port: int = 0
    work_pool: str = "choucha"
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_from: str = "choucha@localhost"
    patience_seconds: int = 120
    salted_pool: bool = False
    site_address: str = ""
    canaries: str = ""
    beacon_urls: str = "https://api.drand.sh https://drand.cloudflare.com"
    now: datetime | None = None  # for tests: time stands still

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = os.environ.get("CHOUCHA_CONFIG")
        files = (TomlConfigSettingsSource(settings_cls, toml),) if toml else ()
        return (init_settings, env_settings, *files)


@cache
def get() -> Settings:
    """Return the settings of this process, read once."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "；".join(f"CHOUCHA_{e['loc'][0]}".upper() + f"＝{e['input']}" for e in error.errors())
        raise NotAnswering(f"设置看不懂：{wrong}", "请对照 config/settings.example.toml 改正") from None


def state_dir() -> Path:
    """Return the state directory, made at its first use, closed to others."""
    path = get().state.expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o711)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise NotAnswering(f"状态目录不能用：{error}", "请另设 CHOUCHA_STATE") from None
    return path


def running() -> dict[str, Any]:
    """Return what `choucha up` wrote about itself, or {} when it does not run."""
    try:
        return json.loads((state_dir() / "up.json").read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def database_url() -> str:
    """Return the register's address as SQLAlchemy takes it (postgresql+psycopg://…).

    Raises:
        NotAnswering: none is set and `choucha up` does not run.
    """
    url = get().database_url or running().get("database_url", "")
    if not url:
        raise NotAnswering("系统没有运行，找不到登记库", "请先在另一个窗口运行 choucha up")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def api_url() -> str:
    """Return the address of Prefect's API, or "" when none is known."""
    return os.environ.get("PREFECT_API_URL") or running().get("api_url", "")


def site_url() -> str:
    return running().get("site_url", "")


def portal_url() -> str:
    """Return the portal's address as people outside reach it, or "" when none is known."""
    return (get().portal_url or running().get("portal_url", "")).rstrip("/")


def now() -> datetime:
    """Return this instant in UTC, on the day that `today()` names."""
    instant = (get().now or datetime.now(UTC)).astimezone(UTC)
    if get().today is None:
        return instant
    return datetime.combine(get().today, instant.astimezone(SHANGHAI).timetz()).astimezone(UTC)


def today() -> date:
    """Return the business day in Asia/Shanghai: the one place that asks the clock for it."""
    return get().today or (get().now or datetime.now(SHANGHAI)).astimezone(SHANGHAI).date()


@cache
def _yaml(name: str) -> Any:
    return yaml.load((CONFIG / name).read_text("utf-8"), Loader=yaml.CSafeLoader)


@cache
def calendar() -> WorkCalendar:
    """Return the official calendar of workdays from config/calendar/*.yaml."""
    return WorkCalendar.from_years(
        _yaml(f"calendar/{p.name}") for p in sorted((CONFIG / "calendar").glob("*.yaml")))


@lru_cache(maxsize=64)
def regulation(on: date) -> Regulation:
    """Return the numbers in force on a day, from config/regulation.yaml."""
    return Regulation.in_force(_yaml("regulation.yaml"), on)


@cache
def results() -> Results:
    """Return the result categories from config/results.yaml."""
    return Results.from_data(_yaml("results.yaml"))


def config(name: str) -> Any:
    """Return a parsed file of `config/`."""
    return _yaml(name)


def method() -> dict[str, bytes]:
    """Return the source files of the draw's method, which every seal names by their hash."""
    return {path.name: path.read_bytes() for path in (ROOT / "blocks" / "draw").glob("*.py")}
