"""A shell for `choucha`: each command in a process of its own, with its real words and exit code.

`real` runs the installed command; the others are forked from one process that has done the
imports (see zygote.py), which is six times faster and the same from `main()` on.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from blocks import settings

CHINESE = re.compile("[\u4e00-\u9fff]")
COMMAND = Path(sys.executable).parent / "choucha"


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def environment(changes: dict[str, str]) -> dict[str, str]:
    """Return the environment of a command; an empty value takes a variable out."""
    return {k: v for k, v in (os.environ | changes).items() if v}


def real(*words: object, **changes: str) -> Said:
    """Run the installed command."""
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True,
                          env=environment(changes), check=False, timeout=60)
    return Said(done.returncode, done.stdout, done.stderr)


class Shell:
    """Runs commands one after the other."""

    def __init__(self, zygote: subprocess.Popen[str], folder: Path) -> None:
        self.zygote, self.out, self.err = zygote, folder / "out", folder / "err"

    def run(self, *words: object, **changes: str) -> Said:
        line = [list(map(str, words)), environment(changes), str(self.out), str(self.err)]
        self.zygote.stdin.write(json.dumps(line) + "\n")
        self.zygote.stdin.flush()
        return Said(int(self.zygote.stdout.readline()), self.out.read_text("utf-8"),
                    self.err.read_text("utf-8"))

    def says(self, *words: object, **changes: str) -> str:
        """Run what must succeed and return what it said."""
        done = self.run(*words, **changes)
        assert done.code == 0, (words, done)
        assert "Traceback" not in done.err
        return done.out

    def refused(self, *words: object, **changes: str) -> str:
        """Run what must be refused and return what the person was told."""
        return refusal(self.run(*words, **changes))


def refusal(done: Said) -> str:
    """Return what was told: exit code 1, what is wrong, what to do next, no traceback."""
    assert done.code == 1, done
    assert "Traceback" not in done.err
    first, *rest = done.err.strip().splitlines()
    assert first.startswith("✗ ") and CHINESE.search(first), done
    assert any(CHINESE.search(line) for line in rest), "and what to do next"
    return done.err


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with subprocess.Popen([sys.executable, Path(__file__).with_name("zygote.py")], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.ROOT,
                          env=os.environ | {"PYTHONPATH": str(settings.ROOT)}) as zygote:
        yield Shell(zygote, tmp_path_factory.mktemp("shell"))
        zygote.stdin.close()
