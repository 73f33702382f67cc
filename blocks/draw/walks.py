"""The two walks over a pairing's residual graph, compiled by numba: for graphs of a province.

`residual` says what they mean and has a path without them; a test holds the two equal.
"""

import numpy as np
from numba import njit

_compiled = njit(nogil=True, cache=True, error_model="numpy")


@_compiled
def potentials(tail, head, cost, distance, before):
    """Lower `distance` until no arc is shorter; return False if that never ends.

    Arc after arc, each seeing what the last one changed. A loop among the predecessors is a
    negative cycle; it is looked for after 1, 2, 4, 8, … rounds.
    """
    look = 1
    for turn in range(1, len(distance) + 2):
        is_changed = False
        for arc in range(len(tail)):
            reached = distance[tail[arc]] + cost[arc]
            if reached < distance[head[arc]]:
                distance[head[arc]], before[head[arc]] = reached, tail[arc]
                is_changed = True
        if not is_changed:
            return True
        if turn == look:
            look *= 2
            if _has_loop(before):
                return False
    return False


@_compiled
def _has_loop(before):
    """Whether following `before` (-1 ends) goes round: each node is walked over once."""
    walked = np.zeros(len(before), np.int64)
    for start in range(len(before)):
        node = start
        while node >= 0 and walked[node] == 0:
            walked[node] = start + 1
            node = before[node]
        if node >= 0 and walked[node] == start + 1:
            return True
    return False


@_compiled
def has_cycle(tail, head, nodes):
    """Whether these arcs go round somewhere: nodes that nothing enters are taken away (Kahn)."""
    first = np.zeros(nodes + 1, np.int64)
    entering = np.zeros(nodes, np.int64)
    for arc in range(len(tail)):
        first[tail[arc] + 1] += 1
        entering[head[arc]] += 1
    for node in range(nodes):
        first[node + 1] += first[node]
    onward, filled = np.empty(len(tail), np.int64), first[:-1].copy()
    for arc in range(len(tail)):
        onward[filled[tail[arc]]] = head[arc]
        filled[tail[arc]] += 1
    free = np.empty(nodes, np.int64)
    count = 0
    for node in range(nodes):
        if entering[node] == 0:
            free[count] = node
            count += 1
    place = 0
    while place < count:
        for arc in range(first[free[place]], first[free[place] + 1]):
            entering[onward[arc]] -= 1
            if entering[onward[arc]] == 0:
                free[count] = onward[arc]
                count += 1
        place += 1
    return count < nodes
