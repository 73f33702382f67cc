"""The candidate graph in pieces: visits and inspectors that no arc connects are independent.

With the area rule a province falls apart into its counties. The cheapest pairing of all is the
cheapest of each piece, and a hundred small ones are found several times as fast as a large one.
"""

from collections.abc import Iterator

import numpy as np

from blocks.draw.candidates import Graph


def components(graph: Graph) -> Iterator[tuple[Graph, np.ndarray]]:
    """Yield each connected piece that has visits, with the places of its arcs in `graph`.

    In a piece, visits and inspectors are numbered anew, in the same order. A visit without
    candidates is a piece of its own.
    """
    of_visit, of_person = _labels(graph)
    names, of_visit = np.unique(of_visit, return_inverse=True)
    count = len(names)
    # Who is in no piece with visits is put behind all of them.
    place = np.minimum(np.searchsorted(names, of_person), max(count - 1, 0))
    of_person = np.where(names[place] == of_person, place, count) if count else of_person
    visits, first_visit = _grouped(of_visit, count)
    people, first_person = _grouped(of_person, count)
    arcs, first_arc = _grouped(of_visit[graph.visit], count)
    visit_number = _numbers(visits, first_visit, of_visit)
    person_number = _numbers(people, first_person, of_person)
    for piece in range(count):
        mine = arcs[first_arc[piece] : first_arc[piece + 1]]
        yield (
            Graph(
                graph.teams[visits[first_visit[piece] : first_visit[piece + 1]]],
                graph.max_loads[people[first_person[piece] : first_person[piece + 1]]],
                visit_number[graph.visit[mine]],
                person_number[graph.inspector[mine]],
                graph.ticket[mine],
                graph.leads[mine],
            ),
            mine,
        )


def _labels(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Name each piece by its first inspector (a lone visit by a number behind all inspectors).

    Everybody takes the lowest name seen across an arc, and then the name of whom it names, so that
    a long chain too is done in few rounds.
    """
    people = len(graph.max_loads)
    of_person = np.arange(people, dtype=np.int32)
    of_visit = people + np.arange(len(graph.teams), dtype=np.int32)
    begins = np.flatnonzero(np.diff(graph.visit, prepend=-1))
    visited = graph.visit[begins]
    while len(begins):
        of_visit[visited] = np.minimum.reduceat(of_person[graph.inspector], begins)
        seen = of_person.copy()
        lower = of_visit[graph.visit]
        np.minimum.at(seen, graph.inspector, lower)
        np.minimum.at(seen, of_person[graph.inspector], lower)  # also tell whom they were named by
        seen = seen[seen]
        if (seen == of_person).all():
            break
        of_person = seen
    return of_visit, of_person


def _grouped(of: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Return members in order of group, and where each group begins (and the last ends)."""
    if groups < 1 << 15:
        of = of.astype(np.int16)  # which is sorted by its digits, in one pass
    order = np.argsort(of, kind="stable")
    return order, np.concatenate([[0], np.cumsum(np.bincount(of, minlength=groups + 1))])


def _numbers(order: np.ndarray, firsts: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return each one's number within its group."""
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order)) - firsts[of[order]]
    return number
