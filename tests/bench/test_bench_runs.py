"""Each benchmark still runs: once, at toy size. How long it takes is no test's business."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.bench.__main__ import _table
from tests.bench.benchmark import benchmarks, named
from tests.bench.candidates import in_memory, stretches
from tests.bench.measuring import measured

ROOT = Path(__file__).parents[2]
KEYS = {"id", "work", "scale", "ours_s", "peer", "peer_s", "ratio", "goal", "met", "peak_mb",
        "machine", "at"}  # fmt: skip


@pytest.mark.parametrize("benchmark", benchmarks(), ids=lambda one: one.id)
def test_each_benchmark_runs_once_at_toy_size(benchmark, tmp_path):
    row = measured(benchmark, "toy", 1, tmp_path)
    assert row.keys() >= KEYS and row["id"] == benchmark.id
    assert row["ours_s"] >= 0 and row["peak_mb"] > 0
    assert row["peer_s"] is None if benchmark.peer_missing() else row["peer_s"] >= 0
    assert list(tmp_path.iterdir()) == []


def test_a_peer_that_is_not_to_be_had_is_named_and_nothing_is_claimed(tmp_path):
    class Alone(type(named("P10"))):
        def peer_missing(self):
            return "cannot run here: no Pango"

    row = measured(Alone(), "toy", 1, tmp_path)
    assert row["peer"] == "WeasyPrint cannot run here: no Pango"
    assert (row["peer_s"], row["ratio"], row["met"]) == (None, None, None)
    assert "no peer" in printed([row])


def printed(rows: list[dict]) -> str:
    console = Console(record=True, width=200, file=StringIO())
    console.print(_table(rows))
    return console.export_text()


def test_a_missed_goal_is_told_in_the_row_and_fails_nothing(tmp_path):
    class Slow(type(named("P1"))):
        goal, bounds = 1e9, {"wall": 0, "peak_mb": 1e9}

    assert measured(Slow(), "toy", 1, tmp_path)["missed"] == ["wall"]


def test_the_command_keeps_a_row_for_each_and_prints_a_table(tmp_path):
    for _ in range(2):
        command = [sys.executable, "-m", "tests.bench", "--only", "P1", "--scale", "toy"]
        said = subprocess.run(
            [*command, "--rounds", "1"],
            cwd=ROOT,
            env=os.environ | {"CHOUCHA_STATE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "P1" in said.stdout and "0.08" in said.stdout
        rows = json.loads((tmp_path / "bench.json").read_text())
        assert [(row["id"], row["scale"]) for row in rows] == [("P1", "toy")]


def test_the_candidates_are_codes_of_eighteen_and_none_is_twice():
    data, offsets, weights = in_memory(30_000)
    codes = data.reshape(-1, 18)
    assert len(np.unique(codes, axis=0)) == len(weights) == len(offsets) - 1 == 30_000
    assert offsets[-1] == len(data) and codes[0].tobytes().startswith(b"91440")
    (again, _) = next(stretches(30_000))
    assert (again == codes).all()
