"""Documents of a real inspection, from the register to the printer; their pictures are kept to be looked at."""

import pytest
from sqlalchemy import text, update

from blocks import settings
from blocks.actions import checks, follow_ups, letters, papers
from blocks.documents import DOCUMENTS, FORMS
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register.database import transaction
from blocks.register.directories import Inspector, Target, account
from blocks.register.visits import Visit
from tests import people
from tests.documents.conftest import Printed, squeezed, word_text
from tests.scenes import first_check, refused, run, visit_of

BUSINESS = "样例·堃喆㛃䶮酒店#<b>$x$"


@pytest.fixture
def with_address(monkeypatch):
    monkeypatch.setenv("CHOUCHA_PORTAL_URL", "https://choucha.example.gov.cn")
    settings.get.cache_clear()
    yield
    monkeypatch.undo()
    settings.get.cache_clear()


def taken(name: str, key: object, login: str = "bangong") -> Printed:
    """Take a document in every form, keep its pictures, return what is printed."""
    made = {form: papers.take(login, name, key, form)[1] for form in FORMS}
    assert made["docx"].startswith(b"PK") and made["html"].startswith(b"<!doctype")
    printed = Printed(made["pdf"])
    printed.keep(name)
    return printed


def named(check: int, name: str = BUSINESS) -> None:
    """Give the business of a check another name."""
    with transaction() as session:
        target = session.get_one(Visit, visit_of(check)).target_id
        session.execute(update(Target).where(Target.id == target).values(name=name))


def said(printed: Printed, *wanted: object) -> None:
    assert [one for one in map(str, wanted) if squeezed(one) not in printed.text] == []


def test_what_is_written_about_a_scheme(open_scene, with_address):
    code = open_scene("publicised")
    check, team = first_check(code)
    named(check)
    said(taken("scheme", code), code, "联抽〔2026〕1号", "一、抽查对象范围", "六、牵头部门抽查事项", "抽取3家")
    said(taken("joint-notice", code), "联抽通〔2026〕1号", "市消防救援支队、市卫生健康局：", "3个工作日内接收",
         "20个工作日内向社会公示")
    with transaction() as session:
        own = session.scalar(text("SELECT a.id FROM assignments a JOIN departments d "
                                  "ON d.id = a.department_id WHERE d.code = 'xfjy'"))
    said(taken("assignment", own, "xfjy.jingban"), "市消防救援支队：", "旅馆消防安全检查", BUSINESS, "共3家")
    said(taken("draw", code), "抽取证明", people.FIGURE, "公安", "抽中3家", BUSINESS)
    table = taken("publicity", code)
    said(table, "共9份", "未发现问题", "旅馆消防安全检查")
    assert squeezed(BUSINESS) not in table.text, "as it was published, under the name of that day"
    said(taken("year", code[:4]), "共组织部门联合抽查1次", "已检查3家", "未发现问题", "已公示9份", "市卫生健康局")
    said(taken("appraisal", code[:4]), "年部门联合“双随机、一公开”监管考核报告", "〕13号", "市卫生健康局",
         "公示率", "100.0%（9/9）", "未定稿")
    assert team


def test_what_inspectors_bring_along(open_scene, with_address):
    code = open_scene("in_field")
    check, team = first_check(code)
    named(check)
    with transaction() as session:
        inspector = session.get_one(Inspector, account(session, team[0]).inspector_id)
        inspector.name = "样例·镕"
        certificate = inspector.certificate_no
    said(taken("notice", visit_of(check), team[0]), BUSINESS, "样例·镕", certificate, "申请该人员回避",
         "扫右上角的二维码", "不收取任何费用")
    sheet = taken("sheet", check, team[1])
    said(sheet, BUSINESS, "样例·镕", "旅馆业治安管理情况检查", "《旅馆业治安管理办法》", "□未发现问题",
         "□不配合检查情节严重")
    assert "√" not in sheet.text.replace("打“√”", "") and "■" not in sheet.text.replace("涂“■”", "")
    said(taken("visit-sheet", visit_of(check), "xfjy.jingban"), "一表通查", "市公安局", "市消防救援支队",
         "市卫生健康局")
    checks.record(team[0], check, "problem_pending", {"*": "否"}, "样例：消防通道堵塞")
    filled_in = taken("sheet", check, team[1])
    said(filled_in, "■发现问题待后续处理", "样例：消防通道堵塞", "√")
    blank = taken("visit-sheet", visit_of(check), "wjj.jingban")
    assert "消防通道堵塞" not in blank.text  # what one department recorded is not another's


def test_all_sheets_of_a_scheme_are_one_file_and_a_department_gets_its_own(open_scene):
    code = open_scene("in_field")
    every, own = taken("sheets", code, "gaj.jingban"), taken("sheets", code, "xfjy.jingban")
    assert len(every.bookmarks) == 9 and len(own.bookmarks) == 3
    assert all(one.endswith("消防") for one in own.bookmarks)
    assert [one.endswith("公安") for one in every.bookmarks] == [True, False, False] * 3


def test_what_follows_a_result(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    named(check)
    checks.record(team[0], check, "problem_pending", {"*": "否"}, "样例：消防通道堵塞\n灭火器过期")
    checks.confirm(team[1], check)

    def decided(kind: str, words: str, **more: object) -> int:
        return follow_ups.order("gaj.jingban", check, kind, words, **more).ids["follow_up"]

    order = decided("ordered_to_rectify", "清理消防通道", recheck=True)
    said(taken("order", order, "gaj.jingban"), "责令改正通知书", BUSINESS, "消防通道堵塞", "灭火器过期", "清理消防通道",
         "到现场复查", "《旅馆业治安管理办法》")
    referred = decided("referred_to_case_unit", "涉嫌无证经营")
    said(taken("referral", referred, "gaj.jingban"), "关于移送", "市公安局案件办理机构：", BUSINESS, "涉嫌无证经营",
         "检查表1份")
    copied = decided("copied_to_department", "涉及贵局职责", to_department="sthj")
    said(taken("referral", copied, "sthj.jingban"), "关于抄告", "市生态环境局：", "涉及贵局职责")
    with refused("没有移送函", StageError):
        papers.take("gaj.jingban", "referral", order)
    with refused("没有责令改正通知书", StageError):
        papers.take("gaj.jingban", "order", copied)
    with transaction() as session:
        session.execute(text("UPDATE dues SET started_on = started_on - 60, due_on = due_on - 60"))
    letter = letters.issue("bangong", code, "xfjy", "请三日内办结").ids["letter"]
    said(taken("letter", letter, "xfjy.jingban"), "督办函", "市消防救援支队：", "填报检查记录3件", "请三日内办结",
         "3个工作日内办理", "监管联席会议办公室")


def test_what_has_not_happened_yet_has_no_document(open_scene):
    code = open_scene("drafted")
    for name, saying in (("scheme", "还没有公文"), ("joint-notice", "还没有批准"), ("draw", "还没有抽取结果"),
                         ("publicity", "还没有批准"), ("sheets", "还没有批准")):
        with refused(saying, StageError):
            papers.take("gaj.jingban", name, code)
    with refused("没有抽查方案", NotFound):
        papers.take("bangong", "year", "1999")
    with refused("取用", RuleViolation):
        papers.take("gaj.jingban", "year", "2026")
    with refused("没有「poem」这种公文", NotFound):
        papers.take("bangong", "poem", code)
    with refused("没有「odt」这种格式", NotFound):
        papers.take("bangong", "scheme", code, "odt")


def test_a_table_made_public_that_is_empty_says_so(open_scene):
    code = open_scene("in_field")
    said(taken("publicity", code), "还没有公示的结果", "共0份")


def test_the_table_made_public_names_no_person_and_says_no_finding(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    people.inspected(check, team, "problem_rectified", "样例：只在内部的描述")
    checks.review("gaj.shenpi", check)
    run("publicity", code)
    made = papers.take("bangong", "publicity", code, "docx")[1]
    assert "发现问题经责令已改正" in word_text(made) and "只在内部" not in word_text(made)
    with transaction() as session:
        names = [session.get_one(Inspector, account(session, login).inspector_id).name for login in team]
    assert all(name not in word_text(made) for name in names)


def test_every_document_is_taken_here():
    told = {"scheme", "joint-notice", "assignment", "draw", "publicity", "year", "notice", "sheet", "visit-sheet",
            "sheets", "order", "referral", "letter", "appraisal"}
    assert told == set(DOCUMENTS)
