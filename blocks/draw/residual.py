"""Whether a pairing is the one unique cheapest, seen from its residual graph alone.

Moving seats about is walking a cycle in the residual graph. A pairing is cheapest when no such walk
costs less than nothing, and unique when none costs nothing (Klein 1967). The graph is written anew
from the definition here; the solver has no part in it.

Nodes: visits, gates, people, one for everybody's load. Where a gate is neither full nor empty it is
one node with its visit, since passing it in either direction changes nobody's seat.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np

from blocks.draw.candidates import Graph

BALANCE = 2**35
FAST_FROM = 200_000  # arcs: below, nobody waits for a compiler

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Residual:
    """The arcs along which seats may still move: `tail`, `head` int32, what each costs int64."""

    nodes: int
    tail: np.ndarray
    head: np.ndarray
    cost: np.ndarray


def residual(graph: Graph, used: np.ndarray) -> Residual:
    """Return the residual graph of a lawful pairing; `used`: its candidate arcs, bool (arcs,)."""
    count, people = len(graph.teams), len(graph.max_loads)
    visit, who, leads, ticket = graph.visit, graph.inspector, graph.leads, graph.ticket
    gate, gate_tail, gate_head = _gates(graph, np.bincount(visit[used & ~leads], minlength=count))
    seat, person = np.where(leads, visit, gate[visit]), who + 2 * count
    loads = np.bincount(who[used], minlength=people)
    everybody = 2 * count + people
    more = np.flatnonzero(loads < graph.max_loads).astype(np.int32)
    less = np.flatnonzero(loads).astype(np.int32)
    tails = [np.where(used, person, seat), gate_tail, more + 2 * count]
    heads = [np.where(used, seat, person), gate_head, np.full(len(more), everybody, np.int32)]
    costs = [np.where(used, -ticket, ticket), np.zeros(len(gate_tail), dtype=np.int64)]
    return Residual(
        everybody + 1,
        np.concatenate([*tails, np.full(len(less), everybody, np.int32)]),
        np.concatenate([*heads, less + 2 * count]),
        np.concatenate([*costs, BALANCE * loads[more], -BALANCE * (loads[less] - 1)]),
    )


def potentials(graph: Residual, *, fast: bool | None = None) -> np.ndarray | None:
    """Return distances by which no arc is a short cut, int64 (nodes,); None: a negative cycle.

    Bellman-Ford from everywhere at once, so distances are 0 or less. `fast` as in `many`.
    """
    if not _chosen(fast, graph):
        return _potentials(graph)
    from blocks.draw import walks

    distance = np.zeros(graph.nodes, dtype=np.int64)
    before = np.full(graph.nodes, -1)
    is_done = walks.potentials(graph.tail, graph.head, graph.cost, distance, before)
    return distance if is_done else None


def has_free_exchange(graph: Residual, distance: np.ndarray, *, fast: bool | None = None) -> bool:
    """Whether some exchange of seats costs exactly nothing: then the pairing is not unique.

    Every arc of such a cycle is tight under the potentials, so it is a cycle of tight arcs.
    """
    tight = distance[graph.tail] + graph.cost == distance[graph.head]
    tail, head = graph.tail[tight], graph.head[tight]
    if not _chosen(fast, graph):
        return _has_cycle(tail, head, graph.nodes)
    from blocks.draw import walks

    return bool(walks.has_cycle(tail, head, graph.nodes))


def _chosen(fast: bool | None, graph: Residual) -> bool:
    return is_fast(len(graph.tail)) if fast is None else fast


def is_fast(arcs: int) -> bool:
    """Whether so many arcs are worth the compiled walks, and they can be had."""
    return arcs >= FAST_FROM and _is_to_be_had()


@cache
def _is_to_be_had() -> bool:
    """Whether the compiled walks compile, run, and know a negative cycle and a free one."""
    try:
        ring = np.arange(3, dtype=np.int32)
        for last, is_done in ((-2, False), (-1, True), (0, True)):
            graph = Residual(3, ring, np.roll(ring, -1), np.array([0, 1, last]))
            distance = potentials(graph, fast=True)
            is_free = is_done and has_free_exchange(graph, distance, fast=True)
            if (distance is not None) != is_done or is_free != (last == -1):
                raise ArithmeticError("compiled walks go wrong")
    except Exception as why:  # whatever a compiler may raise: the pairing does not depend on it
        log.warning("the compiled walks cannot be had (%s); numpy serves, which is slower", why)
        return False
    return True


def _potentials(graph: Residual) -> np.ndarray | None:
    """`potentials`, all arcs at once.

    A cycle among the predecessors is a negative cycle, so a false pairing is found out early; it
    is looked for after 1, 2, 4, 8, … rounds.
    """
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


def _has_cycle(tail: np.ndarray, head: np.ndarray, nodes: int) -> bool:
    """Whether these arcs go round somewhere."""
    onward = defaultdict(list)
    entering = np.bincount(head, minlength=nodes).tolist()
    for start, end in zip(tail.tolist(), head.tolist(), strict=True):
        onward[start].append(end)
    free = [node for node, arcs in enumerate(entering) if not arcs]
    for node in free:  # grows as it goes: what is left when it ends lies on or behind a cycle
        for after in onward[node]:
            entering[after] -= 1
            if not entering[after]:
                free.append(after)
    return len(free) < nodes


def _gates(graph: Graph, through):
    """Each visit's gate node, and the gates' residual arcs; `through` counts who went through."""
    count = len(graph.teams)
    room = graph.teams - 1
    visits = np.arange(count, dtype=np.int32)
    is_full, is_empty = through >= room, through == 0
    gate = np.where(is_full | is_empty, visits + count, visits)
    enter = np.flatnonzero(is_empty & (room > 0)).astype(np.int32)
    leave = np.flatnonzero(is_full & (room > 0)).astype(np.int32)
    tail = np.concatenate([enter, leave + count])
    return gate, tail, np.concatenate([enter + count, leave])


def _has_loop(before) -> bool:
    """Whether following `before` (-1 ends) goes round somewhere: by jumping 1, 2, 4, … steps."""
    jump = np.append(np.where(before < 0, len(before), before), len(before))
    for _ in range(len(before).bit_length() + 1):
        jump = jump[jump]
    return bool((jump != len(before)).any())
