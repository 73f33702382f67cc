"""Run the benchmarks, print one table and keep it: `python -m tests.bench --only P1`."""

import argparse
import json
import os
import re
import sys
from math import nan
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.benchmark import benchmarks
from tests.bench.measuring import measured

STATE = Path(os.environ.get("CHOUCHA_STATE", ".choucha"))


def main(arguments: list[str]) -> int:
    """Return 0 if no goal was missed, else 1 (a toy scale has no goal to meet, nor has who is alone)."""
    chosen = _options(arguments)
    rows = []
    for benchmark in benchmarks():
        is_wanted = not chosen.only or benchmark.id in chosen.only
        if is_wanted and chosen.scale in benchmark.sizes:
            print(f"{benchmark.id}: {benchmark.work} …", file=sys.stderr, flush=True)
            rows.append(measured(benchmark, chosen.scale, chosen.rounds, STATE / "bench"))
            _keep(STATE / "bench.json", rows[-1])
    Console(width=None if sys.stdout.isatty() else 160).print(_table(rows))
    return int(chosen.scale != "toy" and any(row["met"] is False for row in rows))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="*", metavar="P1", help="these and no others")
    parser.add_argument("--scale", choices=["toy", "city", "full"], default="full")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts")
    return parser.parse_args(arguments)


def _keep(file: Path, row: dict) -> None:
    """Put the row in place of an earlier one of the same benchmark and scale."""
    earlier = json.loads(file.read_text()) if file.exists() else []
    key = (row["id"], row["scale"])
    rows = [one for one in earlier if (one["id"], one["scale"]) != key]
    rows = sorted([*rows, row], key=lambda one: (int(re.sub(r"\D", "", one["id"])), one["id"],
                                                       one["scale"]))
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def _table(rows: list[dict]) -> Table:
    table = Table("#", "work", "ours", "peer", "ratio", "goal", "limit", "peak")
    for row in rows:
        missed = f"[red]not met: {', '.join(row['missed'])}[/]"
        verdict = {True: "[green]met[/]", False: missed, None: "no peer"}[row["met"]]
        unit = "runs" if row["clock"] == "runs" else "s"
        peer_s, ratio = (row["peer_s"], row["ratio"]) if row["peer_s"] is not None else (nan, nan)
        table.add_row(
            row["id"],
            row["work"] if row["scale"] == "full" else f"{row['work']} ({row['scale']})",
            f"{row['ours_s']:.3f} {unit}",
            f"{peer_s:.3f} {unit}  {row['peer']}",
            f"{ratio:.4f}",
            f"≤ {row['goal']}  {verdict}",
            row["limit"],
            f"{row['peak_mb']} MB",
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
