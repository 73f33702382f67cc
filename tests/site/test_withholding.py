"""What is withheld or taken down: two persons, a lawful ground, listed itself, within the hour."""

import json

import pytest

from blocks import settings
from blocks.actions import checks, withholding
from blocks.errors import RuleViolation, StageError
from blocks.public_site import paths
from blocks.public_site.files import tree
from blocks.public_site.proof import receipts
from blocks.register.database import transaction
from blocks.register.visits import Check
from tests.people import LEAD, stage, teams
from tests.scenes import due_flows, refused, stage_of
from tests.site.conftest import steps
from tests.site.test_publishing import publish

OFFICE, OTHER_OFFICE, APPROVER = "bangong", "bangong2", f"{LEAD}.shenpi"


def words(path: str) -> str:
    return tree().read(path).decode()


def first(code: str) -> int:
    return teams(code, LEAD)[0][0]


def down(check: int) -> None:
    withholding.ask(OFFICE, check, "wrong_business", "查错了地方")
    withholding.confirm(APPROVER, check, "属实")


def test_a_withheld_result_is_never_shown_and_that_it_is_withheld_is(ready):
    check = first(ready)
    withholding.ask(APPROVER, check, "trade_secret", "含配方")
    assert "不予公示" in withholding.confirm(OFFICE, check, "属实").sentence
    steps()
    assert stage(ready) == "publicised", "lawfully withheld is settled"
    assert stage_of(Check, check) == "withheld"
    told = json.loads(words(paths.of_result(check, 1)))
    assert set(told) == {"scheme_code", "scheme_title", "authority", "ground", "basis", "decided_on"}
    assert "商业秘密" in words("withheld.html") and "政府信息公开条例第15条" in words("withheld.html")
    assert "依法不予公示" in words(f"schemes/{ready}.html")
    with transaction() as session:
        assert receipts(session, str(check), settings.today()) == []
    assert paths.of_result(check, 1) not in words(f"data/{settings.today()}.csv")


def test_while_it_is_being_decided_a_result_is_not_published_and_blocks_no_other(ready):
    check = first(ready)
    withholding.ask(APPROVER, check, "state_secret", "涉密场所")
    steps()
    assert stage_of(Check, check) == "reviewed"
    assert paths.of_result(check, 1) not in tree()
    assert stage(ready) == "concluded"
    assert due_flows() == [], "nobody is woken for what a person has to decide"
    withholding.refuse(OFFICE, check, "没有定密")
    steps()
    assert stage_of(Check, check) == "public"
    assert stage(ready) == "publicised"


def test_a_ground_that_has_fallen_away_lets_the_result_be_published(ready):
    check = first(ready)
    withholding.ask(APPROVER, check, "trade_secret", "含配方")
    withholding.confirm(OFFICE, check, "属实")
    steps()
    withholding.lift(OFFICE, check, "企业已自行公开")
    publish(ready)
    assert stage_of(Check, check) == "public"
    assert json.loads(words(paths.of_result(check, 1)))["result"]
    assert "没有不予公示的结果" in words("withheld.html")


def test_a_public_result_is_taken_down_at_once_and_its_history_stays(ready):
    steps()
    check = first(ready)
    before = json.loads(words(paths.of_result(check, 1)))
    down(check)
    assert due_flows() == ["publicity"], "the flow is woken, nobody waits for the night"
    steps()
    assert due_flows() == []
    told = json.loads(words(paths.of_result(check, 1)))
    assert "result" not in told and "category" not in told
    assert (told["ground"], told["withdrawn_on"]) == ("检查对象有误", settings.today().isoformat())
    page = words(paths.of_business(before["uscc"]))
    assert "已撤下" in page and "检查对象有误" in page and "首次公示" in page
    own = page[page.index(before["authority"]):].split("</tr>")[0]
    assert before["result"] not in own
    assert "已撤下" in words(paths.of_day(settings.today()))
    assert paths.of_result(check, 1) not in words(f"data/{settings.today()}.json")
    assert "撤下" in words("feed.atom")
    assert stage(ready) == "publicised"


def test_after_it_was_taken_down_a_corrected_result_is_public_again(ready):
    steps()
    check = first(ready)
    down(check)
    steps()
    checks.correct(f"{LEAD}.jingban", check, "no_problem", {"*": "是"}, "重新核实")
    checks.review(APPROVER, check)
    steps()
    assert stage_of(Check, check) == "public"
    assert json.loads(words(paths.of_result(check, 2)))["version"] == 2
    assert "withdrawn_on" in json.loads(words(paths.of_result(check, 1)))
    down(check)
    steps()
    assert "withdrawn_on" in json.loads(words(paths.of_result(check, 2)))
    assert due_flows() == []


def test_it_takes_two_and_a_ground_that_is_one(ready):
    check = first(ready)
    with refused("没有「随便」这种不予公示的理由", RuleViolation):
        withholding.ask(APPROVER, check, "随便", "不想公示")
    with refused("不是不予公示的理由", RuleViolation):
        withholding.ask(APPROVER, check, "wrong_business", "查错了")
    with refused("须写明理由", RuleViolation):
        withholding.ask(APPROVER, check, "trade_secret", "")
    with refused("没有人申请不予公示", StageError):
        withholding.confirm(OFFICE, check, "同意")
    withholding.ask(APPROVER, check, "trade_secret", "含配方")
    with refused("须由另一人办理", RuleViolation):
        withholding.confirm(APPROVER, check, "同意")
    with refused("已有人申请", StageError):
        withholding.ask(OFFICE, check, "trade_secret", "含配方")
    with refused("属于其他部门", RuleViolation):
        withholding.confirm("wjj.shenpi", check, "同意")


def test_what_is_not_public_yet_cannot_be_taken_down(open_scene):
    code = open_scene("in_field")
    with refused("还没有可以公示的结果", StageError):
        withholding.ask(OFFICE, first(code), "trade_secret", "含配方")


def test_two_corrections_at_once_are_refused_and_the_first_one_counts(ready):
    steps()
    check = first(ready)
    checks.correct(f"{LEAD}.jingban", check, "no_problem", {"*": "是"}, "一")
    with refused("已有一份更正", StageError):
        checks.correct(APPROVER, check, "no_problem", {"*": "是"}, "二")


@pytest.mark.parametrize("act", ["withhold", "take down"])
def test_the_register_itself_refuses_one_person_alone(ready, act):
    from sqlalchemy import text
    with transaction() as session:
        id_ = session.scalar(text("SELECT id FROM accounts WHERE login = :login"), {"login": APPROVER})
    with pytest.raises(RuleViolation, match="须由另一人确认"), transaction() as session:
        session.execute(text("UPDATE checks SET withholding_asked_by_id = :id, withheld_by_id = :id "
                             "WHERE id = :check"), {"id": id_, "check": first(ready)})
