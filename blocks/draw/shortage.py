"""Where no lawful pairing exists: whom it fails on (Hall's theorem, read off a minimum cut)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blocks.draw.candidates import PairingInspector, PairingVisit
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
    """Return whom it fails on, or None where a lawful pairing exists.

    From the minimum cut, visits are left out as long as those kept still fail: none of what remains
    can be spared. Then all visits that depend on the same few inspectors are added back, so that
    the number short is the whole one and hiring that many is enough for them.
    """
    people = {one.id: one for one in inspectors}
    core, short = _cut(list(visits), people, "both")
    if not short:
        return None
    core = _shrink(core, people)
    kind = next(kind for kind in ("lead", "seats", "both") if _cut(core, people, kind)[1])
    near = frozenset().union(*(_serving(visit, people, kind) for visit in core))
    group = [visit for visit in visits if _serving(visit, people, kind) <= near]
    needed = len(group) if kind == "lead" else sum(visit.team for visit in group)
    return Shortage(
        kind,
        tuple(sorted(visit.id for visit in group)),
        tuple(sorted(one for one in near if people[one].may_lead)),
        tuple(sorted(one for one in near if not people[one].may_lead)),
        needed,
        needed - _cut(group, people, kind)[1],
    )


def staffing_error(
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    relaxed: Mapping[str, Sequence[PairingVisit]],
) -> StaffingError:
    """Return the error to raise, its `shortage` attached, with every lifted rule that would do."""
    shortage = find_shortage(visits, inspectors)
    if shortage is None:
        raise RuntimeError("a lawful pairing exists")
    helping = [name for name, lifted in relaxed.items() if not find_shortage(lifted, inspectors)]
    who = "能担任组长的检查人员" if shortage.kind == "lead" else "符合条件的检查人员"
    remedy = f"请增加{who}、提高其任务上限，或减少这些检查。"
    if helping:
        remedy = f"放宽「{'」或「'.join(helping)}」即可；否则{remedy}"
    error = StaffingError(shortage.sentence(), remedy)
    error.shortage = shortage
    return error


def _serving(visit: PairingVisit, people: Mapping, kind: str) -> frozenset[str]:
    """Who could take a seat of this visit, for that kind of shortage."""
    if kind != "lead":
        return visit.eligible
    return frozenset(one for one in visit.eligible if people[one].may_lead)


def _cut(visits: list[PairingVisit], people: Mapping, kind: str):
    """Return (the visits on the source's side of a minimum cut, how many seats stay empty).

    `lead` asks for a leader per visit only; `seats` for persons, whoever leads; `both` for the law.
    """
    from ortools.graph.python import max_flow

    number = {one: 2 * len(visits) + place for place, one in enumerate(people)}
    sink = 2 * len(visits) + len(people)
    source = sink + 1
    flow = max_flow.SimpleMaxFlow()
    flow.add_arc_with_capacity(source, sink, 0)  # so that both exist
    for place, visit in enumerate(visits):
        gate = place + len(visits) if kind == "both" else place
        flow.add_arc_with_capacity(source, place, 1 if kind == "lead" else visit.team)
        if kind == "both":
            flow.add_arc_with_capacity(place, gate, visit.team - 1)
        for one in _serving(visit, people, kind):
            tail = place if people[one].may_lead else gate
            flow.add_arc_with_capacity(tail, number[one], 1)
    for one, node in number.items():
        flow.add_arc_with_capacity(node, sink, people[one].max_load)
    flow.solve(source, sink)
    reached = set(flow.get_source_side_min_cut())
    needed = len(visits) if kind == "lead" else sum(visit.team for visit in visits)
    kept = [visit for place, visit in enumerate(visits) if place in reached]
    return kept, needed - flow.optimal_flow()


def _shrink(core: list[PairingVisit], people: Mapping) -> list[PairingVisit]:
    """Leave out halves, quarters, … and single visits while the rest still fails."""
    budget = _BUDGET
    step = max(1, len(core) // 2)
    while True:
        start = 0
        while start < len(core) and budget > 0:
            rest = core[:start] + core[start + step :]
            budget -= sum(len(visit.eligible) + 2 for visit in rest) + len(people)
            smaller, short = _cut(rest, people, "both")
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
