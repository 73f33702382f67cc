"""A whole inspection done by people in the portal, form by form."""

import re

from blocks.register.database import transaction
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import live_checks
from tests import people
from tests.scenes import PARTIES

SCHEME = {
    "title": "样例·旅馆联合抽查", "kind": "untargeted", "grounds": "年度计划安排", "kinds": "旅馆",
    "sampling": "number", "number": "3", "start": "2026-11-24", "end": "2026-12-31", "mode": "on_site",
    "participants": ["xfjy", "wjj"], "lead_items": "LG-01", "typed": "样例彩票第一期"}


def test_eight_people_carry_a_scheme_from_draft_to_publicity(city, person, carry_on):
    drafter, approver = person("gaj.jingban"), person("gaj.shenpi")
    assert "现在没有等您办的事" in drafter.sees("/")
    shown = drafter.does("/schemes/new", "/schemes", **SCHEME)
    assert "✓ 方案" in shown and "已起草" in shown
    code = re.search(r"编号 (\d{4}-\d{3})", shown)[1]
    here = f"/schemes/{code}"
    assert "核对并提交方案" in drafter.sees("/")
    assert "已提交审批" in drafter.does(here, f"{here}/submit")
    carry_on()
    assert "审批方案" in approver.sees("/")
    assert "已批准" in approver.does(here, f"{here}/approve")
    carry_on()
    handlers = {party: person(f"{party}.jingban") for party in PARTIES}
    secrets = {}
    for party, one in handlers.items():
        assert "提交随机数承诺" in one.sees("/")
        said = one.does(f"{here}/draw", f"{here}/draw/commit")
        secrets[party] = re.search(r'class="secret">([0-9a-f]{64})<', said)[1]
    carry_on()
    people.wait_for_the_figure()
    for party, one in handlers.items():
        one.does(f"{here}/draw", f"{here}/draw/reveal", secret=secrets[party])
    for login in ("bangong", "gaj.jingban"):
        person(login).does(f"{here}/draw", f"{here}/draw/type", value=people.FIGURE)
    carry_on()
    assert "抽中名单（3家）" in drafter.sees(f"{here}/draw")
    for party in people.PARTICIPANTS:
        assert "接收任务" in handlers[party].sees("/")
        assert "任务已接收" in handlers[party].does(here, f"{here}/accept")
    carry_on()
    for party in PARTIES:
        for check, team in people.teams(code, party):
            page = f"/checks/{check}"
            with transaction() as session:
                found = next(c for c in live_checks(session, find_scheme(session, code).id)
                             if c.id == check)
                answers = {f"answers.{item}": "是" for item in found.item_codes}
            person(team[0]).does(page, f"{page}/record", category="no_problem", **answers)
            assert "等本部门未参加检查的人审核" in person(team[1]).does(page, f"{page}/confirm")
            assert "审核通过" in person(f"{party}.shenpi").does(page, f"{page}/review")
    carry_on()
    assert people.stage(code) == "publicised"
    office = person("bangong").sees("/office")
    assert "✓ 公示" in office
    assert "逐条校验相符" in person("jiandu").sees("/audit?verify=1")
