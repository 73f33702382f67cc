"""Small pairings, and all lawful ones of them; shared by the tests of the pairing."""

import random
from collections import Counter
from dataclasses import replace
from itertools import combinations, product
from math import exp

import numpy as np
import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets
from blocks.draw.checking import check_pairing
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import objective, pair
from blocks.errors import DrawError, StaffingError

SEED = hexdigest("sm3", b"a seed")


class CoarseTickets(Tickets):
    """Tickets of one bit at first, so that ties abound; real ones once hashed again."""

    def __init__(self, seed, hash_name, suffix=1):
        super().__init__(seed, hash_name, suffix)
        self.is_coarse = suffix == 1

    def of(self, inspector, visit):
        ticket = super().of(inspector, visit)
        return ticket >> 31 if self.is_coarse else ticket

    def of_many(self, *messages, **how):
        tickets = super().of_many(*messages, **how)
        return tickets >> np.uint64(31) if self.is_coarse else tickets


def a_department(visits=30, people=12, team=2, max_load=20):
    inspectors = [PairingInspector(f"粤V{n:03d}", n % 3 == 0, max_load) for n in range(people)]
    names = frozenset(one.id for one in inspectors)
    return [PairingVisit(f"T{n:03d}", names, team) for n in range(visits)], inspectors


def small_case(chance: random.Random, visits=5, people=6):
    """Up to so many visits and people, everything else by chance."""
    share = chance.choice([0.5, 0.75, 0.9])
    inspectors = [
        PairingInspector(f"Z{number}", chance.random() < 0.5, chance.choice([0, 1, 1, 2, 3, 5]))
        for number in range(chance.randint(1, people))
    ]
    asked = []
    for number in range(chance.randint(0, visits)):
        eligible = frozenset(one.id for one in inspectors if chance.random() < share)
        asked.append(PairingVisit(f"V{number}", eligible, chance.choice([2, 2, 2, 1, 3])))
    return asked, inspectors


def lawful_teams(visit, leads):
    teams = combinations(sorted(visit.eligible), visit.team)
    return [team for team in teams if any(leads[one] for one in team)]


def every_lawful(visits, people):
    """All lawful pairings, by trying every one."""
    leads = {one.id: one.may_lead for one in people}
    room = {one.id: one.max_load for one in people}
    for teams in product(*(lawful_teams(visit, leads) for visit in visits)):
        loads = Counter(one for team in teams for one in team)
        if all(load <= room[one] for one, load in loads.items()):
            yield {visit.id: team for visit, team in zip(visits, teams, strict=True)}


def cheapest(visits, people, tickets):
    """Return (cost, seats, how many cost that) of all lawful pairings, or None: visit by visit.

    For each way the loads can stand after a visit, the cheapest tickets are kept: what comes later
    sees nothing but the loads.
    """
    leads = {one.id: one.may_lead for one in people}
    place = {one.id: number for number, one in enumerate(people)}
    room = [one.max_load for one in people]
    kept = {(0,) * len(people): (0, (), 1)}
    for visit in visits:
        after = {}
        for team in lawful_teams(visit, leads):
            chance = sum(tickets.of(one, visit.id) for one in team)
            for loads, (cost, teams, ways) in kept.items():
                more = list(loads)
                for one in team:
                    more[place[one]] += 1
                if all(map(int.__le__, more, room)):
                    key, cost_now = tuple(more), cost + chance
                    there = after.get(key, (cost_now + 1, (), 0))
                    if cost_now < there[0]:
                        after[key] = (cost_now, (*teams, team), ways)
                    elif cost_now == there[0]:
                        after[key] = (*there[:2], there[2] + ways)
        kept = after
    costs = [
        (2**35 * sum(load * (load - 1) // 2 for load in loads) + cost, teams, ways)
        for loads, (cost, teams, ways) in kept.items()
    ]
    if not costs:
        return None
    least = min(cost for cost, _, _ in costs)
    best = next(teams for cost, teams, _ in costs if cost == least)
    ways = sum(ways for cost, _, ways in costs if cost == least)
    return least, {v.id: team for v, team in zip(visits, best, strict=True)}, ways


def as_sets(seats):
    return {visit: frozenset(team) for visit, team in seats.items()}


def check_many_small_cases(first, count):
    """Pair `count` random cases: each is the cheapest, or fails on a group that truly fails."""
    chance = random.Random(first)
    found = Counter()
    for turn in range(first, first + count):
        visits, people = small_case(chance)
        seed = hexdigest("sha256", b"%d" % turn)
        best = cheapest(visits, people, Tickets(seed, "sha256"))
        if best is None:
            shortage = check_shortage(visits, people)
            found[shortage.kind] += 1
            continue
        found["feasible"] += 1
        pairing = pair(seed, visits, people, "sha256")
        assert (pairing.objective, as_sets(pairing.seats)) == (best[0], as_sets(best[1]))
        check_pairing(seed, pairing, visits, people, "sha256")
        check_another_is_refused(seed, pairing, visits, people)
    assert min(found[kind] for kind in ("feasible", "lead", "seats")) > count // 10, found
    assert found["both"], found


def check_another_is_refused(seed, pairing, visits, people):
    """One seat given to somebody else, lawfully, with the true objective: it is not the one."""
    loads = Counter(one for team in pairing.seats.values() for one in team)
    free = [one.id for one in people if loads[one.id] < one.max_load]
    for visit in visits:
        leader, *others = pairing.seats[visit.id]
        for one in sorted(visit.eligible & set(free) - {leader, *others}):
            if others:
                seats = pairing.seats | {visit.id: (leader, *others[:-1], one)}
                cost = objective(seats, Tickets(seed, "sha256"))
                other = replace(pairing, seats=seats, objective=cost)
                with pytest.raises(DrawError, match="代价更小"):
                    check_pairing(seed, other, visits, people, "sha256")
                return


def check_shortage(visits, people):
    """It is raised; the group alone cannot be staffed; so many more can staff it, one less not."""
    with pytest.raises(StaffingError) as refused:
        pair(SEED, visits, people, "sm3")
    shortage = refused.value.shortage
    group = [visit for visit in visits if visit.id in shortage.visits]
    assert not is_staffed(group, people, shortage.kind)
    assert shortage.short > 0 and str(shortage.short) in refused.value.message
    assert refused.value.remedy
    serving = {one for visit in group for one in visit.eligible}
    leaders = {one.id for one in people if one.may_lead}
    assert set(shortage.leaders) == serving & leaders
    assert set(shortage.others) == (set() if shortage.kind == "lead" else serving - leaders)
    for helpers, is_enough in ((shortage.short - 1, False), (shortage.short, True)):
        new = [PairingInspector(f"NEW{n}", True, 1) for n in range(helpers)]
        names = {one.id for one in new}
        helped = [replace(visit, eligible=visit.eligible | names) for visit in group]
        assert is_staffed(helped, people + new, shortage.kind) == is_enough
    return shortage


def is_staffed(visits, people, kind):
    """Whether what that kind of shortage asks for can be had: one leader each, or full teams."""
    if kind == "lead":
        leaders = [one for one in people if one.may_lead]
        names = {one.id for one in leaders}
        alone = [replace(visit, eligible=visit.eligible & names, team=1) for visit in visits]
        return cheapest(alone, leaders, NoTickets()) is not None
    if kind == "seats":
        people = [replace(one, may_lead=True) for one in people]
    return cheapest(visits, people, NoTickets()) is not None


class NoTickets:
    def of(self, inspector, visit):
        return 0


def p_value(counts):
    """Return the p of equal shares by chi-square; an even number of degrees of freedom (exact)."""
    assert len(counts) % 2 == 1
    mean = sum(counts) / len(counts)
    half = sum((count - mean) ** 2 for count in counts) / mean / 2
    term = total = 1.0
    for i in range(1, (len(counts) - 1) // 2):
        term *= half / i
        total += term
    return exp(-half) * total
