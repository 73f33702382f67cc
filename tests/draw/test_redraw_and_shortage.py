"""A seat drawn again, and a shortage that is named."""

from collections import Counter
from dataclasses import replace

import pytest

from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets
from blocks.draw.checking import check_law
from blocks.draw.checking_redraws import check_redraws
from blocks.draw.hashing import hexdigest
from blocks.draw.pairing import pair
from blocks.draw.pairing_file import build_pairing, department_record, read_pairing
from blocks.draw.redraw import add_left, add_redraw, loads, next_for_seat, teams
from blocks.draw.shortage import find_shortage
from blocks.errors import DrawError, StaffingError

SEED = hexdigest("sm3", b"a seed")
RULE = {"seed": SEED, "hash_name": "sm3", "at": "2026-11-24T02:00:00Z"}
RECUSAL = RULE | {"reason": "recusal"}


def a_department(visits=30, people=12, team=2, max_load=20):
    inspectors = [PairingInspector(f"粤V{n:03d}", n % 3 == 0, max_load) for n in range(people)]
    names = frozenset(one.id for one in inspectors)
    return [PairingVisit(f"T{n:03d}", names, team) for n in range(visits)], inspectors


def a_record(**how):
    visits, people = a_department(**how)
    return department_record("消防", pair(SEED, visits, people, "sm3"), visits, people)


def three_people(leaders, seats):
    """A record with three people and one visit."""
    return {
        "seats": [{"visit": "V", "inspectors": list(seats)}], "suffix": 1, "pools": [],
        "inspectors": [{"id": one, "may_lead": one in leaders, "max_load": 9} for one in "abc"],
        "redraws": [],
    }  # fmt: skip


def checked(record):
    """Check a record's redraws as anybody can who has the file, and return who sits where."""
    department = read_pairing(build_pairing([record]))["消防"]
    return check_redraws(SEED, department, "sm3")


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
    record = a_record()
    known = {one.id: one for one in people}
    before, held = teams(record), loads(record)
    for visit in visits:
        for leaving in before[visit.id]:
            after, redraw = add_redraw(record, visit.id, leaving, visit.eligible, **RECUSAL)
            staying = set(before[visit.id]) - {leaving}
            seats = teams(after)
            assert set(seats[visit.id]) == staying | {redraw.coming}
            assert {k: v for k, v in seats.items() if k != visit.id} == {
                k: v for k, v in before.items() if k != visit.id
            }
            check_law(seats, visits, people)
            led = any(known[one].may_lead for one in staying)
            standing = [
                (held[one], Tickets(SEED, "sm3").of(one, visit.id), one)
                for one in known
                if one not in staying and one != leaving and (led or known[one].may_lead)
            ]
            assert (redraw.load, redraw.ticket, redraw.coming) == min(standing)
            assert {k: set(v) for k, v in checked(after).items()} == {
                k: set(v) for k, v in seats.items()
            }
    assert record == a_record()


def test_a_redraw_is_written_with_who_stood_for_the_seat_and_an_equal_pool_only_once():
    record = a_record()
    visit, (leader, member) = "T000", record["seats"][0]["inspectors"]
    everybody = frozenset(one["id"] for one in record["inspectors"])
    once, first = add_redraw(record, visit, member, everybody, **RECUSAL)
    assert once["pools"] == [*record["pools"], sorted(everybody - {member})]
    assert once["redraws"] == [
        {"visit": visit, "leaving": member, "coming": first.coming, "load": first.load,
         "ticket": first.ticket, "pool": 1, "reason": "recusal", "at": RULE["at"]}
    ]  # fmt: skip
    twice, second = add_redraw(once, visit, first.coming, everybody - {member}, **RECUSAL)
    assert second.pool == 2 and member not in twice["pools"][2]
    seat = next(s for s in record["seats"] if member in s["inspectors"] and s["visit"] != visit)
    again, third = add_redraw(twice, seat["visit"], member, everybody, **RECUSAL)
    assert third.pool == 1 and again["pools"] == twice["pools"]
    assert checked(again)[visit] == tuple(sorted([leader, second.coming]))


def test_loads_count_what_was_drawn_again_before():
    record, held = a_record(), loads(a_record())
    visit, (_, member) = "T000", record["seats"][0]["inspectors"]
    record, redraw = add_redraw(record, visit, member, held.keys(), **RECUSAL)
    assert loads(record)[member] == held[member] - 1
    assert loads(record)[redraw.coming] == held[redraw.coming] + 1 == redraw.load + 1
    assert loads(record).total() == held.total() == 60


def test_seats_of_a_replaced_visit_go_away_and_its_successor_is_seated_leader_first():
    record = a_record()
    everybody = loads(record).keys()
    gone = add_left(record, "T000", RULE["at"])
    assert "T000" not in teams(gone) and loads(gone).total() == 58
    assert all("pool" not in one and one["reason"] == "left" for one in gone["redraws"])
    for _ in range(2):
        gone, redraw = add_redraw(gone, "R001", "", everybody, **RULE, reason="replacement")
    leads = {one["id"]: one["may_lead"] for one in record["inspectors"]}
    assert leads[teams(gone)["R001"][0]] and redraw.coming in teams(gone)["R001"]
    assert checked(gone)["R001"] == tuple(sorted(teams(gone)["R001"]))
    assert loads(gone).total() == 60
    assert add_left(gone, "T000", RULE["at"]) == gone


def test_a_leaders_seat_may_go_to_somebody_else_where_the_other_may_lead():
    record, _ = add_redraw(three_people("ab", "ab"), "V", "a", "abc", **RECUSAL)
    assert teams(record)["V"] == ("b", "c")


def test_a_seat_nobody_may_take_says_so():
    record = three_people("a", "ab")
    with pytest.raises(StaffingError, match="能担任组长"):
        add_redraw(record, "V", "a", "abc", **RECUSAL)
    with pytest.raises(StaffingError, match="还差 1 人"):
        add_redraw(record, "V", "b", "ab", **RECUSAL)
    with pytest.raises(DrawError, match="不在「V」的检查组"):
        add_redraw(record, "V", "c", "abc", **RECUSAL)
    with pytest.raises(DrawError, match="封存"):
        add_redraw(record, "V", "b", "abcd", **RECUSAL)


@pytest.mark.parametrize("load", [0, 1, 2])
def test_who_is_at_their_limit_gets_no_seat_and_who_is_one_below_does(load):
    record = three_people("abc", "ab")
    others = [{"visit": f"W{n}", "inspectors": ["c"]} for n in range(load)]
    record["seats"] += others
    record["inspectors"][2]["max_load"] = 2
    if load < 2:
        assert add_redraw(record, "V", "b", "abc", **RECUSAL)[1].load == load
    else:
        with pytest.raises(StaffingError):
            add_redraw(record, "V", "b", "abc", **RECUSAL)


@pytest.mark.parametrize(
    "change",
    [{"coming": "粤V001"}, {"load": 9}, {"ticket": 1}, {"leaving": "nobody"}, {"leaving": ""},
     {"pool": 0}, {"pool": 7}, {"reason": "left"}, {"reason": "因病"}, {"reason": "replacement"}],
    ids=lambda change: "-".join(map(str, *change.items())),
)  # fmt: skip
def test_a_redraw_with_something_changed_is_refused(change):
    record = a_record(visits=4)
    visit, (_, member) = "T000", record["seats"][0]["inspectors"]
    record, redraw = add_redraw(record, visit, member, loads(record).keys(), **RECUSAL)
    assert checked(record) and redraw.coming != "粤V001"
    record["redraws"][0] |= change
    with pytest.raises(DrawError, match="补抽核验不通过"):
        checked(record)


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
