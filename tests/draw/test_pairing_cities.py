"""A thousand invented cities: nobody sits where they may not, and equals carry equal loads."""

import random
from collections import Counter, defaultdict

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.checking import check_law
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import pair
from blocks.errors import StaffingError


def a_city(chance):
    """Counties, items that only some are qualified for, interests, and loads that bind some."""
    counties, items = chance.randint(1, 4), chance.randint(1, 2)
    people, home, skill = [], {}, {}
    for number in range(chance.randint(4 * counties, 14 * counties)):
        one = PairingInspector(f"粤{number:03d}", chance.random() < 0.4, chance.choice([2, 6, 30]))
        people.append(one)
        home[one.id], skill[one.id] = chance.randrange(counties), chance.random() < 0.8
    recused, unqualified, visits = set(), set(), []
    for number in range(chance.randint(1, 8 * counties)):
        county, item = chance.randrange(counties), chance.randrange(items)
        visit = f"91{number:04d}"
        for one in people:
            if chance.random() < 0.05:
                recused.add((one.id, visit))
            if home[one.id] != county or (item and not skill[one.id]):
                unqualified.add((one.id, visit))
        eligible = frozenset(
            one.id for one in people
            if (one.id, visit) not in recused and (one.id, visit) not in unqualified
        )  # fmt: skip
        visits.append(PairingVisit(visit, eligible))
    return visits, people, recused | unqualified


def kinds(visits, people):
    """People in groups whose members nothing but their number tells apart."""
    may_go = defaultdict(set)
    for visit in visits:
        for one in visit.eligible:
            may_go[one].add(visit.id)
    groups = defaultdict(list)
    for one in people:
        groups[frozenset(may_go[one.id]), one.may_lead, one.max_load].append(one)
    return groups.values()


def test_in_a_thousand_cities_nobody_recused_is_paired_and_equals_differ_by_one_at_most():
    chance = random.Random(14)
    seen = Counter()
    for turn in range(1000):
        visits, people, forbidden = a_city(chance)
        try:
            pairing = pair(hexdigest("sm3", b"%d" % turn), visits, people, "sm3")
        except StaffingError as error:
            seen["short"] += 1
            assert error.shortage.short > 0
            continue
        check_law(pairing.seats, visits, people)
        pairs = [(one, visit) for visit, team in pairing.seats.items() for one in team]
        assert not forbidden & set(pairs)
        seen["pairs"] += len(pairs)
        loads = Counter(one for one, _ in pairs)
        for equals in kinds(visits, people):
            theirs = [loads[one.id] for one in equals]
            assert max(theirs) - min(theirs) <= 1, (turn, theirs)
            seen["equals"] += len(equals) > 1 and max(theirs) > 0
    assert seen["short"] < 600 and seen["pairs"] > 5000 and seen["equals"] > 300, seen


def test_where_all_may_go_anywhere_loads_are_within_one_above_and_below_every_round_number():
    people = [PairingInspector(f"粤{n:02d}", n < 4, 50) for n in range(8)]
    names = frozenset(one.id for one in people)
    for seats in (7, 8, 9, 15, 16, 17):
        visits = [PairingVisit(f"V{n}", names, 1) for n in range(seats)]
        pairing = pair(hexdigest("sm3", b"x"), visits, people[:4] + people[4:], "sm3")
        loads = Counter(team[0] for team in pairing.seats.values())
        theirs = [loads[one.id] for one in people[:4]]
        assert max(theirs) - min(theirs) <= 1 and sum(theirs) == seats
