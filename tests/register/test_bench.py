"""Who of a department may be seated where, as the register knows it (art. 9)."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, select, update

from blocks import settings
from blocks.register import bench, database
from blocks.register.database import transaction
from blocks.register.directories import Department, Inspector, Interest, Leave, Target, Tie
from blocks.register.draws import open_draw
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Check, Seat, Visit
from tests.scenes import first_check


@contextmanager
def on_the_bench(code: str, party: str = "wjj", items=("LG-03",), drawn=False):
    """The bench of a department in a scheme, with the session it was read by."""
    with transaction() as session:
        scheme = find_scheme(session, code)
        department = session.scalars(select(Department).where(Department.code == party)).one()
        if drawn:
            yield session, bench.of_draw(session, open_draw(session, scheme.id), department, items)
        else:
            yield session, bench.of_register(session, scheme, department, items)


def somebody(party: str = "wjj", place: int = 0) -> Inspector:
    with transaction() as session:
        found = session.scalars(select(Inspector).join(Department).where(
            Department.code == party).order_by(Inspector.certificate_no)).all()[place]
        session.expunge(found)
        return found


def change(person: Inspector, **values) -> None:
    with transaction() as session:
        session.execute(update(Inspector).where(Inspector.id == person.id).values(**values))


def on_leave(person: Inspector, first, last) -> None:
    with transaction() as session:
        session.add(Leave(inspector_id=person.id, first=first, last=last, reason="休假"))


def window(code: str) -> tuple:
    with transaction() as session:
        scheme = find_scheme(session, code)
        return scheme.window_start, scheme.window_end


def hotel(**values) -> Target:
    """Some hotel, changed."""
    with transaction() as session:
        target = session.scalars(select(Target).where(
            Target.kind == "旅馆", Target.county_code == "445281").order_by(Target.id)).first()
        for name, value in values.items():
            setattr(target, name, value)
        session.flush()
        session.expunge(target)
        return target


def rule(code: str, **numbers) -> None:
    """Let the scheme be bound by other numbers than those of today."""
    with transaction() as session:
        scheme = find_scheme(session, code)
        today = settings.regulation(settings.today()).as_record()
        session.execute(update(Scheme).where(Scheme.id == scheme.id).values(
            regulation=today | numbers))


@pytest.mark.parametrize(("values", "why"), [
    ({"active": False}, "inactive"), ({"item_codes": ["PX-01"]}, "not_qualified"),
    ({"item_codes": ["LG-03", "PX-01"]}, None), ({"item_codes": []}, None),
])
def test_who_is_out_as_a_whole_is_out_with_a_reason(open_scene, values, why):
    code, person = open_scene("drafted"), somebody()
    change(person, **values)
    with on_the_bench(code) as (_, where):
        assert where.out.get(person.certificate_no) == why
        assert (person.certificate_no in where.people) is (why is None)
        assert (person.certificate_no in where.known) is (why is None)


@pytest.mark.parametrize(("missing", "why"), [(0, None), (1, "certificate")])
def test_the_certificate_is_valid_on_the_first_and_on_the_last_day(open_scene, missing, why):
    code, (person, other) = open_scene("drafted"), (somebody(), somebody(place=1))
    first, last = window(code)
    change(person, certificate_from=first, certificate_to=last - timedelta(missing))
    change(other, certificate_from=first + timedelta(missing), certificate_to=last)
    with on_the_bench(code) as (_, where):
        assert [where.out.get(one.certificate_no) for one in (person, other)] == [why, why]


def test_leave_takes_days_away_and_leave_on_every_workday_takes_the_person(open_scene):
    code, (person, other) = open_scene("drafted"), (somebody(), somebody(place=1))
    first, last = window(code)
    calendar = settings.calendar()
    days = [day for n in range((last - first).days + 1)
            if calendar.is_workday(day := first + timedelta(n))]
    on_leave(person, days[1], last + timedelta(9))  # all but the first
    on_leave(other, first - timedelta(9), last)
    with on_the_bench(code) as (_, where):
        assert where.max_load[person.certificate_no] == 2
        assert where.absent[person.certificate_no] == set(days[1:])
        assert where.out[other.certificate_no] == "on_leave"
        assert where.max_load[somebody(place=2).certificate_no] == 2 * len(days)


def booked(code: str) -> Inspector:
    """An inspector of the lead who has a seat in the scheme of this code."""
    check, _ = first_check(code)
    with transaction() as session:
        seat = session.scalars(select(Seat).where(Seat.check_id == check)).first()
        person = session.get_one(Inspector, seat.inspector_id)
        session.expunge(person)
        return person


def later(scheme: Scheme, **numbers) -> Scheme:
    """Another scheme of the same window, which is not in the register."""
    return Scheme(id=scheme.id + 1000, window_start=scheme.window_start,
                  window_end=scheme.window_end, regulation=scheme.regulation | numbers)


def test_seats_in_other_schemes_take_from_days_and_year_and_shared_or_left_ones_do_not(open_scene):
    code = open_scene("in_field")
    person = booked(code).certificate_no
    with transaction() as session:
        scheme = find_scheme(session, code)
        seats = session.scalars(select(Seat).join(Seat.inspector).where(
            Inspector.certificate_no == person)).all()
        number = len(seats)

        def room(**numbers):
            session.flush()
            where = bench.of_register(session, later(scheme, **numbers), scheme.lead, ["LG-01"])
            return where.max_load.get(person), where.out.get(person), max(where.max_load.values())

        own, _, free = room()
        assert own == free - number
        assert room(max_visits_per_inspector_per_year=number)[:2] == (None, "load_full")
        assert room(max_visits_per_inspector_per_year=number + 1)[:2] == (1, None)
        seats[0].shares_id = seats[0].id
        assert room()[0] == own + 1
        seats[0].shares_id = None
        assert room()[0] == own
        seats[0].vacated_at = settings.now()
        assert room()[0] == own + 1


@pytest.mark.parametrize(("area_rule", "near", "far", "city"), [
    ("any", None, None, None), ("same_county", None, "area", None),
    ("other_county", "area", None, None)])
def test_the_area_rule_of_the_scheme_binds(open_scene, area_rule, near, far, city):
    code = open_scene("drafted")
    people = [somebody(place=place) for place in range(3)]
    for person, county in zip(people, ("445281", "445202", None), strict=True):
        change(person, county_code=county)
    rule(code, area_rule=area_rule)
    with transaction() as session:
        session.execute(delete(Interest))
    target = hotel()
    with on_the_bench(code) as (_, where):
        assert [where.reason(p.certificate_no, target) for p in people] == [near, far, city]
        assert {p.certificate_no for p, why in zip(people, (near, far, city), strict=True)
                if why is None} <= where.eligible(target)
        assert {p.certificate_no for p in people} <= where.without_area_rule(target)


def test_of_two_businesses_of_a_county_without_anything_personal_the_same_set_is_returned(
        open_scene):
    code = open_scene("drafted")
    with transaction() as session:
        session.execute(delete(Interest))
    with on_the_bench(code) as (session, where):
        hotels = session.scalars(select(Target).where(
            Target.kind == "旅馆", Target.county_code == "445281").limit(5)).all()
        assert len({id(where.eligible(one)) for one in hotels}) == 1


@pytest.mark.parametrize(("kind", "value", "why"), [
    ("relative", "legal_representative", "relative"), ("address", "address", "address"),
    ("employer", "name", "former_employer"), ("employer", "uscc", "former_employer")])
def test_what_was_declared_keeps_away_from_that_business_alone(open_scene, kind, value, why):
    code, person = open_scene("drafted"), somebody()
    target = hotel(legal_representative="样例·法人甲", address="样例路77号")
    with transaction() as session:
        session.execute(delete(Interest))
        session.add(Tie(inspector_id=person.id, kind=kind, value=getattr(target, value)))
    with on_the_bench(code) as (session, where):
        assert where.reason(person.certificate_no, target) == why
        assert person.certificate_no not in where.eligible(target)
        assert bench.personal(session, [where]) == [{target.uscc: {person.certificate_no: why}}]
        other = session.scalars(select(Target).where(Target.id != target.id).limit(1)).one()
        assert person.certificate_no in where.eligible(other)


def test_a_namesake_and_a_declared_interest_are_found_too(open_scene):
    code, person = open_scene("drafted"), somebody()
    target = hotel(legal_representative=person.name)
    with on_the_bench(code) as (_, where):
        assert where.reason(person.certificate_no, target) == "namesake"
    with transaction() as session:
        session.add(Interest(inspector_id=person.id, target_id=target.id, reason="合伙"))
    with on_the_bench(code) as (_, where):
        assert where.reason(person.certificate_no, target) == "interest"


def test_nobody_inspects_the_same_business_twice_running(open_scene):
    """Whoever made the department's latest finished check there stays away; earlier ones may come."""
    code = open_scene("publicised")
    check, _ = first_check(code)
    with transaction() as session:
        visit = session.get_one(Visit, session.get_one(Check, check).visit_id)
        team = set(session.scalars(select(Inspector.certificate_no).join(Seat).where(
            Seat.check_id == check, Seat.vacated_at.is_(None))))
        scheme = find_scheme(session, code)
        where = bench.of_register(session, later(scheme), scheme.lead, ["LG-01"])
        own = bench.of_register(session, scheme, scheme.lead, ["LG-01"])
        away = {no for no, why in where.personal(visit.target).items() if why == "last_time"}
        assert away == team
        assert "last_time" not in own.personal(visit.target).values()  # of its own it is no repeat
        wjj = session.scalars(select(Department).where(Department.code == "wjj")).one()
        theirs = bench.of_register(session, later(scheme), wjj, ["LG-03"])
        assert not team & theirs.personal(visit.target).keys()


def test_only_who_was_sealed_is_on_the_bench_of_a_drawn_scheme(open_scene):
    code = open_scene("dispatched")
    gone, moved = somebody(), somebody(place=1)
    change(gone, active=False)
    with transaction() as session:
        other = session.scalars(select(Department).where(Department.code == "jyj")).one()
        session.execute(update(Inspector).where(Inspector.id == moved.id).values(
            department_id=other.id))
        model = session.get_one(Inspector, gone.id)
        session.add(Inspector(certificate_no="YL99999999", name="样例·新来", may_lead=True,
                              department_id=model.department_id, item_codes=[], active=True,
                              certificate_from=model.certificate_from,
                              certificate_to=model.certificate_to))
    with on_the_bench(code, drawn=True) as (_, where):
        assert where.out == {gone.certificate_no: "inactive", moved.certificate_no: "inactive"}
        assert "YL99999999" not in where.people
        assert len(where.seed) == 64
    with on_the_bench(code) as (_, where):
        assert "YL99999999" in where.people and where.seed == ""


def test_the_number_of_questions_does_not_grow_with_the_people(open_scene):
    code = open_scene("drafted")
    asked = []
    engine = database.engine(settings.database_url())
    with transaction():
        pass  # whether a year's notice has come is asked now and then, whoever comes first

    def count(*_args):
        asked[-1] += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        for party, items in (("wjj", ["LG-03"]), ("zjj", []), ("scjg", ["LG-04"])):
            asked.append(0)
            with on_the_bench(code, party, items) as (session, where):
                bench.personal(session, [where])
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(set(asked)) == 1 and asked[0] < 20, asked
