"""Two schemes draw the same business: one visit serves both (art. 14)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from blocks import settings
from blocks.actions import assignments, draws, papers, recusals, schemes, visits
from blocks.register import overview
from blocks.register.database import transaction
from blocks.register.directories import Department, Target, TargetListing
from blocks.register.draws import file_bytes, open_draw
from blocks.register.pool import pool
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Check, Seat, Visit, live_visits
from tests import people
from tests.actions.test_notice_and_absence import certificate_of
from tests.scenes import all_may_lead, seated

LEAD, PARTICIPANT = "scjg", "xfjy"


def first_scheme(open_scene, up_to, carry_on) -> str:
    """A scheme whose visits are all still to come."""
    open_scene("sample")
    return up_to(carry_on, sampling={"mode": "number", "number": 3},
                 window={"start": "+1 workdays", "end": "+20 workdays"})


def narrowed(code: str) -> None:
    """Let the second lead's directory hold the businesses of the first scheme and two more."""
    with transaction() as session:
        first = find_scheme(session, code)
        wanted = {visit.target_id for visit in live_visits(session, first.id)}
        lead = session.scalars(select(Department).where(Department.code == LEAD)).one()
        more = session.scalars(select(Target.id).where(
            Target.kind == "旅馆", Target.status == "存续", Target.id.not_in(wanted)).limit(2))
        wanted |= set(more)
        session.execute(delete(TargetListing).where(
            TargetListing.department_id == lead.id, TargetListing.target_id.not_in(wanted)))
        session.execute(update(Target).where(Target.id.in_(wanted)).values(
            risk_class="B", on_abnormal_list=False, complaints=0))


def second_scheme(carry_on, **changes) -> str:
    """A scheme of two other departments (one of them in the first, too), up to its dispatch."""
    code = schemes.new(f"{LEAD}.jingban", people.contents(
        title="样例·旅馆价格与消防联合抽查", lead=LEAD, participants=[PARTICIPANT],
        lead_items=["LG-04"], sampling={"mode": "number", "number": 4}, **changes)).ids["scheme"]
    schemes.submit(f"{LEAD}.jingban", code)
    carry_on()
    schemes.approve(f"{LEAD}.shenpi", code)
    carry_on()
    secrets = {party: draws.commit(f"{party}.jingban", code).ids["secret"]
               for party in (LEAD, PARTICIPANT)}
    carry_on()
    people.wait_for_the_figure()
    for party, secret in secrets.items():
        draws.reveal(f"{party}.jingban", code, secret)
    for login in ("bangong", f"{LEAD}.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    carry_on()
    return code


def accepted(code: str, carry_on, *parties: str) -> None:
    for party in parties:
        assignments.accept(f"{party}.jingban", code)
    carry_on()


def merged_pairs(code: str) -> list[tuple[Visit, Visit]]:
    """(the visit of this scheme, the one it goes along with)"""
    with transaction() as session:
        return [(visit, session.get_one(Visit, visit.merged_with_id))
                for visit in live_visits(session, find_scheme(session, code).id)
                if visit.merged_with_id]


def checks_of(visit: Visit, party: str) -> tuple[Check, list[int]]:
    with transaction() as session:
        check = session.scalars(select(Check).join(Check.department).where(
            Check.visit_id == visit.id, Department.code == party)).one()
        return check, list(session.scalars(select(Seat.inspector_id).where(
            Seat.check_id == check.id, Seat.vacated_at.is_(None)).order_by(Seat.leads.desc())))


def assert_one_visit(code: str) -> None:
    pairs = merged_pairs(code)
    assert len(pairs) >= 2  # five in the pool, three of them of the first scheme, four drawn
    for visit, other in pairs:
        assert visit.target_id == other.target_id and visit.day is not None
        assert (visit.day, visit.half) == (other.day, other.half)
        assert checks_of(visit, PARTICIPANT)[1] == checks_of(other, PARTICIPANT)[1]
        assert len(checks_of(visit, LEAD)[1]) == 2
    with transaction() as session:
        booked = session.execute(select(Seat.inspector_id, Seat.day, Seat.half, func.count()).where(
            Seat.vacated_at.is_(None), Seat.shares_id.is_(None), Seat.day.is_not(None),
        ).group_by(Seat.inspector_id, Seat.day, Seat.half))
        assert all(number == 1 for *_, number in booked)


def pairing_of(code: str, party: str) -> dict:
    with transaction() as session:
        draw = open_draw(session, find_scheme(session, code).id)
        records = json.loads(file_bytes(session, draw.id, "pairing.json"))["departments"]
    return next(record for record in records if record["department"] == party)


def test_one_visit_serves_both_schemes_with_all_departments_checks(open_scene, carry_on):
    first = first_scheme(open_scene, people.in_field, carry_on)
    narrowed(first)
    code = second_scheme(carry_on)
    accepted(code, carry_on, PARTICIPANT)
    assert people.stage(code) in ("staffed", "in_field")
    assert_one_visit(code)
    pairs = merged_pairs(code)
    record = pairing_of(code, PARTICIPANT)
    assert {one["visit"] for one in record["merged"]} == {v.candidate_id for v, _ in pairs}
    assert all(one["with"] == first for one in record["merged"])
    assert not {one["visit"] for one in record["merged"]} & {
        one["visit"] for one in record["seats"]}
    with transaction() as session:
        told = [row for row in overview.check_rows(session, find_scheme(session, code).id)
                if "合并上门" in row[4]]
        assert len(told) == 2 * len(pairs)
    _, notice = papers.take("gaj.jingban", "notice", pairs[0][1].id, "html")
    for said in (first, code, "合并为一次上门", "旅馆明码标价情况检查", "旅馆业治安管理情况检查"):
        assert said in notice.decode()
    assert notice.decode().count("消防救援") == 1  # one team, though two schemes ask for it
    _, sheet = papers.take("gaj.jingban", "visit-sheet", pairs[0][1].id, "html")
    for said in (first, code, "旅馆明码标价情况检查", "旅馆业治安管理情况检查"):
        assert said in sheet.decode()
    assert sheet.decode().count("<td>市消防救援支队</td>") == 1  # one sheet for one visit (一表通查)


def test_the_earlier_scheme_follows_where_the_later_one_is_staffed_first(open_scene, carry_on):
    first = first_scheme(open_scene, people.dispatched, carry_on)  # nobody has accepted yet
    narrowed(first)
    code = second_scheme(carry_on)
    accepted(code, carry_on, PARTICIPANT)
    accepted(first, carry_on, *people.PARTICIPANTS)
    assert people.stage(first) in ("staffed", "in_field")
    assert_one_visit(code)
    assert pairing_of(first, PARTICIPANT)["merged"][0]["with"] == code


def test_who_is_recused_from_a_business_is_out_of_both_and_one_person_comes_for_both(
        open_scene, carry_on):
    first = first_scheme(open_scene, people.in_field, carry_on)
    all_may_lead()
    narrowed(first)
    code = second_scheme(carry_on)
    accepted(code, carry_on, PARTICIPANT)
    visit, other = merged_pairs(code)[0]
    check, team = checks_of(visit, PARTICIPANT)
    login = dict(people.teams(code, PARTICIPANT))[check.id][0]
    number = recusals.claim(login, check.id, "亲属").ids["recusal"]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Seat).where(Seat.suspended)) == 2
    recusals.decide(f"{PARTICIPANT}.shenpi", number, grant=True, reason="属实")
    carry_on()
    now = checks_of(visit, PARTICIPANT)[1]
    assert now == checks_of(other, PARTICIPANT)[1]
    assert len(now) == 2 and team[0] not in now and team[1] in now
    mirrored = next(one for one in pairing_of(code, PARTICIPANT)["merged"]
                    if one["visit"] == visit.candidate_id)
    assert certificate_of(login) not in mirrored["inspectors"]


def test_a_business_gone_is_replaced_in_one_scheme_and_the_other_goes_on(open_scene, carry_on):
    first = first_scheme(open_scene, people.in_field, carry_on)
    narrowed(first)
    code = second_scheme(carry_on)
    accepted(code, carry_on, PARTICIPANT)
    visit, other = merged_pairs(code)[0]
    before = checks_of(visit, PARTICIPANT)[1]
    check = checks_of(other, "gaj")[0]
    visits.ask_replacement(seated(first)[check.id][0], other.id, "closed")
    visits.confirm_replacement("gaj.shenpi", other.id)
    carry_on()
    assert checks_of(visit, PARTICIPANT)[1] == before
    with transaction() as session:
        assert session.get_one(Visit, other.id).stage == "replaced"
        assert session.scalars(select(Seat.shares_id).join(Seat.check).where(
            Check.visit_id == visit.id)).all().count(None) == 4


@pytest.mark.parametrize(("later", "excluded"), [(0, False), (1, True)])
def test_a_business_under_way_is_out_only_where_the_windows_do_not_overlap(
        open_scene, carry_on, later, excluded):
    """The day after the first scheme's last is too late to go along; its last day is not."""
    first = first_scheme(open_scene, people.dispatched, carry_on)
    narrowed(first)
    with transaction() as session:
        scheme = find_scheme(session, first)
        begins = scheme.window_end + timedelta(later)
        count = len(live_visits(session, scheme.id))
    code = schemes.new(f"{LEAD}.jingban", people.contents(
        lead=LEAD, participants=[PARTICIPANT], lead_items=["LG-04"],
        window={"start": begins, "end": begins + timedelta(30)},
        sampling={"mode": "number", "number": 1})).ids["scheme"]
    with transaction() as session:
        reasons = pool(session, find_scheme(session, code)).excluded["reason"].to_pylist()
    assert reasons == ["under_way"] * (count if excluded else 0)
    assert settings.today() < begins
