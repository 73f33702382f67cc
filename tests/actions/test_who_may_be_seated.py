"""Through the whole ceremony: nobody is sent where he or she may not go, and each reason is kept."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from blocks import settings
from blocks.actions import absences, assignments, draws, intake
from blocks.draw.hashing import canonical_json
from blocks.errors import RosterError
from blocks.register.database import transaction
from blocks.register.directories import Department, Inspector, Interest, Leave, Target, Tie
from blocks.register.draws import DrawFile, file_bytes, open_draw
from blocks.register.schemes import Assignment
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Check, Seat, Visit
from tests import people
from tests.scenes import first_check, seated, visit_of


def inspectors_of(party: str) -> list[tuple[int, str]]:
    with transaction() as session:
        return [(i, no) for i, no in session.execute(select(
            Inspector.id, Inspector.certificate_no).join(Department).where(
            Department.code == party).order_by(Inspector.certificate_no))]


def lines_of(code: str, name: str) -> list[dict]:
    with transaction() as session:
        draw = open_draw(session, find_scheme(session, code).id)
        content = file_bytes(session, draw.id, name)
    found = [json.loads(line) for line in content.splitlines()]
    assert b"".join(canonical_json(one) + b"\n" for one in found) == content
    return found


def everybody_seated(party: str) -> list[tuple[str, int]]:
    """(certificate, target) of every seat of a department that is taken."""
    with transaction() as session:
        return [(no, target) for no, target in session.execute(select(
            Inspector.certificate_no, Visit.target_id).join(Seat, Seat.inspector_id == Inspector.id)
            .join(Seat.check).join(Check.visit).join(Check.department).where(
            Department.code == party, Seat.vacated_at.is_(None)))]


def test_who_is_tied_to_a_business_is_never_sent_there_and_the_reason_is_kept(
        open_scene, carry_on):
    """Of eight health inspectors three may go to a hotel whose head is somebody's relative."""
    open_scene("sample")
    with transaction() as session:
        session.execute(delete(Interest))
        hotels = session.scalars(select(Target).where(Target.kind == "旅馆")).all()
        for hotel in hotels:
            hotel.legal_representative = "样例·掌柜"
        five = session.scalars(select(Inspector).join(Department).where(
            Department.code == "wjj").order_by(Inspector.certificate_no.desc()).limit(5)).all()
        session.add_all(Tie(inspector_id=one.id, kind="relative", value="样例·掌 柜")
                        for one in five)
        for one in five:
            one.may_lead = False
        session.execute(Inspector.__table__.update().where(
            Inspector.department_id == five[0].department_id).values(may_lead=True))
        kept = {one.certificate_no for one in five}
    code = people.in_field(carry_on, sampling={"mode": "number", "number": 3})
    assert people.stage(code) in ("staffed", "in_field")
    sent = {no for no, _ in everybody_seated("wjj")}
    assert len(sent) >= 2 and not sent & kept
    reasons = lines_of(code, "ineligible.jsonl")
    assert {one["certificate_no"] for one in reasons if one["department"] == "wjj"
            and one["reason"] == "relative" and "id" in one} == kept
    with transaction() as session:
        assert session.scalar(select(DrawFile.public).where(
            DrawFile.name == "ineligible.jsonl").limit(1)) is False


def test_the_seal_binds_what_was_declared_and_who_is_on_leave(open_scene, carry_on):
    open_scene("sample")
    (first, number), (_, other) = inspectors_of("gaj")[:2]
    today = settings.today()
    with transaction() as session:
        hotel = session.scalars(select(Target).where(Target.kind == "旅馆").order_by(
            Target.id)).first()
        hotel.address = "样例街1号"
        session.add(Tie(inspector_id=first, kind="address", value="样例街1号"))
        session.add(Leave(inspector_id=first, first=today, last=today + timedelta(1), reason="休"))
        uscc = hotel.uscc
    code = people.dispatched(carry_on, sampling={"mode": "number", "number": 3})
    assert {"certificate_no": number, "id": uscc, "reason": "address"} in lines_of(
        code, "interests.jsonl")
    assert any(one["reason"] == "interest" for one in lines_of(code, "interests.jsonl"))
    sealed = {one["certificate_no"]: one["leave"] for one in lines_of(code, "inspectors.jsonl")}
    assert sealed[number] == [[today.isoformat(), (today + timedelta(1)).isoformat()]]
    assert sealed[other] == []


def test_nobody_is_sent_on_a_day_of_leave_neither_at_first_nor_for_somebody_else(
        open_scene, carry_on):
    code = open_scene("dispatched")
    ids = inspectors_of("wjj")
    with transaction() as session:
        scheme = find_scheme(session, code)
        first, last = scheme.window_start, scheme.window_end
        session.add_all(Leave(inspector_id=i, first=first, last=first + timedelta(7), reason="训")
                        for i, _ in ids)
    for party in people.PARTICIPANTS:
        assignments.accept(f"{party}.jingban", code)
    carry_on()
    with transaction() as session:
        days = set(session.scalars(select(Visit.day).where(Visit.scheme_id == scheme.id)))
        assert days and min(days) > first + timedelta(7) and max(days) <= last
    check, team = first_check(code, "wjj")
    with transaction() as session:
        day = session.get_one(Visit, visit_of(check)).day
        there = set(session.scalars(select(Seat.inspector_id).where(Seat.check_id == check)))
        *away, last_one = [i for i, _ in ids if i not in there]
        session.add_all(Leave(inspector_id=i, first=day, last=day, reason="病") for i in away)
    number = absences.report(team[1], check, "ill").ids["absence"]
    absences.decide("wjj.shenpi", number, grant=True)
    carry_on()
    with transaction() as session:
        now = set(session.scalars(select(Seat.inspector_id).where(
            Seat.check_id == check, Seat.vacated_at.is_(None))))
    assert len(away) == 5 and now - there == {last_one}


def test_a_department_all_of_whose_people_are_out_is_told_so_and_nothing_is_written_for_it(
        open_scene, carry_on):
    code = open_scene("dispatched")
    with transaction() as session:
        scheme = find_scheme(session, code)
        session.add_all(Leave(inspector_id=i, first=scheme.window_start, last=scheme.window_end,
                              reason="集训") for i, _ in inspectors_of("wjj"))
    for party in people.PARTICIPANTS:
        assignments.accept(f"{party}.jingban", code)
    said = carry_on()
    assert any("卫健人员不足" in one for one in said)
    with transaction() as session:
        waiting = session.scalars(select(Assignment).join(Assignment.department).where(
            Department.code == "wjj")).one()
        assert waiting.stage == "accepted" and "还差" in waiting.shortage
        assert session.scalar(select(func.count()).select_from(Check).join(
            Check.department).where(Department.code == "wjj")) == 0
    assert "wjj" not in {one["department"] for one in lines_of(code, "ineligible.jsonl")}
    assert len(seated(code)) == 6  # the other two departments are staffed


@pytest.mark.parametrize("party", ["gaj"])
def test_under_the_area_rule_everybody_stays_in_the_county(open_scene, carry_on, monkeypatch,
                                                           party):
    from dataclasses import replace
    open_scene("sample")
    now = replace(settings.regulation(settings.today()), area_rule="same_county")
    monkeypatch.setattr(settings, "regulation", lambda on: now)
    with transaction() as session:
        ids = [i for i, _ in inspectors_of(party)]
        for place, i in enumerate(ids):
            session.get_one(Inspector, i).county_code = ("445202", "445281")[place % 2]
            session.get_one(Inspector, i).may_lead = True
    code = people.dispatched(carry_on, scope={"kinds": ["旅馆"], "counties": ["445202", "445281"]},
                             sampling={"mode": "number", "number": 6})
    with transaction() as session:
        counties = session.execute(select(Inspector.county_code, Target.county_code).join(
            Seat, Seat.inspector_id == Inspector.id).join(Seat.check).join(Check.visit).join(
            Visit.target)).all()
    assert len(counties) == 12 and all(own == theirs for own, theirs in counties)
    away = [one for one in lines_of(code, "ineligible.jsonl") if one["reason"] == "area"]
    assert away and all({"county", "certificate_no", "department", "reason"} == set(one)
                        for one in away)
    assert draws.lists_of("bangong", code)["ineligible.jsonl"]


def roster(folder: Path, text: str) -> Path:
    file = folder / "名单.csv"
    file.write_text(text, "utf-8")
    return file


def test_ties_and_leave_come_from_rosters_and_twice_change_nothing(open_scene, tmp_path):
    open_scene("sample")
    _, number = inspectors_of("gaj")[0]
    ties = roster(tmp_path, "执法证号,类别,内容,离职日期\n"
                  f"{number},亲属姓名,林某甲,\n{number},原任职单位,样例旅馆,2025年3月1日\n"
                  f"{number},住址,样例街１号,\n")
    assert intake.take("bangong", "ties", ties).taken == 3
    assert intake.take("bangong", "ties", ties).seen_before
    leave = roster(tmp_path, f"执法证号,开始日期,截止日期,请假事由\n{number},2026-12-01,2026/12/3,年休假\n")
    assert intake.take("gaj.jingban", "leave", leave).taken == 1
    with transaction() as session:
        assert {(tie.kind, tie.value, tie.until) for tie in session.scalars(select(Tie))} == {
            ("relative", "林某甲", None), ("employer", "样例旅馆", date(2025, 3, 1)),
            ("address", "样例街１号", None)}
        row = session.scalars(select(Leave)).one()
        assert (row.first, row.last, row.reason) == (date(2026, 12, 1), date(2026, 12, 3), "年休假")


@pytest.mark.parametrize(("kind", "row", "wrong"), [
    ("ties", "YL00000000,亲属,林某", "YL00000000"),
    ("ties", "{no},朋友,林某", "朋友"),
    ("ties", "{no},亲属,", "内容"),
    ("leave", "{no},2026-12-03,2026-12-01", "2026-12-0"),
    ("leave", "{no},,2026-12-01", "起始日期"),
    ("leave", "YL00000000,2026-12-01,2026-12-02", "YL00000000"),
])
def test_a_row_that_is_wrong_is_named_and_nothing_is_written(open_scene, tmp_path, kind, row, wrong):
    open_scene("sample")
    heads = {"ties": "执法证号,类别,内容", "leave": "执法证号,起始日期,结束日期"}
    file = roster(tmp_path, f"{heads[kind]}\n{row.format(no=inspectors_of('gaj')[0][1])}\n")
    with pytest.raises(RosterError) as refused:
        intake.take("bangong", kind, file)
    problem = refused.value.problems[0]
    assert problem.row == 2 and wrong in f"{problem.column}{problem.value}{problem.wrong}"
    assert problem.remedy
    with transaction() as session:
        assert not session.scalar(select(func.count()).select_from(Tie))
        assert not session.scalar(select(func.count()).select_from(Leave))


def test_one_certificate_in_two_departments_is_never_two_people(open_scene, tmp_path):
    open_scene("sample")
    number = inspectors_of("gaj")[0][1]
    head = "执法证号,姓名,部门代码,证件起始日期,证件截止日期\n"
    row = "{no},样例·某,{party},2024-01-01,2028-12-31\n"
    both = head + row.format(no=number, party="gaj") + row.format(no=number, party="wjj")
    with pytest.raises(RosterError):
        intake.take("bangong", "inspectors", roster(tmp_path, both))
    moved = head + row.format(no=number, party="wjj")
    assert intake.take("bangong", "inspectors", roster(tmp_path, moved)).taken == 1
    assert number in [no for _, no in inspectors_of("wjj")]
    assert number not in [no for _, no in inspectors_of("gaj")]
    undated = "执法证号,姓名,部门代码,证件起始日期,证件截止日期\nYL1,样例·某,gaj,2024-01-01,\n"
    with pytest.raises(RosterError) as refused:
        intake.take("bangong", "inspectors", roster(tmp_path, undated))
    assert "证件截止日期" in refused.value.problems[0].column
