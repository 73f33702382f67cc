"""A provincial platform that is away, or takes what it is told and whose answer is lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from blocks.errors import NotTaken, Unsure
from blocks.gateway.client import Platform
from blocks.gateway.reconciling import summary
from tests.faults.prefect_far_away import Prefect

SHARE = 0.25  # of the schedules have a platform
Taken = dict[str, dict[str, Any]]


@dataclass
class Province:
    """What the platform has taken, by key. `twice`: what it was told again although it had it; `forgotten`:
    what somebody has deleted there.

    It fails as often as Prefect does and asks the same chance, so that a schedule follows from its seed.
    """

    prefect: Prefect
    taken: Taken = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)

    def platform(self) -> "FarAway":
        """Be `Gateway.platform`."""
        return FarAway(self)

    def forget(self) -> None:
        self.forgotten |= self.taken.keys()
        self.taken.clear()

    def take(self, key: str, kind: str, sha: str, rows: list[dict]) -> str:
        if self.taken.get(key, {}).get("sha") == sha:
            self.twice.append(key)
        self.taken[key] = {"key": key, "kind": kind, "sha": sha, "rows": len(rows)}
        return f"HZ-{key}"


class FarAway(Platform):
    """The province's platform over a line that fails; what was taken stays taken."""

    def __init__(self, province: Province) -> None:
        self.province = province

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def _said(self, answer: Callable[[], Any]) -> Any:
        happens, faults = self.province.prefect.happens, self.province.prefect.faults
        if happens(faults.away):
            raise NotTaken("the province is away")
        said = answer()
        if happens(faults.reply_lost):
            raise Unsure("no reply from the province")
        return said

    def give(self, key: str, kind: str, scheme_code: str, sha: str, rows: list[dict]) -> str:
        return self._said(lambda: self.province.take(key, kind, sha, rows))

    def ask(self, key: str, sha: str) -> str | None:
        return self._said(lambda: f"HZ-{key}" if key in self.province.taken else None)

    def exchanges(self, scheme_code: str) -> Iterator[dict[str, Any]]:
        return self._said(lambda: iter([one for one in self.province.taken.values()
                                        if f":{scheme_code}:" in one["key"]]))

    def summary(self, scheme_code: str) -> dict[str, Any]:
        number, sha = summary({one["key"]: one for one in self.exchanges(scheme_code)})
        return {"number": number, "sha": sha}

    def directory(self, kind: str) -> Iterator[dict[str, Any]]:
        return self._said(lambda: iter([]))
