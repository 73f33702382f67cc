"""Ours and the peer in turn, each in its process; medians, and one row of figures."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.bench.benchmark import Benchmark

PATIENCE = 30.0  # a peer slower than this (seconds a round) is measured in fewer rounds
FEWER = 2


class Side:
    """One side's process, made ready."""

    def __init__(self, benchmark: Benchmark, side: str, scale: str, shared: str) -> None:
        command = [sys.executable, "-m", "tests.bench.side", benchmark.id, side, scale, shared]
        self.name = f"{benchmark.id} {side}"
        self.rounds: list[dict] = []
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def measure(self) -> None:
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        self.rounds.append(json.loads(self._answer()))

    def figure(self, name: str) -> float:
        """Return the median of the rounds; of memory the most."""
        return (max if name.endswith("_mb") else median)(one[name] for one in self.rounds)

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self._process.wait()}")
        return line


def measured(benchmark: Benchmark, scale: str, rounds: int, folder: Path) -> dict:
    """Measure one benchmark and return its row of bench.json; alone, where the peer is not to be had.

    `folder` holds what both sides share while it runs; a full scale may need a gigabyte there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = benchmark.peer_missing()
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        benchmark.shared(benchmark.sizes[scale], Path(place)) as shared,
        _side(benchmark, "ours", scale, shared) as ours,
        nullcontext() if missing else _side(benchmark, "peer", scale, shared) as peer,
    ):
        for _ in range(rounds):
            ours.measure()
            if peer and (len(peer.rounds) < FEWER or peer.rounds[0]["wall"] < PATIENCE):
                peer.measure()
    return _row(benchmark, scale, ours, peer, missing)


@contextmanager
def _side(benchmark: Benchmark, side: str, scale: str, shared: str) -> Iterator[Side]:
    started = Side(benchmark, side, scale, shared)
    try:
        yield started
    finally:
        started.end()


def _row(benchmark: Benchmark, scale: str, ours: Side, peer: Side | None, missing: str) -> dict:
    """Return a row; without a peer it says so, and no goal is met or missed."""
    ours_s = ours.figure(benchmark.clock)
    against = {"peer": f"{benchmark.peer_name} {missing}", "peer_s": None, "ratio": None, "missed": [],
               "met": None}
    if peer:
        peer_s = peer.figure(benchmark.clock)
        few = f" ({len(peer.rounds)} rounds)" if len(peer.rounds) < len(ours.rounds) else ""
        missed = _missed(benchmark, ours_s / peer_s, ours)
        against = {"peer": benchmark.peer_name + few, "peer_s": round(peer_s, 4), "ratio": round(ours_s / peer_s, 4),
                   "missed": missed, "met": not missed}
    return {
        "id": benchmark.id,
        "work": benchmark.work,
        "scale": scale,
        "clock": benchmark.clock,
        "ours_s": round(ours_s, 4),
        **against,
        "goal": benchmark.goal,
        "limit": benchmark.limit,
        "peak_mb": ours.figure("peak_mb"),
        "bounds": {name: [round(ours.figure(name), 1), most] for name, most in benchmark.bounds.items()},
        "rounds": len(ours.rounds),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {_processor()}",
        "at": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
    }


def _missed(benchmark: Benchmark, ratio: float, ours: Side) -> list[str]:
    """Return which goals were not met, of the ratio and of our own figures; none fails anything."""
    over = {name: ours.figure(name) > most for name, most in benchmark.bounds.items()}
    return [name for name, missed in ({"ratio": ratio > benchmark.goal} | over).items() if missed]


def _processor() -> str:
    """What Linux calls the processor; elsewhere nothing."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
