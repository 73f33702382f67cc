"""One side of one benchmark, in a process of its own: `python -m tests.bench.side P1 ours full ""`.

Says `ready`, then does the work once for every line it is sent and answers with what it took.
"""

import json
import resource
import sys
import time

from tests.bench.benchmark import named


def main(id_: str, side: str, scale: str, shared: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what the work says is no answer
    benchmark = named(id_)
    benchmark.make(benchmark.sizes[scale], shared)
    print("ready", file=answers, flush=True)
    work = getattr(benchmark, side)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), _cpu_seconds()
        told = work()
        wall = time.perf_counter() - wall
        took = {"wall": wall, "cpu": _cpu_seconds() - cpu}
        if told is not None:
            took |= told if isinstance(told, dict) else {"wall": told}
        peak = sum(resource.getrusage(who).ru_maxrss for who in (
            resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024  # and the largest child's
        print(json.dumps(took | {"peak_mb": peak}), file=answers, flush=True)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main(*sys.argv[1:])
