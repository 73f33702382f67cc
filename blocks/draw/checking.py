"""Checks a pairing without solving it: the law, the candidates, K, and that nothing is cheaper."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from blocks.draw import residual
from blocks.draw.candidates import (
    FIRST_K,
    Graph,
    PairingInspector,
    PairingVisit,
    Tickets,
    candidate_graph,
    check_input,
)
from blocks.draw.pairing import Pairing
from blocks.errors import DrawError

_REMEDY = "公布的人员匹配与封存的规则不符，请停止派发并查明原因。"


def check_pairing(
    seed: str,
    pairing: Pairing,
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    hash_name: str,
    *,
    tickets: type[Tickets] = Tickets,
) -> None:
    """Check that `pairing` is the one the seed defines.

    Raises:
        DrawError: naming the first thing that fails.
    """
    check_input(visits, inspectors)
    _need(len(pairing.ties) == pairing.suffix - 1, "重新计签的次数与记录不符")
    for suffix, seats in enumerate((*pairing.ties, pairing.seats), 1):
        check_law(seats, visits, inspectors)
        drawn = tickets(seed, hash_name, suffix)
        is_last = suffix == pairing.suffix
        k = _first_k(visits, inspectors, drawn, pairing.k if is_last else None)
        graph = candidate_graph(visits, inspectors, drawn, k)
        is_free = _check_cheapest(graph, seats, visits, inspectors)
        _need(
            is_free != is_last, "存在代价相同的另一种匹配" if is_last else "无须重新计签却重新计了"
        )
    _need(pairing.objective == _cost(pairing.seats, drawn), "公布的目标值与计算不符")


def check_law(
    seats: Mapping[str, Sequence[str]],
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
) -> None:
    """Check what binds every pairing, also one with seats drawn again.

    A full team of distinct, eligible persons at each visit, the first of whom may lead, and nobody
    beyond their load.
    """
    people = {one.id: one for one in inspectors}
    _need(set(seats) == {visit.id for visit in visits}, "匹配的检查对象与应查的不一致")
    for visit in visits:
        team = seats[visit.id]
        _need(len(team) == visit.team, f"「{visit.id}」的检查组不是 {visit.team} 人")
        _need(len(set(team)) == len(team), f"「{visit.id}」的检查组有人重复")
        strangers = sorted(set(team) - visit.eligible)
        _need(not strangers, f"「{visit.id}」配有不符合条件（或应回避）的人员{strangers}")
        _need(people[team[0]].may_lead, f"「{visit.id}」的组长不具备组长资格")
    for one, load in Counter(one for team in seats.values() for one in team).items():
        _need(load <= people[one].max_load, f"「{one}」的任务数 {load} 超过上限")


def _first_k(visits, inspectors, tickets: Tickets, claimed: int | None) -> int:
    """Check the K that is claimed, or find it: the first of 16, 32, … that can be staffed."""
    k = FIRST_K
    while k != claimed and not _can_staff(candidate_graph(visits, inspectors, tickets, k)):
        k *= 2
        _need(k <= 2 * len(inspectors) + FIRST_K, "候选范围 K 不在 16、32、64……之列")
    _need(claimed in (None, k), f"候选范围 K 应为 {k}，公布的是 {claimed}")
    return k


def _check_cheapest(graph: Graph, seats, visits, inspectors) -> bool:
    """Check that no exchange is cheaper, and return whether one costs the same."""
    place = {visit.id: number for number, visit in enumerate(visits)}
    number = {one.id: who for who, one in enumerate(inspectors)}
    people = len(inspectors)
    taken = [place[visit] * people + number[one] for visit, team in seats.items() for one in team]
    arcs = graph.visit.astype(np.int64) * people + graph.inspector
    chosen = np.isin(arcs, np.array(taken, dtype=np.int64))
    _need(int(chosen.sum()) == len(taken), "有人不在 K 名候选之内")
    left = residual.residual(graph, chosen)
    distance = residual.potentials(left)
    _need(distance is not None, "存在代价更小的匹配，公布的不是最优")
    return residual.has_free_exchange(left, distance)


def _cost(seats: Mapping[str, Sequence[str]], tickets: Tickets) -> int:
    pairs = [(one, visit) for visit, team in seats.items() for one in team]
    loads = Counter(one for one, _ in pairs)
    balance = sum(load * (load - 1) // 2 for load in loads.values())
    return 2**35 * balance + sum(tickets.of(one, visit) for one, visit in pairs)


def _can_staff(graph: Graph) -> bool:
    """Whether all seats can be filled, by augmenting paths.

    A seat is (visit, index); seat 0 takes only who may lead. Leaders may sit anywhere, so this is
    the law exactly. Going over a seat frees it, hence the search walks seat → person → their seat.
    """
    ways: dict[int, list[tuple[int, bool]]] = {place: [] for place in range(len(graph.teams))}
    arcs = (graph.visit, graph.inspector, graph.leads)
    for visit, one, leads in zip(*(column.tolist() for column in arcs), strict=True):
        ways[visit].append((one, leads))
    held: dict[tuple[int, int], int] = {}
    seats_of: dict[int, set[tuple[int, int]]] = {one: set() for one in range(len(graph.max_loads))}
    teams, max_loads = graph.teams.tolist(), graph.max_loads.tolist()
    seats = [(visit, index) for visit, team in enumerate(teams) for index in range(team)]
    return all(_augment(seat, ways, held, seats_of, max_loads) for seat in seats)


def _augment(start, ways, held, seats_of, max_loads) -> bool:
    """Fill the seat `start`, moving others on where needed; False where nobody can be found.

    A step (visit, person) frees either another seat of the same visit that the person holds (they
    change seats) or, where their load is full, any seat they hold elsewhere.
    """
    came: dict[tuple[int, int], tuple[tuple[int, int], int] | None] = {start: None}
    open_seats = [start]
    for seat in open_seats:
        for one, leads in ways[seat[0]]:
            if seat[1] == 0 and not leads:
                continue
            here = [other for other in seats_of[one] if other[0] == seat[0]]
            if not here and len(seats_of[one]) < max_loads[one]:
                _move(seat, one, came, held, seats_of)
                return True
            for other in here or seats_of[one]:
                if other not in came:
                    came[other] = (seat, one)
                    open_seats.append(other)
    return False


def _move(seat, one, came, held, seats_of) -> None:
    """Seat `one`, and walk back: who was displaced takes the seat they were wanted for."""
    while True:
        previous = held.get(seat)
        if previous is not None:
            seats_of[previous].discard(seat)
        held[seat] = one
        seats_of[one].add(seat)
        if came[seat] is None:
            return
        seat, one = came[seat]


def _need(holds: bool, wrong: str) -> None:
    if not holds:
        raise DrawError(f"人员匹配核验不通过：{wrong}", _REMEDY)
