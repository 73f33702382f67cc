"""The examples for operators name commands, options and settings that there are, and hold back what they should."""

import configparser
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import typer.main
import yaml
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_valid_setting_names
from prefect_redis.client import RedisMessagingSettings

from blocks import settings
from blocks.local.registering import RUNS_AT_ONCE
from flows.cli import app

FOLDER = settings.CONFIG / "operations"
BIN = Path(sys.executable).parent
UNITS = sorted((FOLDER / "systemd").glob("*.service"))
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
OTHERS = {"FORWARDED_ALLOW_IPS", "DO_NOT_TRACK", "PREFECT_HOME"}  # of uvicorn, of everybody, of Prefect's client


class Unit(configparser.RawConfigParser):
    optionxform = staticmethod(str)


def unit(path: Path) -> dict[str, str]:
    parser = Unit(strict=True)
    parser.read_string(path.read_text("utf-8"))
    return dict(parser["Service"])


def commands() -> set[tuple[str, ...]]:
    """Return every command of ours or of Prefect's that an example runs."""
    of_units = [shlex.split(unit(path)["ExecStart"].removeprefix("/opt/choucha/.venv/bin/")) for path in UNITS]
    of_compose = [one["command"] for one in COMPOSE["services"].values() if one.get("image") == "choucha"]
    return {tuple(one) for one in of_units + of_compose}


@cache
def help_of(words: tuple[str, ...]) -> str:
    done = subprocess.run([str(BIN / words[0]), *words[1:], "--help"], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "HOME": str(FOLDER)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def ours(words: tuple[str, ...]) -> set[str]:
    """Return the options of one of our commands."""
    found = typer.main.get_command(app)
    for word in words:
        found = found.commands[word]
    return {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize("command", sorted(commands()), ids=" ".join)
def test_every_command_of_an_example_is_there_with_its_options(command):
    words = tuple(command[:next((place for place, word in enumerate(command) if word.startswith("-")), None)])
    options = {word for word in command if word.startswith("-")}
    if words[0] == "choucha":
        assert options <= ours(words[1:])
    else:
        told = help_of(words)
        assert {one for one in options if not re.search(rf"(?<![\w-]){one}\b", told)} == set(), told


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_runs_as_its_own_user_and_may_write_only_where_it_must(path):
    wanted = unit(path)
    assert wanted["User"] == "choucha"
    assert wanted["EnvironmentFile"] == "/etc/choucha/choucha.env"
    assert wanted["ReadWritePaths"] == "/srv/choucha /var/lib/choucha"
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID"):
        assert wanted[name] == "true", name
    assert wanted["ProtectSystem"] == "strict"
    assert wanted.get("Restart") == "always" or wanted["Type"] == "oneshot"


def test_every_setting_in_the_environment_is_one_that_is_read():
    lines = [line for line in (FOLDER / "choucha.env.example").read_text("utf-8").splitlines()
             if line and not line.startswith("#")]
    names = {line.partition("=")[0] for line in lines}
    redis = {f"PREFECT_REDIS_MESSAGING_{field.upper()}" for field in RedisMessagingSettings.model_fields}
    known = {f"CHOUCHA_{field.upper()}" for field in settings.Settings.model_fields} | redis | OTHERS
    read = _get_valid_setting_names(PrefectSettings)
    assert names - known - read == set()
    assert {"PREFECT_SERVER_API_AUTH_STRING", "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"} <= names
    assert not any(re.search("password|:(?!CHANGE)[^/]{6,}@", line) for line in lines if "CHANGE" not in line)


def test_of_all_containers_only_the_web_server_can_be_reached_from_outside():
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["web"]
    for name, one in COMPOSE["services"].items():
        assert one["image"] in ("choucha", "postgres:18", "redis:7", "nginx:1"), name
        if one["image"] == "choucha":
            assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"]), name
        for other in one.get("depends_on", ()):
            assert other in COMPOSE["services"], (name, other)
    for volume in {text.partition(":")[0] for one in COMPOSE["services"].values() for text in one.get("volumes", ())}:
        assert volume in COMPOSE["volumes"] or volume.startswith("./"), volume


def test_every_worker_of_an_example_runs_as_many_at_once_as_that_of_one_machine():
    limits = [one[one.index("--limit") + 1] for one in commands() if one[:2] == ("prefect", "worker")]
    assert limits == [str(RUNS_AT_ONCE)] * len(limits) != []
