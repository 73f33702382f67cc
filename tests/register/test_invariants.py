"""What always holds, and that each of these questions finds what it is asked for (teeth)."""

import pytest
from sqlalchemy import text

from blocks.actions import cancelling, recusals, visits
from blocks.register.database import transaction
from blocks.register.invariants import INVARIANTS, breaking, broken
from blocks.steps import staffing
from tests import people
from tests.register.breaking import BREAKING
from tests.scenes import actor, first_check, run, visit_of

QUESTIONS = {one.name: one for one in INVARIANTS if not one.name.startswith("references_")}


def names() -> list[str]:
    with transaction() as session:
        return sorted({one.invariant.name for one in broken(session)})


def test_each_invariant_is_declared_once_says_its_guarantee_in_chinese_and_has_a_case_that_breaks_it():
    assert len({one.name for one in INVARIANTS}) == len(INVARIANTS)
    assert {one.guarantee for one in INVARIANTS} <= {f"G{number}" for number in range(1, 22)}
    assert all("\u4e00" <= one.says[0] <= "\u9fff" for one in INVARIANTS)
    assert set(BREAKING) == set(QUESTIONS)


@pytest.mark.parametrize("scene", ["sample", "drafted", "submitted", "approved", "sealed", "dispatched", "in_field",
                                   "publicised"])
def test_in_each_scene_everything_holds(look, scene):
    look(scene)
    assert names() == []


@pytest.mark.parametrize("name", BREAKING)
def test_what_is_broken_past_every_trigger_and_constraint_is_found(look, name):
    scene, statements = BREAKING[name]
    look(scene)
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements.split(";"):
            session.execute(text(statement.replace(": ", "\\: ")))
        found = breaking(session, QUESTIONS[name])
        session.rollback()
    assert found
    assert all(one.what for one in found)


def test_a_row_that_points_to_nothing_is_found_in_every_table_that_points(look):
    look("publicised")
    pointing = [one for one in INVARIANTS if one.name.startswith("references_")]
    assert len(pointing) > 30
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("departments", "accounts", "draws", "trail"):
            session.execute(text(f"DELETE FROM {table}"))
        found = {one.invariant.name for one in broken(session) if one.invariant in pointing}
        session.rollback()
    assert {"references_checks", "references_outbox", "references_draw_tickets", "references_schemes"} <= found


def test_everything_holds_after_a_cancelled_draw_a_recusal_and_a_successor(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    recusal = recusals.claim(team[0], check, "亲属").ids["recusal"]
    assert names() == []
    recusals.decide("gaj.shenpi", recusal, grant=True, reason="属实")
    assert names() == []
    run("acceptance", code)
    assert names() == []
    check, team = first_check(code)
    visits.ask_replacement(team[0], visit_of(check), "closed")
    visits.confirm_replacement("gaj.shenpi", visit_of(check))
    assert names() == []
    run("acceptance", code)
    assert names() == []
    cancelling.cancel("bangong", code, "上级统一部署")
    cancelling.confirm("bangong2", code, "属实")
    assert names() == []


def test_a_visit_that_gets_its_time_after_one_department_recorded_starts_no_clock_for_what_is_recorded(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    with transaction() as session:  # no half day was left when the times were fixed
        session.execute(text("UPDATE visits SET day = NULL, half = NULL WHERE id = :id"), {"id": visit_of(check)})
        session.execute(text("UPDATE seats SET day = NULL, half = NULL WHERE check_id IN (SELECT id FROM checks "
                             "WHERE visit_id = :id)"), {"id": visit_of(check)})
        session.execute(text("DELETE FROM dues WHERE clock = 'recording' AND thing_id IN (SELECT id FROM checks "
                             "WHERE visit_id = :id)"), {"id": visit_of(check)})
    people.inspected(check, team)
    assert names() == []
    staffing.fix_visits(1, actor("flow.acceptance"))
    assert names() == []
