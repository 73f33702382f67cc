"""Where no lawful pairing exists: whom it fails on (Hall's theorem, read off a minimum cut)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.staffing_cut import Classes, classes, cut, serving
from blocks.errors import StaffingError

_SHOWN = 5
_BUDGET = 20_000_000  # arcs looked at while the group is made smaller


@dataclass(frozen=True)
class Shortage:
    """A group of visits that cannot all be staffed, and those who could serve them.

    `kind`: `lead` (too few who may lead), `seats` (too few persons), `both` (enough of each alone,
    and not together). `needed` and `filled` count seats (in `lead`, leaders' seats).
    """

    kind: str
    visits: tuple[str, ...]
    leaders: tuple[str, ...]
    others: tuple[str, ...]
    needed: int
    filled: int

    @property
    def short(self) -> int:
        return self.needed - self.filled

    def sentence(self) -> str:
        """Say it in Chinese."""
        visits, leaders, others = len(self.visits), len(self.leaders), len(self.others)
        filled = f"最多能排 {self.filled} 个，还差 {self.short} 个"
        if self.kind == "lead":
            text = (
                f"有 {visits} 次检查各需 1 名能担任组长的检查人员，"
                f"符合条件的只有 {leaders} 人，按任务上限{filled}"
            )
        elif self.kind == "seats":
            text = (
                f"有 {visits} 次检查共需 {self.needed} 个席位，符合条件的检查人员只有"
                f" {leaders + others} 人（能担任组长的 {leaders} 人），按任务上限{filled}"
            )
        else:
            text = (
                f"有 {visits} 次检查共需 {self.needed} 个席位，其中组长 {visits} 个，"
                f"能担任组长的 {leaders} 人、其他 {others} 人合起来{filled}"
            )
        return f"{text}。检查对象：{_some(self.visits)}；可用人员：{_some(leaders_first(self))}"


def leaders_first(shortage: Shortage) -> tuple[str, ...]:
    return shortage.leaders + shortage.others


def find_shortage(
    visits: Sequence[PairingVisit], inspectors: Sequence[PairingInspector]
) -> Shortage | None:
    """Return whom it fails on, or None where a lawful pairing exists; see `shortage_in`."""
    return shortage_in(classes(visits, inspectors), inspectors)


def shortage_in(grouped: Classes, inspectors: Sequence[PairingInspector]) -> Shortage | None:
    """Return whom it fails on, of visits in classes, or None where a lawful pairing exists.

    From the minimum cut, visits are left out as long as those kept still fail: none of what remains
    can be spared. Then all visits that depend on the same few inspectors are added back, so that
    the number short is the whole one and hiring that many is enough for them.
    """
    known = {one.id: one for one in inspectors}
    core, short = cut(grouped, np.arange(len(grouped.ids)), "both")
    if not short:
        return None
    core = _shrink(grouped, core)
    kind = next(kind for kind in ("lead", "seats", "both") if cut(grouped, core, kind)[1])
    near = frozenset().union(*(serving(grouped, one, known, kind) for one in core))
    all_of_it = range(len(grouped.ids))
    group = np.array([one for one in all_of_it if serving(grouped, one, known, kind) <= near])
    seats = grouped.sizes[group] * (1 if kind == "lead" else grouped.teams[group])
    needed = int(seats.sum())
    return Shortage(
        kind,
        tuple(sorted(visit for one in group for visit in grouped.ids[one])),
        tuple(sorted(one for one in near if known[one].may_lead)),
        tuple(sorted(one for one in near if not known[one].may_lead)),
        needed,
        needed - cut(grouped, group, kind)[1],
    )


def staffing_error(
    shortage: Shortage,
    inspectors: Sequence[PairingInspector],
    relaxed: Mapping[str, Sequence[PairingVisit]],
) -> StaffingError:
    """Return the error to raise, its `shortage` attached, with every lifted rule that would do."""
    helping = [name for name, lifted in relaxed.items() if not find_shortage(lifted, inspectors)]
    who = "能担任组长的检查人员" if shortage.kind == "lead" else "符合条件的检查人员"
    remedy = f"请增加{who}、提高其任务上限，或减少这些检查。"
    if helping:
        remedy = f"放宽「{'」或「'.join(helping)}」即可；否则{remedy}"
    error = StaffingError(shortage.sentence(), remedy)
    error.shortage = shortage
    return error


def _shrink(grouped: Classes, core: np.ndarray) -> np.ndarray:
    """Leave out halves, quarters, … and single classes while the rest still fails."""
    budget = _BUDGET
    step = max(1, len(core) // 2)
    while True:
        start = 0
        while start < len(core) and budget > 0:
            rest = np.delete(core, slice(start, start + step))
            budget -= grouped.weight(rest) + len(grouped.max_loads)
            smaller, short = cut(grouped, rest, "both")
            if short:
                core, start = smaller, min(start, len(smaller))
            else:
                start += step
        if step == 1 or budget <= 0:
            return core
        step = max(1, step // 2)


def _some(names: Sequence[str]) -> str:
    shown = "、".join(names[:_SHOWN]) or "无"
    return f"{shown}等" if len(names) > _SHOWN else shown
