"""The one door for change: guarded, on the trail, in one transaction (G1, G7, G8, G9)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from blocks.actions import schemes
from blocks.errors import InspectionError, RuleViolation, StageError
from blocks.register import trail
from blocks.register.base import Base
from blocks.register.database import TWICE, transaction
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import OutboxLine, TrailLine, advance
from tests.scenes import actor, everything, first_check


def execute(*statements: str) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement))


def past_the_triggers(statement: str) -> list[str]:
    """Do as a superuser what no trigger sees; return what the check of the trail then says."""
    execute("ALTER TABLE trail DISABLE TRIGGER ALL", statement,
            "ALTER TABLE trail ENABLE TRIGGER ALL")
    with transaction() as session:
        return trail.verify(session)[1]


def lines() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(TrailLine))


def test_whatever_may_be_open_only_once_says_so_in_a_sentence():
    by_the_system = {"uq_draws_open", "uq_visits_live", "uq_dues_open", "uq_differences_open", "uq_seats_leader",
                     "uq_seats_live", "uq_seats_half_day"}  # nobody types these
    once = {index.name for table in Base.metadata.tables.values() for index in table.indexes
            if index.unique and index.dialect_options["postgresql"]["where"] is not None}
    assert once - by_the_system <= TWICE.keys() and by_the_system <= once


def test_of_two_who_move_the_same_version_one_wins_and_the_other_leaves_nothing(open_scene):
    code = open_scene("drafted")
    drafter = actor("gaj.jingban")
    before = lines()
    with pytest.raises(StageError, match="刚刚被别人办理过") as lost, transaction() as late:
        stale = find_scheme(late, code)
        with transaction() as early:
            advance(early, find_scheme(early, code), "submitted", drafter)
        after = everything()
        late.execute(text("INSERT INTO attempts VALUES ('x', 'x', NULL, 0, now(), '')"))
        advance(late, stale, "submitted", drafter, grounds="改写")
    assert "什么都没有改动" in lost.value.remedy
    assert everything() == after
    assert lines() == before + 1


def test_two_clicks_at_once_submit_once(open_scene):
    code = open_scene("drafted")
    before = lines()

    def click(_: int) -> str:
        try:
            return schemes.submit("gaj.jingban", code).sentence
        except InspectionError as error:
            assert isinstance(error, StageError)
            return ""

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(click, range(8)))
    assert len([s for s in said if s]) == 1
    assert lines() == before + 1


def test_each_move_has_its_line_of_the_trail_and_of_the_outbox_in_the_same_transaction(open_scene):
    open_scene("publicised")
    with transaction() as session:
        number, wrong = trail.verify(session)
        numbers = session.scalars(select(TrailLine.number).order_by(TrailLine.number)).all()
        told = session.scalars(select(OutboxLine.trail_number).order_by(
            OutboxLine.trail_number)).all()
        assert session.scalar(select(func.count()).where(TrailLine.actor_id.is_(None))) == 0
    assert wrong == []
    assert numbers == told == list(range(1, number + 1))


def test_a_crash_after_the_move_leaves_no_line_behind(open_scene):
    code = open_scene("drafted")
    before = everything()
    with pytest.raises(ZeroDivisionError), transaction() as session:
        advance(session, find_scheme(session, code), "submitted", actor("gaj.jingban"))
        session.flush()
        raise ZeroDivisionError
    assert everything() == before


@pytest.mark.parametrize("statement", [
    "UPDATE trail SET reason = '别的' WHERE number = 3",
    "DELETE FROM trail WHERE number = 3",
    "TRUNCATE trail CASCADE",
    "UPDATE chain SET line = '{}'",
    "DELETE FROM chain",
    "TRUNCATE chain",
    "UPDATE publications SET sha256 = ''",
    "DELETE FROM publications",
    "TRUNCATE publications",
])
def test_what_is_insert_only_refuses_every_other_change(look, statement):
    look("publicised")
    before = everything()
    with pytest.raises(DBAPIError, match="insert-only"):
        execute(statement)
    assert everything() == before


@pytest.mark.parametrize("table", ["schemes", "draws", "assignments", "visits", "checks"])
def test_no_moving_thing_is_ever_deleted(look, table):
    look("publicised")
    before = everything()
    with pytest.raises(DBAPIError, match="insert-only"):
        execute(f"DELETE FROM {table}")
    assert everything() == before


@pytest.mark.parametrize(("statement", "said"), [
    ("UPDATE trail SET reason = '别的' WHERE number = 3", "留痕第3条与链不符"),
    ("UPDATE trail SET details = '{\"run\": \"?\"}' WHERE number = 3", "留痕第3条与链不符"),
    ("UPDATE trail SET at = at + interval '1 microsecond' WHERE number = 3", "留痕第3条与链不符"),
    ("UPDATE trail SET actor_id = 2 WHERE number = 3", "留痕第3条与链不符"),
    ("DELETE FROM trail WHERE number = 3", "留痕缺第3至3条"),
    ("DELETE FROM trail WHERE number IN (2, 3)", "留痕缺第2至3条"),
    ("DELETE FROM trail WHERE number = 1", "留痕缺第1至1条"),
    ("DELETE FROM trail WHERE number = (SELECT max(number) FROM trail)", "最后一步不在留痕中"),
    ("INSERT INTO trail SELECT number + 1, thing, thing_id, version + 1, source, target, label, "
     "actor_id, role, at, reason, details, scheme_id, hash, hash FROM trail "
     "ORDER BY number DESC LIMIT 1", "与链不符"),
    ("UPDATE trail SET number = 7 - number WHERE number IN (3, 4)", "与链不符"),
])
def test_whoever_changes_the_trail_past_its_triggers_is_found_out(open_scene, statement, said):
    open_scene("approved")
    assert past_the_triggers("SELECT 1") == []
    if "7 - number" in statement:  # the key must not clash on the way
        past_the_triggers("UPDATE trail SET number = -number WHERE number IN (3, 4)")
        statement = "UPDATE trail SET number = 7 + number WHERE number < 0"
    wrong = past_the_triggers(statement)
    assert any(said in one for one in wrong), wrong


@pytest.mark.parametrize("statement", [
    "UPDATE schemes SET stage = 'approved', approver_id = 2, version = version + 1",
    "UPDATE schemes SET version = version + 1",
])
def test_a_stage_that_was_changed_past_the_door_is_refused_at_commit(look, statement):
    look("submitted")
    before = everything()
    with pytest.raises(DBAPIError, match="no trail line"):
        execute(statement)
    assert everything() == before


@pytest.mark.parametrize("statement", [
    "UPDATE schemes SET stage = 'cancelled'",
    "UPDATE schemes SET version = version + 2",
    "UPDATE schemes SET version = version - 1",
])
def test_a_stage_without_its_version_is_refused_at_once(look, statement):
    look("submitted")
    before = everything()
    with pytest.raises(DBAPIError, match="a move adds exactly one to the version"):
        execute(statement)
    assert everything() == before


NEW_SEAT = ("INSERT INTO seats (check_id, inspector_id, leads, suspended, day, half) SELECT {check}, "
            "inspector_id, false, false, {when} FROM seats WHERE check_id = {other} AND leads")
INTEREST = ("INSERT INTO interests (inspector_id, target_id, reason) SELECT s.inspector_id, "
            "v.target_id, '亲属' FROM seats s, visits v JOIN checks c ON c.visit_id = v.id "
            "WHERE c.id = {check} AND s.check_id = {other} AND s.leads")


@pytest.mark.parametrize(("scene", "statements", "said"), [
    ("publicised", ["UPDATE schemes SET approver_id = drafter_id"], "起草人不能审批自己的方案"),
    ("publicised", ["UPDATE check_records SET reviewed_by_id = recorded_by_id"],
     "填报人不能审核自己的记录"),
    ("publicised", ["UPDATE check_records SET reviewed_by_id = confirmed_by_id"],
     "参加检查的人不能审核该记录"),
    ("publicised", ["UPDATE check_records SET confirmed_by_id = recorded_by_id"],
     "记录须由另一名检查人员确认"),
    ("publicised", ["UPDATE draw_sources SET confirmed_by_id = typed_by_id WHERE kind = 'typed'"],
     "公开数字须由两人分别录入"),
    ("in_field", [INTEREST, NEW_SEAT.format(check="{check}", other="{other}", when="NULL, NULL")],
     "有利害关系，应当回避"),
    ("in_field", [NEW_SEAT.format(check="{check}", other="{other}", when="day, half")],
     "同一半天已有其他检查"),
])
def test_the_register_itself_refuses_what_the_law_forbids(look, scene, statements, said):
    code = look(scene)
    check, _ = first_check(code)
    with transaction() as session:  # another business than `check`'s
        other = session.scalar(text(
            "SELECT c.id FROM checks c JOIN checks mine ON mine.id = :check "
            "WHERE c.department_id = mine.department_id AND c.id <> mine.id ORDER BY c.id LIMIT 1"),
            {"check": check})
    before = everything()
    with pytest.raises(RuleViolation) as refused:
        execute(*(s.format(check=check, other=other) for s in statements))
    assert said in refused.value.message
    assert everything() == before


@pytest.mark.parametrize(("statement", "constraint"), [
    ("INSERT INTO draws (scheme_id, number, hash_name, contributions_due, stage, version, "
     "stage_since, moved_by_id) SELECT scheme_id, 2, hash_name, contributions_due, 'announced', 1, "
     "stage_since, moved_by_id FROM draws", "uq_draws_open"),
    ("INSERT INTO visits (scheme_id, draw_id, target_id, candidate_id, stratum, rank, stage, "
     "version, stage_since, moved_by_id, notice_code) SELECT scheme_id, draw_id, target_id, "
     "candidate_id, stratum, 99, 'planned', 1, stage_since, moved_by_id, 'X' FROM visits LIMIT 1", "uq_visits_live"),
    ("UPDATE checks SET record_number = 0", "ck_checks_recorded_has_record"),
    ("UPDATE schemes SET approver_id = NULL", "ck_schemes_approved_by_somebody"),
    ("UPDATE check_records SET reviewed_by_id = NULL", "ck_check_records_verdict_by_somebody"),
    ("UPDATE assignments SET item_codes = '{}'", "ck_assignments_items_chosen"),
    ("UPDATE seats SET leads = true", "uq_seats_leader"),
    ("UPDATE schemes SET window_end = window_start - 1", "ck_schemes_window"),
    ("INSERT INTO dues (thing, thing_id, clock, started_on, due_on, provisional, explained) "
     "VALUES ('check', 1, 'review', '2026-01-02', '2026-01-01', false, '')", "ck_dues_after_start"),
    ("INSERT INTO dues (thing, thing_id, clock, started_on, due_on, provisional, explained) SELECT "
     "'check', 1, 'review', '2026-01-02', '2026-01-02', false, '' FROM generate_series(1, 2)",
     "uq_dues_open"),
    ("UPDATE trail SET number = number", "insert-only"),
])
def test_the_register_keeps_one_of_what_there_may_be_only_one(look, statement, constraint):
    look("publicised")
    before = everything()
    with pytest.raises(DBAPIError, match=constraint):
        execute(statement)
    assert everything() == before


def test_a_move_without_a_person_is_refused(look):
    look("submitted")
    before = everything()
    with pytest.raises(DBAPIError, match="moved_by_id"):
        execute("UPDATE schemes SET moved_by_id = NULL")
    assert everything() == before


def test_a_version_stands_once_on_the_trail(look):
    look("submitted")
    before = everything()
    with pytest.raises(DBAPIError, match="uq_trail_thing_thing_id_version"):
        execute("INSERT INTO trail SELECT number + 100, thing, thing_id, version, source, target, "
                "label, actor_id, role, at, reason, details, scheme_id, previous, hash FROM trail")
    assert everything() == before


def test_the_numbers_of_the_law_are_frozen_at_approval(look):
    look("submitted")
    with transaction() as session:
        assert session.scalar(select(Scheme.regulation)) is None
    look("approved")
    with transaction() as session:
        assert session.scalar(select(Scheme.regulation))["publicity_workdays"] == 20
