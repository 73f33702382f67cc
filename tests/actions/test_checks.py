"""Records, reviews and corrections: who may, what must be in them, and what stays public (art. 10, 11)."""

import datetime

import pytest
from sqlalchemy import select, update

from blocks import settings
from blocks.actions import checks, recusals
from blocks.errors import InspectionError, NotFound, RuleViolation, StageError
from blocks.public_site import paths
from blocks.public_site.files import tree
from blocks.register.database import transaction
from blocks.register.directories import Account, Inspector
from blocks.register.standing import public_versions
from blocks.register.visits import Check, CheckRecord, Seat
from tests import people
from tests.scenes import (
    all_may_lead,
    due_flows,
    first_check,
    hired,
    on_day,
    refused,
    run,
    seated,
    stage_of,
)

YES = {"*": "是"}
DAY = datetime.timedelta(1)


def records(check: int) -> list[CheckRecord]:
    with transaction() as session:
        return list(session.scalars(select(CheckRecord).where(
            CheckRecord.check_id == check).order_by(CheckRecord.number)))


def outsider(code: str, check: int) -> str:
    """Return the login of an inspector of the lead who is not at this check."""
    with transaction() as session:
        there = select(Seat.inspector_id).where(Seat.check_id == check)
        return session.scalar(select(Account.login).where(
            Account.login.like("gaj.%"), Account.inspector_id.not_in(there)).order_by(
            Account.login).limit(1))


@pytest.mark.parametrize("check", ["0", "999999", "x", "", "-1", "²", "9" * 30])
@pytest.mark.parametrize("act", [
    lambda check: checks.record("gaj.01", check, "no_problem", YES),
    lambda check: checks.confirm("gaj.01", check),
    lambda check: checks.review("gaj.shenpi", check),
    lambda check: checks.correct("gaj.jingban", check, "no_problem", YES, "理由"),
    lambda check: recusals.claim("gaj.01", check, "亲属"),
])
def test_an_unknown_check_is_refused_in_every_act(look, act, check):
    look("in_field")
    with refused("没有编号为", NotFound):
        act(check)


@pytest.mark.parametrize(("category", "answers", "finding", "said"), [
    ("no_problem", {}, "", "没有填写检查情况"),
    ("no_problem", {"LG-01": "也许"}, "", "没有填写检查情况"),
    ("no_problem", {"*": ""}, "", "没有填写检查情况"),
    ("no_problem", {"LG-01": "是", "LG-02": "是"}, "", "「LG-02」不是本次检查的事项"),
    ("wonderful", YES, "", "没有「wonderful」这种检查结果"),
    ("problem_pending", YES, " ", "须写明发现的情况"),
])
def test_a_record_that_is_incomplete_is_refused(look, category, answers, finding, said):
    code = look("in_field")
    check, team = first_check(code)
    with refused(said, RuleViolation):
        checks.record(team[0], check, category, answers, finding)


@pytest.mark.parametrize("days", [-1, -365, 1, 30])
def test_a_day_before_the_window_or_in_the_future_is_refused(look, days):
    code = look("in_field")
    check, team = first_check(code)
    with refused("检查日期", RuleViolation):
        checks.record(team[0], check, "no_problem", YES, on=settings.today() + days * DAY)


def test_who_may_not_record(look):
    code = look("in_field")
    check, team = first_check(code)
    other, others = first_check(code, "wjj")
    with refused("不是这次检查的主检人员", RuleViolation):
        checks.record(team[1], check, "no_problem", YES)
    with refused("不是这次检查抽定的检查人员", RuleViolation):
        checks.record(outsider(code, check), check, "no_problem", YES)
    with refused("只能由本部门的人办理", RuleViolation):
        checks.record(others[0], check, "no_problem", YES)
    with refused("只能由执法检查人员办理", RuleViolation):
        checks.record("gaj.jingban", check, "no_problem", YES)
    with refused("只能由本部门的人办理", RuleViolation):
        checks.record(team[0], other, "no_problem", YES)


@pytest.mark.parametrize(("column", "days"), [("certificate_to", -1), ("certificate_from", 1)])
@pytest.mark.parametrize("place", [0, 1])
def test_whose_certificate_is_not_valid_that_day_does_not_inspect(open_scene, column, days, place):
    code = open_scene("in_field")
    check, team = first_check(code)
    with transaction() as session:
        session.execute(update(Inspector).where(Inspector.id.in_(select(Account.inspector_id).where(
            Account.login == team[place]))).values({column: settings.today() + days * DAY}))
    if place:
        checks.record(team[0], check, "no_problem", YES)
    with refused("执法证", RuleViolation):
        (checks.confirm(team[1], check) if place else
         checks.record(team[0], check, "no_problem", YES))


def test_a_certificate_is_valid_on_its_last_day(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with transaction() as session:
        session.execute(update(Inspector).values(certificate_to=settings.today()))
    people.inspected(check, team)
    assert stage_of(Check, check) == "recorded"


def test_a_record_is_confirmed_by_the_second_inspector_only(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with refused("还没有填报记录", StageError):
        checks.confirm(team[1], check)
    checks.record(team[0], check, "no_problem", YES)
    with refused("须由另一人办理", RuleViolation):
        checks.confirm(team[0], check)
    with refused("不是这次检查抽定的检查人员", RuleViolation):
        checks.confirm(outsider(code, check), check)
    checks.record(team[0], check, "problem_pending", {"LG-01": "否"}, "灯坏")  # not yet confirmed
    assert [r.number for r in records(check)] == [1]
    checks.confirm(team[1], check)
    with refused("不能「待审核」", StageError):
        checks.confirm(team[1], check)
    with refused("不能「填报记录」", StageError):
        checks.record(team[0], check, "no_problem", YES)


def test_a_record_is_reviewed_by_another_of_its_department(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with transaction() as session:  # both inspectors may also approve
        session.execute(update(Account).where(Account.login.in_(team)).values(
            roles=["inspector", "approver"]))
    with refused("不能「审核通过」", StageError):
        checks.review("gaj.shenpi", check)
    people.inspected(check, team)
    for login in team:
        with refused("不能自己办自己审", RuleViolation):
            checks.review(login, check)
    with refused("只能由本部门的人办理", RuleViolation):
        checks.review("wjj.shenpi", check)
    with refused("只能由", RuleViolation):
        checks.review("bangong", check)
    with refused("须写明理由", RuleViolation):
        checks.review("gaj.shenpi", check, approve=False)
    checks.review("gaj.jingban", check)
    with refused("不能「审核通过」", StageError):
        checks.review("gaj.shenpi", check)


def test_a_returned_record_stays_as_a_version_and_a_new_one_follows(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    people.inspected(check, team)
    checks.review("gaj.shenpi", check, approve=False, reason="照片不清")
    assert stage_of(Check, check) == "planned"
    people.inspected(check, team, "problem_rectified", "已改正")
    checks.review("gaj.shenpi", check)
    assert [(r.number, r.category, r.verdict, r.review_reason) for r in records(check)] == [
        (1, "no_problem", "returned", "照片不清"), (2, "problem_rectified", "reviewed", None)]


def test_an_inspector_recused_after_a_return_is_replaced_though_the_visit_was_done(open_scene):
    code = open_scene("in_field")
    all_may_lead()
    check, team = first_check(code)
    target = people.teams(code, "gaj")
    with transaction() as session:
        visit = session.get_one(Check, check).visit_id
        parts = session.scalars(select(Check.id).where(Check.visit_id == visit)).all()
    for part, members in seated(code).items():
        if part in parts:
            people.inspected(part, members)
    checks.review("gaj.shenpi", check, approve=False, reason="照片不清")
    number = recusals.claim(team[0], check, "亲属在该店任职").ids["recusal"]
    recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
    assert due_flows() == ["acceptance"]
    run("acceptance", code)
    now = dict(people.teams(code, "gaj"))
    assert len(now[check]) == 2
    assert team[0] not in now[check]
    assert {c: t for c, t in now.items() if c != check} == dict(target[1:])


@pytest.mark.parametrize(("login", "category", "answers", "reason", "said"), [
    ("gaj.jingban", "no_problem", YES, "", "须写明理由"),
    ("gaj.jingban", "wonderful", YES, "笔误", "没有「wonderful」"),
    ("gaj.jingban", "no_problem", {}, "笔误", "没有填写检查情况"),
    ("gaj.jingban", "problem_pending", YES, "笔误", "须写明发现的情况"),
    ("wjj.jingban", "no_problem", YES, "笔误", "只能由本部门的人办理"),
    ("bangong", "no_problem", YES, "笔误", "只能由"),
])
def test_a_faulty_correction_is_refused(look, login, category, answers, reason, said):
    code = look("publicised")
    check, _ = first_check(code)
    with refused(said, RuleViolation):
        checks.correct(login, check, category, answers, reason)


def test_what_is_not_public_cannot_be_corrected_and_without_a_correction_nothing_is_reviewed(look):
    code = look("in_field")
    with refused("不能「提出更正」", StageError):
        checks.correct("gaj.jingban", first_check(code)[0], "no_problem", YES, "笔误")
    code = look("publicised")
    for approve in (True, False):
        with refused("没有等待审核的更正", StageError):
            checks.review("gaj.shenpi", first_check(code)[0], approve=approve, reason="理由")


def test_a_correction_is_reviewed_by_another_and_both_versions_stay_public(open_scene):
    code = open_scene("publicised")
    check, team = first_check(code)
    with refused("不是这次检查抽定的检查人员", RuleViolation):
        checks.correct(outsider(code, check), check, "no_problem", YES, "笔误")
    checks.correct("gaj.jingban", check, "problem_rectified", {"LG-01": "否"}, "漏填", "已改正")
    with refused("已有一份更正在等待审核", StageError):
        checks.correct(team[0], check, "no_problem", YES, "笔误")
    with refused("不能自己办自己审", RuleViolation):
        checks.review("gaj.jingban", check)
    checks.review("gaj.shenpi", check)
    assert due_flows() == ["publicity"]
    run("publicity", code)
    with transaction() as session:
        assert public_versions(session, check) == [1, 2]
    assert paths.of_result(check, 2) in tree()
    assert stage_of(Check, check) == "public"
    assert people.stage(code) == "publicised"


def test_a_refused_correction_leaves_the_public_version_alone(open_scene):
    code = open_scene("publicised")
    check, team = first_check(code)
    checks.correct(team[1], check, "problem_rectified", YES, "漏填", "已改正")
    checks.review("gaj.shenpi", check, approve=False, reason="没有依据")
    assert due_flows() == []
    checks.correct(team[1], check, "problem_rectified", YES, "漏填，附照片", "已改正")
    checks.review("gaj.shenpi", check)
    run("publicity", code)
    with transaction() as session:
        assert public_versions(session, check) == [1, 3]
    assert [r.verdict for r in records(check)] == ["reviewed", "returned", "reviewed"]


def test_before_everybody_is_staffed_nothing_is_recorded(look):
    code = look("dispatched")
    check, team = first_check(code)
    with refused("现在不能填报", StageError):
        checks.record(team[0], check, "no_problem", YES)


def test_a_late_record_names_the_day_of_the_visit(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with on_day(settings.today() + 3 * DAY):
        checks.record(team[0], check, "no_problem", YES, on=settings.today() - 2 * DAY)
    (entry,) = records(check)
    assert entry.made_on - entry.inspected_on == 2 * DAY


def test_a_hired_hand_without_a_certificate_inspects_nothing(open_scene):
    code = open_scene("in_field")
    check, _ = first_check(code)
    login = hired("gaj.hand", "gaj.01")
    with refused("不是这次检查抽定的检查人员", InspectionError):
        checks.record(login, check, "no_problem", YES)
