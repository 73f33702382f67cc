"""Child processes: started in a group of their own, logged to a file, stopped by pid."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass
class Process:
    """A child and how to start it again."""

    name: str
    command: list[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    child: subprocess.Popen = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=dict(self.env), cwd=self.cwd, start_new_session=True)

    @property
    def pid(self) -> int:
        return self.child.pid

    def is_alive(self) -> bool:
        return self.child.poll() is None

    def mark(self) -> dict:
        """Return what recognises this process later: its pid and when it began."""
        return {"name": self.name, "pid": self.pid,
                "born": psutil.Process(self.pid).create_time()}

    def stop(self, patience: float = 15) -> None:
        """Ask it to end (PostgreSQL: fast shutdown), then end its whole group."""
        if self.is_alive():
            self.child.send_signal(
                signal.SIGINT if self.name == "PostgreSQL" else signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(patience)
        end_group(self.pid)
        self.child.wait(patience)


def end_group(pid: int) -> None:
    """Kill whatever is left of the process group that `pid` began."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_leftovers(marks: list[dict]) -> int:
    """End the processes an earlier `up` left behind (it was killed); return how many.

    A pid counts only with its time of birth, so nobody else's process is ever touched.
    """
    ended = 0
    for mark in marks:
        try:
            process = psutil.Process(mark["pid"])
            if abs(process.create_time() - mark["born"]) > 0.01:
                continue
            process.send_signal(
                signal.SIGINT if mark["name"] == "PostgreSQL" else signal.SIGTERM)
            process.wait(15)
            ended += 1
        except (psutil.NoSuchProcess, psutil.TimeoutExpired):
            pass
        end_group(mark["pid"])
    return ended


def spawn(name: str, command: list[str], log: Path, *, env: Mapping[str, str] | None = None,
          cwd: Path) -> Process:
    """Start a child and return it."""
    process = Process(name, command, log, env if env is not None else os.environ, cwd)
    process.start()
    return process


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(question: Callable[[], bool], patience: float, pause: float = 0.2) -> bool:
    """Ask until the answer is true; return False when patience has run out."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(pause)
    return False
