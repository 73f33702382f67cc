"""Finds the pairing that `pairing` defines, as a min-cost flow with OR-Tools.

    visit ──1──> leader ──────────────────┐
      └─team-1─> gate ──1──> who may not ─┴─> [one unit at 0, 2^35, 2·2^35, …] ─> sink

At most team-1 seats go through the gate, so one is left for somebody who may lead. An inspector's
j-th visit costs (j-1)·2^35, and these sum to 2^35·load(load-1)/2. Any other solver would do: what
it finds is checked by `residual`. Each connected piece of the graph is solved by itself.
"""

import numpy as np

from blocks.draw.candidates import Graph
from blocks.draw.components import components
from blocks.errors import DrawError

BALANCE = 1 << 35
_LIMIT = 1 << 62


def cheapest(graph: Graph) -> np.ndarray | None:
    """Return which arcs the cheapest pairing uses, bool (arcs,); None: there is no lawful one.

    Raises:
        DrawError: a lawful one exists, but its numbers are too large to be exact.
    """
    chosen = np.zeros(len(graph.visit), dtype=bool)
    inexact = None
    for piece, arcs in components(graph):
        net = Net(piece)
        try:
            used = _cheapest(net)
        except DrawError as error:
            inexact = error
            used = np.zeros(len(arcs), dtype=bool) if _is_feasible(net) else None
        if used is None:
            return None
        chosen[arcs] = used
    if inexact:
        raise inexact
    return chosen


def _is_feasible(net: "Net") -> bool:
    """Whether every seat can be filled by the candidates, whatever it costs."""
    from ortools.graph.python import max_flow

    source = net.sink + 1
    visits, gates, people = net.visits, net.gates, net.people
    tail = np.concatenate([np.full(len(visits), source), visits, net.tail, people])
    head = np.concatenate([visits, gates, net.head, np.full(len(people), net.sink)])
    ones = np.ones(len(net.tail), dtype=np.int64)
    room = np.concatenate([net.teams, net.teams - 1, ones, net.rooms])
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tail, head, room)
    if flow.solve(source, net.sink) != flow.OPTIMAL:
        raise RuntimeError("max flow did not end")
    return flow.optimal_flow() == int(net.teams.sum())


def _cheapest(net: "Net") -> np.ndarray | None:
    """The cheapest pairing of one piece.

    Few units of load are offered at first; an inspector who uses all of them shows that more may
    be wanted. Units cost more and more, so where nobody does, none is missing.
    """
    offered = net.first_offer()
    while True:
        chosen = _solve(net, offered)
        if chosen is not None and not net.is_short(chosen, offered):
            return chosen
        if offered >= int(net.rooms.max(initial=0)):
            return None
        offered *= 2


def min_cost_arcs(net: "Net", offered: int) -> tuple[np.ndarray, ...]:
    """Return (tail, head, room, cost) of all arcs, and (nodes, supplies), int64; `net`'s come first.

    Nobody is offered more than `offered` visits.
    """
    rooms = np.minimum(net.rooms, offered)
    loads = np.repeat(net.people, rooms)
    step = np.arange(len(loads)) - np.repeat(np.cumsum(rooms) - rooms, rooms)
    return (
        np.concatenate([net.tail, net.visits, loads]),
        np.concatenate([net.head, net.gates, np.full(len(loads), net.sink)]),
        np.concatenate([np.ones_like(net.tail), net.teams - 1, np.ones_like(loads)]),
        np.concatenate([net.ticket, np.zeros_like(net.teams), step * BALANCE]),
        np.append(net.visits, net.sink),
        np.append(net.teams, -int(net.teams.sum())),
    )


def _solve(net: "Net", offered: int) -> np.ndarray | None:
    """The cheapest flow with at most `offered` visits each; None where that is too few."""
    from ortools.graph.python import min_cost_flow

    _check_range(net, min(offered, int(net.rooms.max(initial=0))))
    tail, head, room, cost, nodes, supplies = min_cost_arcs(net, offered)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(tail, head, room, cost)
    flow.set_nodes_supplies(nodes, supplies)
    status = flow.solve()
    if status == flow.INFEASIBLE:
        return None
    if status != flow.OPTIMAL:
        raise DrawError(f"人员匹配求解未完成（{status}）", "请把该部门的检查分成几个方案后再抽取。")
    return flow.flows(arcs[: len(net.tail)]) > 0


def _check_range(net: "Net", most: int) -> None:
    """Refuse what would pass 63 bits, in a sum or in the solver, which scales by the nodes."""
    total = int(net.teams.sum())
    scaled = (BALANCE * max(most, 1) + (1 << 32)) * (net.sink + 2)
    if scaled >= _LIMIT or total * (BALANCE * max(most, 1) + (1 << 32)) >= _LIMIT:
        raise DrawError(
            "人员匹配的数值超出可精确计算的范围", "请把该部门的检查分成几个方案，或增加检查人员。"
        )


class Net:
    """The graph as arrays, with its nodes numbered: visits, gates, people, sink."""

    def __init__(self, graph: Graph) -> None:
        count, inspectors = len(graph.teams), len(graph.max_loads)
        self.visits = np.arange(count)
        self.gates = self.visits + count
        self.people = np.arange(inspectors) + 2 * count
        self.sink = 2 * count + inspectors
        self.teams, self.ticket, self.inspector = graph.teams, graph.ticket, graph.inspector
        self.tail = np.where(graph.leads, graph.visit, graph.visit + np.int64(count))
        self.head = self.inspector + np.int64(2 * count)
        degree = np.bincount(self.inspector, minlength=inspectors)
        self.rooms = np.minimum(graph.max_loads, degree)

    def first_offer(self) -> int:
        people = max(1, int(np.count_nonzero(self.rooms)))
        return 4 + 2 * -(-int(self.teams.sum()) // people)

    def is_short(self, chosen, offered: int) -> bool:
        """Whether somebody with room for more uses every unit offered."""
        loads = np.bincount(self.inspector[chosen], minlength=len(self.rooms))
        return bool(((loads >= offered) & (self.rooms > offered)).any())
