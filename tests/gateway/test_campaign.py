"""A whole inspection beside a stubborn platform: nothing lost, nothing twice, differences found.

In the usual run of tests one inspection meets each fault once. `make platform` goes through every mode with
every fault, and opens one inspection after another in the city until it has met the fault fifty times (TIMES).
"""

import os
import random

import pytest

from blocks.actions import exchanging
from blocks.gateway.block import Gateway
from blocks.gateway.reconciling import reconcile
from blocks.register import trail
from blocks.register.database import transaction
from blocks.rosters.writing import new_workbook
from tests import people, scenes
from tests.conftest import carry_all
from tests.gateway.conftest import carry_out, rows

FAULTS = ("slow", "maintenance", "duplicate", "error_inside", "lost_reply", "code_table", "server_error", "reset")
TIMES = int(os.environ.get("TIMES", "0"))
CASES = [(draws, (fault,)) for draws in ("ours", "theirs", "both") for fault in FAULTS] if TIMES else [("both", FAULTS)]
MOST_INSPECTIONS = 8
TICKETS = ("SELECT t.uscc, t.name FROM draw_tickets k JOIN targets t ON t.id = k.target_id "
           "JOIN draws d ON d.id = k.draw_id JOIN schemes s ON s.id = d.scheme_id "
           "WHERE NOT k.is_reserve AND s.code = :code ORDER BY k.stratum, k.rank")


def go(code: str, province=None) -> None:
    """Carry an approved-to-be scheme to its published results."""
    scenes._approved(code, carry_all)
    scenes._sealed(code, carry_all)
    scenes._dispatched(code, carry_all)
    if province is not None:
        drawn = [{"scheme_code": code, "uscc": uscc, "name": name, "certificates": []}
                 for uscc, name in rows(TICKETS, code=code)]
        province.put("drawn", code, drawn)
        exchanging.drawn("bangong", code)
        carry_all()
    scenes._in_field(code, carry_all)
    scenes._publicised(code, carry_all)
    assert people.stage(code) == "publicised"


def come_to_rest() -> None:
    """Let everything be handed over; a person resends what was refused."""
    for _ in range(60):
        carry_out(120)
        refused = rows("SELECT id FROM exchanges WHERE stage = 'refused'")
        if not refused:
            return
        for (id_,) in refused:
            exchanging.resend("bangong", id_)
    raise AssertionError("refused for ever")


def both_sides() -> str:
    return reconcile(Gateway.from_settings(), scenes.actor("bangong"))


def inspections_until_each_is_met(province, code: str, draws: str) -> int:
    """Carry one inspection after another to its results until the platform has no fault left; return how many."""
    for number in range(1, MOST_INSPECTIONS + 1):
        go(code, province if draws != "ours" else None)
        come_to_rest()
        if not province.state["faults"]:
            return number
        code = scenes._submitted(people.drafted(), carry_all)
    raise AssertionError(f"never met: {province.state['faults']}")


@pytest.mark.parametrize(("draws", "faults"), CASES, ids=lambda one: one if isinstance(one, str) else "-".join(one))
def test_nothing_is_lost_nothing_told_twice_and_differences_are_found(open_scene, by_http, told, draws, faults):
    code = open_scene("submitted")
    told(draws=draws)
    for fault in random.Random(draws).sample(faults, len(faults)):
        by_http.will(fault, TIMES or 1)
    inspections = inspections_until_each_is_met(by_http, code, draws)

    state = by_http.state
    assert state["doubles"] == []
    assert {key: one["sha"] for key, one in state["taken"].items()} == dict(rows("SELECT key, sha FROM exchanges"))
    told_rows = [row["key"] for one in state["taken"].values() for row in one["rows"]
                 if one["kind"] in ("results", "publications")]
    assert len(told_rows) == len(set(told_rows))
    results = {key.split(":", 1)[1].rsplit(":", 2)[0] for key in told_rows if key.startswith("results:")}
    assert {int(id_) for id_ in results} == {id_ for id_, in rows(
        "SELECT id FROM checks WHERE stage IN ('public','withheld')")}
    all_equal = f"与平台核对{inspections}个方案，{inspections}个一致"
    assert both_sides() == all_equal
    lose_and_spoil(by_http, state["taken"])
    assert both_sides() == all_equal
    with transaction() as session:
        assert trail.verify(session)[1] == []


def lose_and_spoil(province, taken: dict) -> None:
    """Somebody over there deletes one and changes another: both are found, resent, and gone."""
    lost, spoilt, *_ = sorted(taken)
    province.put("taken", lost, None)
    province.put("taken", spoilt, {**taken[spoilt], "sha": "00" * 32})
    assert "差异2处（新2处）" in both_sides()
    assert "新0处" in both_sides()
    for (id_,) in rows("SELECT id FROM differences WHERE kind = 'exchanges' AND stage = 'found' ORDER BY id"):
        exchanging.resend_ours("bangong", id_)
    come_to_rest()


def test_a_whole_inspection_by_files_and_its_receipts(open_scene, told, tmp_path):
    code = open_scene("submitted")
    told(platform="files")
    go(code)
    keys = [key for key, in rows("SELECT key FROM exchanges ORDER BY id")]
    assert rows("SELECT DISTINCT stage FROM exchanges") == [("sent",)]
    assert {kind for kind, in rows("SELECT DISTINCT kind FROM exchanges")} == {
        "schemes", "pools", "draws", "assignments", "pairings", "results", "publications"}
    with new_workbook(tmp_path / "回执.xlsx", "回执") as book:
        sheet = book.add_worksheet()
        for number, line in enumerate([["报送编号", "接收情况", "回执编号"], *([key, "已接收", f"H{n}"]
                                       for n, key in enumerate(keys))]):
            sheet.write_row(number, 0, line)
    said = exchanging.take("bangong", "receipts", tmp_path / "回执.xlsx").sentence
    assert said == f"登记回执{len(keys)}份"
    assert rows("SELECT DISTINCT stage FROM exchanges") == [("acknowledged",)]
