"""The second thousand: in a file of its own, so that another core takes it."""

import random
from collections import Counter

from blocks.draw.candidates import Tickets
from blocks.draw.hashing import hexdigest
from tests.draw.pairing_cases import (
    as_sets,
    cheapest,
    check_many_small_cases,
    every_lawful,
    small_case,
)


def test_the_pairing_is_the_cheapest_of_another_thousand():
    check_many_small_cases(1000, 1000)


def test_the_brute_force_by_loads_agrees_with_trying_every_one():
    chance, found = random.Random(8), Counter()
    for turn in range(150):
        visits, people = small_case(chance, visits=3, people=5)
        tickets = Tickets(hexdigest("sm3", b"%d" % turn), "sm3")
        costs = {}
        for seats in every_lawful(visits, people):
            loads = Counter(one for team in seats.values() for one in team)
            cost = 2**35 * sum(load * (load - 1) // 2 for load in loads.values())
            cost += sum(tickets.of(one, visit) for visit, team in seats.items() for one in team)
            costs[cost] = as_sets(seats)
        best = cheapest(visits, people, tickets)
        found[best is None] += 1
        assert (best is None) == (not costs)
        assert best is None or (best[0], as_sets(best[1])) == (min(costs), costs[min(costs)])
    assert min(found.values()) > 30
