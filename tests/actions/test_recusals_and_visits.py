"""Recusal (回避) and replacement (递补), as art. 9 asks and as people get them wrong."""

import pytest
from sqlalchemy import select, update

from blocks.actions import checks, recusals, visits
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register.database import transaction
from blocks.register.directories import Account, Department, Inspector, Interest
from blocks.register.draws import DrawTicket
from blocks.register.notices import Notice
from blocks.register.standing import is_replaced_and_staffed
from blocks.register.visits import Check, Recusal, Seat, Visit
from tests import people
from tests.scenes import (
    all_may_lead,
    due_flows,
    first_check,
    hired,
    refused,
    run,
    seated,
    stage_of,
    visit_of,
)

YES = {"*": "是"}


def claimed(code: str, place: int = 0) -> tuple[int, int, list[str]]:
    """One of the first team claims a recusal; return its id, the check's, and the team."""
    check, team = first_check(code)
    return recusals.claim(team[place], check, "亲属在该店任职").ids["recusal"], check, team


def suspended(check: int) -> list[bool]:
    with transaction() as session:
        return list(session.scalars(select(Seat.suspended).where(
            Seat.check_id == check, Seat.vacated_at.is_(None)).order_by(Seat.leads.desc())))


def test_who_claims_a_recusal_is_suspended_at_once(open_scene):
    code = open_scene("in_field")
    number, check, team = claimed(code)
    assert stage_of(Recusal, number) == "claimed"
    assert suspended(check) == [True, False]
    with refused("已被申请回避", RuleViolation):
        checks.record(team[0], check, "no_problem", YES)
    with refused("检查人员中没有这个人", NotFound):
        recusals.claim(team[0], check, "再申请一次")


@pytest.mark.parametrize(("login", "reason", "certificate", "said"), [
    ("", "", None, "须写明利害关系"),
    ("gaj.jingban", "亲属", None, "检查人员中没有这个人"),
    ("gaj.jingban", "亲属", "YL00000000", "检查人员中没有这个人"),
    ("gaj.shenpi", "亲属", None, "检查人员中没有这个人"),
    ("wjj.01", "亲属", None, "检查人员中没有这个人"),
])
def test_a_claim_names_one_of_the_team_and_a_reason(look, login, reason, certificate, said):
    check, _ = first_check(look("in_field"))
    with refused(said):
        recusals.claim(login or "gaj.01", check, reason, certificate)


def test_a_drafter_of_another_department_claims_nothing_here(look):
    code = look("in_field")
    check, team = first_check(code)
    with transaction() as session:
        certificate = session.scalar(select(Inspector.certificate_no).join(
            Account, Account.inspector_id == Inspector.id).where(Account.login == team[0]))
    with refused("只能由本部门的人办理", RuleViolation):
        recusals.claim("wjj.jingban", check, "亲属", certificate)


def test_nobody_decides_a_recusal_that_concerns_him_or_that_he_claimed(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with transaction() as session:
        session.execute(update(Account).where(Account.login == team[0]).values(
            roles=["inspector", "approver"]))
        session.execute(update(Account).where(Account.login == "gaj.jingban").values(
            roles=["drafter", "approver"]))
        certificate = session.scalar(select(Inspector.certificate_no).join(
            Account, Account.inspector_id == Inspector.id).where(Account.login == team[0]))
    number = recusals.claim("gaj.jingban", check, "举报", certificate).ids["recusal"]
    for login in (team[0], "gaj.jingban"):
        for grant in (True, False):
            with refused("须由另一人办理", RuleViolation):
                recusals.decide(login, number, grant=grant, reason="理由")
    with refused("只能由本部门的人办理", RuleViolation):
        recusals.decide("wjj.shenpi", number, grant=True, reason="理由")
    with refused("只能由审批人办理", RuleViolation):
        recusals.decide("bangong", number, grant=True, reason="理由")
    with refused("须写明理由", RuleViolation):
        recusals.decide("gaj.shenpi", number, grant=True, reason="")
    with refused("没有编号为", NotFound):
        recusals.decide("gaj.shenpi", 99, grant=True, reason="理由")


@pytest.mark.parametrize("place", [0, 1])
def test_a_granted_recusal_draws_that_seat_again_and_nobody_else_moves(open_scene, carry_on, place):
    code = open_scene("in_field")
    all_may_lead()
    before = seated(code)
    number, check, team = claimed(code, place)
    recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
    assert due_flows() == ["acceptance"]
    carry_on()
    after = seated(code)
    assert len(after[check]) == 2
    assert set(after[check]) & set(team) == {team[1 - place]}
    assert {c: t for c, t in after.items() if c != check} == {
        c: t for c, t in before.items() if c != check}
    with refused("不是这次检查抽定的检查人员", RuleViolation):
        checks.record(team[place], check, "no_problem", YES)
    people.inspected(check, after[check])
    with refused("不能「同意回避」", StageError):
        recusals.decide("gaj.shenpi", number, grant=True, reason="又一次")


def test_who_was_recused_never_comes_back_to_that_business(open_scene, carry_on):
    code = open_scene("in_field")
    all_may_lead()
    check, _ = first_check(code)
    gone: set[str] = set()
    while team := dict(people.teams(code, "gaj"))[check]:  # until nobody of them is left
        leader = team[0]
        number = recusals.claim(leader, check, "亲属").ids["recusal"]
        gone.add(leader)
        recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
        carry_on()
        assert not gone & set(dict(people.teams(code, "gaj"))[check])
    with transaction() as session:
        target = session.get_one(Check, check).visit.target_id
        known = set(session.scalars(select(Account.login).join(
            Interest, Interest.inspector_id == Account.inspector_id).where(
            Interest.target_id == target)))
    assert gone <= known
    assert len(gone) >= 3


def test_a_refused_recusal_is_reconsidered_once_by_another_person(open_scene):
    code = open_scene("in_field")
    second = hired("gaj.shenpi2", "gaj.shenpi")
    number, check, team = claimed(code)
    recusals.decide("gaj.shenpi", number, grant=False, reason="关系较远")
    assert suspended(check) == [False, False]
    with refused("须写明理由", RuleViolation):
        recusals.appeal(team[0], number, "")
    recusals.appeal(team[0], number, "同住一户")
    assert suspended(check) == [True, False]
    for grant in (True, False):
        with refused("须由另一人办理", RuleViolation):
            recusals.decide("gaj.shenpi", number, grant=grant, reason="理由")
    recusals.decide(second, number, grant=False, reason="维持")
    assert suspended(check) == [False, False]
    with refused("已经复核过", StageError):
        recusals.appeal(team[0], number, "再复核")
    people.inspected(check, team)


def test_a_recusal_granted_on_reconsideration_draws_the_seat_again(open_scene, carry_on):
    code = open_scene("in_field")
    all_may_lead()
    second = hired("gaj.shenpi2", "gaj.shenpi")
    number, check, team = claimed(code)
    recusals.decide("gaj.shenpi", number, grant=False, reason="关系较远")
    recusals.appeal(team[0], number, "同住一户")
    recusals.decide(second, number, grant=True, reason="属实")
    carry_on()
    now = dict(people.teams(code, "gaj"))[check]
    assert team[0] not in now
    assert len(now) == 2


def test_nobody_is_left_for_a_seat_so_that_is_said_and_the_other_seats_are_drawn(
        open_scene, carry_on):
    code = open_scene("in_field")
    all_may_lead()
    number, check, _ = claimed(code)
    other, others = first_check(code, "wjj")
    second = recusals.claim(others[0], other, "亲属").ids["recusal"]
    with transaction() as session:
        gaj = select(Department.id).where(Department.code == "gaj").scalar_subquery()
        session.execute(update(Inspector).where(
            Inspector.department_id == gaj).values(active=False))
    recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
    recusals.decide("wjj.shenpi", second, grant=True, reason="属实")
    said = carry_on()
    assert any("无人可补" in one for one in said), said
    assert len(dict(people.teams(code, "gaj"))[check]) == 1
    assert len(dict(people.teams(code, "wjj"))[other]) == 2
    assert due_flows() == ["acceptance"]
    assert run("acceptance", code) == []  # said once a day
    with transaction() as session:
        told = session.scalars(select(Notice).where(Notice.key.like(f"seat:{check}:%"))).one()
        session.execute(update(Inspector).values(active=True))
    assert "人员不足" in told.subject
    run("acceptance", code)
    assert len(dict(people.teams(code, "gaj"))[check]) == 2


def test_after_the_record_it_is_too_late_for_a_recusal(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    people.inspected(check, team)
    with refused("已经填报，不能再换人", RuleViolation):
        recusals.claim(team[0], check, "亲属")


@pytest.mark.parametrize(("login", "reason", "said"), [
    ("gaj.01", "bored", "递补理由「bored」看不懂"),
    ("gaj.jingban", "closed", "只能由执法检查人员办理"),
    ("jyj.01", "closed", "不是这次检查抽定的检查人员"),
])
def test_only_who_goes_there_asks_for_a_replacement_with_a_reason_of_the_list(
        look, login, reason, said):
    code = look("in_field")
    with refused(said, RuleViolation):
        visits.ask_replacement(login, visit_of(first_check(code)[0]), reason)


def test_a_replacement_that_nobody_asked_for_is_not_confirmed(look):
    code = look("in_field")
    visit = visit_of(first_check(code)[0])
    with refused("没有人申请递补", StageError):
        visits.confirm_replacement("gaj.jingban", visit)
    with refused("没有编号为", NotFound):
        visits.confirm_replacement("gaj.jingban", 99)
    with refused("没有编号为", NotFound):
        visits.ask_replacement("gaj.01", "x", "closed")


def test_the_next_reserve_of_the_seal_comes_in_with_people_of_every_department(
        open_scene, carry_on):
    code = open_scene("in_field")
    check, team = first_check(code)
    visit = visit_of(check)
    before = seated(code)
    visits.ask_replacement(team[1], visit, "closed", "卷闸门紧闭")
    with transaction() as session:
        session.execute(update(Account).where(Account.login == team[1]).values(
            roles=["inspector", "drafter"]))
    with refused("须由另一人办理", RuleViolation):
        visits.confirm_replacement(team[1], visit)
    with refused("只能由本部门的人办理", RuleViolation):
        visits.confirm_replacement("wjj.shenpi", visit)
    visits.confirm_replacement("gaj.shenpi", visit)
    assert due_flows() == ["acceptance"]
    carry_on()
    with transaction() as session:
        gone = session.get_one(Visit, visit)
        successor = session.scalars(select(Visit).where(Visit.replaces_id == visit)).one()
        reserve = session.scalars(select(DrawTicket).where(
            DrawTicket.is_reserve, DrawTicket.stratum == gone.stratum).order_by(
            DrawTicket.rank).limit(1)).one()
        assert (gone.stage, successor.stage) == ("replaced", "planned")
        assert successor.target_id == reserve.target_id
        assert successor.day is not None
        assert is_replaced_and_staffed(session, code, visit)
        mine = {c.id for c in session.scalars(select(Check).where(
            Check.visit_id == gone.id))}
    after = seated(code)
    assert {c: t for c, t in after.items() if c in before} == {
        c: t for c, t in before.items() if c not in mine}
    with refused("现在不能填报", StageError):
        checks.record(team[0], check, "no_problem", YES)
    with refused("不能「已递补」", StageError):
        visits.confirm_replacement("gaj.jingban", visit)


def test_reserves_that_are_used_up_are_said_and_the_rest_is_concluded(open_scene, carry_on):
    code = open_scene("in_field")
    for _ in range(2):  # one was drawn, one stands in reserve
        check, team = people.teams(code, "gaj")[0] if _ == 0 else people.teams(code, "gaj")[-1]
        visits.ask_replacement(team[0], visit_of(check), "moved")
        visits.confirm_replacement("gaj.jingban", visit_of(check))
        carry_on()
    assert len(people.teams(code, "gaj")) == 2
    for party in (people.LEAD, *people.PARTICIPANTS):
        for check, team in people.teams(code, party):
            people.inspected(check, team)
            checks.review(f"{party}.shenpi", check)
    said = carry_on()
    assert any("1家备选用尽未能递补" in one for one in said)
    assert people.stage(code) == "publicised"


def test_once_a_department_has_recorded_the_business_is_not_replaced(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    visits.ask_replacement(team[0], visit_of(check), "not_found")
    checks.record(team[0], check, "no_problem", YES)
    with refused("已有部门填报了记录", StageError):
        visits.confirm_replacement("gaj.jingban", visit_of(check))


def test_a_record_of_somebody_recused_since_cannot_be_confirmed(open_scene, carry_on):
    code = open_scene("in_field")
    check, team = first_check(code)
    checks.record(team[0], check, "no_problem", YES)
    number = recusals.claim(team[0], check, "亲属在该店任职").ids["recusal"]
    with refused("已不参加这次检查", StageError):
        checks.confirm(team[1], check)
    all_may_lead()
    recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
    run("acceptance", code)
    leader, second = people.teams(code)[0][1]
    assert leader != team[0]
    checks.record(leader, check, "no_problem", YES)
    checks.confirm(second, check)
    assert stage_of(Check, check) == "recorded"


def test_who_has_claimed_anew_cannot_appeal_too_and_is_told_so(open_scene):
    check, team = first_check(open_scene("in_field"))
    first = recusals.claim(team[0], check, "亲属").ids["recusal"]
    recusals.decide("gaj.shenpi", first, grant=False, reason="没有证据")
    recusals.claim(team[0], check, "又查到一层亲属关系")
    with refused("这个席位的回避申请已经登记，正在等审批人决定", StageError):
        recusals.appeal(team[0], first, "同住一户")


def test_only_the_person_concerned_or_the_claimant_appeals(open_scene):
    code = open_scene("in_field")
    number, _, team = claimed(code)
    recusals.decide("gaj.shenpi", number, grant=False, reason="无关")
    stranger = next(login for _, others in people.teams(code) for login in others
                    if login not in team)
    with refused("只有申请人或被申请回避的人", RuleViolation):
        recusals.appeal(stranger, number, "我来说两句")
