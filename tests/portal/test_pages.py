"""What pages tell: what changed meanwhile, what a correction corrected, the office's numbers, failures."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from blocks import settings
from blocks.actions import checks, schemes
from blocks.portal.app import create_app
from blocks.register.database import transaction
from blocks.register.trail import DueLine
from tests.portal.test_bad_input import filled
from tests.scenes import first_check

HTML = '<script>alert("坏")</script><b onclick=x>'


def test_a_page_from_before_is_told_who_did_what_meanwhile(open_scene, person):
    code = open_scene("submitted")
    approver, here = person("gaj.shenpi"), f"/schemes/{code}"
    old = approver.form(here, f"{here}/approve")
    schemes.return_("gaj.shenpi", code, "请改")
    schemes.submit("gaj.jingban", code)
    said = approver.sends(f"{here}/approve", old, 409)
    assert re.search(r"样例·公安审批退回修改，样例·公安经办提交审批", said), said


def test_two_tabs_with_one_form_have_one_effect_and_the_second_is_shown_the_first(open_scene, person):
    check, team = first_check(open_scene("in_field"))
    leader, page = person(team[0]), f"/checks/{check}"
    tabs = [leader.form(page, f"{page}/record") for _ in range(2)]
    answers = dict.fromkeys(re.findall(r'name="(answers\.[^"]+)"', leader.sees(page)), "是")
    leader.sends(f"{page}/record", {**tabs[0], **answers, "category": "no_problem"}, 200)
    said = leader.sends(f"{page}/record", {**tabs[1], **answers, "category": "no_problem",
                                           "finding": "第二个窗口写的"}, 409)
    assert "在您打开页面之后已被办理过" in said and "第二个窗口写的" in said


def test_a_correction_shows_what_it_changed(open_scene, person):
    check, _ = first_check(open_scene("publicised"))
    page = f"/checks/{check}"
    assert "原为" not in person("gaj.shenpi").sees(page)
    checks.correct("gaj.jingban", check, "problem_pending", {"*": "否"}, "复核", "登记不全")
    said = person("gaj.shenpi").sees(page)
    assert "（原为：是）" in said and "（原为：未发现问题）" in said and "（原为：无）" in said


def test_the_office_has_three_numbers_running_late_and_due_this_week(open_scene, person):
    open_scene("in_field")
    today = settings.today()
    sunday = today + timedelta(6 - today.weekday())
    with transaction() as session:
        ids = list(session.scalars(select(DueLine.id).where(DueLine.met_at.is_(None)).order_by(DueLine.id)))
        count = session.scalar(select(func.count()).select_from(DueLine).where(DueLine.met_at.is_(None)))
        session.execute(update(DueLine).where(DueLine.id.in_(ids)).values(
            started_on=today - timedelta(9), due_on=sunday + timedelta(1)))
        session.execute(update(DueLine).where(DueLine.id == ids[0]).values(due_on=today - timedelta(1)))
        session.execute(update(DueLine).where(DueLine.id == ids[1]).values(due_on=sunday))
    assert count > 2
    said = re.search(r'class="numbers">.*?</ul>', person("bangong").sees("/office"), re.S)[0]
    assert re.findall(r"<strong>(\d+)</strong>([^<]+)", said) == [("1", "进行中"), ("1", "件逾期"),
                                                                  ("1", "件本周到期")]


@pytest.mark.parametrize("place", ["title", "grounds", "start", "number", "at_least", "typed", "rates.A", "kinds",
                                   "participants", "lead_items", "raise.on_abnormal_list", "mode", "kind"])
def test_html_in_any_field_of_a_scheme_is_text_wherever_it_is_shown(city, person, place):
    drafter = person("gaj.jingban")
    answer = drafter.http.post("/schemes", data=filled(drafter, **{place: HTML}), follow_redirects=True)
    assert answer.status_code in (200, 404, 422), answer.text
    for text in (answer.text, drafter.sees("/"), drafter.sees("/schemes"), person("jiandu").sees("/audit")):
        assert "<script>alert" not in text and "<b onclick" not in text


def test_no_page_puts_text_in_without_escaping_it():
    pages = (settings.ROOT / "templates" / "portal").glob("*.j2")
    assert [one.name for one in pages if re.search(r"\|\s*safe\b|autoescape", one.read_text("utf-8"))] == []


@pytest.mark.parametrize("path", ["/breaks", "/api/v1/breaks"])
def test_a_failure_of_the_system_says_what_to_do_and_bears_a_number(city, path):
    app = create_app()
    app.add_api_route(path, lambda: 1 / 0, methods=["GET"])

    async def asks() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            return await client.get(path)
    with ThreadPoolExecutor(1) as apart:  # a browser's loop may be running in this thread
        answer = apart.submit(asyncio.run, asks()).result()
    said = answer.json()["message"] if path.startswith("/api") else answer.text
    assert answer.status_code == 500 and re.search(r"系统出了意外（编号[0-9a-f]{8}）", said), answer.text
    assert "division" not in answer.text
