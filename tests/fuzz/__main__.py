"""`python -m tests.fuzz --minutes 60 --seed 1`: see README.md."""

import argparse
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from blocks import settings
from tests.fuzz.damaging import damaged, text
from tests.fuzz.targets import CELLS, ENDINGS, FILES, seeds

SLOW = 90.0  # seconds: more than the reader's own limit of 60
CELLS_A_FILE = 20
MOST_MEMORY = 1_500_000  # KB


def campaign(seconds: float, seed: int, most: int | None = None) -> tuple[Counter[str], list[str]]:
    """Return how many inputs each target had, and what was found (path: what happened).

    Ends after `seconds`, or after `most` files.
    """
    dice, counted, found = random.Random(seed), Counter(), []
    good = seeds()
    kept = settings.state_dir() / "fuzz"
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end and (most is None or sum(counted.values()) < most):
            ending = dice.choice(ENDINGS)
            content = damaged(dice, dice.choice(good[ending]),
                              dice.choice(good[dice.choice(ENDINGS)]))
            path = Path(folder) / f"名单.{ending}"
            path.write_bytes(content)
            target = dice.choice(FILES)
            counted[f"{target.__name__} .{ending}"] += 1
            if wrong := _happens(target, path):
                found.append(_keep(kept, f"{target.__name__}.{ending}", content, wrong))
            for _ in range(CELLS_A_FILE):
                cell, read = text(dice), dice.choice(CELLS)
                counted[read.__name__] += 1
                if wrong := _happens(read, cell):
                    found.append(_keep(kept, f"{read.__name__}.cell", cell.encode(), wrong))
    return counted, found


def _happens(target, given) -> str:
    """Return what happened that must not; empty where all was well."""
    begun = time.monotonic()
    try:
        target(given)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "".join(traceback.format_exception(error))
    took = time.monotonic() - begun
    peak = _peak()
    if took > SLOW or peak > MOST_MEMORY:
        return f"{took:.0f} seconds, {peak} KB"
    return ""


def _peak() -> int:
    """Return the most memory (KB) this program has held; getrusage would count its parent's before the start."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def _keep(folder: Path, name: str, content: bytes, wrong: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}-{name}"
    path.write_bytes(content)
    return f"{path}: {wrong}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, help="inputs, at which it ends before its time")
    asked = parser.parse_args()
    counted, found = campaign(asked.minutes * 60, asked.seed, asked.most)
    for name, number in sorted(counted.items()):
        print(f"{number:>9} {name}")
    print(f"{sum(counted.values()):>9} inputs, {len(found)} findings")
    print("\n".join(found[:20]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
