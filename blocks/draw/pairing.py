"""The pairing (人员匹配) of one department's inspectors with its visits.

It is defined, not computed by a recipe: the unique minimum of

    2^35 · Σ load·(load-1)/2  +  Σ ticket32(inspector, visit)

over the lawful pairings of the candidate graph (`candidates`), so balance weighs most and chance
decides what balance leaves open. K is the first of 16, 32, 64, … with which a lawful pairing
exists. Should two pairings cost the same, all tickets are hashed again with the suffix `|2`, `|3`,
…, and K is sought anew. A person's order in the input has no part in it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from blocks.draw import many, residual, solver
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
from blocks.draw.shortage import find_shortage, staffing_error

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
    threads: int = many.THREADS,
    solve: Callable[[Graph], np.ndarray | None] = solver.cheapest,
) -> Pairing:
    """Return the pairing that `seed` (`seed_inspectors`, 64 hex characters) defines.

    `relaxed`: the same visits with one rule lifted, by the rule's Chinese name ("区域规则"); used
    only to say, where no lawful pairing exists, which one would help. `tickets` is for tests,
    `threads` says how many may hash, `solve` what finds the cheapest pairing of a graph.

    Raises:
        StaffingError: no lawful pairing exists; names the smallest group it fails on.
        DrawError: ids twice, or numbers too large to be exact.
    """
    check_input(visits, inspectors)
    visits = sorted(visits, key=lambda visit: visit.id)  # as by bytes: UTF-8 keeps the order
    inspectors = sorted(inspectors, key=lambda inspector: inspector.id)
    ties: list[Seats] = []
    while True:
        drawn = tickets(seed, hash_name, len(ties) + 1)
        k, graph, chosen = _first_feasible(
            visits, inspectors, drawn, relaxed or {}, threads, solve
        )
        seats = _seats(graph, chosen, visits, inspectors)
        if _is_unique(graph, chosen):
            return Pairing(seats, k, len(ties) + 1, _cost(graph, chosen), tuple(ties))
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


def _cost(graph: Graph, chosen: np.ndarray) -> int:
    """`objective`, from the arcs."""
    loads = np.bincount(graph.inspector[chosen])
    return int(solver.BALANCE * (loads * (loads - 1) // 2).sum() + graph.ticket[chosen].sum())


def _first_feasible(
    visits, inspectors, tickets: Tickets, relaxed, threads: int, solve
) -> tuple[int, Graph, np.ndarray]:
    """The first K of 16, 32, 64, … with a lawful pairing, its candidate graph, and the cheapest."""
    k = FIRST_K
    while True:
        graph = candidate_graph(visits, inspectors, tickets, k, threads=threads)
        chosen = solve(graph)
        if chosen is not None:
            return k, graph, chosen
        if k == FIRST_K and (shortage := find_shortage(visits, inspectors)):
            raise staffing_error(shortage, inspectors, relaxed)
        if k >= widest(visits, {one.id: one.may_lead for one in inspectors}):
            raise RuntimeError("a lawful pairing exists, and was not found")
        k *= 2


def _is_unique(graph: Graph, chosen: np.ndarray) -> bool:
    """Whether nothing else costs the same. Also refuses a solver's answer that is not cheapest."""
    left = residual.residual(graph, chosen)
    distance = residual.potentials(left)
    if distance is None:
        raise RuntimeError("the solver's pairing is not the cheapest")
    return not residual.has_free_exchange(left, distance)


def _seats(graph: Graph, chosen: np.ndarray, visits, inspectors) -> Seats:
    """The teams: first the leader with the lowest ticket, then the others by (ticket, id).

    Inspectors are numbered in order of id.
    """
    visit, who = graph.visit[chosen], graph.inspector[chosen]
    ticket, leads = graph.ticket[chosen], graph.leads[chosen]
    order = np.lexsort((who, ticket, ~leads, visit))
    is_first = np.zeros(len(order), dtype=bool)
    is_first[order] = np.diff(visit[order], prepend=-1) != 0
    order = np.lexsort((who, ticket, ~is_first, visit))
    ids = [one.id for one in inspectors]
    names = [ids[place] for place in who[order].tolist()]
    ends = np.cumsum(graph.teams).tolist()
    begins = [0, *ends]
    spans = zip(visits, begins, ends, strict=False)
    return {one.id: tuple(names[begin:end]) for one, begin, end in spans}


def _seat_records(seats: Seats) -> list[dict]:
    return [{"visit": visit, "inspectors": list(seats[visit])} for visit in sorted(seats)]
