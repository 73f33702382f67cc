"""Which clocks run, which flow is due, what is told to Prefect (G2, G5, G20)."""

from datetime import date

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, select

from blocks import settings
from blocks.actions import assignments, checks, draws, recusals, schemes, visits
from blocks.register import Base, database, notices
from blocks.register.database import transaction
from blocks.register.due import QUESTIONS, find
from blocks.register.trail import DueLine, OutboxLine, TrailLine
from blocks.rules.deadlines import CLOCKS
from blocks.steps import relaying
from tests import people
from tests.scenes import (
    PARTIES,
    SECRETS,
    SMALL,
    due_flows,
    first_check,
    on_day,
    run,
    visit_of,
)


def clocks(open_ones: bool = True) -> set[str]:
    """Return the clocks that run, or those that were met."""
    with transaction() as session:
        where = DueLine.met_at.is_(None) if open_ones else DueLine.met_at.is_not(None)
        return set(session.scalars(select(DueLine.clock).where(where)))


def the_clock(clock: str, thing_id: int | None = None) -> DueLine:
    with transaction() as session:
        return session.scalars(select(DueLine).where(
            DueLine.clock == clock, DueLine.thing_id == thing_id if thing_id else True,
            DueLine.met_at.is_(None))).one()


def woken(thing: str, target: str) -> list[str | None]:
    """Return what each such move woke, in order."""
    with transaction() as session:
        return list(session.scalars(select(OutboxLine.wakes).join(OutboxLine.line).where(
            TrailLine.thing == thing, TrailLine.target == target).order_by(TrailLine.number)))


def test_tables_of_the_migrations_are_those_of_the_models(register):
    with database.engine(settings.database_url()).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(("scene", "running"), [
    ("drafted", set()), ("submitted", {"approval"}), ("approved", {"contribution"}),
    ("sealed", {"contribution"}), ("dispatched", {"acceptance"}), ("in_field", {"recording"}),
    ("publicised", set()),
])
def test_in_each_scene_the_clocks_run_that_should(look, scene, running):
    look(scene)
    assert clocks() == running


def test_every_clock_that_an_inspection_started_is_met_in_the_end(look):
    look("publicised")
    assert clocks(open_ones=False) == set(CLOCKS) - {
        "recusal", "absence", "follow_up", "objection", "letter"}


def test_a_clock_counts_from_its_move_and_is_stopped_by_what_meets_it(open_scene, carry_on):
    open_scene("sample")
    with on_day(date(2026, 9, 18)):  # the make-up Sunday 20 September is worked, 25-27 are not
        code = people.drafted(**SMALL)
        schemes.submit("gaj.jingban", code)
        line = the_clock("approval")
        assert (line.started_on, line.due_on, line.provisional) == (
            date(2026, 9, 18), date(2026, 9, 24), False)
        assert line.explained == "自9月18日起第5个工作日（计入9月20日调休上班）"
        carry_on()
        schemes.return_("gaj.shenpi", code, "范围太宽")
        assert clocks() == set()
        schemes.submit("gaj.jingban", code)
        assert clocks() == clocks(open_ones=False) == {"approval"}


def test_a_due_date_that_crosses_a_year_without_schedule_is_provisional_and_says_so(open_scene):
    open_scene("sample")
    with on_day(date(2026, 12, 30)):
        schemes.submit("gaj.jingban", people.drafted(**SMALL))
        line = the_clock("approval")
    assert line.provisional
    assert "2027年放假安排尚未公布，按最早可能日期暂定" in line.explained
    assert line.due_on <= date(2027, 1, 6)


def test_recording_counts_from_the_day_of_the_visit_and_publicity_from_the_record(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with transaction() as session:
        day = session.get_one(checks.Check, check).visit.day
    assert the_clock("recording", check).started_on == day
    people.inspected(check, team)
    assert the_clock("publicity", check).started_on == settings.today()
    assert the_clock("review", check).started_on == settings.today()
    checks.review("gaj.shenpi", check, approve=False, reason="照片不清")
    with transaction() as session:
        assert session.scalars(select(DueLine.clock).where(
            DueLine.thing_id == check, DueLine.thing == "check",
            DueLine.met_at.is_(None))).all() == ["recording"]


def test_a_correction_has_twenty_workdays_of_its_own(open_scene):
    code = open_scene("publicised")
    check, _ = first_check(code)
    checks.correct("gaj.jingban", check, "no_problem", {"*": "是"}, "笔误")
    assert clocks() == {"review"}
    checks.review("gaj.shenpi", check)
    assert the_clock("publicity").thing_id == check


@pytest.mark.parametrize(("scene", "due"), [
    ("drafted", []), ("submitted", ["plan_approval"]), ("approved", []), ("sealed", []),
    ("dispatched", []), ("in_field", []), ("publicised", []),
])
def test_who_waits_for_people_is_due_for_no_flow(look, scene, due):
    look(scene)
    assert due_flows() == due


def test_each_step_of_an_inspection_is_found_once_when_it_is_due_and_not_before(open_scene):
    code = open_scene("submitted")
    assert due_flows() == ["plan_approval"]
    run("plan_approval", code)
    assert due_flows() == []
    schemes.approve("gaj.shenpi", code)
    assert due_flows() == ["draw"]
    run("draw", code)
    for party in PARTIES:
        assert due_flows() == []
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    assert due_flows() == ["draw"]
    run("draw", code)
    people.wait_for_the_figure()
    for party in PARTIES:
        draws.reveal(f"{party}.jingban", code, SECRETS[party])
    draws.type_figure("bangong", code, people.FIGURE)
    assert due_flows() == []
    draws.type_figure("gaj.jingban", code, people.FIGURE)
    assert due_flows() == ["draw"]
    run("draw", code)
    assert due_flows() == ["dispatch"]
    run("dispatch", code)
    assert due_flows() == []
    assignments.accept("wjj.jingban", code)
    assert due_flows() == ["acceptance"]
    run("acceptance", code)
    assert due_flows() == []
    assignments.accept("xfjy.jingban", code)
    run("acceptance", code)
    assert due_flows() == ["field_check"]
    run("field_check", code)
    assert due_flows() == []


def test_what_is_due_has_one_key_that_changes_with_every_move(open_scene):
    code = open_scene("submitted")
    with transaction() as session:
        first = find(session)
        again = find(session)
    assert first == again
    assert len({work.key for work in first}) == len(first)
    schemes.return_("gaj.shenpi", code, "理由")
    schemes.submit("gaj.jingban", code)
    with transaction() as session:
        assert not {work.key for work in find(session)} & {work.key for work in first
                                                           if work.scheme_id}


def test_what_is_due_is_asked_by_one_statement_a_question_however_much_it_is(open_scene):
    open_scene("sample")
    for _ in range(3):
        schemes.submit("gaj.jingban", people.drafted(**SMALL))
    asked = []
    with transaction() as session:
        session.connection()
        event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
        due = find(session)
    assert [work.flow for work in due].count("plan_approval") == 3
    assert sum("FROM schemes" in one for one in asked) == len(QUESTIONS)
    assert len(asked) <= len(QUESTIONS) + 2, "and two whether notices wait"


def test_a_step_that_runs_again_does_nothing(open_scene):
    code = open_scene("publicised")
    for flow in ("plan_approval", "draw", "dispatch", "acceptance", "field_check", "publicity"):
        assert run(flow, code) == []


def test_notices_that_wait_are_due_once_for_no_scheme(look):
    look("dispatched")
    with transaction() as session:
        assert [w.flow for w in find(session) if w.scheme_id is None] == ["reminders"]


def test_a_notice_of_the_same_fact_is_queued_once(look):
    look("sample")
    with transaction() as session:
        assert notices.queue(session, "k", "reminder", "到期", "…")
        assert not notices.queue(session, "k", "reminder", "到期", "…")
        assert session.query(notices.Notice).count() == 1
        session.rollback()


def test_a_scheme_that_begins_later_is_due_in_the_field_on_its_first_day(open_scene, carry_on):
    open_scene("sample")
    today = settings.today()
    later = settings.calendar().add(today, 5).on
    code = people.in_field(carry_on, **SMALL, window={
        "start": later, "end": settings.calendar().add(today, 15).on})
    assert people.stage(code) == "staffed"
    assert due_flows() == []
    with on_day(later):
        assert due_flows() == ["field_check"]


def test_only_the_last_review_wakes_the_field_check(open_scene, carry_on):
    code = open_scene("in_field")
    for party in PARTIES:
        for check, team in people.teams(code, party):
            people.inspected(check, team)
            checks.review(f"{party}.shenpi", check)
    assert woken("check", "reviewed") == [None] * 8 + ["field_check"]
    assert woken("check", "recorded") == [None] * 9
    assert due_flows() == ["field_check"]
    run("field_check", code)
    assert due_flows() == ["publicity"]


def test_only_the_last_commitment_and_the_last_contribution_wake_the_draw(look):
    look("dispatched")
    assert woken("draw", "announced")[1:] == [None, None, "draw"]
    assert [w for w in woken("draw", "sealed") if w] == ["draw"]


def test_a_granted_recusal_and_a_confirmed_replacement_wake_the_staffing(open_scene, carry_on):
    code = open_scene("in_field")
    check, team = first_check(code)
    number = recusals.claim(team[0], check, "亲属").ids["recusal"]
    assert due_flows() == []
    recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
    assert woken("recusal", "granted") == ["acceptance"]
    carry_on()
    other, goers = people.teams(code, "gaj")[1]
    visits.ask_replacement(goers[0], visit_of(other), "closed")
    visits.confirm_replacement("gaj.jingban", visit_of(other))
    assert woken("visit", "replaced") == ["acceptance"]


def test_with_prefect_away_the_change_stands_and_the_outbox_keeps_it(open_scene, monkeypatch):
    code = open_scene("drafted")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    done = schemes.submit("gaj.jingban", code)
    assert "已提交" in done.sentence
    assert people.stage(code) == "submitted"
    with transaction() as session:
        line = session.scalars(select(OutboxLine).order_by(
            OutboxLine.trail_number.desc()).limit(1)).one()
        assert (line.event, line.wakes) == ("choucha.scheme.submitted", "plan_approval")
        assert (line.done_at, line.tries) == (None, 0)
    assert due_flows() == ["plan_approval"]
    assert relaying.relay_rest() == 0
