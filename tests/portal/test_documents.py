"""Who gets which document: every document × every role × own or another's (G7); nothing else moves."""

import httpx
import pytest
from sqlalchemy import text

from blocks import settings
from blocks.actions import checks, follow_ups, letters
from blocks.documents import DOCUMENTS, FORMS
from blocks.register import database
from blocks.register.database import transaction
from blocks.rules.stages import Role
from tests.portal.roles import LEADER, everybody, register
from tests.scenes import first_check, visit_of

OVERSEERS = (Role.OFFICE, Role.AUDITOR)
HANDLERS = (Role.DRAFTER, Role.APPROVER)
REFUSED = (404, 422)
# beside the office and auditors: sides whose drafters and approvers, sides all of whose people, who sits
WHO = {
    "scheme": (("lead", "participating"), (), False),
    "joint-notice": (("lead", "participating"), (), False),
    "publicity": (("lead", "participating"), (), False),
    "draw": (("lead", "participating"), (), False),
    "sheets": (("lead", "participating"), (), False),
    "assignment": (("lead", "participating"), (), False),
    "notice": (("lead", "participating"), (), True),
    "visit-sheet": (("lead", "participating"), (), True),
    "sheet": (("lead",), (), True),
    "order": (("lead",), ("lead",), False),
    "referral": (("lead", "foreign"), ("lead",), False),
    "letter": ((), ("participating",), False),
    "year": ((), (), False),
    "appraisal": (("lead", "participating", "foreign"), (), False),
}


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server, timeout=60, cookies=None) as client:
        yield client


@pytest.fixture(scope="module")
def things(scenes):
    """A scheme in the field in which everything happened that is written about; ids by document."""
    from tests.conftest import carry_all
    code = scenes.open("in_field", carry_all)
    check, team = first_check(code)
    here = everybody(code)
    checks.record(team[0], check, "problem_pending", {"*": "否"}, "样例：通道堵塞")
    checks.confirm(team[1], check)
    ordered = follow_ups.order("gaj.jingban", check, "ordered_to_rectify", "清理通道").ids["follow_up"]
    copied = follow_ups.order("gaj.jingban", check, "copied_to_department", "涉及贵局职责",
                              to_department="sthj").ids["follow_up"]
    with transaction() as session:
        session.execute(text("UPDATE dues SET started_on = started_on - 60, due_on = due_on - 60"))
        sent = session.scalar(text("SELECT a.id FROM assignments a JOIN departments d "
                                   "ON d.id = a.department_id WHERE d.code = 'xfjy'"))
    letter = letters.issue("bangong", code, "xfjy", "请三日内办结").ids["letter"]
    keys = dict.fromkeys(("scheme", "joint-notice", "publicity", "draw", "sheets"), code) | {
        "year": code[:4], "appraisal": code[:4], "assignment": sent, "notice": visit_of(check),
        "visit-sheet": visit_of(check), "sheet": check, "order": ordered, "referral": copied, "letter": letter}
    yield here, keys
    database.engine(settings.database_url()).dispose()


def allowed(name: str, who) -> bool:
    handlers, all_people, seated = WHO[name]
    return who.role in OVERSEERS or (who.role in HANDLERS and who.side in handlers) or (
        who.side in all_people) or (seated and (who.name == LEADER or who.name == "second-lead" or (
            who.name == "inspector-participating" and name != "sheet")))


def test_every_document_has_its_readers_named_here():
    assert set(WHO) == set(DOCUMENTS)


@pytest.mark.parametrize("name", WHO)
def test_a_document_is_given_to_whom_it_concerns_and_to_nobody_else(name, things, http):
    here, keys = things
    before = register()
    for who in here.values():
        answer = http.get(f"/documents/{name}/{keys[name]}/html", headers=who.headers)
        if who.role is None:
            assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?")
        elif who.role is Role.SYSTEM:  # has a token for machines, and no page
            assert answer.status_code == 403, who.name
        elif allowed(name, who):
            assert answer.status_code == 200, (who.name, answer.text)
        else:
            assert answer.status_code in REFUSED, (who.name, answer.status_code)
    assert register() == before


@pytest.mark.parametrize("form", FORMS)
def test_each_form_comes_as_what_it_is_and_nothing_in_it_may_run(form, things, http):
    here, keys = things
    answer = http.get(f"/documents/letter/{keys['letter']}/{form}", headers=here["office-lead"].headers)
    assert answer.headers["content-type"] == FORMS[form]
    assert "sandbox" in answer.headers["content-security-policy"]
    kept = answer.headers["content-disposition"]
    assert kept.startswith("inline" if form == "html" else "attachment") and kept.endswith(f".{form}")


@pytest.mark.parametrize("path", ["nothing/1/pdf", "letter/1/exe", "letter/999999/pdf", "letter/x/pdf",
                                  "letter/٣/pdf", "year/1999/pdf", "scheme/%00/pdf", "notice/99999999999999999999/pdf"])
def test_what_is_not_there_is_told_in_words(path, things, http):
    here, _ = things
    answer = http.get(f"/documents/{path}", headers=here["office-lead"].headers)
    assert answer.status_code in REFUSED and "没有" in answer.text
