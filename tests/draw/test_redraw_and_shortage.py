"""A seat drawn again, and a shortage that is named."""

from collections import Counter
from dataclasses import replace

import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets
from blocks.draw.checking import check_law
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import pair
from blocks.draw.redraw import next_for_seat, redraw_seat
from blocks.draw.shortage import find_shortage
from blocks.errors import DrawError, StaffingError

SEED = hexdigest("sm3", b"a seed")


def a_department(visits=30, people=12, team=2, max_load=20):
    inspectors = [PairingInspector(f"粤V{n:03d}", n % 3 == 0, max_load) for n in range(people)]
    names = frozenset(one.id for one in inspectors)
    return [PairingVisit(f"T{n:03d}", names, team) for n in range(visits)], inspectors


def test_the_message_names_how_many_visits_how_many_leaders_and_how_many_short():
    visits, people = a_department(visits=10, people=6, max_load=1)
    fire = frozenset({"粤V000", "粤V003", "粤V001"})
    roomy = [replace(one, max_load=30) for one in people if one.id not in fire]
    people = [one for one in people if one.id in fire] + roomy
    people.append(PairingInspector("粤V900", True, 30))
    others = frozenset(one.id for one in roomy) | {"粤V900"}
    visits = [
        replace(visit, eligible=fire | {"粤V002"} if place < 3 else others)
        for place, visit in enumerate(visits)
    ]
    lifted = [replace(visit, eligible=visit.eligible | others) for visit in visits]
    with pytest.raises(StaffingError) as refused:
        pair(SEED, visits, people, "sm3", relaxed={"资格规则": visits, "区域规则": lifted})
    message = refused.value.message
    assert "有 3 次检查" in message and "只有 2 人" in message and "还差 1 个" in message
    assert "组长" in message and "T000" in message and "T005" not in message
    assert refused.value.remedy.startswith("放宽「区域规则」即可")
    assert refused.value.shortage.leaders == ("粤V000", "粤V003")


def test_no_shortage_is_found_where_there_is_none():
    assert find_shortage(*a_department()) is None


def test_a_seat_drawn_again_leaves_everybody_else_where_they_are():
    visits, people = a_department()
    pairing = pair(SEED, visits, people, "sm3")
    known = {one.id: one for one in people}
    loads = Counter(one for team in pairing.seats.values() for one in team)
    for visit in visits:
        for leaving in pairing.seats[visit.id]:
            redraw = redraw_seat(
                pairing.seats, visit.id, leaving,
                seed=SEED, visits=visits, inspectors=people, hash_name="sm3",
            )  # fmt: skip
            staying = set(pairing.seats[visit.id]) - {leaving}
            assert set(redraw.seats[visit.id]) == staying | {redraw.coming}
            assert {k: v for k, v in redraw.seats.items() if k != visit.id} == {
                k: v for k, v in pairing.seats.items() if k != visit.id
            }
            check_law(redraw.seats, visits, people)
            led = any(known[one].may_lead for one in staying)
            standing = [
                (loads[one], Tickets(SEED, "sm3").of(one, visit.id), one)
                for one in known
                if one not in staying and one != leaving and (led or known[one].may_lead)
            ]
            assert (redraw.load, redraw.ticket, redraw.coming) == min(standing)


def test_a_leaders_seat_may_go_to_somebody_else_where_the_other_may_lead():
    people = [PairingInspector(name, name in "ab", 9) for name in "abc"]
    visits = [PairingVisit("V", frozenset("abc"))]
    redraw = redraw_seat(
        {"V": ("a", "b")}, "V", "a", seed=SEED, visits=visits, inspectors=people, hash_name="sm3"
    )
    assert redraw.seats["V"] == ("b", "c")


def test_a_seat_nobody_may_take_says_so():
    people = [PairingInspector(name, name == "a", 9) for name in "abc"]
    visits = [PairingVisit("V", frozenset("abc"))]
    rest = {"seed": SEED, "visits": visits, "inspectors": people, "hash_name": "sm3"}
    with pytest.raises(StaffingError, match="能担任组长"):
        redraw_seat({"V": ("a", "b")}, "V", "a", **rest)
    with pytest.raises(StaffingError, match="还差 1 人"):
        redraw_seat({"V": ("a", "b")}, "V", "b", barred=["c"], **rest)
    with pytest.raises(DrawError):
        redraw_seat({"V": ("a", "b")}, "V", "c", **rest)


def test_a_visit_that_came_by_replacement_is_seated_one_after_another_leader_first():
    visits, people = a_department(visits=8)
    known = {one.id: one for one in people}
    loads = Counter({one.id: 2 for one in people if one.id < "粤V006"})
    tickets = Tickets(SEED, "sm3")
    team: list[str] = []
    for _ in range(visits[0].team):
        load, ticket, coming = next_for_seat(visits[0], team, known, loads, tickets)
        assert load == 0 and ticket == tickets.of(coming, visits[0].id) and coming not in team
        team.append(coming)
    assert known[team[0]].may_lead
    with pytest.raises(StaffingError):
        next_for_seat(visits[0], team, known, loads, tickets, barred=set(known))
