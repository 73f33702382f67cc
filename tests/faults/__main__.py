"""`make faults N=10000 SEED=1`: so many schedules from a seed on, then a kill at every boundary by name.

Ends with a line `schedules 10000 lost 0 twice 0 stuck 0`; exit 1 and the seeds otherwise.
"""

import argparse
import sys
import time

from tests.faults.boundaries import names
from tests.faults.campaign import Outcome, ground, many, of_seed
from tests.faults.cases import CASES, ELSEWHERE
from tests.faults.everywhere import of_case, unreached
from tests.faults.teeth import BUGS, of_bug

EVERY = 250  # schedules between two signs of life


def teeth(jobs: int) -> int:
    """Let every bug be looked for; return 0 where all are caught."""
    def say(one: Outcome) -> None:
        said = one.told.splitlines() or [""]
        print(f"{'caught' if one.kind else 'SURVIVED'} {one.name}: {said[0][:150]}", flush=True)

    with ground() as where:
        tally = many(where, of_bug, range(len(BUGS)), jobs, say=say)
    print(f"caught {len(tally.broken)} of {len(BUGS)}")
    return 0 if len(tally.broken) == len(BUGS) else 1


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.faults")
    asked.add_argument("--schedules", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--minutes", type=float, default=24 * 60)
    asked.add_argument("--teeth", action="store_true", help="put bugs in, one at a time, and look who is caught")
    wanted = asked.parse_args()
    if wanted.teeth:
        return teeth(wanted.jobs)
    seeds = range(wanted.seed, wanted.seed + wanted.schedules)
    begun = time.monotonic()

    done = 0

    def say(one: Outcome) -> None:
        nonlocal done
        done += 1
        if one.kind:
            print(f"{one.name}: {one.told}", flush=True)
        if done % EVERY == 0:
            print(f"{done} after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

    with ground() as where:
        tally = many(where, of_seed, seeds, wanted.jobs, begun + 60 * wanted.minutes, say)
        left = []
        if wanted.schedules > 1 or not wanted.schedules:
            points = many(where, of_case, range(len(CASES)), wanted.jobs, say=say)
            left = unreached(points.crashed)
            print(f"boundaries {len(names())} killed at {len(points.crashed)} elsewhere {2 * len(ELSEWHERE)} not "
                  f"reached {len(left)} {', '.join(left)}; cases {len(points.outcomes)} broken {len(points.broken)}")
            left += points.broken
    print(tally.line())
    return 1 if tally.broken or left else 0


if __name__ == "__main__":
    sys.exit(main())
