"""What a benchmark is, and where all of them are found.

One module a benchmark, `p1.py`, `p2.py`, …, each with a `BENCHMARK`: an instance of a subclass of
`Benchmark`. Ours and the peer each live in a process of their own, made ready once by `make` and
then asked in turn, so that neither warms the other's memory and the peak is that of our work alone.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import tests.bench

MILLION = 1_000_000


class Benchmark:
    """One work, done by us and by somebody else.

    `goal` and `limit` are ratios, ours to the peer's; `clock` says of what: `wall`, or `cpu` (user
    and system, all threads and children). `sizes` gives what `make` gets at each scale. `bounds`
    is the most that our figures may be: `wall`, `cpu`, `peak_mb` and what `ours` tells besides.
    """

    id: ClassVar[str]
    work: ClassVar[str]
    peer_name: ClassVar[str]
    goal: ClassVar[float]
    limit: ClassVar[str]
    sizes: ClassVar[dict[str, Any]]  # {"toy": …, "full": …}
    clock: ClassVar[str] = "wall"
    bounds: ClassVar[Mapping[str, float]] = {}

    @contextmanager
    def shared(self, size: Any, folder: Path) -> Iterator[str]:
        """Prepare once what both sides use (a file, a server) and name it; `folder` is emptied."""
        yield ""

    def peer_missing(self) -> str:
        """Say why the peer cannot run on this machine; "" where it can."""
        return ""

    def make(self, size: Any, shared: str) -> None:
        """Make ready in each side's process; not measured, but part of its peak memory."""
        raise NotImplementedError

    def ours(self) -> float | dict[str, float] | None:
        """Do the work once, our way; may tell its seconds, where it also waits for people, or more
        figures: {"wall": seconds, …}."""
        raise NotImplementedError

    def peer(self) -> None:
        """Do the work once, the peer's way."""
        raise NotImplementedError


def benchmarks() -> list[Benchmark]:
    """Every benchmark of this folder, P1 first."""
    names = [one.name for one in pkgutil.iter_modules(tests.bench.__path__)]
    return [named(name) for name in sorted(names, key=_number) if re.fullmatch(r"p\d+x?", name)]


def named(id_: str) -> Benchmark:
    """The benchmark with this id; of the others nothing is imported, for it would cost memory."""
    return importlib.import_module(f"tests.bench.{id_.lower()}").BENCHMARK


def _number(name: str) -> int:
    return int(re.sub(r"\D", "", name) or 0)
