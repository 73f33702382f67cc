"""Who sits where: a department's pairing over all visits, and single seats drawn again (art. 9).

Candidates are the inspectors that were sealed with the draw; what changed since (an interest, a
certificate, another visit at the same time) only takes people away, never adds one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets
from blocks.draw.pairing import pair
from blocks.draw.pairing_file import build_pairing, department_record
from blocks.draw.redraw import next_for_seat
from blocks.draw.seed import seed_inspectors
from blocks.errors import StaffingError
from blocks.register.directories import Department, Inspector, Interest
from blocks.register.draws import Draw, file_bytes, put_file
from blocks.register.schemes import Assignment, Scheme
from blocks.register.trail import advance, begin
from blocks.register.visits import Check, Seat, Visit, live_seats
from blocks.rules.eligibility import Place, exclusion
from blocks.rules.scheduling import HALVES, half_days
from blocks.rules.stages import Actor
from blocks.steps.moments import stamp


@dataclass(frozen=True)
class Bench:
    """A department's sealed inspectors for one draw, and what keeps each from which business."""

    draw: Draw
    department: Department
    seed: str
    people: dict[str, Inspector]
    interests: dict[int, set[int]]
    place: Place
    team: int
    max_load: dict[str, int]

    @property
    def known(self) -> dict[str, PairingInspector]:
        return {no: PairingInspector(no, person.may_lead, self.max_load[no])
                for no, person in self.people.items()}

    def eligible(self, visit: Visit) -> frozenset[str]:
        return frozenset(no for no, person in self.people.items() if exclusion(
            person, self.place, visit.target_id, self.interests[person.id]) is None)


def bench(session: Session, draw: Draw, department: Department, items: Sequence[str]) -> Bench:
    """Return who of a department may be seated in a draw's visits."""
    scheme = draw.scheme
    sealed = [json.loads(line) for line in
              file_bytes(session, draw.id, "inspectors.jsonl").splitlines()]
    numbers = [r["certificate_no"] for r in sealed if r["department"] == department.code]
    people = {i.certificate_no: i for i in session.scalars(select(Inspector).where(
        Inspector.certificate_no.in_(numbers)).order_by(Inspector.certificate_no))}
    interests: dict[int, set[int]] = defaultdict(set)
    for inspector_id, target_id in session.execute(select(
            Interest.inspector_id, Interest.target_id).join(
            Inspector, Inspector.id == Interest.inspector_id).where(
            Inspector.department_id == department.id)):
        interests[inspector_id].add(target_id)
    slots = half_days(scheme.window_start, scheme.window_end, settings.calendar())
    per_day = min(len(HALVES), scheme.regulation["max_visits_per_inspector_per_day"])
    whole = len(slots) * per_day // len(HALVES)
    booked = dict(session.execute(select(Seat.inspector_id, func.count()).join(Seat.check).join(
        Check.visit).where(Seat.vacated_at.is_(None), Visit.scheme_id != scheme.id,
                           Seat.day.between(scheme.window_start, scheme.window_end),
                           ).group_by(Seat.inspector_id)).all())
    return Bench(draw, department, seed_inspectors(draw.base, department.code, draw.hash_name),
                 people, interests,
                 Place(frozenset(items), scheme.window_start, scheme.window_end),
                 scheme.regulation["min_inspectors_per_check"],
                 {no: max(0, whole - booked.get(p.id, 0)) for no, p in people.items()})


def seat_all(session: Session, where: Bench, visits: Sequence[Visit], items: Sequence[str],
             actor: Actor) -> None:
    """Make the department's check of every visit and pair its inspectors, by the published rule.

    Raises:
        StaffingError: no lawful pairing exists; names the group that fails. Nothing is written.
    """
    wanted = [PairingVisit(v.candidate_id, where.eligible(v), where.team) for v in visits]
    people = list(where.known.values())
    paired = pair(where.seed, wanted, people, where.draw.hash_name)
    for visit in visits:
        check = make_check(session, visit, where.department, items, actor)
        for place, number in enumerate(paired.seats[visit.candidate_id]):
            session.add(Seat(check=check, check_id=check.id, inspector=where.people[number],
                             inspector_id=where.people[number].id, leads=place == 0))
    code = where.department.code
    records = _pairing(session, where.draw)
    records[code] = department_record(code, paired, wanted, people)
    _write_pairing(session, where.draw, records)


def make_check(session: Session, visit: Visit, department: Department, items: Sequence[str],
               actor: Actor) -> Check:
    check = Check(visit=visit, visit_id=visit.id, department=department,
                  department_id=department.id, item_codes=sorted(items), record_number=0)
    begin(session, check, actor)
    return check


def fill(session: Session, where: Bench, check: Check, reason: str, actor: Actor) -> list[str]:
    """Draw the empty seats of a check; everybody else stays. Return the certificate numbers drawn.

    Raises:
        StaffingError: nobody is left who may take a seat.
    """
    drawn = []
    while len(seated := live_seats(session, check.id)) < where.team:
        drawn.append(_fill_one(session, where, check, seated, reason))
    if drawn:
        advance(session, check, "planned", actor, verb="抽定检查人员", reason=reason,
                details={"in": drawn})
    return drawn


def _fill_one(session: Session, where: Bench, check: Check, seated: Sequence[Seat],
              reason: str) -> str:
    """Give one seat to the eligible inspector with the least (load, ticket)."""
    visit = check.visit
    known, records = where.known, _pairing(session, where.draw)
    own = records[where.department.code]
    tickets = Tickets(where.seed, where.draw.hash_name, own["suffix"])
    staying = [s.inspector.certificate_no for s in seated]
    load, ticket, coming = next_for_seat(
        PairingVisit(visit.candidate_id, where.eligible(visit), where.team), staying, known,
        _loads(session, where), tickets, barred=_busy(session, where, visit))
    leads = not any(s.leads for s in seated)
    if leads and not known[coming].may_lead:  # the one who stays leads from now on
        next(s for s in seated if s.inspector.may_lead).leads = True
        leads = False
    person = where.people[coming]
    session.add(Seat(check=check, check_id=check.id, inspector=person, inspector_id=person.id,
                     leads=leads, day=visit.day, half=visit.half))
    session.flush()
    own["redraws"].append({
        "visit": visit.candidate_id, "coming": coming, "load": load, "ticket": ticket,
        "reason": reason, "at": stamp(settings.now())})
    _write_pairing(session, where.draw, records)
    return coming


def _busy(session: Session, where: Bench, visit: Visit) -> set[str]:
    """Return who is bound elsewhere in the visit's half day."""
    if visit.day is None:
        return set()
    return set(session.scalars(select(Inspector.certificate_no).join(
        Seat, Seat.inspector_id == Inspector.id).where(
        Seat.vacated_at.is_(None), Seat.day == visit.day, Seat.half == visit.half,
        Inspector.department_id == where.department.id)))


def _loads(session: Session, where: Bench) -> dict[str, int]:
    """Return how many live seats of this scheme each inspector has."""
    rows = session.execute(select(Inspector.certificate_no, func.count()).join(
        Seat, Seat.inspector_id == Inspector.id).join(Seat.check).join(Check.visit).where(
        Seat.vacated_at.is_(None), Visit.draw_id == where.draw.id,
        Inspector.department_id == where.department.id).group_by(Inspector.certificate_no))
    return Counter(dict(rows.all()))


def _pairing(session: Session, draw: Draw) -> dict[str, Any]:
    """Return the draw's pairing.json so far, by department."""
    found = file_bytes(session, draw.id, "pairing.json")
    records = json.loads(found)["departments"] if found else []
    return {record["department"]: record for record in records}


def _write_pairing(session: Session, draw: Draw, records: Mapping[str, Any]) -> None:
    put_file(session, draw.id, "pairing.json", build_pairing(records.values()))
    session.flush()


def items_of(session: Session, scheme: Scheme) -> dict[int, list[str]]:
    """Return, by department id, the items each staffed department checks: the lead's first."""
    rows = session.execute(select(Assignment.department_id, Assignment.item_codes).where(
        Assignment.scheme_id == scheme.id, Assignment.stage == "staffed"))
    return {scheme.lead_id: scheme.lead_items, **dict(rows.all())}


def shortage(error: StaffingError) -> str:
    return f"{error.message} {error.remedy}".strip()
