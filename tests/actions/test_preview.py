"""The staffing gate: what is known, before anybody approves, of who is missing (art. 9)."""

import json

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from blocks.actions import schemes
from blocks.errors import NotFound, StageError
from blocks.register.database import transaction
from blocks.register.directories import Department, Inspector, Interest, Target
from blocks.register.notices import Notice
from blocks.register.schemes import SchemeReview
from blocks.register.trail import TrailLine
from flows.cli import app
from tests import people
from tests.scenes import everything, refused


def set_regulation(monkeypatch, **numbers):
    """Let some numbers of the law be others, as if config/regulation.yaml said so."""
    from dataclasses import replace

    from blocks import settings
    now = replace(settings.regulation(settings.today()), **numbers)
    monkeypatch.setattr(settings, "regulation", lambda on: now)


def of_department(code: str, short_name: str) -> dict:
    return next(one for one in schemes.preview(code)["departments"]
                if one["department"] == short_name)


def inspectors(party: str, **values) -> None:
    with transaction() as session:
        owner = select(Department.id).where(Department.code == party).scalar_subquery()
        session.execute(update(Inspector).where(
            Inspector.department_id == owner).values(**values))


def test_a_preview_says_what_to_expect_and_writes_nothing(open_scene):
    code = open_scene("drafted")
    before = everything()
    told = schemes.preview(code)
    assert told == schemes.preview(code)  # the same twice
    assert everything() == before
    assert told["targets"] == 3 and told["draws"] == 200 and told["probability"] == 0
    assert sum(sum(row.values()) for row in told["expected"].values()) == pytest.approx(3, abs=0.3)
    assert {one["department"] for one in told["departments"]} == {"公安", "卫健", "消防"}
    for one in told["departments"]:
        assert one["needed"] == 6 and one["available"] >= one["leaders"] >= 1
        assert one["load"] == pytest.approx(6 / one["available"], abs=0.01)
        assert one["trouble"] is None and one["remedies"] == []
    json.dumps(told)


def test_the_command_shows_the_same_in_tables(open_scene):
    said = CliRunner().invoke(app, ["scheme", "preview", open_scene("submitted")])
    assert said.exit_code == 0, said.output
    for word in ("预计抽取", "普宁市", "公安", "排不开的模拟", "都能配齐人员", "没有抽取任何对象"):
        assert word in said.output


def test_an_approved_scheme_is_not_previewed_and_an_unknown_one_not_found(look):
    code = look("approved")
    with refused("已经批准，不再测算", StageError):
        schemes.preview(code)
    with refused("没有方案", NotFound):
        schemes.preview("2026-999")


@pytest.mark.parametrize(("values", "reason"), [
    ({"active": False}, "inactive"),
    ({"certificate_to": "2026-01-01", "certificate_from": "2025-01-01"}, "certificate"),
    ({"item_codes": ["PX-01"]}, "not_qualified"),
])
def test_a_department_with_nobody_is_named_with_the_reason_and_the_remedy(
        open_scene, values, reason):
    code = open_scene("drafted")
    inspectors("wjj", **values)
    told = of_department(code, "卫健")
    assert told["available"] == 0 and told["load"] is None and told["probability"] == 1
    assert list(told["out"]) == [reason]
    assert "卫健检查（LG-03）" in told["trouble"] and "只有0人" in told["trouble"]
    assert told["remedies"][0].startswith("增加") and len(told["remedies"]) == 1


def test_a_department_without_a_leader_is_told_how_many_it_needs(open_scene):
    code = open_scene("drafted")
    inspectors("xfjy", may_lead=False)
    told = of_department(code, "消防")
    assert told["leaders"] == 0 and told["probability"] == 1
    assert "各需1名能担任组长的检查人员，符合条件的只有0人" in told["trouble"]
    assert told["remedies"] == ["增加1名能担任组长、具备LG-02资格的检查人员"]


def test_all_recused_is_seen_in_the_simulated_draws(open_scene):
    code = open_scene("drafted")
    with transaction() as session:
        ids = session.scalars(select(Inspector.id).join(Department).where(
            Department.code == "wjj")).all()
        hotels = session.scalars(select(Target.id).where(Target.kind == "旅馆")).all()
        session.execute(Interest.__table__.delete())
        session.add_all(Interest(inspector_id=i, target_id=t, reason="测试") for i in ids
                        for t in hotels)
    told = of_department(code, "卫健")
    assert told["available"] == len(ids) and told["probability"] == 1
    assert "放宽区域规则" not in told["remedies"]


def test_a_county_with_nobody_fails_under_the_area_rule_and_lifting_it_would_do(
        open_scene, monkeypatch):
    code = open_scene("drafted")
    set_regulation(monkeypatch, area_rule="same_county")
    inspectors("gaj", county_code="445202")
    told = of_department(code, "公安")
    assert 0 < told["probability"] <= 1
    assert "榕城区" not in told["trouble"] and "公安检查（LG-01）" in told["trouble"]
    assert "放宽区域规则" in told["remedies"]
    set_regulation(monkeypatch, area_rule="any")
    assert of_department(code, "公安")["probability"] == 0


def test_everybody_busy_all_year_fails_and_a_longer_window_would_not_do(open_scene, monkeypatch):
    code = open_scene("drafted")
    set_regulation(monkeypatch, max_visits_per_inspector_per_year=1)
    with transaction() as session:
        keep = session.scalars(select(Inspector.id).join(Department).where(
            Department.code == "wjj", Inspector.may_lead).limit(2)).all()
    inspectors("wjj", active=False)
    with transaction() as session:
        session.execute(update(Inspector).where(Inspector.id.in_(keep)).values(active=True))
    told = of_department(code, "卫健")
    assert told["capacity"] == 2 and told["probability"] == 1
    assert any(one.startswith("增加") for one in told["remedies"])
    assert not any("延长" in one for one in told["remedies"])
    assert "把抽取数减到1户" in told["remedies"]


def test_a_short_window_is_lengthened_by_as_many_days_as_it_takes(open_scene, monkeypatch):
    open_scene("sample")
    code = people.drafted(sampling={"mode": "number", "number": 12},
                          window={"start": "+1 workdays", "end": "+1 workdays"})
    inspectors("wjj", active=False)
    with transaction() as session:
        two = session.scalars(select(Inspector.id).join(Department).where(
            Department.code == "wjj", Inspector.may_lead).limit(2)).all()
        session.execute(update(Inspector).where(Inspector.id.in_(two)).values(active=True))
        session.execute(Interest.__table__.delete())
    told = of_department(code, "卫健")
    assert "把检查时间延长5个工作日" in told["remedies"]  # two a day for each of two: 12 in six days
    assert "把抽取数减到" in "".join(told["remedies"])


def test_a_scope_that_finds_nobody_needs_nobody(open_scene):
    open_scene("sample")
    code = people.drafted(scope={"kinds": ["旅馆"], "counties": ["445200"]})
    told = schemes.preview(code)
    assert (told["pool"], told["targets"], told["probability"]) == (0, 0, 0)
    assert CliRunner().invoke(app, ["scheme", "preview", code]).exit_code == 0


def test_the_verdict_stands_in_the_review_the_document_and_the_notice_and_forbids_nothing(
        open_scene, carry_on):
    from blocks import settings
    code = open_scene("submitted")
    inspectors("wjj", may_lead=False)
    carry_on()
    with transaction() as session:
        review = session.scalars(select(SchemeReview)).one()
        notice = session.scalars(select(Notice).where(Notice.kind == "approval")).one()
        assert session.scalar(select(func.count()).select_from(TrailLine).where(
            TrailLine.thing == "draw")) == 0
    verdict = next(one for one in review.findings["remarks"] if one.startswith("人员不足"))
    assert "卫健在100.0%的模拟抽取中排不开" in verdict and "单独采用下列任一项即可" in verdict
    assert review.findings["violations"] == [] and verdict in notice.body
    assert review.findings["staffing"]["departments"]
    document = settings.state_dir() / "documents" / f"{code}-方案.html"
    assert "人员测算" in document.read_text("utf-8") and "卫健人员不足" in document.read_text("utf-8")
    schemes.approve("gaj.shenpi", code)
