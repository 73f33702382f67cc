"""What people can get wrong with schemes, draws and assignments: refused, and nothing changed."""

import datetime

import pytest
from sqlalchemy import select, text, update

from blocks import settings
from blocks.actions import assignments, draws, schemes
from blocks.errors import DrawError, NotFound, RuleViolation, StageError
from blocks.register.database import transaction
from blocks.register.directories import Department, InspectionItem, Inspector
from blocks.register.draws import Draw, DrawFile, DrawSource, DrawTicket
from blocks.register.schemes import Assignment, Scheme
from blocks.register.schemes import scheme as find_scheme
from tests import people
from tests.scenes import PARTIES, SECRETS, SMALL, hired, on_day, refused, run

TOO_BIG = "9" * 30


def assignment_stages() -> dict[str, str]:
    with transaction() as session:
        return dict(session.execute(select(Department.code, Assignment.stage).join(
            Assignment.department)).all())


def the_sources() -> dict[str, DrawSource]:
    with transaction() as session:
        return {s.locator: s for s in session.scalars(select(DrawSource))}


@pytest.mark.parametrize(("changes", "said"), [
    ({"title": ""}, "方案缺少：title"),
    ({"sampling": {}}, "方案缺少：sampling"),
    ({"window": {"start": "today"}}, "方案缺少：window.start、window.end"),
    ({"window": {"start": "today", "end": "soon"}}, "日期「soon」看不懂"),
    ({"window": {"start": "today", "end": datetime.datetime(2026, 12, 1, 9)}}, "看不懂"),
    ({"window": {"start": "+5 workdays", "end": "today"}}, "早于开始"),
    ({"participants": []}, "两个以上部门"),
    ({"participants": "wjj"}, "participants 的写法看不懂"),
    ({"participants": ["nobody"]}, "没有代码为「nobody」的部门"),
    ({"lead": "wjj"}, "由牵头部门自己起草"),
    ({"lead_items": "LG-01"}, "lead_items 的写法看不懂"),
    ({"lead_items": ["LG-02"]}, "不属于本部门"),
    ({"lead_items": ["ZZ-01"]}, "不在联合抽查事项清单内"),
    ({"scope": ["旅馆"]}, "scope 的写法看不懂"),
    ({"scope": {"kinds": "旅馆"}}, "scope.kinds 的写法看不懂"),
    ({"sampling": "5%"}, "sampling 的写法看不懂"),
    ({"sampling": {"mode": "ratio", "rates": "5%"}}, "sampling.rates 的写法看不懂"),
    ({"sampling": {"mode": "number", "number": "三"}}, "抽查数量应为正整数"),
    ({"randomness": ["reveal"]}, "randomness 的写法看不懂"),
    ({"randomness": [{"kind": "reveal"}]}, "没有任何部门都不能左右的一种"),
])
def test_a_scheme_with_a_fault_is_not_drafted(look, changes, said):
    look("sample")
    with refused(said):
        schemes.new("gaj.jingban", people.contents(**changes))


@pytest.mark.parametrize("data", [None, "", "方案", [1, 2], 5, {}])
def test_a_file_that_holds_no_scheme_is_refused(look, data):
    look("sample")
    with refused("方案", RuleViolation):
        schemes.new("gaj.jingban", data)


@pytest.mark.parametrize("login", ["nobody", "", "GAJ.JINGBAN", "gaj.jingban ", "' OR 1=1 --"])
def test_an_unknown_login_may_do_nothing(look, login):
    code = look("submitted")
    with refused("没有账号", NotFound):
        schemes.return_(login, code, "理由")


def test_a_closed_account_may_do_nothing(open_scene):
    code = open_scene("drafted")
    hired("gaj.old", "gaj.jingban", active=False)
    with refused("没有账号「gaj.old」", NotFound):
        schemes.submit("gaj.old", code)


@pytest.mark.parametrize("code", ["2026-999", "", "0", "-1", TOO_BIG, "二", "²"])
def test_an_unknown_scheme_is_named_with_those_there_are(look, code):
    known = look("drafted")
    with refused("没有方案", NotFound):
        schemes.submit("gaj.jingban", code)
    with pytest.raises(NotFound) as told:
        schemes.submit("gaj.jingban", code)
    assert known in told.value.remedy


@pytest.mark.parametrize("login", ["gaj.shenpi", "gaj.01", "bangong", "jiandu"])
def test_only_a_drafter_submits(look, login):
    code = look("drafted")
    with refused("只能由经办人办理", RuleViolation):
        schemes.submit(login, code)


def test_another_departments_drafter_does_not_submit(look):
    code = look("drafted")
    with refused("只能由本部门的人办理", RuleViolation):
        schemes.submit("wjj.jingban", code)


def test_nobody_is_left_to_be_drawn_so_the_scheme_is_not_submitted(open_scene):
    open_scene("sample")
    code = people.drafted(**SMALL, scope={"kinds": ["旅馆"], "counties": ["445200"]})
    with refused("没有可抽取的企业", RuleViolation):
        schemes.submit("gaj.jingban", code)


def test_a_scheme_is_not_approved_before_it_was_reviewed(look):
    code = look("submitted")
    with refused("还在审查", StageError):
        schemes.approve("gaj.shenpi", code)


def test_a_scheme_returned_and_submitted_again_is_reviewed_again(open_scene):
    code = open_scene("submitted")
    run("plan_approval", code)
    schemes.return_("gaj.shenpi", code, "范围太宽")
    schemes.submit("gaj.jingban", code)
    with refused("还在审查", StageError):
        schemes.approve("gaj.shenpi", code)


def test_what_the_review_found_bars_the_approval(open_scene):
    code = open_scene("submitted")
    with transaction() as session:
        session.execute(update(InspectionItem).where(InspectionItem.code == "LG-01").values(
            published=False))
    run("plan_approval", code)
    with refused("尚未公布", RuleViolation):
        schemes.approve("gaj.shenpi", code)


def test_nobody_approves_what_he_drafted_though_he_may_do_both(open_scene):
    open_scene("sample")
    both = hired("gaj.both", "gaj.jingban", roles=["drafter", "approver"])
    code = schemes.new(both, people.contents(**SMALL)).ids["scheme"]
    schemes.submit(both, code)
    run("plan_approval", code)
    with refused("不能自己办自己审", RuleViolation):
        schemes.approve(both, code)


def test_nobody_approves_what_he_drafted_though_a_colleague_submitted_it(open_scene):
    open_scene("sample")
    both = hired("gaj.both", "gaj.jingban", roles=["drafter", "approver"])
    code = schemes.new(both, people.contents(**SMALL)).ids["scheme"]
    schemes.submit("gaj.jingban", code)
    run("plan_approval", code)
    with refused("不能自己办自己审", RuleViolation):
        schemes.approve(both, code)
    schemes.approve("gaj.shenpi", code)


def test_an_approver_who_sent_it_back_may_approve_it_later(open_scene):
    code = open_scene("submitted")
    schemes.return_("gaj.shenpi", code, "范围太宽")
    schemes.submit("gaj.jingban", code)
    run("plan_approval", code)
    schemes.approve("gaj.shenpi", code)
    assert people.stage(code) == "approved"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_scheme_is_not_returned_without_a_reason(look, reason):
    code = look("submitted")
    with refused("须写明理由", RuleViolation):
        schemes.return_("gaj.shenpi", code, reason)


@pytest.mark.parametrize("act", [
    lambda code: schemes.submit("gaj.jingban", code),
    lambda code: schemes.approve("gaj.shenpi", code),
    lambda code: schemes.return_("gaj.shenpi", code, "理由"),
    lambda code: schemes.edit("gaj.jingban", code, people.contents()),
    lambda code: draws.commit("gaj.jingban", code),
    lambda code: draws.reveal("gaj.jingban", code, SECRETS["gaj"]),
    lambda code: draws.type_figure("bangong", code, people.FIGURE),
    lambda code: assignments.accept("wjj.jingban", code),
    lambda code: assignments.send_back("wjj.shenpi", code, "理由"),
    lambda code: assignments.resend("bangong", code, "wjj", "理由"),
    lambda code: assignments.withdraw("bangong", code, "wjj", "理由"),
])
def test_a_stage_that_is_past_is_past_for_every_act(look, act):
    code = look("in_field")
    with refused("", StageError):
        act(code)


def test_a_department_commits_once(look):
    code = look("approved")
    with refused("没有等待", NotFound):
        draws.commit("jyj.jingban", code)
    with refused("密数应为64位", RuleViolation):
        draws.commit("gaj.jingban", code, "xyz")
    with refused("只能由", RuleViolation):
        draws.commit("gaj.01", code)


def test_a_commitment_cannot_be_exchanged(open_scene):
    code = open_scene("approved")
    draws.commit("gaj.jingban", code, SECRETS["gaj"])
    with refused("已经提交过随机数承诺", StageError):
        draws.commit("gaj.shenpi", code, SECRETS["wjj"])
    with refused("不能「提交随机数」", StageError):
        draws.reveal("gaj.jingban", code, SECRETS["gaj"])


@pytest.mark.parametrize("secret", [SECRETS["wjj"], "00" * 32, "", "abc"])
def test_a_secret_that_was_not_committed_to_is_refused(look, secret):
    code = look("sealed")
    with refused("", DrawError):
        draws.reveal("gaj.jingban", code, secret)


def test_a_secret_is_revealed_once(open_scene):
    code = open_scene("sealed")
    draws.reveal("gaj.jingban", code, SECRETS["gaj"].upper())
    with refused("已经揭示过", StageError):
        draws.reveal("gaj.jingban", code, SECRETS["gaj"])


def test_the_figure_counts_when_two_persons_typed_the_same(open_scene):
    code = open_scene("sealed")
    draws.type_figure("bangong", code, "01,02-03")
    draws.type_figure("bangong", code, people.FIGURE)  # the same person corrects a slip
    figure = next(s for s in the_sources().values() if s.kind == "typed")
    assert (figure.value, figure.confirmed_by_id) == (people.FIGURE, None)
    with refused("两次录入不一致", RuleViolation):
        draws.type_figure("gaj.jingban", code, "01,02-03")
    with refused("", DrawError):
        draws.type_figure("gaj.jingban", code, "")
    draws.type_figure("gaj.jingban", code, people.FIGURE)
    with refused("没有等待录入的公开数字", StageError):
        draws.type_figure("bangong2", code, people.FIGURE)


def test_the_figure_is_not_typed_before_it_can_be_known(open_scene, carry_on):
    code = open_scene("approved")
    for party in PARTIES:
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    run("draw", code)
    with transaction() as session:
        session.execute(update(DrawSource).values(
            due_at=settings.now() + datetime.timedelta(hours=1)))
    with refused("之后才公布", StageError):
        draws.type_figure("bangong", code, people.FIGURE)


def test_who_does_not_commit_in_time_is_left_out_and_the_draw_goes_on(open_scene):
    code = open_scene("approved")
    draws.commit("gaj.jingban", code, SECRETS["gaj"])
    draws.commit("wjj.jingban", code, SECRETS["wjj"])
    assert run("draw", code) == []
    with on_day(settings.today() + datetime.timedelta(days=14)):
        assert "已封存" in run("draw", code)[0]
    assert set(the_sources()) >= {"gaj", "wjj"}
    assert "xfjy" not in the_sources()
    with transaction() as session:
        details = session.scalar(text("SELECT details FROM trail WHERE label = '封存'"))
    assert details["absent"] == ["xfjy"]


def test_who_does_not_reveal_in_time_is_named_and_the_draw_goes_on(open_scene):
    code = open_scene("sealed")
    for party in ("gaj", "wjj"):
        draws.reveal(f"{party}.jingban", code, SECRETS[party])
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    assert run("draw", code) == []
    with on_day(settings.today() + datetime.timedelta(days=14)):
        said = run("draw", code)
    assert any("xfjy未揭示，已公开记载" in one for one in said)
    assert people.stage(code) == "drawn"
    with transaction() as session:
        assert session.scalar(select(Draw.stage)) == "drawn"
        seed = session.scalar(select(DrawFile.content).where(DrawFile.name == "seed.txt"))
    assert SECRETS["xfjy"].encode() not in seed
    assert SECRETS["wjj"].encode() in seed


def test_an_assignment_is_accepted_once(open_scene):
    code = open_scene("dispatched")
    assignments.accept("wjj.jingban", code)
    with refused("不能「接收任务」", StageError):
        assignments.accept("wjj.shenpi", code)
    with refused("不能「已退回」", StageError):
        assignments.send_back("wjj.shenpi", code, "人手不足")


@pytest.mark.parametrize(("login", "items", "said"), [
    ("wjj.jingban", ["LG-01"], "不属于本部门"),
    ("wjj.jingban", ["LG-03", "ZZ-9"], "不在联合抽查事项清单内"),
    ("wjj.01", None, "只能由"),
    ("gaj.jingban", None, "没有派发给该部门的任务"),
    ("jyj.jingban", None, "没有派发给该部门的任务"),
    ("bangong", None, "没有派发给该部门的任务"),
])
def test_an_assignment_is_accepted_by_its_department_with_its_items(look, login, items, said):
    code = look("dispatched")
    with refused(said):
        assignments.accept(login, code, items)


def test_a_department_without_items_in_the_field_is_told_to_choose_some(open_scene, carry_on):
    open_scene("sample")
    code = people.drafted(**SMALL, participants=["wjj", "jyj"])
    _dispatch(code, carry_on, ("gaj", "wjj", "jyj"))
    with refused("没有选定检查事项", RuleViolation):
        assignments.accept("jyj.jingban", code)


def _dispatch(code: str, carry_on, parties: tuple[str, ...]) -> None:
    schemes.submit("gaj.jingban", code)
    carry_on()
    schemes.approve("gaj.shenpi", code)
    carry_on()
    secrets = {p: draws.commit(f"{p}.jingban", code).ids["secret"] for p in parties}
    carry_on()
    people.wait_for_the_figure()
    for party, secret in secrets.items():
        draws.reveal(f"{party}.jingban", code, secret)
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    carry_on()


def test_a_sent_back_assignment_is_sent_again_and_accepted(open_scene, carry_on):
    code = open_scene("dispatched")
    with refused("须写明理由", RuleViolation):
        assignments.send_back("wjj.shenpi", code, " ")
    with refused("只能由审批人办理", RuleViolation):
        assignments.send_back("wjj.jingban", code, "人手不足")
    assignments.send_back("wjj.shenpi", code, "人手不足")
    with refused("不能「接收任务」", StageError):
        assignments.accept("wjj.jingban", code)
    with refused("只能由联席会议办公室办理", RuleViolation):
        assignments.resend("gaj.jingban", code, "wjj", "已商定")
    assignments.resend("bangong", code, "wjj", "已商定")
    assignments.accept("wjj.jingban", code)
    assignments.accept("xfjy.jingban", code)
    carry_on()
    assert assignment_stages() == {"wjj": "staffed", "xfjy": "staffed"}
    assert people.stage(code) == "in_field"


def test_one_may_be_let_out_but_the_last_participant_stays(open_scene, carry_on):
    code = open_scene("dispatched")
    for party in people.PARTICIPANTS:
        assignments.send_back(f"{party}.shenpi", code, "人手不足")
    with refused("没有代码为「nobody」", NotFound):
        assignments.withdraw("bangong", code, "nobody", "已商定")
    assignments.withdraw("bangong", code, "wjj", "已商定")
    with refused("两个以上部门", RuleViolation):
        assignments.withdraw("bangong", code, "xfjy", "已商定")
    with refused("不能「待接收」", StageError):
        assignments.resend("bangong", code, "wjj", "反悔")
    assignments.resend("bangong", code, "xfjy", "已商定")
    assignments.accept("xfjy.jingban", code)
    carry_on()
    assert people.stage(code) == "in_field"
    assert people.teams(code, "wjj") == []
    assert len(people.teams(code, "xfjy")) == 3


def test_a_department_short_of_people_is_told_so_and_blocks_nobody(open_scene, carry_on):
    code = open_scene("dispatched")
    with transaction() as session:
        wjj = session.scalar(select(Department.id).where(Department.code == "wjj"))
        session.execute(update(Inspector).where(
            Inspector.department_id == wjj, Inspector.certificate_no != "YL44520035").values(
            active=False))
    for party in people.PARTICIPANTS:
        assignments.accept(f"{party}.jingban", code)
    said = carry_on()
    assert any("卫健人员不足" in one for one in said)
    assert assignment_stages() == {"wjj": "accepted", "xfjy": "staffed"}
    with transaction() as session:
        short = session.scalars(select(Assignment).where(Assignment.department_id == wjj)).one()
        assert (short.shortage_on, bool(short.shortage)) == (settings.today(), True)
        assert find_scheme(session, code).stage == "dispatched"
    assert people.teams(code, "wjj") == []
    with transaction() as session:
        session.execute(update(Inspector).where(Inspector.department_id == wjj).values(active=True))
    assert carry_on() == []  # told once a day
    with on_day(settings.today() + datetime.timedelta(days=1)):
        carry_on()
    assert assignment_stages() == {"wjj": "staffed", "xfjy": "staffed"}
    assert people.stage(code) == "in_field"


def test_who_was_drawn_stands_in_the_tickets_with_a_reserve_behind(look):
    look("dispatched")
    with transaction() as session:
        tickets = session.execute(select(DrawTicket.is_reserve, DrawTicket.stratum)).all()
        assert session.scalar(select(Scheme.stage)) == "dispatched"
    drawn = sorted(stratum for is_reserve, stratum in tickets if not is_reserve)
    assert len(drawn) == 3
    assert sorted(stratum for is_reserve, stratum in tickets if is_reserve) == drawn
