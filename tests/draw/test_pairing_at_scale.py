"""The same pairing however large, in whatever order and by whatever path it is found."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blocks.draw import residual, solver
from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets, candidate_graph
from blocks.draw.checking import check_pairing
from blocks.draw.departments import Problem, pair_all
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import pair
from blocks.draw.shortage import find_shortage
from blocks.errors import DrawError, StaffingError
from tests.bench.departments import departments
from tests.draw.pairing_cases import SEED, a_department

ROOT = Path(__file__).parents[2]
CITY = (10_000, 2_000, 10)


@pytest.fixture(scope="module")
def city():
    return departments(*CITY)["D3"]


@pytest.fixture(scope="module")
def small():
    return departments(60, 24, 2)


def as_pair(problem, **how):
    return pair(problem.seed, problem.visits, problem.inspectors, problem.hash_name, **how)


@pytest.mark.parametrize("apart", [False, True])
def test_departments_together_get_the_answers_they_get_one_after_another(small, apart):
    one_by_one = {code: as_pair(problem) for code, problem in small.items()}
    together = pair_all(small, apart=apart)
    assert together == one_by_one and list(together) == list(small)
    assert pair_all({}) == {}


@pytest.mark.parametrize("apart", [False, True])
def test_a_department_that_cannot_be_staffed_keeps_nobody_elses_answer(small, apart):
    unled = [replace(one, may_lead=False) for one in small["D2"].inspectors]
    twice = [*small["D5"].visits, small["D5"].visits[0]]
    wrong = small | {
        "D2": replace(small["D2"], inspectors=unled),
        "D5": replace(small["D5"], visits=twice),
    }
    answers = pair_all(wrong, apart=apart)
    assert isinstance(answers["D2"], StaffingError) and answers["D2"].shortage.short == 60
    assert isinstance(answers["D5"], DrawError) and "重复" in answers["D5"].message
    for code in wrong.keys() - {"D2", "D5"}:
        assert answers[code] == as_pair(wrong[code])


def test_numbers_too_large_to_be_exact_are_told_from_another_process_too():
    few = [PairingInspector(f"粤{n}", True, 10**6) for n in range(2)]
    names = frozenset(one.id for one in few)
    problem = Problem(SEED, [PairingVisit(f"V{n}", names) for n in range(9000)], few, "sm3")
    for apart in (False, True):
        (answer,) = pair_all({"A": problem}, apart=apart).values()
        assert isinstance(answer, DrawError) and answer.remedy and "精确" in answer.message


def test_a_city_is_the_same_in_any_order_and_the_check_agrees(city):
    pairing = as_pair(city)
    check_pairing(city.seed, pairing, city.visits, city.inspectors, city.hash_name)
    chance = random.Random(1)
    turned = [chance.sample(one, len(one)) for one in (city.visits, city.inspectors)]
    assert pair(city.seed, *turned, city.hash_name) == pairing
    check_pairing(city.seed, pairing, *turned, city.hash_name)
    visit = city.visits[0]
    (leader, member), (coming, *_) = pairing.seats[visit.id], sorted(
        visit.eligible - set(pairing.seats[visit.id]))  # fmt: skip
    other = replace(pairing, seats=pairing.seats | {visit.id: (leader, coming)})
    with pytest.raises(DrawError):
        check_pairing(city.seed, other, city.visits, city.inspectors, city.hash_name)
    assert member != coming


def test_a_city_that_is_short_of_people_says_so(city):
    few = [replace(one, max_load=9) for one in city.inspectors]
    shortage = find_shortage(city.visits, few)
    assert shortage.short > 0 and shortage.needed > shortage.filled
    with pytest.raises(StaffingError):
        pair(city.seed, city.visits, few, city.hash_name)


def test_where_leaders_are_just_enough_k_grows_and_the_check_finds_the_same_k():
    people = [PairingInspector(f"粤{n:03d}", n < 80, 5 if n < 80 else 9) for n in range(200)]
    names = frozenset(one.id for one in people)
    visits = [PairingVisit(f"V{n:03d}", names) for n in range(400)]  # 400 leaders' seats, all taken
    ks = set()
    for turn in range(6):
        seed = hexdigest("sm3", b"%d" % turn)
        pairing = pair(seed, visits, people, "sm3")
        ks.add(pairing.k)
        check_pairing(seed, pairing, visits, people, "sm3")
    assert ks == {16}
    few = [PairingVisit(f"W{n:03d}", names, 19) for n in range(2)]
    led = [replace(one, may_lead=n < 2, max_load=1) for n, one in enumerate(people)]
    pairing = pair(SEED, few, led, "sm3")
    assert pairing.k == 32
    check_pairing(SEED, pairing, few, led, "sm3")


@pytest.mark.parametrize("k", [1, 16, 64])
def test_both_paths_find_the_same_candidates_for_ids_of_every_length(k):
    chance = random.Random(k)
    people = [PairingInspector("粤" * n + f"V{n}", n % 3 == 0, 5) for n in range(40)]
    names = [one.id for one in people]
    visits = [
        PairingVisit("9" * (1 + n % 55) + f"号{n}", frozenset(chance.sample(names, n % 41)))
        for n in range(300)
    ]
    for suffix in (1, 2):
        tickets = Tickets(SEED, "sm3", suffix)
        slow, fast = (
            candidate_graph(visits, people, tickets, k, threads=threads, fast=fast)
            for threads, fast in ((1, False), (2, True))
        )
        for column in ("teams", "max_loads", "visit", "inspector", "ticket", "leads"):
            assert (getattr(slow, column) == getattr(fast, column)).all()
        arcs = zip(slow.visit, slow.inspector, slow.ticket, strict=True)
        for visit, one, ticket in [*arcs][::17]:
            assert tickets.of(people[one].id, visits[visit].id) == ticket


def test_candidates_are_the_k_lowest_leaders_and_the_k_lowest_others_by_ticket_and_id():
    visits, people = a_department(visits=20, people=90)
    tickets = Tickets(SEED, "sha256")
    graph = candidate_graph(visits, people[::-1], tickets, 16)
    for place, visit in enumerate(visits):
        for leads in (True, False):
            mine = (graph.visit == place) & (graph.leads == leads)
            found = [(t, people[::-1][one].id) for t, one in zip(
                graph.ticket[mine].tolist(), graph.inspector[mine].tolist(), strict=True)]  # fmt: skip
            every = sorted((tickets.of(one.id, visit.id), one.id) for one in people
                           if one.may_lead == leads)  # fmt: skip
            assert found == every[:16]


def test_both_walks_agree_on_random_graphs_with_and_without_cycles():
    chance = np.random.default_rng(4)
    seen = set()
    for turn in range(400):
        nodes = int(chance.integers(2, 12))
        tail, head = chance.integers(0, nodes, (2, int(chance.integers(1, 30))), np.int32)
        cost = chance.integers(-1 - turn % 2, 6, len(tail))
        graph = residual.Residual(nodes, tail, head, cost)
        slow, fast = (residual.potentials(graph, fast=fast) for fast in (False, True))
        assert (slow is None) == (fast is None)
        if slow is None:
            seen.add("negative")
            continue
        assert (slow == fast).all()
        frees = {residual.has_free_exchange(graph, slow, fast=fast) for fast in (False, True)}
        assert len(frees) == 1
        seen |= frees
    assert seen == {"negative", True, False}


def test_a_long_chain_of_visits_is_one_piece_and_solved():
    count = 3000
    people = [PairingInspector(f"P{n:05d}", True, 2) for n in range(count + 1)]
    chance = random.Random(2)
    order = chance.sample(people, len(people))
    visits = [
        PairingVisit(f"V{n:05d}", frozenset({order[n].id, order[n + 1].id})) for n in range(count)
    ]
    graph = candidate_graph(visits, people, Tickets(SEED, "sm3"), 16)
    assert solver.cheapest(graph).all()
    assert set(map(len, pair(SEED, visits, people, "sm3").seats.values())) == {2}


WITHOUT = """
import sys
sys.path[:0] = [sys.argv[1], "."]
from blocks.draw import residual
from blocks.draw.pairing import pair
from tests.bench.departments import departments
residual.FAST_FROM = 1
problem = departments(60, 24, 2)["D0"]
print(pair(problem.seed, problem.visits, problem.inspectors, "sm3").objective)
"""


def test_without_a_compiler_numpy_walks_and_the_log_says_so_once(tmp_path, small):
    (tmp_path / "numba.py").write_text("raise ImportError('no numba here')")
    command = [sys.executable, "-c", WITHOUT, str(tmp_path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(as_pair(small["D0"]).objective)]
    assert said.stderr.count("compiled walks cannot be had") == 1


UNGUARDED = """
import sys
sys.path.insert(0, ".")
from blocks.draw.departments import pair_all
from tests.bench.departments import departments
print([answer.objective for answer in pair_all(departments(60, 24, 2), apart=True).values()])
"""


def test_where_no_process_can_be_had_the_departments_are_solved_here(tmp_path, small):
    script = tmp_path / "unguarded.py"  # which a new process would begin by running
    script.write_text(UNGUARDED)
    command = [sys.executable, str(script)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    objectives = [as_pair(problem).objective for problem in small.values()]
    assert said.stdout.splitlines() == [str(objectives)]
    assert "solving here" in said.stderr
