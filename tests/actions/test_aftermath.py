"""After a result: follow-ups with their own due date, objections, evaluations, letters, cancelling."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from blocks import settings
from blocks.actions import (
    assignments,
    cancelling,
    checks,
    follow_ups,
    letters,
    objections,
    papers,
    recusals,
)
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register.aftermath import FollowUp
from blocks.register.database import transaction
from blocks.register.desk import tasks
from blocks.register.directories import account
from blocks.register.notices import Notice
from blocks.register.trail import DueLine
from blocks.register.visits import Seat, Visit
from tests import people
from tests.scenes import actor, first_check, hired, refused, visit_of


def desk(login: str) -> list[str]:
    with transaction() as session:
        return [task.verb for task in tasks(session, account(session, login).as_actor())]


def found_something(code: str, category: str = "problem_pending") -> int:
    check, team = first_check(code)
    checks.record(team[0], check, category, {"*": "否"}, "样例：消防通道堵塞")
    checks.confirm(team[1], check)
    return check


def open_dues(clock: str) -> list[date]:
    with transaction() as session:
        return list(session.scalars(select(DueLine.due_on).where(
            DueLine.clock == clock, DueLine.met_at.is_(None))))


def code_of(check: int) -> str:
    with transaction() as session:
        return session.get_one(Visit, visit_of(check)).notice_code


def test_an_order_to_rectify_has_its_own_due_date_and_is_closed_after_the_recheck(open_scene):
    code = open_scene("in_field")
    check = found_something(code)
    by = settings.today() + timedelta(30)
    made = follow_ups.order("gaj.jingban", check, "ordered_to_rectify", "清理消防通道", by, recheck=True).ids
    assert open_dues("follow_up") == [by]
    assert "办结后续处置" in desk("gaj.jingban")
    name, content = papers.take("gaj.jingban", "order", made["follow_up"], "html")
    assert name.startswith("责令改正通知书") and "清理消防通道" in content.decode()
    with refused("复查日期", RuleViolation):
        follow_ups.close("gaj.jingban", made["follow_up"], "已清理")
    with refused("还没有到", RuleViolation):
        follow_ups.close("gaj.jingban", made["follow_up"], "已清理", settings.today() + timedelta(1))
    later = by + timedelta(7)
    follow_ups.postpone("gaj.shenpi", made["follow_up"], later, "企业设备未到货")
    assert open_dues("follow_up") == [later]
    said = follow_ups.close("gaj.jingban", made["follow_up"], "已清理，有照片", settings.today())
    assert "提出更正" in said.next
    assert open_dues("follow_up") == []


def test_without_a_date_of_its_own_the_citys_period_counts(open_scene):
    check = found_something(open_scene("in_field"))
    follow_ups.order("gaj.jingban", check, "referred_to_case_unit", "涉嫌无证经营")
    expected = settings.calendar().add(settings.today(), settings.regulation(settings.today()).follow_up_workdays)
    assert open_dues("follow_up") == [expected.on]


def test_nothing_needed_is_closed_at_once_and_nothing_found_needs_nothing(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with refused("还没有检查记录", StageError):
        follow_ups.order("gaj.jingban", check, "none_needed")
    people.inspected(check, team)
    with refused("没有需要处置的问题", RuleViolation):
        follow_ups.order("gaj.jingban", check, "none_needed")
    open_scene("in_field")
    check = found_something(code)
    follow_ups.order("gaj.jingban", check, "none_needed")
    with transaction() as session:
        assert session.scalars(select(FollowUp.stage)).all() == ["closed"]


@pytest.mark.parametrize(("given", "saying"), [
    ({"kind": "ordered_to_rectify"}, "须写明要求"),
    ({"kind": "copied_to_department", "instructions": "请依职责处理"}, "须选明"),
    ({"kind": "ordered_to_rectify", "instructions": "清理", "due_on": date(2020, 1, 1)}, "已经过去"),
    ({"kind": "nothing"}, "没有「nothing」"),
])
def test_a_follow_up_that_lacks_something_is_refused(open_scene, given, saying):
    check = found_something(open_scene("in_field"))
    with refused(saying, RuleViolation):
        follow_ups.order("gaj.jingban", check, **given)


def test_what_is_copied_to_a_department_is_told_to_it_at_once(open_scene):
    check = found_something(open_scene("in_field"))
    follow_ups.order("gaj.jingban", check, "copied_to_department", "涉及贵局职责", to_department="sthj")
    with transaction() as session:
        assert session.scalar(select(Notice).where(Notice.kind == "follow_up")).body == "涉及贵局职责"


def test_a_finding_that_nobody_decided_about_stands_on_the_desk(open_scene):
    code = open_scene("in_field")
    check = found_something(code)
    checks.review("gaj.shenpi", check)
    assert "定后续处置" in desk("gaj.jingban")
    follow_ups.order("gaj.jingban", check, "ordered_to_rectify", "清理通道")
    assert "定后续处置" not in desk("gaj.jingban")


def test_an_objection_upheld_asks_for_a_correction_until_there_is_one(open_scene):
    code = open_scene("publicised")
    check, team = first_check(code)
    notice = code_of(check)
    made = objections.object_by_notice(notice, check, "当天已改正，有照片").ids
    with refused("正在办理", StageError):
        objections.object_by_notice(notice, check, "再说一次")
    assert "答复异议" in desk("gaj.shenpi")
    objections.decide("gaj.shenpi", made["objection"], uphold=True, reason="照片属实")
    assert "提出更正（异议成立）" in desk("gaj.jingban")
    checks.correct(team[0], check, "problem_rectified", {"*": "是"}, "异议成立", "已改正")
    assert "提出更正（异议成立）" not in desk("gaj.jingban")


def test_an_objection_is_answered_within_fifteen_workdays_and_never_by_who_inspected(open_scene):
    code = open_scene("publicised")
    check, team = first_check(code)
    made = objections.object_by_notice(code_of(check), check, "与事实不符").ids
    assert open_dues("objection") == [settings.calendar().add(settings.today(), 15).on]
    with transaction() as session:
        session.execute(text("UPDATE accounts SET roles = roles || '{approver}' WHERE login = :login"),
                        {"login": team[0]})
    with refused("另一人", RuleViolation):
        objections.decide(team[0], made["objection"], uphold=False, reason="不属实")
    objections.decide("gaj.shenpi", made["objection"], uphold=False, reason="记录属实")
    objections.object_by_notice(code_of(check), check, "仍然不服")


def test_only_a_published_result_of_this_very_notice_can_be_disputed(open_scene):
    code = open_scene("in_field")
    check, _ = first_check(code)
    with refused("还没有公示", StageError):
        objections.object_by_notice(code_of(check), check, "不服")
    with transaction() as session:
        other = session.scalar(select(Visit.notice_code).where(Visit.id != visit_of(check)).limit(1))
    with refused("没有这项检查", NotFound):
        objections.object_by_notice(other, check, "不服")


def test_a_business_rates_a_visit_once_and_money_asked_for_is_told_to_the_office(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with refused("还没有进行", StageError):
        objections.evaluate_by_notice(code_of(check), True, True, False, 5)
    people.inspected(check, team)
    with refused("1到5", RuleViolation):
        objections.evaluate_by_notice(code_of(check), True, True, False, 6)
    objections.evaluate_by_notice(code_of(check), True, True, True, 1, "要了两条烟")
    with transaction() as session:
        assert "索要财物" in session.scalar(select(Notice.subject).where(Notice.kind == "evaluation"))
    with refused("已经评价过", StageError):
        objections.evaluate_by_notice(code_of(check), True, True, False, 5)


def test_a_letter_names_what_is_late_and_waits_for_the_answer(open_scene):
    code = open_scene("dispatched")
    with refused("没有逾期", StageError):
        letters.issue("bangong", code, "xfjy", "请办结")
    with transaction() as session:
        session.execute(text("UPDATE dues SET started_on = started_on - 60, due_on = due_on - 60"))
    made = letters.issue("bangong", code, "xfjy", "请三日内办结").ids
    with refused("还没有回复", StageError):
        letters.issue("bangong", code, "xfjy", "再催")
    assert "回复督办函" in desk("xfjy.jingban")
    name, content = papers.take("xfjy.jingban", "letter", made["letter"], "html")
    assert name.startswith("督办函") and "接收任务1件" in content.decode()
    letters.answer("xfjy.jingban", made["letter"], "人员出差，明日办结")
    assert "回复督办函" not in desk("xfjy.jingban")


def test_before_the_draw_one_person_cancels_a_scheme(open_scene):
    code = open_scene("submitted")
    cancelling.cancel("bangong", code, "与专项行动重复")
    assert people.stage(code) == "cancelled"
    assert open_dues("approval") == []


def test_after_the_draw_two_cancel_it_and_its_people_are_free_again(open_scene):
    code = open_scene("in_field")
    cancelling.cancel("bangong", code, "台风")
    assert people.stage(code) == "in_field"
    with refused("另一人", RuleViolation):
        cancelling.confirm("bangong", code, "台风")
    second = hired("bangong.lin", "bangong", roles=["office"])
    assert "决定是否取消方案" in desk(second)
    cancelling.confirm(second, code, "台风")
    assert people.stage(code) == "cancelled"
    with transaction() as session:
        assert session.scalar(select(Seat.id).where(Seat.vacated_at.is_(None)).limit(1)) is None
        assert session.scalar(select(DueLine.id).where(DueLine.met_at.is_(None)).limit(1)) is None
        assert len(session.scalars(select(Notice).where(Notice.kind == "cancelled")).all()) == 3
    assert actor("bangong").name


def test_in_a_cancelled_scheme_no_task_is_accepted_and_no_recusal_is_decided(open_scene):
    code = open_scene("dispatched")
    for login, act in (("bangong", cancelling.cancel), ("bangong2", cancelling.confirm)):
        act(login, code, "台风")
    with refused("这次抽查已经取消", StageError):
        assignments.accept("wjj.jingban", code)
    code = open_scene("in_field")
    check, team = first_check(code)
    claimed = recusals.claim(team[0], check, "亲属").ids["recusal"]
    for login, act in (("bangong", cancelling.cancel), ("bangong2", cancelling.confirm)):
        act(login, code, "台风")
    with refused("这次抽查已经取消", StageError):
        recusals.decide("gaj.shenpi", claimed, grant=False, reason="没有证据")


def test_what_somebody_has_inspected_cannot_be_cancelled_away(open_scene):
    code = open_scene("in_field")
    cancelling.cancel("bangong", code, "台风")
    found_something(code)
    second = hired("bangong.lin", "bangong", roles=["office"])
    with refused("已有检查记录", StageError):
        cancelling.confirm(second, code, "台风")
    assert people.stage(code) == "in_field"
