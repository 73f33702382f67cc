"""What a business may do by its notice, and what happens when an inspector cannot come (art. 9)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from blocks.actions import absences, checks, papers, recusals
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register import overview
from blocks.register.database import transaction
from blocks.register.directories import Account, Inspector, Interest, Leave
from blocks.register.notices import Notice
from blocks.register.trail import TrailLine
from blocks.register.visits import Absence, Check, Recusal, Seat, Visit
from blocks.steps import nightshift
from tests import people
from tests.scenes import (
    actor,
    all_may_lead,
    due_flows,
    first_check,
    hired,
    refused,
    seated,
    stage_of,
    visit_of,
)

YES = {"*": "是"}


def certificate_of(login: str) -> str:
    with transaction() as session:
        return session.scalar(select(Inspector.certificate_no).join(
            Account, Account.inspector_id == Inspector.id).where(Account.login == login))


def code_on_the_notice(check: int) -> str:
    with transaction() as session:
        return session.get_one(Visit, visit_of(check)).notice_code


def own(login: str) -> set[int]:
    """The checks that the inspector is told of."""
    with transaction() as session:
        return {int(row[1]) for row in overview.own_rows(session, account_of(login))}


def account_of(login: str):
    return actor(login)


def test_the_notice_says_who_comes_when_on_what_basis_and_how_to_ask_for_recusal(look):
    code = look("in_field")
    check, team = first_check(code)
    name, content = papers.take("gaj.jingban", "notice", visit_of(check), "html")
    text = content.decode()
    printed = code_on_the_notice(check)
    assert " ".join((printed[:4], printed[4:8], printed[8:])) in text
    for said in ("检查通知书", "申请该人员回避", "不收取任何费用", "旅馆业治安管理办法",
                 "公共场所卫生管理条例", "消防法", code, "午</p>"):
        assert said in text
    for login in (login for teams in seated(code).items() if visit_of(teams[0]) == visit_of(check)
                  for login in teams[1]):
        assert certificate_of(login) in text
    assert name.startswith(code) and name.endswith(".html")
    for other in ("bangong", "wjj.jingban", team[0]):
        assert papers.take(other, "notice", visit_of(check), "html")[1] == content


def test_the_notice_is_not_given_to_strangers(look):
    check, team = first_check(look("in_field"))
    stranger = next(login for c, others in people.teams(look("in_field")) if c != check
                    for login in others if login not in team)
    for login in ("jyj.jingban", stranger):
        with refused("只给参加这次检查的部门和人员", RuleViolation):
            papers.take(login, "notice", visit_of(check), "html")


def test_a_business_claims_a_recusal_by_its_notice_and_appeals_once(open_scene, carry_on):
    code = open_scene("in_field")
    all_may_lead()
    second = hired("gaj.shenpi2", "gaj.shenpi")
    check, team = first_check(code)
    notice = code_on_the_notice(check)
    spoken = f"{notice[:4]} {notice[4:8]}-{notice[8:]}".lower()
    number = recusals.claim_by_notice(spoken, certificate_of(team[0]), "与我单位有经济纠纷").ids[
        "recusal"]
    assert check not in own(team[0]) and check in own(team[1])
    with refused("已被申请回避", RuleViolation):
        checks.record(team[0], check, "no_problem", YES)
    recusals.decide("gaj.shenpi", number, grant=False, reason="没有证据")
    assert check in own(team[0])
    recusals.appeal_by_notice(notice, number, "附判决书")
    assert check not in own(team[0])
    recusals.decide(second, number, grant=True, reason="判决书属实")
    carry_on()
    assert team[0] not in dict(people.teams(code))[check]
    with transaction() as session:
        line = session.scalars(select(TrailLine).where(
            TrailLine.thing == "recusal", TrailLine.source.is_(None))).one()
        assert (line.role, line.reason) == ("business", "与我单位有经济纠纷")


@pytest.mark.parametrize(("code", "certificate", "reason", "said"), [
    ("ZZZZZZZZZZZZ", None, "纠纷", "没有这个通知书编码"),
    ("", None, "纠纷", "没有这个通知书编码"),
    (None, "YL00000000", "纠纷", "通知书上没有执法证号"),
    (None, None, " ", "须写明利害关系"),
])
def test_a_claim_by_notice_needs_the_code_a_person_on_it_and_a_reason(
        look, code, certificate, reason, said):
    check, team = first_check(look("in_field"))
    with refused(said):
        recusals.claim_by_notice(code_on_the_notice(check) if code is None else code,
                                 certificate or certificate_of(team[0]), reason)


def test_the_notice_of_one_business_says_nothing_about_another(open_scene):
    code = open_scene("in_field")
    (check, team), (other, others) = people.teams(code)[:2]
    stranger = next(login for login in others if login not in team)
    with refused("通知书上没有执法证号", NotFound):
        recusals.claim_by_notice(code_on_the_notice(check), certificate_of(stranger), "纠纷")
    number = recusals.claim_by_notice(code_on_the_notice(other), certificate_of(stranger),
                                      "纠纷").ids["recusal"]
    recusals.decide("gaj.shenpi", number, grant=False, reason="没有证据")
    with refused("只有申请人或被申请回避的人", RuleViolation):
        recusals.appeal_by_notice(code_on_the_notice(check), number, "再看看")
    assert stage_of(Recusal, number) == "refused"


@pytest.mark.parametrize("place", [0, 1])
def test_who_falls_ill_is_replaced_by_the_draw_and_may_go_elsewhere(open_scene, carry_on, place):
    code = open_scene("in_field")
    all_may_lead()
    before = seated(code)
    check, team = first_check(code)
    number = absences.report(team[place], check, "ill", "住院").ids["absence"]
    assert seated(code) == before  # until a second person has agreed
    absences.decide("gaj.shenpi", number, grant=True)
    assert due_flows() == ["acceptance"]
    carry_on()
    after = seated(code)
    assert len(after[check]) == 2
    assert set(after[check]) & set(team) == {team[1 - place]}
    assert {c: t for c, t in after.items() if c != check} == {
        c: t for c, t in before.items() if c != check}
    with transaction() as session:  # an illness is no interest
        target = session.get_one(Visit, visit_of(check)).target_id
        assert not session.scalars(select(Interest).join(Account, Account.inspector_id
                                   == Interest.inspector_id).where(
            Account.login == team[place], Interest.target_id == target)).all()


def test_an_absence_takes_two_people_and_a_reason_of_the_list(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    hired("gaj.both", "gaj.shenpi", roles=["drafter", "approver"])
    with refused("换人理由「tired」看不懂", RuleViolation):
        absences.report(team[0], check, "tired")
    with refused("其他原因须写明", RuleViolation):
        absences.report(team[0], check, "other", " ")
    with refused("检查人员中没有这个人", NotFound):
        absences.report("gaj.both", check, "ill")
    with refused("只能由本部门的人办理", RuleViolation):
        absences.report("wjj.jingban", check, "ill", certificate=certificate_of(team[0]))
    number = absences.report("gaj.both", check, "transferred",
                             certificate=certificate_of(team[0])).ids["absence"]
    with refused("须由另一人办理", RuleViolation):
        absences.decide("gaj.both", number, grant=True)
    with refused("须写明理由", RuleViolation):
        absences.decide("gaj.shenpi", number, grant=False)
    absences.decide("gaj.shenpi", number, grant=False, reason="下月才调离")
    assert stage_of(Absence, number) == "refused"
    with refused("不能「已换人」", StageError):
        absences.decide("gaj.shenpi", number, grant=True)
    again = absences.report(team[0], check, "certificate").ids["absence"]
    absences.decide("gaj.both", again, grant=True)
    assert team[0] not in dict(people.teams(code))[check]


def test_what_waits_for_a_decision_is_not_asked_twice(open_scene):
    check, team = first_check(open_scene("in_field"))
    absences.report(team[0], check, "ill")
    with refused("换人申请已经登记", StageError):
        absences.report(team[0], check, "ill")


def test_after_the_record_nobody_is_exchanged(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    number = absences.report(team[1], check, "ill").ids["absence"]
    checks.record(team[0], check, "no_problem", YES)
    with refused("已经填报，不能再换人", StageError):
        absences.decide("gaj.shenpi", number, grant=True)
    with refused("已经填报，不能再换人", StageError):
        absences.report(team[0], check, "ill")
    absences.decide("gaj.shenpi", number, grant=False, reason="已填报")
    assert stage_of(Check, check) == "planned"


@pytest.mark.parametrize(("case", "told"), [
    ("left", True), ("run out the day before", True), ("valid that day", False),
    ("on leave that day", True), ("on leave the day after", False)])
def test_the_night_tells_a_department_once_who_cannot_come(open_scene, case, told):
    code = open_scene("in_field")
    check, team = first_check(code, "wjj")
    with transaction() as session:
        person = session.scalars(select(Inspector).join(
            Account, Account.inspector_id == Inspector.id).where(Account.login == team[0])).one()
        own = session.scalars(select(Visit.day).join(Check, Check.visit_id == Visit.id).join(
            Seat, Seat.check_id == Check.id).where(Seat.inspector_id == person.id)).all()
        day = max(own)
        if case == "left":
            person.active = False
        elif case.startswith("on leave"):
            away = day if case.endswith("that day") else day + timedelta(1)
            session.add(Leave(inspector_id=person.id, first=away, last=away, reason="病"))
        else:
            person.certificate_to = day - timedelta(case != "valid that day")
        number = person.certificate_no
    said = nightshift.find_unfit()
    assert bool(said) is told
    assert nightshift.find_unfit() is None  # once
    with transaction() as session:
        found = session.scalars(select(Notice).where(Notice.key.like("unfit:%"))).all()
        assert bool(found) is told
        assert all(number in one.body and "choucha absence report" in one.body for one in found)
        assert session.scalars(select(Seat.vacated_at).where(Seat.check_id == check)).all() == [
            None, None]  # two people decide, not the night
