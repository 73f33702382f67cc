"""Whether a pairing is the one unique cheapest, seen from its residual graph alone.

Moving seats about is walking a cycle in the residual graph. A pairing is cheapest when no such walk
costs less than nothing, and unique when none costs nothing (Klein 1967). The graph is written anew
from the definition here; the solver has no part in it.

Nodes: visits, gates, people, one for everybody's load. Where a gate is neither full nor empty it is
one node with its visit, since passing it in either direction changes nobody's seat.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from blocks.draw.candidates import Graph

BALANCE = 2**35


@dataclass(frozen=True)
class Residual:
    """The arcs along which seats may still move, with what each costs, as arrays of integers."""

    nodes: int
    tail: Any
    head: Any
    cost: Any


def residual(graph: Graph, chosen: list[bool]) -> Residual:
    """Return the residual graph of a lawful pairing: `chosen` says which candidate arcs it uses."""
    import numpy as np

    count, people = len(graph.teams), len(graph.max_loads)
    used = np.array(chosen, dtype=bool)
    visit, who = np.array(graph.visit, dtype=np.int64), np.array(graph.inspector, dtype=np.int64)
    leads = np.array(graph.leads, dtype=bool)
    ticket = np.array(graph.ticket, dtype=np.int64)
    gate, gate_tail, gate_head = _gates(graph, np.bincount(visit[used & ~leads], minlength=count))
    seat, person = np.where(leads, visit, gate[visit]), who + 2 * count
    loads = np.bincount(who[used], minlength=people)
    everybody = 2 * count + people
    more = np.flatnonzero(loads < np.array(graph.max_loads, dtype=np.int64))
    less = np.flatnonzero(loads)
    tails = [np.where(used, person, seat), gate_tail, more + 2 * count]
    heads = [np.where(used, seat, person), gate_head, np.full(len(more), everybody)]
    costs = [np.where(used, -ticket, ticket), np.zeros(len(gate_tail), dtype=np.int64)]
    return Residual(
        everybody + 1,
        np.concatenate([*tails, np.full(len(less), everybody)]),
        np.concatenate([*heads, less + 2 * count]),
        np.concatenate([*costs, BALANCE * loads[more], -BALANCE * (loads[less] - 1)]),
    )


def potentials(graph: Residual):
    """Return shortest distances from anywhere to each node, or None: a negative cycle exists.

    Bellman-Ford, all arcs at once. A cycle among the predecessors is a negative cycle, so a false
    pairing is found out early; it is looked for after 1, 2, 4, 8, … rounds.
    """
    import numpy as np

    distance = np.zeros(graph.nodes, dtype=np.int64)
    before = np.full(graph.nodes, -1)
    look = 1
    for turn in range(1, graph.nodes + 2):
        reached = distance[graph.tail] + graph.cost
        nearer = reached < distance[graph.head]
        if not nearer.any():
            return distance
        shortest = distance.copy()
        np.minimum.at(shortest, graph.head[nearer], reached[nearer])
        winning = nearer & (reached == shortest[graph.head])
        before[graph.head[winning]] = graph.tail[winning]
        distance = shortest
        if turn == look:
            look *= 2
            if _has_loop(before):
                return None
    return None


def has_free_exchange(graph: Residual, distance) -> bool:
    """Whether some exchange of seats costs exactly nothing: then the pairing is not unique.

    Every arc of such a cycle is tight under the potentials, so it is a cycle of tight arcs.
    """
    import numpy as np

    tight = np.flatnonzero(distance[graph.tail] + graph.cost == distance[graph.head])
    onward = defaultdict(list)
    entering = np.bincount(graph.head[tight], minlength=graph.nodes).tolist()
    for tail, head in zip(graph.tail[tight].tolist(), graph.head[tight].tolist(), strict=True):
        onward[tail].append(head)
    free = [node for node, arcs in enumerate(entering) if not arcs]
    for node in free:  # grows as it goes: what is left when it ends lies on or behind a cycle
        for head in onward[node]:
            entering[head] -= 1
            if not entering[head]:
                free.append(head)
    return len(free) < graph.nodes


def _gates(graph: Graph, through):
    """Each visit's gate node, and the gates' residual arcs; `through` counts who went through."""
    import numpy as np

    count = len(graph.teams)
    room = np.array(graph.teams, dtype=np.int64) - 1
    visits = np.arange(count)
    is_full, is_empty = through >= room, through == 0
    gate = np.where(is_full | is_empty, visits + count, visits)
    enter = np.flatnonzero(is_empty & (room > 0))
    leave = np.flatnonzero(is_full & (room > 0))
    tail = np.concatenate([enter, leave + count])
    return gate, tail, np.concatenate([enter + count, leave])


def _has_loop(before) -> bool:
    """Whether following `before` (-1 ends) goes round somewhere: by jumping 1, 2, 4, … steps."""
    import numpy as np

    jump = np.append(np.where(before < 0, len(before), before), len(before))
    for _ in range(len(before).bit_length() + 1):
        jump = jump[jump]
    return bool((jump != len(before)).any())
