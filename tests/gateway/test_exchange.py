"""What is told to the platform: prepared with the move that causes it, handed over once, asked about."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from blocks import settings
from blocks.actions import assignments, exchanging, visits
from blocks.gateway import client
from blocks.gateway.block import Gateway
from blocks.register import exchanges, trail
from blocks.register.database import transaction
from blocks.register.due import find
from blocks.register.schemes import scheme as find_scheme
from tests import people
from tests.gateway.conftest import carry_out, rows, time_passes
from tests.scenes import actor, first_check, run, visit_of

STAGES = "SELECT kind, stage FROM exchanges ORDER BY id"


def one(code: str) -> str:
    """Cause one exchange: a department accepts."""
    assignments.accept(f"{people.PARTICIPANTS[0]}.jingban", code)
    return code


def test_a_city_without_a_platform_carries_nothing(open_scene):
    code = one(open_scene("dispatched"))
    assert rows(STAGES) == []
    assert run("exchange", code) == []


def test_what_causes_an_exchange_and_its_intent_are_one_transaction(open_scene, told):
    told(platform="files")
    one(open_scene("dispatched"))
    assert rows(STAGES) == [("assignments", "prepared")]
    lines = rows("SELECT thing, target FROM trail ORDER BY number DESC LIMIT 2")
    assert lines == [("exchange", "prepared"), ("assignment", "accepted")]


def test_an_exchange_is_taken_once_and_bears_the_receipt(open_scene, by_http):
    code = one(open_scene("dispatched"))
    assert run("exchange", code) == ["平台已接收1件"]
    (key, taken), = by_http.taken.items()
    assert rows("SELECT key, sha, receipt, stage FROM exchanges") == [
        (key, taken["sha"], taken["receipt"], "acknowledged")]
    assert run("exchange", code) == []
    assert by_http.state["doubles"] == []


def test_what_joins_an_exchange_that_waits_wakes_no_second_run_and_goes_with_it(open_scene, by_http):
    code = one(open_scene("dispatched"))
    assignments.accept(f"{people.PARTICIPANTS[1]}.jingban", code)
    woken = "SELECT count(*) FROM outbox WHERE wakes = 'exchange'"
    assert (rows(woken), rows(STAGES)) == ([(1,)], [("assignments", "prepared")] * 2)
    assert run("exchange", code) == ["平台已接收2件"]


@pytest.mark.parametrize(("fault", "stage"), [
    ("slow", "unknown"), ("lost_reply", "unknown"), ("server_error", "unknown"), ("error_inside", "unknown"),
    ("bad_signature", "unknown"), ("truncated", "unknown"), ("reset", "unknown"), ("maintenance", "prepared"),
    ("clock", "prepared"), ("code_table", "refused")])
def test_after_each_fault_it_is_taken_exactly_once(open_scene, by_http, fault, stage):
    code = one(open_scene("dispatched"))
    by_http.will(fault, 1 if stage != "prepared" else client.ATTEMPTS)
    run("exchange", code)
    assert rows(STAGES) == [("assignments", stage)]
    assert run("exchange", code) == []  # not before its time
    if stage == "refused":
        exchanging.resend("bangong", rows("SELECT id FROM exchanges")[0][0])
    carry_out()
    assert rows("SELECT stage FROM exchanges") == [("acknowledged",)] * len(rows(STAGES))
    assert by_http.state["doubles"] == []
    assert set(by_http.taken) == {key for key, in rows("SELECT key FROM exchanges")}
    with transaction() as session:
        assert trail.verify(session)[1] == []


def test_a_run_that_died_after_handing_over_is_asked_about_and_not_sent_again(open_scene, by_http):
    code = one(open_scene("dispatched"))
    with transaction() as session:
        id_, = exchanges.waiting(session, find_scheme(session, code).id)
        claimed, ask = exchanges.claim(session, id_, "http", actor("flow.exchange"))
        assert (claimed.scheme.code, ask) == (code, False)
    Gateway.from_settings().give(claimed)  # … and here the run dies
    assert rows(STAGES) == [("assignments", "sent")]
    assert run("exchange", code) == []
    time_passes()
    assert run("exchange", code) == ["平台已接收1件"]
    assert by_http.state["doubles"] == []


def test_while_the_platform_is_away_one_exchange_is_tried_and_the_inspection_goes_on(open_scene, told):
    told(platform="http", platform_url="http://127.0.0.1:9", platform_secret="x", platform_seconds=1)
    code = open_scene("dispatched")
    for party in people.PARTICIPANTS:
        assignments.accept(f"{party}.jingban", code)
    run("acceptance", code)
    assert people.stage(code) == "staffed"
    prepared = len(rows(STAGES))
    for _ in range(3):
        run("exchange", code)
    assert rows("SELECT count(*) FROM exchanges WHERE tries > 0") == [(1,)]
    assert rows("SELECT DISTINCT stage FROM exchanges") == [("prepared",)]
    time_passes()
    run("exchange", code)
    assert rows("SELECT sum(tries), count(*) FROM exchanges") == [(2, prepared)]


def test_three_days_without_an_answer_do_not_use_up_the_sweeps_tries(open_scene, by_http, told):
    code = one(open_scene("dispatched"))
    by_http.will("lost_reply")
    run("exchange", code)
    told(platform_url="http://127.0.0.1:9")
    works = set()
    for _ in range(8):
        time_passes()
        with transaction() as session:
            work, = (work for work in find(session) if work.flow == "exchange")
        works.add(work.key)
        run("exchange", code)
    assert len(works) == 8
    assert rows("SELECT stage, away FROM exchanges") == [("unknown", True)]
    told(platform_url=by_http.url)
    time_passes()
    assert run("exchange", code) == ["平台已接收1件"]
    assert by_http.state["doubles"] == []


def claim_and_die(code: str, by: str) -> None:
    """Begin to hand over what waits, and die before anything was said."""
    with transaction() as session:
        id_, = exchanges.waiting(session, find_scheme(session, code).id)
        exchanges.claim(session, id_, by, actor("flow.exchange"))


def test_what_a_run_that_died_never_said_is_asked_about_and_sent_by_the_next_run(open_scene, by_http):
    code = one(open_scene("dispatched"))
    claim_and_die(code, "http")
    time_passes()
    assert run("exchange", code) == ["平台已接收1件"]
    assert len(by_http.taken) == 1


def test_what_another_run_has_in_hand_is_left_to_it(open_scene, by_http):
    code = one(open_scene("dispatched"))
    with transaction() as session:
        exchanges.find(session, rows("SELECT id FROM exchanges")[0][0], lock=True)
        assert run("exchange", code) == []
    assert by_http.taken == {}


def test_a_workbook_that_was_never_written_is_written_by_the_next_run(open_scene, told):
    told(platform="files")
    code = one(open_scene("dispatched"))
    claim_and_die(code, "files")
    time_passes()
    assert run("exchange", code) == ["已报送1件"]
    assert len(list((settings.state_dir() / "platform").glob("*.xlsx"))) == 1


def test_two_runs_at_once_hand_over_once(open_scene, by_http):
    code = one(open_scene("dispatched"))
    with ThreadPoolExecutor(2) as pool:
        said = [each for run_ in [pool.submit(run, "exchange", code) for _ in range(2)] for each in run_.result()]
    assert said == ["平台已接收1件"]
    assert by_http.state["doubles"] == []


def test_a_replaced_visit_and_who_comes_instead_are_told(open_scene, told, carry_on):
    code = open_scene("in_field")
    told(platform="files")
    check, team = first_check(code)
    visit = visit_of(check)
    visits.ask_replacement(team[0], visit, "closed")
    visits.confirm_replacement("gaj.shenpi", visit)
    carry_on()
    uscc = "SELECT t.uscc FROM visits v JOIN targets t ON t.id = v.target_id WHERE v.{} = {}"
    gone, came = (rows(uscc.format(column, visit))[0][0] for column in ("id", "replaces_id"))
    assert rows("SELECT kind, content->0->>'uscc', stage FROM exchanges ORDER BY id") == [
        ("replacements", gone, "sent"), ("pairings", came, "sent")]
