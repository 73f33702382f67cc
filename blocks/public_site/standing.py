"""How results stand now: the acts of publicity about each check, put together for a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blocks.public_site import paths
from blocks.register.published import Publication


@dataclass(frozen=True)
class Standing:
    """One department's check of one business, as the public has been told of it so far."""

    acts: Sequence[Publication]

    @cached_property
    def versions(self) -> list[dict[str, Any]]:
        """What was said, the first first: a version that was taken down says only that it was."""
        gone = {one.record_number: one for one in self.acts if one.act == "withdrawn"}
        return [{**one.content, "gone": gone.get(one.record_number), "path": one.path}
                for one in self.acts if one.act == "published"]

    @property
    def latest(self) -> dict[str, Any]:
        return self.versions[-1]

    @property
    def is_public(self) -> bool:
        return self.latest["gone"] is None


@dataclass(frozen=True)
class Business:
    """A business with results: under the name by which it was published last."""

    uscc: str
    checks: Sequence[Standing]

    @property
    def name(self) -> str:
        return max((act for check in self.checks for act in check.acts),
                   key=lambda act: act.id).content["business"]

    @property
    def path(self) -> str:
        return paths.of_business(self.uscc)


def businesses(acts: Iterable[Publication]) -> list[Business]:
    """Put acts together by business and check, in the order in which each came first."""
    found: dict[str, dict[int, list[Publication]]] = {}
    for act in acts:
        if act.uscc is not None:
            found.setdefault(act.uscc, {}).setdefault(act.check_id, []).append(act)
    return [Business(uscc, [Standing(told) for told in by_check.values()])
            for uscc, by_check in found.items()]
