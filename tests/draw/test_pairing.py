"""The pairing: against brute force, and what binds it."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.checking import check_law, check_pairing
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import objective, pair
from blocks.draw.pairing_file import Merged, build_pairing, department_record, read_pairing
from blocks.errors import DrawError
from tests.draw.pairing_cases import (
    SEED,
    CoarseTickets,
    a_department,
    every_lawful,
    p_value,
    small_case,
)


def test_where_two_pairings_cost_the_same_all_tickets_are_hashed_again():
    chance = random.Random(5)
    ties = 0
    for turn in range(400):
        visits, people = small_case(chance, visits=3, people=5)
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
    people = [PairingInspector(f"粤V{n:03d}", n < 3, 20) for n in range(8)]
    visits = [PairingVisit(f"T{n}", frozenset(one.id for one in people)) for n in range(3)]
    drawn = Counter()
    for turn in range(900):
        seats = pair(hexdigest("sha256", b"%d" % turn), visits, people, "sha256").seats
        drawn.update((visit, one) for visit, team in seats.items() for one in team)
    for visit in visits:
        shares = [drawn[visit.id, one.id] for one in people]
        assert sum(shares) == 1800
        assert p_value(shares[:3]) > 1e-4 and p_value(shares[3:]) > 1e-4, shares


def test_the_test_of_equal_shares_finds_unequal_ones():
    assert p_value([100, 100, 100]) == 1
    assert p_value([130, 85, 85]) < 1e-2 and p_value([180, 60, 60]) < 1e-4
    assert 0.01 < p_value([30, 20, 25, 15, 10]) < 0.025  # chi-square 12.5 with 4 degrees


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
    merged = [Merged("T900", "FA-2", ("粤V000", "粤V001"))]
    data = build_pairing([department_record("消防", pairing, visits, people, merged)])
    again = read_pairing(data)["消防"]
    assert again.pairing == pairing and again.merged == merged and again.redraws == []
    check_pairing(SEED, again.pairing, again.visits, again.inspectors, "sm3")


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
