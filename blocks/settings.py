"""Settings and the few things read from `config/`: the calendar, the numbers of the law, results.

Environment variables begin with CHOUCHA_ (see config/settings.example.toml); a TOML file named by
CHOUCHA_CONFIG may hold the same. `choucha up` writes `up.json` into the state directory: where the
parts it started can be reached.
"""

import json
import os
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, SecretStr, ValidationError
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
    number_prefix: str = "揭双随机"  # the city's own words in a scheme's number
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_from: str = "choucha@localhost"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: str = "off"  # off, starttls, tls
    mail_domain: str = "choucha.localhost"  # of who has given no address: CODE@DOMAIN; empty: none
    wecom_host: str = "https://qyapi.weixin.qq.com"
    dingtalk_host: str = "https://oapi.dingtalk.com"
    feishu_host: str = "https://open.feishu.cn"
    sms_url: str = ""
    sms_token: SecretStr = SecretStr("")
    channel_seconds: int = 20  # a channel that says nothing for so long is away
    quiet_hours: str = "20:00-08:00"  # no reminder then, nor on a day that is not worked
    operator: str = ""  # login of the account that is told of failed runs; empty: the office
    messages: Path | None = None  # a folder with the city's own templates of messages
    platform: Literal["off", "files", "http"] = "off"  # the provincial platform: how it is told
    draws: Literal["ours", "theirs", "both"] = "ours"  # whose draw decides who is visited
    platform_mapping: str = "national"  # a name in config/gateway, or the path of a province's own file
    platform_kinds: str = ""  # what the platform takes (schemes results …); empty: everything
    platform_url: str = ""
    platform_app: str = "choucha"
    platform_secret: SecretStr = SecretStr("")
    platform_signing: Literal["sm3", "sha256"] = "sm3"
    platform_certificate: Path | None = None  # for mutual TLS: certificate and key in one PEM
    platform_ca: Path | None = None
    platform_seconds: int = 20  # a platform that says nothing for so long has not answered
    platform_per_minute: int = 600
    patience_seconds: int = 120
    deadman_url: str = ""  # asked after every sweep and night; URL/fail where the night was missed
    retention_days: int = Field(90, ge=7)  # of Prefect's runs, logs and events, and of what our own engine remembers
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


def quiet() -> tuple[time, time]:
    """Return the hours in which nobody is reminded.

    Raises:
        NotAnswering: CHOUCHA_QUIET_HOURS is not HH:MM-HH:MM.
    """
    try:
        first, last = map(time.fromisoformat, get().quiet_hours.split("-"))
    except ValueError:
        raise NotAnswering(f"设置看不懂：CHOUCHA_QUIET_HOURS＝{get().quiet_hours}",
                           "请写成 20:00-08:00 的样子") from None
    return first, last


def now() -> datetime:
    """Return this instant in UTC, on the day that `today()` names."""
    instant = (get().now or datetime.now(UTC)).astimezone(UTC)
    if get().today is None:
        return instant
    return datetime.combine(get().today, instant.astimezone(SHANGHAI).timetz()).astimezone(UTC)


def wall_clock() -> datetime:
    """Return the machine's own time in UTC, whatever day it is said to be: for what others have stamped."""
    return datetime.now(UTC)


def today() -> date:
    """Return the business day in Asia/Shanghai: the one place that asks the clock for it."""
    return get().today or (get().now or datetime.now(SHANGHAI)).astimezone(SHANGHAI).date()


@cache
def _yaml(name: str) -> Any:
    return yaml.load((CONFIG / name).read_text("utf-8"), Loader=yaml.CSafeLoader)


def calendar() -> WorkCalendar:
    """Return the calendar of workdays: config/calendar/*.yaml, and what the register has added."""
    return _calendar(_added)


_added = "[]"  # the register's notices, oldest first, as JSON: see `register.almanac`


def add_notices(told: str) -> None:
    """Let the calendar hold these notices: a JSON list of {level, contents}."""
    global _added
    _added = told


def notices_added() -> str:
    return _added


@lru_cache(maxsize=8)
def _calendar(added: str) -> WorkCalendar:
    return with_notices(json.loads(added))


def with_notices(added: list[dict[str, Any]]) -> WorkCalendar:
    """Return the calendar as it would be with these notices: a national one replaces its year's file."""
    national = {one["year"]: one for one in map(
        _yaml, (f"calendar/{p.name}" for p in sorted((CONFIG / "calendar").glob("*.yaml"))))}
    local = []
    for one in added:
        contents = with_days(one["contents"])
        if one["level"] == "national":
            national[contents["year"]] = contents
        else:
            local.append(contents)
    return WorkCalendar.from_years([national[year] for year in sorted(national)], local)


def with_days(contents: dict[str, Any]) -> dict[str, Any]:
    """Return a notice with its days as dates; what is no day stays as it is, to be refused."""
    def day(value: Any) -> Any:
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            return value

    return {**contents, "make_up_workdays": [day(one) for one in contents["make_up_workdays"]],
            "holidays": [{name: day(value) if name != "name" else value for name, value in one.items()}
                         for one in contents["holidays"]]}


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


@cache
def deployments() -> list[dict[str, Any]]:
    """Return what prefect.yaml tells Prefect of each flow."""
    return yaml.load((ROOT / "prefect.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)["deployments"]


def method() -> dict[str, bytes]:
    """Return the source files of the draw's method, which every seal names by their hash."""
    return {path.name: path.read_bytes() for path in (ROOT / "blocks" / "draw").glob("*.py")}
