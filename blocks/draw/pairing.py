"""The pairing (人员匹配) of one department's inspectors with its visits.

It is defined, not computed by a recipe: the unique minimum of

    2^35 · Σ load·(load-1)/2  +  Σ ticket32(inspector, visit)

over the lawful pairings of the candidate graph (`candidates`), so balance weighs most and chance
decides what balance leaves open. K is the first of 16, 32, 64, … with which a lawful pairing
exists. Should two pairings cost the same, all tickets are hashed again with the suffix `|2`, `|3`,
…, and K is sought anew. A person's order in the input has no part in it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.draw import residual, solver
from blocks.draw.candidates import (
    FIRST_K,
    Graph,
    PairingInspector,
    PairingVisit,
    Tickets,
    candidate_graph,
    check_input,
    widest,
)
from blocks.draw.shortage import staffing_error

__all__ = ["Pairing", "PairingInspector", "PairingVisit", "objective", "pair"]

Seats = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Pairing:
    """Who goes where: certificate numbers per visit, leader first.

    `ties` holds, for each suffix before `suffix`, a cheapest pairing that was not the only one: a
    verifier sees from it why the tickets were hashed again. Nearly always empty.
    """

    seats: Seats
    k: int
    suffix: int
    objective: int
    ties: tuple[Seats, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The pairing for `pairing.json`: seats in order of visit, big numbers as text."""
        return {
            "k": self.k,
            "suffix": self.suffix,
            "objective": str(self.objective),
            "seats": _seat_records(self.seats),
            "ties": [_seat_records(seats) for seats in self.ties],
        }


def pair(
    seed: str,
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    hash_name: str,
    *,
    relaxed: Mapping[str, Sequence[PairingVisit]] | None = None,
    tickets: type[Tickets] = Tickets,
) -> Pairing:
    """Return the pairing that `seed` (`seed_inspectors`, 64 hex characters) defines.

    `relaxed`: the same visits with one rule lifted, by the rule's Chinese name ("区域规则"); used
    only to say, where no lawful pairing exists, which one would help. `tickets` is for tests.

    Raises:
        StaffingError: no lawful pairing exists; names the smallest group it fails on.
        DrawError: ids twice, or numbers too large to be exact.
    """
    check_input(visits, inspectors)
    visits = sorted(visits, key=lambda visit: visit.id.encode())
    inspectors = sorted(inspectors, key=lambda inspector: inspector.id.encode())
    ties: list[Seats] = []
    while True:
        drawn = tickets(seed, hash_name, len(ties) + 1)
        k, graph = _first_feasible(visits, inspectors, drawn, relaxed or {})
        chosen = solver.cheapest(graph)
        seats = _seats(graph, chosen, visits, inspectors)
        if _is_unique(graph, chosen):
            cost = objective(seats, drawn)
            return Pairing(seats, k, len(ties) + 1, cost, tuple(ties))
        ties.append(seats)


def objective(seats: Seats, tickets: Tickets) -> int:
    """Return what a pairing costs."""
    loads: defaultdict[str, int] = defaultdict(int)
    chance = 0
    for visit, team in seats.items():
        for inspector in team:
            loads[inspector] += 1
            chance += tickets.of(inspector, visit)
    return solver.BALANCE * sum(load * (load - 1) // 2 for load in loads.values()) + chance


def _first_feasible(visits, inspectors, tickets: Tickets, relaxed) -> tuple[int, Graph]:
    """The first K of 16, 32, 64, … with a lawful pairing, and its candidate graph."""
    everybody = widest(visits, {one.id: one.may_lead for one in inspectors})
    k = FIRST_K
    while True:
        graph = candidate_graph(visits, inspectors, tickets, k)
        if solver.is_feasible(graph):
            return k, graph
        if k >= everybody:
            raise staffing_error(visits, inspectors, relaxed)
        k *= 2


def _is_unique(graph: Graph, chosen: list[bool]) -> bool:
    """Whether nothing else costs the same. Also refuses a solver's answer that is not cheapest."""
    left = residual.residual(graph, chosen)
    distance = residual.potentials(left)
    if distance is None:
        raise RuntimeError("the solver's pairing is not the cheapest")
    return not residual.has_free_exchange(left, distance)


def _seats(graph: Graph, chosen: list[bool], visits, inspectors) -> Seats:
    """The teams: first the leader with the lowest ticket, then the others by (ticket, id)."""
    teams: defaultdict[int, list] = defaultdict(list)
    arcs = zip(graph.visit, graph.inspector, graph.ticket, graph.leads, chosen, strict=True)
    for visit, inspector, ticket, leads, is_used in arcs:
        if is_used:
            teams[visit].append((not leads, ticket, inspectors[inspector].id))
    seats = {}
    for place, visit in enumerate(visits):
        leader, *others = sorted(teams[place])
        others.sort(key=lambda member: member[1:])
        seats[visit.id] = tuple(member[2] for member in (leader, *others))
    return seats


def _seat_records(seats: Seats) -> list[dict]:
    return [{"visit": visit, "inspectors": list(seats[visit])} for visit in sorted(seats)]
