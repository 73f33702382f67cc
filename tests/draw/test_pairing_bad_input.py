"""What a city may get wrong: always a shortage that is true and says what to do, never a crash."""

from dataclasses import replace

import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.pairing import pair
from blocks.errors import StaffingError
from tests.draw.pairing_cases import SEED, a_department, check_shortage

NOBODY = frozenset()


def refused(visits, people):
    shortage = check_shortage(visits, people)
    with pytest.raises(StaffingError) as error:
        pair(SEED, visits, people, "sha256")
    assert error.value.shortage == shortage
    return shortage


def test_a_department_without_inspectors():
    visits = [PairingVisit("V", NOBODY), PairingVisit("W", NOBODY)]
    shortage = refused(visits, [])
    assert (shortage.kind, shortage.visits, shortage.short) == ("lead", ("V", "W"), 2)


def test_a_department_in_which_nobody_may_lead():
    visits, people = a_department(visits=3, people=6)
    shortage = refused(visits, [replace(one, may_lead=False) for one in people])
    assert (shortage.kind, shortage.leaders, shortage.short) == ("lead", (), 3)


def test_everybody_recused_from_one_visit():
    visits, people = a_department(visits=3, people=6)
    shortage = refused([replace(visits[0], eligible=NOBODY), *visits[1:]], people)
    assert shortage.visits == ("T000",)


def test_everybody_but_one_recused():
    visits, people = a_department(visits=3, people=6)
    alone = replace(visits[0], eligible=frozenset({people[0].id}))
    shortage = refused([alone, *visits[1:]], people)
    assert (shortage.kind, shortage.visits, shortage.short) == ("seats", ("T000",), 1)


@pytest.mark.parametrize(("limit", "short"), [(0, 3), (1, 1)])
def test_a_limit_of_so_many_visits(limit, short):
    visits, people = a_department(visits=3, people=6, max_load=limit)  # two of six may lead
    shortage = refused(visits, people)
    assert (shortage.kind, shortage.short) == ("lead", short)


def test_a_limit_that_is_just_enough():
    visits, people = a_department(visits=3, people=6, max_load=2)
    assert len(pair(SEED, visits, people, "sm3").seats) == 3


def test_all_businesses_in_one_county_and_nobody_there():
    _, people = a_department(visits=0, people=6)
    visits = [PairingVisit(f"V{n}", NOBODY) for n in range(4)]
    lifted = [replace(one, eligible=frozenset(one.id for one in people)) for one in visits]
    assert refused(visits, people).visits == ("V0", "V1", "V2", "V3")
    with pytest.raises(StaffingError) as error:
        pair(SEED, visits, people, "sm3", relaxed={"区域规则": lifted, "资格规则": visits})
    assert error.value.remedy.startswith("放宽「区域规则」即可")


def test_interests_that_only_together_leave_too_few():
    people = [PairingInspector(name, name in "ab", 1) for name in "abcd"]
    visits = [PairingVisit("V", frozenset("abc")), PairingVisit("W", frozenset("abc"))]
    assert [len(pair(SEED, [one], people, "sm3").seats) for one in visits] == [1, 1]
    shortage = refused(visits, people)
    assert (shortage.kind, shortage.needed, shortage.filled) == ("seats", 4, 3)


def test_leaders_and_persons_that_are_enough_each_alone_and_not_together():
    people = [PairingInspector("a", True, 2), PairingInspector("b", False, 2)]
    people.append(PairingInspector("c", False, 2))
    visits = [PairingVisit("V", frozenset("ab")), PairingVisit("W", frozenset("abc"), 3)]
    visits.append(PairingVisit("X", frozenset("bc"), 1))
    assert refused(visits, people).visits == ("X",)
    both = [PairingVisit("V", frozenset("abc"), 2), PairingVisit("W", frozenset("abc"), 2)]
    few = [PairingInspector("a", True, 2), PairingInspector("b", False, 1)]
    few.append(PairingInspector("c", False, 0))
    assert refused(both, few).kind == "seats"


def test_a_team_larger_than_everybody_together():
    visits, people = a_department(visits=1, people=6, team=7)
    assert refused(visits, people).short == 1
    assert len(pair(SEED, [replace(visits[0], team=6)], people, "sm3").seats["T000"]) == 6
