"""What is published of who was sent, after all that may happen to it, holds for a stranger (art. 9)."""

import json
from pathlib import Path

import pytest

from blocks.actions import absences, draws, recusals, visits
from blocks.draw import pairing_verifier
from blocks.errors import RuleViolation
from blocks.register.database import transaction
from blocks.register.draws import open_draw, public_files
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Check
from tests import people
from tests.actions.test_merged_visits import (
    PARTICIPANT,
    accepted,
    checks_of,
    first_scheme,
    merged_pairs,
    narrowed,
    second_scheme,
)
from tests.scenes import all_may_lead, first_check, refused, visit_of


def written(code: str, folder: Path) -> Path:
    """The draw's public files, and what auditors get."""
    folder.mkdir()
    with transaction() as session:
        files = public_files(session, open_draw(session, find_scheme(session, code).id).id)
    for name, content in (files | draws.lists_of("bangong", code)).items():
        (folder / name).write_bytes(content)
    return folder


def assert_holds(code: str, folder: Path) -> dict:
    told = pairing_verifier.verify(written(code, folder))
    assert all(holds for _, _, holds, _ in told), told
    assert "避开封存的" in told[5][3]
    return json.loads((folder / "pairing.json").read_bytes())["departments"]


def test_it_holds_after_a_recusal_an_absence_a_whole_team_gone_and_a_replacement(
        open_scene, carry_on, tmp_path):
    code = open_scene("in_field")
    assert_holds(code, tmp_path / "a")
    check, team = first_check(code)
    number = recusals.claim(team[1], check, "亲属").ids["recusal"]
    recusals.decide("gaj.shenpi", number, grant=True, reason="属实")
    carry_on()
    check, team = people.teams(code, "wjj")[1]
    for login in team:
        number = absences.report(login, check, "ill").ids["absence"]
        absences.decide("wjj.shenpi", number, grant=True)
    carry_on()
    check, team = people.teams(code)[2]
    visits.ask_replacement(team[0], visit_of(check), "closed")
    visits.confirm_replacement("gaj.shenpi", visit_of(check))
    carry_on()
    found = {one["department"]: one for one in assert_holds(code, tmp_path / "b")}
    reasons = {code: [one["reason"] for one in record["redraws"]] for code, record in found.items()}
    assert reasons["gaj"] == ["recusal", "left", "left", "replacement", "replacement"]
    assert reasons["wjj"][:2] == ["absence", "absence"]
    text = json.dumps(found, ensure_ascii=False)
    assert "样例" not in text and "亲属" not in text  # certificate numbers and codes, nothing else


def test_it_holds_in_both_schemes_of_a_merged_visit_after_a_recusal(
        open_scene, carry_on, tmp_path):
    first = first_scheme(open_scene, people.in_field, carry_on)
    all_may_lead()
    narrowed(first)
    code = second_scheme(carry_on)
    accepted(code, carry_on, PARTICIPANT)
    visit, _ = merged_pairs(code)[0]
    check, _ = checks_of(visit, PARTICIPANT)
    login = dict(people.teams(code, PARTICIPANT))[check.id][1]
    number = recusals.claim(login, check.id, "亲属").ids["recusal"]
    recusals.decide(f"{PARTICIPANT}.shenpi", number, grant=True, reason="属实")
    carry_on()
    with transaction() as session:
        assert session.get_one(Check, check.id).visit_id == visit.id
    told = pairing_verifier.verify(written(first, tmp_path / "first"))
    assert [name for _, name, holds, _ in told if not holds] == []
    assert_holds(code, tmp_path / "second")


def test_the_lists_behind_the_seal_are_for_auditors_and_the_office(look):
    code = look("in_field")
    for login in ("gaj.jingban", "gaj.shenpi", "gaj.01"):
        with refused("只提供给监督人员和办公室", RuleViolation):
            draws.lists_of(login, code)
    lists = draws.lists_of("bangong", code)
    assert "inspectors.jsonl" in lists
    with transaction() as session:
        draw = open_draw(session, find_scheme(session, code).id)
        assert not set(lists) & set(public_files(session, draw.id))


@pytest.mark.parametrize("place", [0, 1])
def test_a_leader_who_falls_ill_is_followed_by_one_who_may_lead(open_scene, carry_on, place,
                                                                tmp_path):
    code = open_scene("in_field")
    check, team = first_check(code, "xfjy")
    number = absences.report(team[place], check, "transferred").ids["absence"]
    absences.decide("xfjy.shenpi", number, grant=True)
    carry_on()
    now = dict(people.teams(code, "xfjy"))[check]
    assert len(now) == 2 and team[place] not in now
    assert_holds(code, tmp_path / "draw")
