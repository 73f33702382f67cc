"""Who sits where: a department's pairing over all visits, and single seats drawn again (art. 9).

Candidates are the inspectors that were sealed with the draw; what changed since (an interest, a
certificate, another visit at the same time) only takes people away, never adds one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.departments import Problem
from blocks.draw.hashing import canonical_json
from blocks.draw.pairing import Pairing, PairingVisit
from blocks.draw.pairing_file import Merged, build_pairing, department_record
from blocks.draw.redraw import add_left, add_redraw, loads, teams
from blocks.errors import StaffingError
from blocks.register.bench import Bench, of_draw
from blocks.register.directories import Department, Inspector
from blocks.register.draws import Draw, file_bytes, put_file
from blocks.register.merging import group, merged
from blocks.register.schemes import Assignment, Scheme
from blocks.register.trail import advance, begin
from blocks.register.visits import Check, Recusal, Seat, Visit, live_seats
from blocks.rules.stages import Actor
from blocks.steps.merging import Teams, follow, share, shared_teams
from blocks.steps.moments import stamp

AREA_RULE = "区域规则"


@dataclass(frozen=True)
class Task:
    """A department's share in a draw's visits: those its own draw staffs, and those that the team
    of a merged visit takes along."""

    where: Bench
    draw: Draw
    items: list[str]
    visits: list[Visit]
    along: Teams
    problem: Problem


def prepare(session: Session, draw: Draw, department: Department, items: Sequence[str],
            visits: Sequence[Visit]) -> Task:
    """Return what a department is to be paired for."""
    where = of_draw(session, draw, department, items)
    along = shared_teams(session, where, visits)
    own = [visit for visit in visits if visit.id not in along]
    bound = {visit.id: _busy_along(session, where, visit) for visit in merged(session, own)}
    nobody: set[str] = set()
    wanted = [PairingVisit(v.candidate_id, _without(where.eligible(v.target), bound.get(
        v.id, nobody)), where.team) for v in own]
    relaxed = {} if where.area_rule == "any" else {AREA_RULE: [PairingVisit(
        v.candidate_id, where.without_area_rule(v.target) - bound.get(v.id, nobody), where.team)
        for v in own]}
    problem = Problem(where.seed, wanted, list(where.known.values()), draw.hash_name, relaxed)
    return Task(where, draw, list(items), list(visits), along, problem)


def _without(eligible: frozenset[str], gone: set[str]) -> frozenset[str]:
    return eligible - gone if eligible & gone else eligible


def seat_all(session: Session, task: Task, paired: Pairing, actor: Actor) -> None:
    """Make the department's check of every visit and seat whom the pairing says."""
    where, draw = task.where, task.draw
    joint = []
    for visit in task.visits:
        check = make_check(session, visit, where.department, task.items, actor)
        if visit.id in task.along:
            numbers = share(session, check, task.along[visit.id])
            joint.append(_merged(visit, task.along[visit.id], numbers))
            continue
        for place, number in enumerate(paired.seats[visit.candidate_id]):
            session.add(Seat(check=check, check_id=check.id, inspector=where.people[number],
                             inspector_id=where.people[number].id, leads=place == 0))
    records = _pairing(session, draw)
    records[where.department.code] = department_record(
        where.department.code, paired, task.problem.visits, task.problem.inspectors, joint)
    _write_pairing(session, draw, records)
    _keep_reasons(session, task)


def _merged(visit: Visit, team: Sequence[Seat], numbers: Iterable[str]) -> Merged:
    return Merged(visit.candidate_id, team[0].check.visit.scheme.code, tuple(numbers))


def _keep_reasons(session: Session, task: Task) -> None:
    """Keep, for auditors, why whom could not be drawn: as a whole, by county, by business."""
    where, code = task.where, task.where.department.code
    found = [{"certificate_no": no, "reason": why} for no, why in where.out.items()]
    for county in {visit.target.county_code for visit in task.visits}:
        found += [{"certificate_no": no, "county": county, "reason": "area"}
                  for no in where.people.keys() - where.by_county(county)]
    for visit in task.visits:
        found += [{"certificate_no": no, "id": visit.candidate_id, "reason": why}
                  for no, why in where.personal(visit.target).items() if no in where.people]
    lines = sorted(canonical_json({"department": code, **one}) + b"\n" for one in found)
    before = file_bytes(session, task.draw.id, "ineligible.jsonl")
    put_file(session, task.draw.id, "ineligible.jsonl", before + b"".join(lines), public=False)


def make_check(session: Session, visit: Visit, department: Department, items: Sequence[str],
               actor: Actor) -> Check:
    check = Check(visit=visit, visit_id=visit.id, department=department,
                  department_id=department.id, item_codes=sorted(items), record_number=0)
    begin(session, check, actor)
    return check


def fill(session: Session, draw: Draw, check: Check, actor: Actor) -> list[str]:
    """Draw the empty seats of a check; everybody else stays. Return the certificate numbers drawn.

    A check made by the team of a merged visit follows that team.

    Raises:
        StaffingError: nobody is left who may take a seat.
    """
    where = of_draw(session, draw, check.department, check.item_codes)
    team, waiting = follow(session, where, check)
    if waiting:
        return []
    if team:
        before = {seat.inspector_id for seat in live_seats(session, check.id)}
        numbers = share(session, check, team)
        _note_merged(session, draw, where, _merged(check.visit, team, numbers))
        drawn = [s.inspector.certificate_no for s in team if s.inspector_id not in before]
    else:
        drawn = []
        while len(seated := live_seats(session, check.id)) < where.team:
            drawn.append(_fill_one(session, draw, where, check, seated))
    advance(session, check, "planned", actor, verb="抽定检查人员",
            details={"in": drawn, "along": bool(team)})
    return drawn


def _note_merged(session: Session, draw: Draw, where: Bench, entry: Merged) -> None:
    """Write who now goes along with a merged visit in place of who did."""
    records = _pairing(session, draw)
    own = records[where.department.code]
    others = [one for one in own.get("merged", []) if one["visit"] != entry.visit]
    own["merged"] = sorted([*others, {"visit": entry.visit, "with": entry.scheme,
                                      "inspectors": list(entry.inspectors)}],
                           key=lambda one: one["visit"])
    _write_pairing(session, draw, records)


def _fill_one(session: Session, draw: Draw, where: Bench, check: Check,
              seated: Sequence[Seat]) -> str:
    """Give one seat to the eligible inspector with the least (load, ticket)."""
    visit, records = check.visit, _pairing(session, draw)
    own, staying = records[where.department.code], {s.inspector.certificate_no for s in seated}
    gone = _vacated(session, check)
    left = [no for no in teams(own).get(visit.candidate_id, ()) if no not in staying]
    leaving = left[0] if left else ""
    held = loads(own)
    standing = {no for no in where.eligible(visit.target) if held[no] < where.max_load[no]}
    own, redraw = add_redraw(
        own, visit.candidate_id, leaving,
        standing - staying - gone.keys() - _busy(session, where, visit),
        seed=where.seed, hash_name=draw.hash_name, at=stamp(settings.now()),
        reason=gone.get(leaving, "absence") if gone else "replacement")
    person = where.people[redraw.coming]
    session.add(Seat(check=check, check_id=check.id, inspector=person, inspector_id=person.id,
                     leads=False, day=visit.day, half=visit.half))
    session.flush()
    _set_leader(session, check, teams(own)[visit.candidate_id])
    records[where.department.code] = own
    _write_pairing(session, draw, records)
    return redraw.coming


def _set_leader(session: Session, check: Check, team: Sequence[str]) -> None:
    """Let the first of the team who is seated and may lead be the leader."""
    seats = live_seats(session, check.id)
    order = {number: place for place, number in enumerate(team)}
    able = [seat for seat in seats if seat.inspector.may_lead]
    leader = min(able, key=lambda s: order.get(s.inspector.certificate_no, len(order)), default=None)
    for seat in sorted(seats, key=lambda seat: seat is leader):
        seat.leads = seat is leader
        session.flush()  # one at a time: a check has one leader


def _vacated(session: Session, check: Check) -> dict[str, str]:
    """Return who left this check before and why: they do not come back to it."""
    rows = session.execute(select(Inspector.certificate_no, Recusal.id).join(
        Seat, Seat.inspector_id == Inspector.id).outerjoin(
        Recusal, (Recusal.seat_id == Seat.id) & (Recusal.stage == "granted")).where(
        Seat.check_id == check.id, Seat.vacated_at.is_not(None)).order_by(Seat.id))
    return {number: "recusal" if recusal else "absence" for number, recusal in rows}


def _busy(session: Session, where: Bench, visit: Visit) -> set[str]:
    """Return who is bound elsewhere in the visit's half day, or on leave on its day."""
    if visit.day is None:
        return set()
    away = {number for number, days in where.absent.items() if visit.day in days}
    return away | set(session.scalars(select(Inspector.certificate_no).join(
        Seat, Seat.inspector_id == Inspector.id).where(
        Seat.vacated_at.is_(None), Seat.day == visit.day, Seat.half == visit.half,
        Inspector.department_id == where.department.id)))


def _busy_along(session: Session, where: Bench, visit: Visit) -> set[str]:
    """Return who cannot come at the time of the visits that this one is merged with."""
    dated = (other for other in group(session, visit) if other.day is not None)
    return set().union(*(_busy(session, where, other) for other in dated))


def note_left(session: Session, draw: Draw, visit: Visit) -> None:
    """Write into pairing.json that the seats of a replaced visit went away with it."""
    records, at = _pairing(session, draw), stamp(settings.now())
    after = {code: add_left(record, visit.candidate_id, at) for code, record in records.items()}
    if any(after[code]["redraws"] != records[code]["redraws"] for code in records):
        _write_pairing(session, draw, after)


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
