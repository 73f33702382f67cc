"""Finds the pairing that `pairing` defines, as a min-cost flow with OR-Tools.

    visit ──1──> leader ──────────────────┐
      └─team-1─> gate ──1──> who may not ─┴─> [one unit at 0, 2^35, 2·2^35, …] ─> sink

At most team-1 seats go through the gate, so one is left for somebody who may lead. An inspector's
j-th visit costs (j-1)·2^35, and these sum to 2^35·load(load-1)/2. Any other solver would do: what
it finds is checked by `residual`.
"""

from blocks.draw.candidates import Graph
from blocks.errors import DrawError

BALANCE = 1 << 35
_LIMIT = 1 << 62


def is_feasible(graph: Graph) -> bool:
    """Whether every seat can be filled by the candidates, whatever it costs."""
    import numpy as np
    from ortools.graph.python import max_flow

    net = _Net(graph)
    source = net.sink + 1
    visits, gates, people = net.visits, net.gates, net.people
    tail = np.concatenate([np.full(len(visits), source), visits, net.tail, people])
    head = np.concatenate([visits, gates, net.head, np.full(len(people), net.sink)])
    ones = np.ones(len(net.tail), dtype=np.int64)
    room = np.concatenate([net.teams, net.teams - 1, ones, net.max_loads])
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tail, head, room)
    if flow.solve(source, net.sink) != flow.OPTIMAL:
        raise RuntimeError("max flow did not end")
    return flow.optimal_flow() == int(net.teams.sum())


def cheapest(graph: Graph) -> list[bool]:
    """Return which arcs of a feasible graph the cheapest pairing uses.

    Few units of load are offered at first; an inspector who uses all of them shows that more may
    be wanted. Units cost more and more, so where nobody does, none is missing.
    """
    people = max(1, sum(1 for load in graph.max_loads if load))
    offered = 4 + 2 * -(-sum(graph.teams) // people)
    net = _Net(graph)
    while True:
        chosen = _solve(net, offered)
        if chosen is not None and not net.is_short(chosen, offered):
            return chosen.tolist()
        offered *= 2


def _solve(net: "_Net", offered: int):
    """The cheapest flow with at most `offered` visits each; None where that is too few."""
    import numpy as np
    from ortools.graph.python import min_cost_flow

    rooms = np.minimum(net.rooms, offered)
    load_tail = np.repeat(net.people, rooms)
    step = np.arange(len(load_tail)) - np.repeat(np.cumsum(rooms) - rooms, rooms)
    _check_range(net, int(rooms.max(initial=0)))
    ones = np.ones(len(net.tail), dtype=np.int64)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(net.tail, net.head, ones, net.ticket)
    flow.add_arcs_with_capacity_and_unit_cost(
        net.visits, net.gates, net.teams - 1, np.zeros_like(net.teams)
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        load_tail, np.full(len(load_tail), net.sink), np.ones_like(step), step * BALANCE
    )
    flow.set_nodes_supplies(net.visits, net.teams)
    flow.set_nodes_supplies(np.array([net.sink]), np.array([-int(net.teams.sum())]))
    status = flow.solve()
    if status == flow.INFEASIBLE:
        return None
    if status != flow.OPTIMAL:
        raise DrawError(f"人员匹配求解未完成（{status}）", "请把该部门的检查分成几个方案后再抽取。")
    return flow.flows(arcs) > 0


def _check_range(net: "_Net", most: int) -> None:
    """Refuse what would pass 63 bits, in a sum or in the solver, which scales by the nodes."""
    total = int(net.teams.sum())
    scaled = (BALANCE * max(most, 1) + (1 << 32)) * (net.sink + 2)
    if scaled >= _LIMIT or total * (BALANCE * max(most, 1) + (1 << 32)) >= _LIMIT:
        raise DrawError(
            "人员匹配的数值超出可精确计算的范围", "请把该部门的检查分成几个方案，或增加检查人员。"
        )


class _Net:
    """The graph as arrays, with its nodes numbered: visits, gates, people, sink."""

    def __init__(self, graph: Graph) -> None:
        import numpy as np

        count, inspectors = len(graph.teams), len(graph.max_loads)
        self.visits = np.arange(count)
        self.gates = self.visits + count
        self.people = np.arange(inspectors) + 2 * count
        self.sink = 2 * count + inspectors
        self.teams = np.array(graph.teams, dtype=np.int64)
        self.max_loads = np.array(graph.max_loads, dtype=np.int64)
        self.ticket = np.array(graph.ticket, dtype=np.int64)
        self.inspector = np.array(graph.inspector, dtype=np.int64)
        visit = np.array(graph.visit, dtype=np.int64)
        self.tail = np.where(np.array(graph.leads, dtype=bool), visit, visit + count)
        self.head = self.inspector + 2 * count
        degree = np.bincount(self.inspector, minlength=inspectors)
        self.rooms = np.minimum(self.max_loads, degree)

    def is_short(self, chosen, offered: int) -> bool:
        """Whether somebody with room for more uses every unit offered."""
        import numpy as np

        loads = np.bincount(self.inspector[chosen], minlength=len(self.rooms))
        return bool(((loads >= offered) & (self.rooms > offered)).any())
