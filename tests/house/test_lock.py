"""What is installed is what the lock says, and the lock tells nobody where it came from."""

import re
import subprocess
import sys
from importlib.metadata import distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from blocks import settings

LOCK = (settings.ROOT / "requirements.lock").read_text("utf-8")
OURS = {"choucha", "pip"}  # the checkout itself, and what venv puts there


def locked() -> dict[str, str]:
    """Return name → version of what the lock asks for on this machine."""
    asked = [Requirement(line.rstrip("\\ ")) for line in LOCK.splitlines()
             if re.match(r"[a-zA-Z0-9]", line)]
    here = [r for r in asked if r.marker is None or r.marker.evaluate()]
    assert all(str(r.specifier).startswith("==") for r in here)
    return {canonicalize_name(r.name): str(r.specifier)[2:] for r in here}


def installed() -> dict[str, str]:
    return {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}


def test_the_lock_holds_no_address():
    assert len(LOCK) > 100_000
    assert not re.search(r"https?:|index-url|find-links|file:|\s@\s", LOCK)


def test_every_line_of_the_lock_has_a_hash():
    entries = re.split(r"\n(?=[a-zA-Z0-9])", LOCK)[1:]
    assert len(entries) > 100
    assert [e.splitlines()[0] for e in entries if "--hash=sha256:" not in e] == []


def test_prefect_and_fastapi_are_those_that_work_together():
    pins = locked()
    assert pins["prefect"] == "3.8.8"
    assert Version("0.139") <= Version(pins["fastapi"]) < Version("0.150")


def test_what_is_installed_equals_the_lock():
    pins, here = locked(), installed()
    assert len(pins) > 100
    assert {n: (v, here.get(n)) for n, v in pins.items() if here.get(n) != v} == {}
    assert here.keys() - pins.keys() - OURS == set()


def test_nothing_installed_lacks_what_it_needs():
    done = subprocess.run([sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
