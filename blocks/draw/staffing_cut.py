"""How many seats stay empty at best, and on whose account: a minimum cut over classes of visits.

Visits with the same eligible people and the same team are one class, which is exact: flows out of a
class are dealt to its visits in turn, first those who may not lead, so that nobody sits twice at
one visit and no visit is left without a leader.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from blocks.draw.candidates import PairingInspector, PairingVisit


@dataclass(frozen=True)
class Classes:
    """Classes of visits: `ids[c]` are the visits of class c, `pools[c]` who may be sent there.

    `sizes`, `teams` int64 (classes,). Each pair of a class and an eligible inspector is in
    `owner`, `person`, `leads`, in order of class; `max_loads` int64 (inspectors,).
    """

    ids: list[list[str]]
    pools: list[frozenset[str]]
    sizes: np.ndarray
    teams: np.ndarray
    owner: np.ndarray
    person: np.ndarray
    leads: np.ndarray
    max_loads: np.ndarray

    def weight(self, kept: np.ndarray) -> int:
        """How many arcs a cut over these classes looks at, roughly."""
        return int(np.bincount(self.owner, minlength=len(self.ids))[kept].sum()) + len(kept)


def classes(visits: Sequence[PairingVisit], inspectors: Sequence[PairingInspector]) -> Classes:
    """Return the visits in classes, in an order that does not depend on the input's."""
    members = defaultdict(list)
    for visit in visits:
        members[visit.eligible, visit.team].append(visit.id)
    ordered = sorted((sorted(ids), eligible, team) for (eligible, team), ids in members.items())
    number = {one.id: place for place, one in enumerate(inspectors)}
    may_lead = np.array([one.may_lead for one in inspectors], dtype=bool)
    pools = [eligible for _, eligible, _ in ordered]
    person = np.array([number[one] for pool in pools for one in pool], dtype=np.int64)
    return Classes(
        [ids for ids, _, _ in ordered],
        pools,
        np.array([len(ids) for ids, _, _ in ordered], dtype=np.int64),
        np.array([team for _, _, team in ordered], dtype=np.int64),
        np.repeat(np.arange(len(pools)), [len(pool) for pool in pools]),
        person,
        may_lead[person],
        np.array([one.max_load for one in inspectors], dtype=np.int64),
    )


def cut(of: Classes, kept: np.ndarray, kind: str) -> tuple[np.ndarray, int]:
    """Return (which of the classes `kept` lie before a minimum cut, how many seats stay empty).

    `lead` asks for a leader per visit only; `seats` for persons, whoever leads; `both` for the law.
    """
    from ortools.graph.python import max_flow

    count, people = len(of.ids), len(of.max_loads)
    sink, source = 2 * count + people, 2 * count + people + 1
    sizes, teams = of.sizes[kept], of.teams[kept]
    demand = sizes if kind == "lead" else sizes * teams
    pairs = np.isin(of.owner, kept)
    if kind == "lead":
        pairs &= of.leads
    owner, person = of.owner[pairs], of.person[pairs]
    through = np.where(of.leads[pairs], 0, count) if kind == "both" else 0
    who = np.arange(people)
    flow = max_flow.SimpleMaxFlow()
    flow.add_arc_with_capacity(source, sink, 0)  # so that both exist
    for tail, head, room in (
        (np.full(len(kept), source), kept, demand),
        (kept, kept + count, sizes * (teams - 1)),
        (owner + through, person + 2 * count, of.sizes[owner]),
        (who + 2 * count, np.full(people, sink), of.max_loads),
    ):
        if len(tail):
            flow.add_arcs_with_capacity(tail, head, room)
    if flow.solve(source, sink) != flow.OPTIMAL:
        raise RuntimeError("max flow did not end")
    before = np.isin(kept, flow.get_source_side_min_cut())
    return kept[before], int(demand.sum()) - flow.optimal_flow()


def serving(of: Classes, number: int, known: Mapping[str, PairingInspector], kind: str):
    """Return who could take a seat of this class of visits, for that kind of shortage."""
    if kind != "lead":
        return of.pools[number]
    return frozenset(one for one in of.pools[number] if known[one].may_lead)
