"""A year's plan from the office's file to schemes drafted in time (art. 14)."""

from datetime import date

import pytest
from sqlalchemy import func, select

from blocks import settings
from blocks.actions import plans, schemes
from blocks.errors import NotFound, RosterError, RuleViolation, StageError
from blocks.register import trail
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.notices import Notice
from blocks.register.plans import AnnualPlan
from blocks.register.schemes import Scheme
from blocks.steps import planning
from tests import people
from tests.conftest import SAMPLE
from tests.scenes import on_day

PLAN = SAMPLE / "plan.csv"
YEAR = 2026
HEAD = "序号,抽查任务名称,抽查事项,检查对象,抽查比例,抽查时间,发起部门,配合部门\n"
HOTELS = "1,样例·旅馆抽查,LG-01,旅馆,5%,4月至6月,公安,消防\n"


@pytest.fixture
def plan(tmp_path):
    """Return a function that writes a plan's file."""
    def write(*rows: str):
        path = tmp_path / "计划.csv"
        path.write_text(HEAD + "".join(rows), "utf-8")
        return path
    return write


def night(day: date) -> list[str | None]:
    """Do what the nightly run does for the plans."""
    with on_day(day):
        with transaction() as session:
            who = service_account(session, "nightly", "夜间任务").as_actor(run="test")
        return [planning.open_schemes(who), planning.remind_drafts(), planning.publish_pages()]


def told(kind: str = "plan") -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Notice.subject).where(Notice.kind == kind).order_by(
            Notice.id)))


def notice_bodies(kind: str) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Notice.body).where(Notice.kind == kind)))


def drafted() -> list[Scheme]:
    with transaction() as session:
        return list(session.scalars(select(Scheme).where(Scheme.plan_key.is_not(None)).order_by(
            Scheme.plan_key)))


def stages_of(year: int = YEAR) -> list[tuple[int, str]]:
    with transaction() as session:
        return [tuple(row) for row in session.execute(select(
            AnnualPlan.number, AnnualPlan.stage).where(AnnualPlan.year == year).order_by(
            AnnualPlan.number))]


def test_the_offices_plan_goes_in_and_says_what_it_asks_and_proposes(city):
    intake = plans.take("bangong", PLAN, YEAR)
    assert (intake.reading.rows_in, intake.reading.rows_taken, len(intake.entries)) == (5, 5, 5)
    asked = [(one.number, question.field) for one in intake.entries for question in one.questions]
    assert asked == [(4, "share")]
    (proposal,) = intake.proposals
    assert (proposal.first.number, proposal.second.number) == (1, 3)
    assert stages_of() == [(1, "drafted")]


def test_the_same_plan_again_changes_nothing(city):
    plans.take("bangong", PLAN, YEAR)
    plans.publish("bangong", YEAR)
    again = plans.take("bangong", PLAN, YEAR)
    assert again.changed == [] and stages_of() == [(1, "published")]


def test_a_rehearsal_writes_nothing(city):
    assert plans.take("bangong", PLAN, YEAR, rehearse=True).is_new
    assert stages_of() == []


def test_who_says_no_writes_nothing(city):
    with pytest.raises(RuleViolation, match="什么都没有改动"):
        plans.take("bangong", PLAN, YEAR, agree=lambda intake: False)
    assert stages_of() == []


def test_rows_that_are_not_understood_keep_the_whole_out_unless_the_rest_is_wanted(city, plan):
    path = plan(HOTELS, "二,看不懂的行,,,,,,\n")
    with pytest.raises(RosterError, match="2行中有1行没有看懂，什么都没有改动"):
        plans.take("bangong", path, YEAR)
    assert stages_of() == []
    intake = plans.take("bangong", path, YEAR, accept_valid=True)
    assert len(intake.entries) == 1 and len(intake.problems) == 1


@pytest.mark.parametrize("login", ["gaj.jingban", "gaj.shenpi", "jiandu"])
def test_only_the_office_takes_in_and_publishes(city, login):
    with pytest.raises(RuleViolation):
        plans.take(login, PLAN, YEAR)
    plans.take("bangong", PLAN, YEAR)
    with pytest.raises(RuleViolation):
        plans.publish(login, YEAR)
    assert stages_of() == [(1, "drafted")]


def test_a_question_is_answered_by_the_lead_or_the_office_and_nobody_else(city):
    plans.take("bangong", PLAN, YEAR)
    with pytest.raises(RuleViolation, match="由发起部门的经办人"):
        plans.answer("gaj.jingban", YEAR, 4, {"share": "5%"})
    said = plans.answer("wgltj.jingban", YEAR, 4, {"share": "约5%"})
    assert "约数" in said.next
    said = plans.answer("bangong", YEAR, 4, {"share": "5%"})
    assert "由「约5%」改为「5%」" in said.sentence and "全部明确" in said.next
    assert stages_of() == [(1, "drafted")]
    with pytest.raises(NotFound, match="没有第9项"):
        plans.answer("bangong", YEAR, 9, {"share": "5%"})
    with pytest.raises(RuleViolation, match="手机号码"):
        plans.answer("bangong", YEAR, 4, {"targets": "电话13912345678"})


def test_a_change_of_a_published_plan_is_a_new_version_and_the_old_one_stays(city):
    plans.take("bangong", PLAN, YEAR)
    plans.publish("bangong", YEAR)
    assert "没有变化" in plans.answer("bangong", YEAR, 1, {"share": "10%但不少于10家"}).sentence
    plans.answer("wgltj.jingban", YEAR, 4, {"share": "5%"})
    assert stages_of() == [(1, "published"), (2, "drafted")]
    plans.publish("bangong2", YEAR)
    assert stages_of() == [(1, "changed"), (2, "published")]
    assert plans.show(YEAR, number=1).entries[3].share is None
    assert plans.show(YEAR).changed == ["第4项「样例·文化娱乐场所联合抽查」：抽查比例由「待定」改为「5%」"]
    with pytest.raises(StageError, match="不能"):
        plans.publish("bangong", YEAR)
    with transaction() as session:
        assert trail.verify(session)[1] == []


def test_entries_keep_their_numbers_when_the_file_is_reordered(city, plan):
    cinemas = "2,样例·影院抽查,WY-01,文化娱乐场所,5%,9月,文旅,消防\n"
    plans.take("bangong", plan(HOTELS, cinemas), YEAR)
    intake = plans.take("bangong", plan(cinemas.replace("5%", "6%"), HOTELS), YEAR)
    assert [(one.number, one.name) for one in intake.entries] == [
        (1, "样例·旅馆抽查"), (2, "样例·影院抽查")]
    assert intake.changed == ["第2项「样例·影院抽查」：抽查比例由「5%」改为「6%」"]


def test_a_department_that_is_added_later_answers_its_question_by_itself(city, plan, tmp_path):
    from blocks.actions import intake
    path = plan("1,样例·粮食抽查,LG-01,旅馆,5%,4月,公安,市粮食局\n")
    assert plans.take("bangong", path, YEAR).entries[0].questions
    added = tmp_path / "部门.csv"
    added.write_text("部门代码,部门名称,部门简称\nlsj,市粮食局,粮食\n", "utf-8")
    intake.take("bangong", "departments", added)
    assert plans.show(YEAR).entries[0].questions == []


def test_what_is_not_there_is_named(city):
    with pytest.raises(NotFound, match="没有市级2026年度计划"):
        plans.show(YEAR)
    with pytest.raises(NotFound, match="没有「火星」"):
        plans.take("bangong", PLAN, YEAR, county="火星")
    with pytest.raises(RuleViolation, match="没有26年度"):
        plans.take("bangong", PLAN, 26)


# 4 to 6 April 2026 are holidays; 20 workdays before 1 April is 4 March
@pytest.mark.parametrize(("day", "opened"), [
    (date(2026, 3, 3), []), (date(2026, 3, 4), ["1"]), (date(2026, 6, 30), ["1"]),
    (date(2026, 7, 1), []),
])
def test_the_night_drafts_the_scheme_so_many_workdays_before_its_window(city, plan, day, opened):
    plans.take("bangong", plan(HOTELS), YEAR)
    plans.publish("bangong", YEAR)
    night(day)
    assert [scheme.plan_key.split("/")[2] for scheme in drafted()] == opened


def test_a_scheme_from_the_plan_says_where_it_comes_from_and_its_lead_is_told(city):
    plans.take("bangong", PLAN, YEAR)
    plans.publish("bangong", YEAR)
    said = night(date(2026, 3, 20))
    assert "起草方案" in said[0] and "待明确" in said[0]
    hotels = next(one for one in drafted() if one.plan_key == "2026/445200/1/1")
    assert hotels.grounds == "2026年度市级部门联合抽查计划第1项。" and hotels.stage == "drafted"
    assert (hotels.window_start, hotels.window_end) == (date(2026, 4, 1), date(2026, 6, 30))
    assert hotels.sampling["at_least"] == 10 and hotels.scope["kinds"] == ["旅馆"]
    with transaction() as session:
        notice = session.scalar(select(Notice).where(Notice.scheme_id == hotels.id))
        assert "请核对后提交审批" in notice.body and "可以合并" in notice.body
    assert any("第4项待明确" in subject for subject in told())


def test_the_same_inspection_is_opened_once_whatever_changes(city):
    plans.take("bangong", PLAN, YEAR)
    plans.publish("bangong", YEAR)
    night(date(2026, 3, 20))
    before = [one.code for one in drafted()]
    plans.answer("bangong", YEAR, 1, {"share": "12%"})
    plans.publish("bangong", YEAR)
    assert night(date(2026, 3, 20))[0] == "年度计划1项待明确，未能起草"
    assert [one.code for one in drafted()] == before


def test_an_inspection_of_two_times_a_year_is_opened_twice(city):
    plans.take("bangong", PLAN, YEAR)
    plans.publish("bangong", YEAR)
    night(date(2026, 2, 25))
    night(date(2026, 8, 25))
    schools = [one for one in drafted() if "校外培训" in one.name]
    assert [(one.window_start, one.window_end) for one in schools] == [
        (date(2026, 3, 1), date(2026, 5, 31)), (date(2026, 9, 1), date(2026, 11, 30))]


def test_a_plan_that_is_not_published_opens_nothing(city):
    plans.take("bangong", PLAN, YEAR)
    assert night(date(2026, 3, 20))[0] is None and drafted() == []


def test_a_plan_for_january_opens_in_december(city, plan):
    plans.take("bangong", plan(HOTELS.replace("4月至6月", "1月")), 2026)
    plans.publish("bangong", 2026)
    night(date(2025, 12, 15))
    assert [one.window_start for one in drafted()] == [date(2026, 1, 1)]


def test_a_countys_plan_is_for_its_own_businesses(city, plan):
    plans.take("bangong", plan(HOTELS), YEAR, county="揭西县")
    plans.publish("bangong", YEAR, county="445222")
    night(date(2026, 3, 20))
    (scheme,) = drafted()
    assert scheme.scope["counties"] == ["445222"]
    assert "揭西县" in scheme.grounds


def test_an_item_out_of_force_is_told_and_nothing_is_drafted(city, plan):
    path = plan("1,样例·检验机构抽查,JC-02,机动车检验机构,5%,3月,生态,市监\n")
    plans.take("bangong", path, YEAR)
    plans.publish("bangong", YEAR)
    assert night(date(2026, 3, 2))[0] == "年度计划1项待明确，未能起草"
    assert drafted() == [] and told() == ["年度计划第1项待明确：样例·检验机构抽查"]
    with transaction() as session:
        assert "不在有效期内" in session.scalar(select(Notice.body))


def test_reminders_climb_the_ladder_until_the_scheme_is_submitted(city, plan):
    plans.take("bangong", plan(HOTELS), YEAR)
    plans.publish("bangong", YEAR)
    night(date(2026, 3, 4))
    assert night(date(2026, 3, 18))[1] == "提醒1份计划内的方案尚未提交"  # 10 workdays
    assert night(date(2026, 3, 18))[1] is None and night(date(2026, 3, 19))[1] is None
    assert night(date(2026, 4, 1))[1] == "提醒1份计划内的方案尚未提交"
    with on_day(date(2026, 4, 1)):
        schemes.submit("gaj.jingban", drafted()[0].code)
    assert night(date(2026, 4, 2))[1] is None


def test_an_entry_whose_time_is_open_is_told_once_a_version(city, plan):
    plans.take("bangong", plan(HOTELS.replace("4月至6月", "待定")), YEAR)
    plans.publish("bangong", YEAR)
    for day in (5, 6, 9):
        night(date(2026, 1, day))
    assert told() == ["年度计划第1项待明确：样例·旅馆抽查"]


def test_the_draft_can_be_submitted_as_it_stands(city, plan, carry_on):
    plans.take("bangong", plan(HOTELS), YEAR)
    plans.publish("bangong", YEAR)
    night(date(2026, 3, 20))
    with on_day(date(2026, 3, 20)):
        schemes.submit("gaj.jingban", drafted()[0].code)
        carry_on()
        schemes.approve("gaj.shenpi", drafted()[0].code)
    assert drafted()[0].stage == "approved"


def test_the_approver_is_told_where_a_scheme_stays_below_its_plan(city, plan, carry_on):
    plans.take("bangong", plan(HOTELS), YEAR)
    plans.publish("bangong", YEAR)
    night(date(2026, 3, 20))
    code = drafted()[0].code
    with on_day(date(2026, 3, 20)):
        schemes.edit("gaj.jingban", code, people.contents(
            sampling={"mode": "ratio", "rates": {"A": "4%", "B": "5%", "C": "5%", "D": "5%"}},
            window={"start": "2026-04-01", "end": "2026-06-30"}))
        schemes.submit("gaj.jingban", code)
        carry_on()
    (asked,) = (one for one in notice_bodies("approval"))
    assert "低于计划（5%）" in asked


def test_the_page_of_a_plan_tells_what_is_foreseen_and_what_was_changed(city):
    plans.take("bangong", PLAN, YEAR)
    assert not (settings.state_dir() / "public" / "plans").exists()
    plans.publish("bangong", YEAR)
    page = settings.state_dir() / "public" / "plans" / "2026-445200.html"
    assert "10%但不少于10家" in page.read_text("utf-8")
    plans.answer("bangong", YEAR, 4, {"share": "5%"})
    plans.publish("bangong", YEAR)
    text = page.read_text("utf-8")
    assert "第2版" in text and "抽查比例由「待定」改为「5%」" in text
    front = (settings.state_dir() / "public" / "index.html").read_text("utf-8")
    assert "plans/2026-445200.html" in front
    page.unlink()
    night(date(2026, 1, 5))
    assert page.read_text("utf-8") == text
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(AnnualPlan)) == 2
