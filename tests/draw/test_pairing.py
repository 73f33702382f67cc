"""The pairing: against brute force, and what binds it."""

import random
from collections import Counter
from dataclasses import replace
from itertools import combinations, product

import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets
from blocks.draw.checking import check_law, check_pairing
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import objective, pair
from blocks.draw.pairing_file import build_pairing, department_record, read_pairing
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


def small_case(chance):
    people = [
        PairingInspector(f"Z{number}", chance.random() < 0.5, chance.choice([0, 1, 1, 2, 3]))
        for number in range(chance.randint(1, 5))
    ]
    names = [one.id for one in people]
    visits = []
    for number in range(chance.randint(0, 3)):
        eligible = frozenset(name for name in names if chance.random() < 0.75)
        team = chance.choice([2, 2, 2, 1, 3])
        visits.append(PairingVisit(f"V{number}", eligible, team))
    return visits, people


def every_lawful(visits, people):
    """All lawful pairings, by trying every one."""
    leads = {one.id: one.may_lead for one in people}
    room = {one.id: one.max_load for one in people}
    choices = [
        [team for team in combinations(sorted(visit.eligible), visit.team)
         if any(leads[one] for one in team)]
        for visit in visits
    ]  # fmt: skip
    for teams in product(*choices):
        loads = Counter(one for team in teams for one in team)
        if all(load <= room[one] for one, load in loads.items()):
            yield {visit.id: team for visit, team in zip(visits, teams, strict=True)}


def as_sets(seats):
    return {visit: frozenset(team) for visit, team in seats.items()}


def test_the_pairing_is_the_cheapest_of_all_lawful_ones_and_a_shortage_is_a_true_one():
    chance = random.Random(20261123)
    found = Counter()
    for turn in range(600):
        visits, people = small_case(chance)
        seed = hexdigest("sha256", b"%d" % turn)
        lawful = list(every_lawful(visits, people))
        if not lawful:
            found["infeasible"] += 1
            check_shortage(visits, people)
            continue
        found["feasible"] += 1
        costs = [objective(seats, Tickets(seed, "sha256")) for seats in lawful]
        pairing = pair(seed, visits, people, "sha256")
        assert pairing.objective == min(costs)
        assert as_sets(pairing.seats) == as_sets(lawful[costs.index(min(costs))])
        check_pairing(seed, pairing, visits, people, "sha256")
        for seats in lawful:
            if as_sets(seats) != as_sets(pairing.seats):
                assert_refused(seed, pairing, seats, visits, people)
                break
    assert found["feasible"] > 150 and found["infeasible"] > 150, found


def assert_refused(seed, pairing, seats, visits, people):
    """Another lawful pairing, with its true objective and its leader first, is not the one."""
    leads = {one.id: one.may_lead for one in people}
    ordered = {
        visit: tuple(sorted(team, key=lambda one: not leads[one])) for visit, team in seats.items()
    }
    other = replace(pairing, seats=ordered, objective=objective(seats, Tickets(seed, "sha256")))
    with pytest.raises(DrawError, match="代价更小"):
        check_pairing(seed, other, visits, people, "sha256")


def check_shortage(visits, people):
    """It is raised; the group alone cannot be staffed; as many more inspectors as short can."""
    with pytest.raises(StaffingError) as refused:
        pair(SEED, visits, people, "sm3")
    shortage = refused.value.shortage
    group = [visit for visit in visits if visit.id in shortage.visits]
    assert not list(every_lawful(group, people))
    assert shortage.short > 0 and str(shortage.short) in refused.value.message
    assert refused.value.remedy
    helpers = [PairingInspector(f"NEW{n}", True, 1) for n in range(shortage.short)]
    names = {one.id for one in helpers}
    helped = [replace(visit, eligible=visit.eligible | names) for visit in group]
    if shortage.kind == "lead":
        assert not needs_leaders(helped, people + helpers)
    else:  # `seats` counts persons only, whoever leads
        may_lead = shortage.kind == "seats"
        known = [replace(one, may_lead=one.may_lead or may_lead) for one in people]
        assert list(every_lawful(helped, known + helpers))


def needs_leaders(visits, people):
    """Whether the visits cannot each be given one leader."""
    leads = {one.id: one.max_load for one in people if one.may_lead}
    choices = [sorted(one for one in visit.eligible if one in leads) for visit in visits]
    return not any(
        all(load <= leads[one] for one, load in Counter(chosen).items())
        for chosen in product(*choices)
    )


def test_where_two_pairings_cost_the_same_all_tickets_are_hashed_again():
    chance = random.Random(5)
    ties = 0
    for turn in range(250):
        visits, people = small_case(chance)
        people = [replace(one, max_load=one.max_load + 2) for one in people]
        seed = hexdigest("sm3", b"%d" % turn)
        lawful = list(every_lawful(visits, people))
        if not lawful:
            continue
        costs = [objective(seats, CoarseTickets(seed, "sm3")) for seats in lawful]
        is_tied = costs.count(min(costs)) > 1
        pairing = pair(seed, visits, people, "sm3", tickets=CoarseTickets)
        assert pairing.suffix == (2 if is_tied else 1)
        assert pairing.objective == min(
            objective(seats, CoarseTickets(seed, "sm3", pairing.suffix)) for seats in lawful
        )
        check_pairing(seed, pairing, visits, people, "sm3", tickets=CoarseTickets)
        if is_tied:
            ties += 1
            again = replace(pairing, suffix=1, ties=(), seats=pairing.ties[0])
            with pytest.raises(DrawError, match="代价相同"):
                check_pairing(seed, again, visits, people, "sm3", tickets=CoarseTickets)
    assert ties > 30


def a_department(visits=30, people=12, team=2, max_load=20):
    inspectors = [PairingInspector(f"粤V{n:03d}", n % 3 == 0, max_load) for n in range(people)]
    names = frozenset(one.id for one in inspectors)
    return [PairingVisit(f"T{n:03d}", names, team) for n in range(visits)], inspectors


@pytest.mark.parametrize("hash_name", ["sm3", "sha256"])
def test_the_order_of_the_input_has_no_part_in_it(hash_name):
    visits, people = a_department()
    pairing = pair(SEED, visits, people, hash_name)
    chance = random.Random(1)
    for _ in range(3):
        turned = chance.sample(visits, len(visits)), chance.sample(people, len(people))
        assert pair(SEED, *turned, hash_name) == pairing


def test_nobody_carries_more_than_one_visit_above_another_where_all_may_go_anywhere():
    visits, people = a_department(people=9)
    loads = Counter(
        one for team in pair(SEED, visits, people, "sm3").seats.values() for one in team
    )
    assert max(loads.values()) - min(loads.values()) <= 1 or len(loads) == 9


def test_a_golden_pairing_in_both_hashes():
    visits, people = a_department(visits=3, people=5)
    for hash_name, golden in GOLDEN.items():
        pairing = pair(SEED, visits, people, hash_name)
        assert (pairing.seats, pairing.objective, pairing.k, pairing.suffix) == golden


def test_no_visits_need_nobody():
    assert pair(SEED, [], [], "sm3").seats == {}
    assert pair(SEED, [], [PairingInspector("a", True, 1)], "sm3").objective == 0


def test_a_recused_inspector_is_never_paired():
    visits, people = a_department(visits=12)
    barred = [replace(v, eligible=v.eligible - {people[n % 12].id}) for n, v in enumerate(visits)]
    for turn in range(10):
        seats = pair(hexdigest("sm3", b"%d" % turn), barred, people, "sm3").seats
        assert all(set(seats[visit.id]) <= visit.eligible for visit in barred)


def test_interchangeable_inspectors_have_equal_shares():
    visits, people = a_department(visits=1, people=6)
    drawn = Counter()
    for turn in range(600):
        team = pair(hexdigest("sha256", b"%d" % turn), visits, people, "sha256").seats["T000"]
        drawn.update(team)
    leaders = [drawn[one.id] for one in people if one.may_lead]
    others = [drawn[one.id] for one in people if not one.may_lead]
    for group in (leaders, others):
        mean = sum(group) / len(group)
        assert sum((count - mean) ** 2 / mean for count in group) < 20


def test_k_grows_only_as_far_as_needed():
    people = [PairingInspector("L", True, 1)]
    people += [PairingInspector(f"O{n:02d}", False, 1) for n in range(70)]
    names = frozenset(one.id for one in people)
    for team, k in ((17, 16), (18, 32), (33, 32), (34, 64), (66, 128)):
        visits = [PairingVisit("V", names, team)]
        pairing = pair(SEED, visits, people, "sm3")
        assert pairing.k == k
        check_pairing(SEED, pairing, visits, people, "sm3")
        with pytest.raises(DrawError):
            check_pairing(SEED, replace(pairing, k=2 * k), visits, people, "sm3")


def test_leaders_and_others_are_cut_apart_so_that_leaders_are_never_lacking():
    people = [PairingInspector(f"O{n:03d}", False, 5) for n in range(200)]
    people.append(PairingInspector("L", True, 50))
    names = frozenset(one.id for one in people)
    visits = [PairingVisit(f"V{n}", names) for n in range(50)]
    pairing = pair(SEED, visits, people, "sm3")
    assert pairing.k == 16 and {team[0] for team in pairing.seats.values()} == {"L"}


def test_a_heavily_loaded_few_are_still_solved_exactly():
    visits, people = a_department(visits=40, people=30, max_load=60)
    few = frozenset(one.id for one in people[:3])
    narrow = [replace(visit, eligible=few) for visit in visits]
    pairing = pair(SEED, narrow, people, "sm3")
    check_pairing(SEED, pairing, narrow, people, "sm3")
    assert max(Counter(one for t in pairing.seats.values() for one in t).values()) == 40


@pytest.mark.parametrize("change", ["stranger", "double", "empty", "k", "objective", "suffix"])
def test_a_pairing_with_something_changed_is_refused(change):
    visits, people = a_department(visits=6)
    pairing = pair(SEED, visits, people, "sm3")
    (first, team), *_ = pairing.seats.items()
    changed = {
        "stranger": {"seats": pairing.seats | {first: (team[0], "nobody")}},
        "double": {"seats": pairing.seats | {first: (team[0], team[0])}},
        "empty": {"seats": {}},
        "k": {"k": 17},
        "objective": {"objective": pairing.objective + 1},
        "suffix": {"suffix": 2},
    }[change]
    with pytest.raises(DrawError):
        check_pairing(SEED, replace(pairing, **changed), visits, people, "sm3")


def test_somebody_overloaded_or_a_team_without_leader_is_refused():
    people = [PairingInspector("a", True, 1), PairingInspector("b", False, 2)]
    people.append(PairingInspector("c", False, 2))
    visits = [PairingVisit(name, frozenset("abc")) for name in ("V", "W")]
    with pytest.raises(DrawError, match="上限"):
        check_law({"V": ("a", "b"), "W": ("a", "c")}, visits, people)
    with pytest.raises(DrawError, match="组长"):
        check_law({"V": ("a", "b"), "W": ("b", "c")}, visits, people)


@pytest.mark.parametrize(
    ("visits", "people"),
    [
        ([PairingVisit("V", frozenset("x"))], []),
        ([PairingVisit("V", frozenset())] * 2, []),
        ([], [PairingInspector("a|b", True, 1)]),
        ([], [PairingInspector("a", True, 1)] * 2),
        ([], [PairingInspector("a", True, -1)]),
        ([PairingVisit("V", frozenset(), 0)], []),
    ],
)
def test_input_that_is_ambiguous_is_refused(visits, people):
    with pytest.raises(DrawError):
        pair(SEED, visits, people, "sm3")


def test_the_file_holds_what_a_check_needs():
    visits, people = a_department(visits=5)
    pairing = pair(SEED, visits, people, "sm3")
    data = build_pairing([department_record("消防", pairing, visits, people)])
    again, visits_again, people_again = read_pairing(data)["消防"]
    assert again == pairing
    check_pairing(SEED, again, visits_again, people_again, "sm3")


GOLDEN = {
    "sha256": (
        {"T000": ("粤V000", "粤V004"), "T001": ("粤V000", "粤V001"), "T002": ("粤V003", "粤V002")},
        41893780803,
        16,
        1,
    ),
    "sm3": (
        {"T000": ("粤V003", "粤V001"), "T001": ("粤V000", "粤V002"), "T002": ("粤V003", "粤V004")},
        43795894612,
        16,
        1,
    ),
}
