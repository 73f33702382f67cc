"""Who of a department may be seated where (art. 9): the rules' answers for one scheme.

`of_register` asks for a scheme that is not sealed yet, `of_draw` for a drawn one: the inspectors
that were sealed with the draw, less what changed since. What changes only takes people away.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import BigInteger, ColumnElement, Text, any_, cast, extract, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.candidates import PairingInspector
from blocks.draw.seed import seed_inspectors
from blocks.register.directories import Department, Inspector, Interest, Leave, Target
from blocks.register.directories import Tie as TieRow
from blocks.register.draws import Draw, file_bytes
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, Seat, Visit
from blocks.rules.eligibility import Place, exclusion, is_out_of_area
from blocks.rules.recusal import Declared, Tie, same
from blocks.rules.regulation import Regulation
from blocks.rules.scheduling import HALVES, half_days

Reasons = dict[str, str]  # certificate number → a code of rules.eligibility.INSPECTOR_EXCLUSIONS


@dataclass(eq=False)
class Bench:
    """A department's inspectors for one scheme.

    `people`: by certificate number, who may be seated somewhere; `out`: who may not, and why.
    `absent`: the workdays of the window on which somebody is on leave. `max_load`: how many visits
    each can take, by days (`per_day`) and by what the year still allows (`year_left`). `pairs`: by target id, who
    is kept from it by an interest or because it was his or hers the last time. `seed` is "" where
    nothing is drawn yet.
    """

    department: Department
    place: Place
    team: int
    area_rule: str
    people: dict[str, Inspector]
    out: Reasons
    max_load: dict[str, int]
    year_left: dict[str, int]
    per_day: int
    absent: dict[str, set[date]]
    pairs: dict[int, Reasons]
    declared: Declared
    seed: str = ""
    _by_county: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, PairingInspector]:
        return {no: PairingInspector(no, person.may_lead, self.max_load[no])
                for no, person in self.people.items()}

    def longer(self, days: int) -> list[PairingInspector]:
        """Return everybody, with so many more workdays to be sent out on."""
        return [PairingInspector(no, person.may_lead, min(
            self.max_load[no] + days * self.per_day, self.year_left[no]))
            for no, person in self.people.items()]

    def by_county(self, county: str) -> frozenset[str]:
        """Return who may go to a business of this county unless something personal forbids it."""
        if county not in self._by_county:
            self._by_county[county] = frozenset(
                no for no, person in self.people.items() if not is_out_of_area(
                    self.area_rule, person.county_code, county, settings.COUNTIES))
        return self._by_county[county]

    def personal(self, target: Target) -> Reasons:
        """Return who is kept from this business for a reason of his or her own."""
        return self.declared.against(target) | self.pairs.get(target.id, {})

    def eligible(self, target: Target) -> frozenset[str]:
        """Return who may be seated at this business; the same object wherever it is the same."""
        everybody = self.by_county(target.county_code)
        away = everybody.intersection(self.personal(target))
        return everybody - away if away else everybody

    def without_area_rule(self, target: Target) -> frozenset[str]:
        return frozenset(self.people).difference(self.personal(target))

    def reason(self, number: str, target: Target) -> str | None:
        """Return why somebody may not be seated at this business, or None."""
        if number in self.people and number not in self.by_county(target.county_code):
            return "area"
        return self.out.get(number) or self.personal(target).get(number)


def of_register(session: Session, scheme: Scheme, department: Department,
                items: Collection[str]) -> Bench:
    """Return the bench of a scheme not yet sealed: everybody in the department's directory."""
    people = session.scalars(select(Inspector).where(
        Inspector.department_id == department.id).order_by(Inspector.certificate_no))
    return _bench(session, scheme, department, items, list(people))


def of_draw(session: Session, draw: Draw, department: Department,
            items: Collection[str]) -> Bench:
    """Return the bench of a drawn scheme: only who was sealed with it."""
    sealed = [json.loads(line) for line in
              file_bytes(session, draw.id, "inspectors.jsonl").splitlines()]
    numbers = [r["certificate_no"] for r in sealed if r["department"] == department.code]
    people = session.scalars(select(Inspector).where(
        Inspector.certificate_no.in_(numbers)).order_by(Inspector.certificate_no))
    found = _bench(session, draw.scheme, department, items, list(people))
    found.seed = seed_inspectors(draw.base, department.code, draw.hash_name)
    return found


def _bench(session: Session, scheme: Scheme, department: Department, items: Collection[str],
           everybody: Sequence[Inspector]) -> Bench:
    regulation = regulation_of(scheme)
    place = Place(frozenset(items), scheme.window_start, scheme.window_end)
    ids = {person.id: person.certificate_no for person in everybody}
    absent = leave_days(session, ids, place.first_day, place.last_day)
    per_day = min(len(HALVES), regulation.max_visits_per_inspector_per_day)
    booked, in_year = _seats_elsewhere(session, scheme, ids)
    left = {i: max(0, regulation.max_visits_per_inspector_per_year - in_year[i]) for i in ids}
    days = {day for day, _ in half_days(
        scheme.window_start, scheme.window_end, settings.calendar())}
    room = {i: max(0, min(len(days - absent.get(i, set())) * per_day - booked[i], left[i]))
            for i in ids}
    out: Reasons = {}
    for person in everybody:
        why = exclusion(person, place, room=room[person.id],
                        free_days=len(days - absent.get(person.id, set())))
        if why or person.department_id != department.id:  # who went to another department
            out[person.certificate_no] = why or "inactive"
    people = {p.certificate_no: p for p in everybody if p.certificate_no not in out}
    return Bench(
        department, place, regulation.min_inspectors_per_check, regulation.area_rule, people, out,
        {no: room[p.id] for no, p in people.items()}, {no: left[p.id] for no, p in people.items()},
        per_day,
        {ids[i]: gone for i, gone in absent.items()}, _pairs(session, scheme, department, ids),
        Declared(_ties(session, people), place.first_day, regulation.former_employment_years))


def regulation_of(scheme: Scheme) -> Regulation:
    """Return the numbers that bind a scheme: those frozen at its approval, before it today's."""
    if scheme.regulation:
        return Regulation.from_record(scheme.regulation)
    return settings.regulation(settings.today())


def leave_days(session: Session, inspector_ids: Collection[int], first: date,
               last: date) -> dict[int, set[date]]:
    """Return the workdays from first to last on which each is on leave, by inspector id."""
    calendar = settings.calendar()
    gone: dict[int, set[date]] = defaultdict(set)
    for leave in session.scalars(select(Leave).where(
            Leave.inspector_id.in_(list(inspector_ids)), Leave.first <= last, Leave.last >= first)):
        begins, ends = max(first, leave.first), min(last, leave.last)
        days = (begins + timedelta(n) for n in range((ends - begins).days + 1))
        gone[leave.inspector_id] |= {day for day in days if calendar.is_workday(day)}
    return dict(gone)


def _seats_elsewhere(session: Session, scheme: Scheme,
                     ids: Collection[int]) -> tuple[Counter[int], Counter[int]]:
    """Return how many seats each holds in other schemes: within the window, and in its year."""
    visits = select(Seat.inspector_id, func.count()).join(Seat.check).join(Check.visit).join(
        Visit.scheme).where(
        Seat.vacated_at.is_(None), Seat.shares_id.is_(None), Visit.scheme_id != scheme.id,
        Seat.inspector_id.in_(list(ids))).group_by(Seat.inspector_id)
    booked = session.execute(visits.where(
        Seat.day.between(scheme.window_start, scheme.window_end))).all()
    in_year = session.execute(visits.where(extract("year", func.coalesce(
        Visit.day, Scheme.window_start)) == scheme.window_start.year)).all()
    return Counter(dict(booked)), Counter(dict(in_year))


def _pairs(session: Session, scheme: Scheme, department: Department,
           ids: dict[int, str]) -> dict[int, Reasons]:
    """Return, by target, who has declared an interest, and who made the last finished check there."""
    pairs: dict[int, Reasons] = defaultdict(dict)
    last = select(Visit.target_id, Check.id).join(Check, Check.visit_id == Visit.id).where(
        Check.department_id == department.id, Visit.scheme_id != scheme.id,
        Check.stage.not_in(("planned", "recorded"))).distinct(Visit.target_id).order_by(
        Visit.target_id, Visit.day.desc().nulls_last(), Check.id.desc()).subquery()
    for target_id, inspector_id in session.execute(select(
            last.c.target_id, Seat.inspector_id).join(Seat, Seat.check_id == last.c.id).where(
            Seat.vacated_at.is_(None))):
        if inspector_id in ids:
            pairs[target_id][ids[inspector_id]] = "last_time"
    for target_id, inspector_id in session.execute(select(
            Interest.target_id, Interest.inspector_id).where(Interest.inspector_id.in_(list(ids)))):
        pairs[target_id][ids[inspector_id]] = "interest"
    return dict(pairs)


def _ties(session: Session, people: dict[str, Inspector]) -> dict[str, tuple[str, list[Tie]]]:
    ties: dict[int, list[Tie]] = defaultdict(list)
    for row in session.scalars(select(TieRow).where(
            TieRow.inspector_id.in_([person.id for person in people.values()]))):
        ties[row.inspector_id].append(Tie(row.kind, row.value, row.until))
    return {no: (person.name, ties[person.id]) for no, person in people.items()}


def personal(session: Session, benches: Sequence[Bench]) -> list[dict[str, Reasons]]:
    """Return for each bench, by credit code, who is kept from which business of the whole register.

    The register is gone through once. Names and addresses are looked up as they were written, and
    in their plain form; a business whose own is written in a third way is found only when it is
    drawn, by `Bench.eligible`.
    """
    people = [person for where in benches for person in where.people.values()]
    sought = {"relative": {person.name for person in people}, "address": set(), "employer": set()}
    for kind, value in session.execute(select(TieRow.kind, TieRow.value).where(
            TieRow.inspector_id.in_([person.id for person in people]))):
        sought[kind].add(value)
    columns = {"relative": [Target.legal_representative], "address": [Target.address],
               "employer": [Target.name, Target.uscc]}
    matches = [column == _any_of(sought[kind]) for kind in sought if sought[kind]
               for column in columns[kind]]
    pairs = sorted({target_id for where in benches for target_id in where.pairs})
    targets = session.scalars(select(Target).where(or_(
        Target.id == any_(cast(pairs, ARRAY(BigInteger))), *matches))).all()
    return [{target.uscc: reasons for target in targets if (reasons := where.personal(target))}
            for where in benches]


def _any_of(texts: set[str]) -> ColumnElement[str]:
    """Return what a column is compared with to be one of these, as written or in plain form."""
    return any_(cast(sorted(texts | {same(one) for one in texts}), ARRAY(Text)))
