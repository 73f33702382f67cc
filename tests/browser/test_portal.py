"""The portal as eight people use it, at a desk and on a phone, with and without JavaScript and network."""

import re

import pytest

from blocks.register.database import transaction
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import CheckRecord, Visit, live_visits
from tests import people
from tests.browser.portal import user  # noqa: F401  (a fixture)
from tests.pictures import picture
from tests.portal.conftest import server  # noqa: F401  (a fixture)
from tests.scenes import first_check, visit_of

PHOTO = {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": picture(4000, 3000, camera=True)}
PAPER = {"name": "年度计划.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 sample"}


def writes_a_scheme(drafter) -> str:
    """Fill in the form; return the scheme's code."""
    page = drafter.goes("/schemes/new").page
    drafter.fills(title="样例·旅馆联合抽查", grounds="2026年度抽查计划第一项", start="2026-11-24",
                  end="2026-12-31", typed="样例彩票第一期")
    page.check("[name=kinds][value=旅馆]")
    page.check("[name=sampling][value=number]")
    drafter.fills(number="1")
    page.check("[name=participants][value=xfjy]")
    page.check("[name=lead_items] >> nth=0")
    return page


def records(leader, photo: bool = False) -> None:
    """Answer every item with 是, nothing found, and hand it in."""
    for one in leader.page.locator(".choices").all():
        one.locator("label:has-text('是')").first.click()
    leader.page.select_option("[name=category]", "no_problem")
    if photo:
        leader.page.set_input_files("[name=photos]", [PHOTO])
        leader.page.wait_for_function("document.querySelector('[name=photos]').files[0].size < 1000000")


def notice_of(code: str) -> str:
    with transaction() as session:
        return live_visits(session, find_scheme(session, code).id)[0].notice_code


def test_eight_people_carry_an_inspection_from_the_first_word_to_publicity(city, user, carry_on):  # noqa: F811
    drafter, approver = user("gaj.jingban"), user("gaj.shenpi", phone=True)
    drafter.sees("现在没有等您办的事").looks("01-desk")
    page = writes_a_scheme(drafter)
    page.wait_for_selector("#pool:has-text('预计抽取 1 家')")  # by itself, while it is being typed
    drafter.looks("02-writing")
    drafter.clicks("保存草稿").sees("已起草")
    code = re.search(r"\d{4}-\d{3}", page.inner_text("main"))[0]
    page.set_input_files("[name=files]", [PAPER])
    drafter.clicks("更新附件").sees("年度计划.pdf")
    drafter.clicks("提交审批").sees("已提交审批").looks("03-submitted")
    carry_on()
    approver.goes("/").sees("审批方案").looks("04-desk")
    approver.clicks("审批方案").sees("与平常不同之处", "不是由年度计划开出的", "未发现违反规定之处")
    approver.looks("05-approving")
    approver.clicks("批准").sees("已批准")
    carry_on()
    participant = user("xfjy.jingban")
    secrets = {}
    for one in (drafter, participant):
        one.goes("/").clicks("提交随机数承诺")
        one.clicks("代本部门生成随机数并提交承诺")
        secrets[one] = one.page.inner_text("code.secret")
    participant.looks("06-committed")
    carry_on()
    people.wait_for_the_figure()
    for one, secret in secrets.items():
        one.goes("/").clicks("揭示随机数").fills(secret=secret)
        one.clicks("揭示").sees("已揭示")
    office = user("bangong")
    for one in (office, drafter):
        one.goes(f"/schemes/{code}/draw").fills(value=people.FIGURE)
        one.clicks("录入")
    office.looks("07-draw-before-the-tickets")
    carry_on()
    office.page.wait_for_selector("text=抽中名单（1家）")  # by itself, nobody reloads
    office.looks("08-drawn")
    participant.goes("/").clicks("接收任务").looks("09-task")
    participant.clicks("接收任务").sees("任务已接收")
    carry_on()
    business = user(phone=True)
    for party in ("gaj", "xfjy"):
        check, team = people.teams(code, party)[0]
        leader, second = user(team[0], phone=True), user(team[1], phone=True)
        leader.goes("/today").looks("10-today")
        leader.page.click("a.card")
        leader.page.wait_for_selector("text=填报记录")
        leader.looks("11-recording")
        records(leader, photo=party == "gaj")
        leader.clicks("提交记录").sees("记录已填报").looks("12-recorded")
        second.goes(f"/checks/{check}").looks("13-confirming")
        if party == "gaj":
            second.page.wait_for_function("document.querySelector('.photos img')?.naturalWidth > 0")
        second.clicks("确认属实").sees("记录已确认")
        reviewer = approver if party == "gaj" else user("xfjy.shenpi")
        reviewer.goes(f"/checks/{check}").looks("14-reviewing")
        reviewer.clicks("通过").sees("审核通过")
    carry_on()
    assert people.stage(code) == "publicised"
    business.goes(f"/n/{notice_of(code)}").sees("是真的", "未发现问题").looks("15-business")
    for words in ("出示了", "是", "没有", "很满意"):
        business.page.locator(".choices label").filter(has=business.page.get_by_text(words, exact=True)).last.click()
    business.clicks("提交评价").sees("评价已登记")
    business.page.locator("summary:has-text('提出异议')").first.click()
    business.fills(reason="当天的记录与事实不符")
    business.clicks("提出异议").sees("异议已登记").looks("16-objection")
    approver.goes("/").clicks("答复异议")
    approver.page.locator("summary:has-text('异议不成立')").first.click()
    approver.fills(reason="照片与记录一致")
    with approver.page.expect_navigation():
        approver.page.locator("details[open] button:has-text('异议不成立')").click()
    business.goes(f"/n/{notice_of(code)}").sees("照片与记录一致")
    office.goes("/office").sees("✓ 公示", "企业评价").looks("17-overview")
    office.goes("/calendar").looks("18-calendar")
    auditor = user("jiandu")
    auditor.goes("/audit").clicks("校验留痕").sees("逐条校验相符").looks("19-trail")
    auditor.clicks(f"核验 {code}").sees("全部通过").looks("20-draw-verified")
    user("jiandu", phone=True).goes(f"/audit/draws/{code}/1").sees("全部通过").looks("21-draw-verified")


def test_without_javascript_a_scheme_is_approved_and_a_record_confirmed(city, user, carry_on):  # noqa: F811
    plain = {"java_script_enabled": False}
    drafter = user("gaj.jingban", **plain)
    page = writes_a_scheme(drafter)
    drafter.clicks("保存草稿").sees("已起草")
    code = re.search(r"\d{4}-\d{3}", page.inner_text("main"))[0]
    drafter.clicks("提交审批").sees("已提交审批")
    carry_on()
    approver = user("gaj.shenpi", phone=True, **plain)
    approver.clicks("审批方案").clicks("批准").sees("已批准").looks("approved")
    people_of = people.teams
    code = people.in_field(carry_on)
    check, team = people_of(code, "gaj")[0]
    leader = user(team[0], phone=True, **plain)
    leader.goes(f"/checks/{check}")
    for one in leader.page.locator(".choices").all():
        one.locator("label:has-text('是')").first.click()
    leader.page.select_option("[name=category]", "no_problem")
    leader.page.set_input_files("[name=photos]", [PHOTO])
    leader.clicks("提交记录").sees("记录已填报")
    second = user(team[1], phone=True, **plain)
    second.goes(f"/checks/{check}").clicks("确认属实").sees("记录已确认").looks("confirmed")


def versions(check: int) -> list[CheckRecord]:
    with transaction() as session:
        return list(session.query(CheckRecord).where(CheckRecord.check_id == check))


def test_a_record_typed_without_a_network_is_sent_once_when_it_is_back(open_scene, user):  # noqa: F811
    check, team = first_check(open_scene("in_field"))
    leader = user(team[0], phone=True).goes(f"/checks/{check}")
    leader.page.context.set_offline(True)
    records(leader, photo=True)
    leader.page.click("button:has-text('提交记录')")
    leader.page.wait_for_selector("#unsent:has-text('没有网络')")
    leader.page.click("button:has-text('提交记录')")
    leader.looks("offline")
    assert versions(check) == []
    with leader.page.expect_navigation(timeout=20_000):
        leader.page.context.set_offline(False)
    leader.sees("记录已填报").looks("sent")
    (only,) = versions(check)
    assert only.answers and only.category == "no_problem"
    leader.page.wait_for_timeout(5_000)
    assert len(versions(check)) == 1
    assert leader.page.locator("#unsent").count() == 0


def test_what_was_typed_survives_the_page_and_the_session(open_scene, user):  # noqa: F811
    """The page is closed without a network; opened again after a new sign-in, it is sent, once."""
    check, team = first_check(open_scene("in_field"))
    leader = user(team[0], phone=True).goes(f"/checks/{check}")
    context = leader.page.context
    context.set_offline(True)
    records(leader)
    leader.page.click("button:has-text('提交记录')")
    leader.page.wait_for_selector("#unsent:has-text('没有网络')")
    leader.page.close()
    context.clear_cookies()
    context.set_offline(False)
    leader.page = context.new_page()
    leader.sign_in(team[0])
    leader.page.wait_for_selector("text=记录已填报", timeout=20_000)
    assert len(versions(check)) == 1


def test_photos_are_made_smaller_in_the_browser_and_keep_what_the_camera_said(open_scene, user):  # noqa: F811
    from blocks.register.attachments import of_check

    check, team = first_check(open_scene("in_field"))
    leader = user(team[0], phone=True).goes(f"/checks/{check}")
    records(leader, photo=True)
    leader.clicks("提交记录").sees("手机时间 2031:01:01", "北纬23.55")
    with transaction() as session:
        (photo,) = of_check(session, check)
    assert photo.place == {"lat": 23.55, "lon": 116.37}
    assert photo.kind == "image/jpeg" and photo.size < len(PHOTO["buffer"])


@pytest.mark.parametrize("phone", [False, True])
def test_a_visit_and_its_notice_with_a_code_to_scan(open_scene, user, phone, monkeypatch):  # noqa: F811
    from blocks import settings

    code = open_scene("in_field")
    check, team = first_check(code)
    leader = user(team[0], phone=phone)
    monkeypatch.setenv("CHOUCHA_PORTAL_URL", leader.base)
    settings.get.cache_clear()
    leader.goes(f"/visits/{visit_of(check)}").looks("visit")
    leader.goes(f"/documents/notice/{visit_of(check)}/html").looks("notice")
    assert leader.page.locator("img[alt='扫码核验本通知书']").evaluate("one => one.naturalWidth") > 100
    with transaction() as session:
        assert session.get_one(Visit, visit_of(check)).notice_code
    monkeypatch.undo()
    settings.get.cache_clear()
