"""The house keeps its order: floors, length of files, papers at the door, nothing of others."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer

from blocks import settings
from flows.cli import app

ROOT = settings.ROOT
BIN = Path(sys.executable).parent
MOST_LINES = 300
ROOMS = ("flows", "blocks", "config", "templates", "tests")
# Written apart so that this file does not find itself.
MACHINE_PATHS = re.compile("|".join((
    r"/" + r"work/", r"/" + r"root/", r"/" + r"home/[a-z]", r"/" + r"Users/[A-Za-z]",
    r"[A-Z]:\\" + r"Users")))
BUILT = ("*.min.js", "*.min.css", "*.map", "*.woff", "*.woff2", "*.ttf", "*.otf", "*.whl", "*.so",
         "*.dll", "*.jar", "*.zip", "*.gz", "*.pyc")
FOREIGN_FOLDERS = {"node_modules", "vendor", "third_party", "site-packages"}
SHARED = ROOT.parent / "shared" / "data"


def files() -> Iterator[Path]:
    """Yield every file of the checkout that .gitignore does not keep out."""
    ignored = [".git", *(line.strip().rstrip("/") for line in
                         (ROOT / ".gitignore").read_text("utf-8").splitlines() if line.strip())]

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if any(fnmatch(path.name, pattern) for pattern in ignored):
                continue
            if path.is_dir():
                yield from walk(path)
            else:
                yield path

    yield from walk(ROOT)


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every command as it is typed: `up`, `scheme new`, …"""
    if not hasattr(command, "commands"):
        yield " ".join(words)
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*words, name))


def test_each_floor_imports_only_from_below():
    done = subprocess.run([BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: [4-9] kept, 0 broken", done.stdout)


def test_ruff_finds_nothing():
    done = subprocess.run([BIN / "ruff", "check", "--no-cache", "."], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_file_has_two_subjects():
    code = [p for p in files() if p.suffix == ".py"
            and not {"tests", "migrations"} & set(p.relative_to(ROOT).parts)]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in code}
    assert len(lengths) > 80
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize("room", [".", *ROOMS])
def test_every_room_has_a_readme_that_says_something(room):
    text = (ROOT / room / "README.md").read_text("utf-8")
    assert text.startswith("# ")
    assert len(text) > 300


def test_every_readme_link_to_a_file_leads_somewhere():
    broken = []
    for readme in (p for p in files() if p.name.startswith("README") and p.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", readme.read_text("utf-8")):
            if "://" not in target and not (readme.parent / target).exists():
                broken.append(f"{readme.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_command_is_named_in_a_readme():
    told = "".join(p.read_text("utf-8") for p in (ROOT / "README.md", ROOT / "README.zh-CN.md")
                   if p.exists())
    there = list(commands(typer.main.get_command(app)))
    assert {"up", "demo", "scheme new", "check correct"} <= set(there)
    assert [name for name in there if f"choucha {name}" not in told] == []


def test_every_command_says_in_chinese_what_it_does():
    silent = []

    def walk(command: Any, words: tuple[str, ...]) -> None:
        if not re.search("[\u4e00-\u9fff]", command.help or ""):
            silent.append(words)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*words, name))

    walk(typer.main.get_command(app), ("choucha",))
    assert silent == []


def test_no_path_of_a_machine_stands_in_a_file():
    found = []
    for path in files():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if MACHINE_PATHS.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_nothing_made_by_others_is_committed():
    """No built library, no font, no minified line; the licence is the only text of another hand."""
    found = []
    for path in files():
        name = path.relative_to(ROOT)
        if any(fnmatch(path.name, p) for p in BUILT) or FOREIGN_FOLDERS & set(name.parts):
            found.append(str(name))
        if path.suffix in (".js", ".css", ".html", ".j2") and any(
                len(line) > 2000 for line in path.read_text("utf-8").splitlines()):
            found.append(f"{name}: minified")
        if path.name != "LICENSE" and re.search(r"(?im)^\W*copyright (\(c\)|©|\d)",
                                                path.read_text("utf-8")):
            found.append(f"{name}: somebody's copyright")
    assert found == []


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here")
def test_no_file_of_the_shared_data_is_committed():
    theirs = {hashlib.sha256(p.read_bytes()).hexdigest(): p.name
              for p in SHARED.rglob("*") if p.is_file()}
    ours = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in files()}
    assert len(theirs) > 10
    assert {str(ours[h].relative_to(ROOT)) for h in theirs.keys() & ours.keys()} == set()
