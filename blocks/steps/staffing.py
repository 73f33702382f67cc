"""Staffing (配员): the lead's pairing, each accepted department's, empty seats, the visits' times."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.draw.departments import pair_all
from blocks.draw.pairing import Pairing, pair
from blocks.draw.result import replacement_line
from blocks.errors import InspectionError, StaffingError
from blocks.register import notices
from blocks.register.bench import leave_days
from blocks.register.directories import Department
from blocks.register.drawn_there import DrawnThere, tickets_of
from blocks.register.draws import Draw, DrawTicket, file_bytes, open_draw, put_file
from blocks.register.merging import companions, group, merged, part
from blocks.register.schemes import Assignment, Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance, begin, start_clock
from blocks.register.visits import Check, Seat, Visit, live_checks, live_seats, live_visits
from blocks.rules.scheduling import Appointment, Slot, fix_times, half_days
from blocks.rules.stages import Actor
from blocks.steps.moments import stamp
from blocks.steps.seating import (
    Task,
    fill,
    items_of,
    make_check,
    note_left,
    prepare,
    seat_all,
    shortage,
)

STAFFABLE = ("dispatched", "staffed", "in_field")


def staff_lead(scheme_id: int, actor: Actor) -> str | None:
    """Make the visits of a drawn scheme and pair the lead's inspectors; the scheme is then drawn."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        draw = open_draw(session, scheme.id)
        if scheme.stage != "approved" or draw is None or draw.stage != "drawn":
            return None
        tickets = session.scalars(select(DrawTicket).where(
            DrawTicket.draw_id == draw.id, ~DrawTicket.is_reserve,
        ).order_by(DrawTicket.stratum, DrawTicket.rank)).all()
        along = companions(session, scheme, (ticket.target_id for ticket in tickets))
        there = session.get(DrawnThere, scheme.id)
        if there is None and settings.get().draws == "theirs":
            return None
        if there is not None and there.decides:
            tickets = tickets_of(session, draw, there)
        visits = [_new_visit(session, draw, ticket, actor, along) for ticket in tickets]
        task = prepare(session, draw, scheme.lead, scheme.lead_items, visits)
        seat_all(session, task, pair(**vars(task.problem)), actor)
        advance(session, scheme, "drawn", actor)
        joint = f"，其中{len(along)}家与其他抽查合并上门" if along else ""
        return f"牵头部门{scheme.lead.short_name}人员已抽定，检查{len(visits)}家{joint}"


def _new_visit(session: Session, draw: Draw, ticket: DrawTicket, actor: Actor,
               along: Mapping[int, int], replaces: Visit | None = None) -> Visit:
    """Make a ticket's visit. `along`: by target, the visit of another scheme it is merged with."""
    first = along.get(ticket.target_id)
    visit = Visit(scheme=draw.scheme, scheme_id=draw.scheme_id, draw_id=draw.id,
                  target=ticket.target, target_id=ticket.target_id,
                  candidate_id=ticket.candidate_id, stratum=ticket.stratum, rank=ticket.rank,
                  replaces_id=replaces.id if replaces else None, merged_with_id=first)
    begin(session, visit, actor, details={"merged_with": first} if first else None)
    return visit


def _locked(session: Session, scheme_id: int) -> tuple[Scheme, Draw] | None:
    scheme = find_scheme(session, scheme_id, lock=True)
    draw = open_draw(session, scheme.id)
    return (scheme, draw) if scheme.stage in STAFFABLE and draw else None


def staff_assignments(scheme_id: int, actor: Actor) -> str | None:
    """Draw the inspectors of every department that has accepted; who is missing is said."""
    with engine.change() as session:
        found = _locked(session, scheme_id)
        if found is None:
            return None
        accepted = list(session.scalars(select(Assignment).where(
            Assignment.scheme_id == scheme_id, Assignment.stage == "accepted",
        ).order_by(Assignment.id).with_for_update()))
        visits = live_visits(session, scheme_id) if accepted else []
        tasks = {one.department.code: prepare(session, found[1], one.department, one.item_codes,
                                              visits) for one in accepted}
        answers = pair_all({code: task.problem for code, task in tasks.items()})
        told = [_staff(session, one, tasks[one.department.code], answers[one.department.code],
                       actor) for one in accepted]
        return "；".join(told) or None


def _staff(session: Session, assignment: Assignment, task: Task,
           answer: Pairing | InspectionError, actor: Actor) -> str:
    name = assignment.department.short_name
    if isinstance(answer, Pairing):
        seat_all(session, task, answer, actor)
        advance(session, assignment, "staffed", actor, shortage=None, shortage_on=None)
        return f"{name}检查人员已抽定"
    if not isinstance(answer, StaffingError):
        raise answer
    said = shortage(answer)
    advance(session, assignment, "accepted", actor, verb="报告人员不足", reason=said,
            shortage=said, shortage_on=settings.today())
    notices.queue(session, f"shortage:{assignment.id}:{settings.today()}", "shortage",
                  f"{assignment.title}人员不足", said,
                  department_id=assignment.department_id, scheme_id=assignment.scheme_id)
    return f"{name}人员不足，缺什么已通知该部门"


def bring_in_successors(scheme_id: int, actor: Actor) -> str | None:
    """Bring in the next reserve of the sealed order for every replaced visit, with its people."""
    with engine.change() as session:
        found = _locked(session, scheme_id)
        if found is None:
            return None
        scheme, draw = found
        told = []
        for gone in session.scalars(select(Visit).where(
                Visit.scheme_id == scheme.id, Visit.stage == "replaced",
                Visit.id.not_in(select(Visit.replaces_id).where(
                    Visit.replaces_id.is_not(None)))).order_by(Visit.id)):
            ticket = _next_reserve(session, draw, gone)
            if ticket is not None:
                told.append(_replace(session, draw, gone, ticket, actor))
        return "；".join(told) or None


def _next_reserve(session: Session, draw: Draw, gone: Visit) -> DrawTicket | None:
    used = select(Visit.candidate_id).where(Visit.draw_id == draw.id)
    return session.scalar(select(DrawTicket).where(
        DrawTicket.draw_id == draw.id, DrawTicket.stratum == gone.stratum,
        DrawTicket.is_reserve, DrawTicket.candidate_id.not_in(used),
    ).order_by(DrawTicket.rank).limit(1))


def _replace(session: Session, draw: Draw, gone: Visit, ticket: DrawTicket, actor: Actor) -> str:
    along = companions(session, draw.scheme, [ticket.target_id])
    successor = _new_visit(session, draw, ticket, actor, along, replaces=gone)
    note_left(session, draw, gone)
    before = file_bytes(session, draw.id, "replacements.jsonl")
    line = replacement_line(
        file_bytes(session, draw.id, "result.json"),
        [json.loads(text) for text in before.splitlines()], id_out=gone.candidate_id,
        reason=gone.replacement_reason or "", at=stamp(settings.now()))
    put_file(session, draw.id, "replacements.jsonl", before + line)
    for department_id, items in items_of(session, draw.scheme).items():
        department = session.get_one(Department, department_id)
        check = make_check(session, successor, department, items, actor)
        _fill_or_say(session, draw, check, actor)
    return f"1家由备选第{ticket.rank}位递补"


def fill_seats(scheme_id: int, actor: Actor) -> str | None:
    """Draw again every seat that a recusal or an absence left empty."""
    with engine.change() as session:
        found = _locked(session, scheme_id)
        if found is None:
            return None
        scheme, draw = found
        items, filled, short = items_of(session, scheme), 0, 0
        for check in live_checks(session, scheme.id):
            if check.stage == "planned" and check.department_id in items:
                seats = len(live_seats(session, check.id))
                if seats < scheme.regulation["min_inspectors_per_check"]:
                    drawn, told = _fill_or_say(session, draw, check, actor)
                    filled, short = filled + drawn, short + told
        said = [f"补抽检查人员{filled}名"] if filled else []
        return "；".join([*said, *([f"{short}份检查无人可补，已通知其部门"] if short else [])]) or None


def _fill_or_say(session: Session, draw: Draw, check: Check, actor: Actor) -> tuple[int, bool]:
    """Fill a check's seats; where nobody is left, tell its department once a day, block nobody.

    Return how many were seated, and whether the department was told now. What a run says in Prefect
    names no business (G19); the notice does.
    """
    try:
        with session.begin_nested():
            return len(fill(session, draw, check, actor)), False
    except StaffingError as error:
        said = f"{check.title}无人可补：{shortage(error)}"
        new = notices.queue(session, f"seat:{check.id}:{settings.today()}", "shortage",
                            f"{check.title}人员不足", said, department_id=check.department_id,
                            scheme_id=draw.scheme_id)
        return 0, new


def fix_visits(scheme_id: int, actor: Actor) -> str | None:
    """Fix when each visit takes place once every department is staffed; then the scheme is staffed."""
    with engine.change() as session:
        found = _locked(session, scheme_id)
        if found is None or session.scalar(select(Assignment.id).where(
                Assignment.scheme_id == scheme_id,
                Assignment.stage.in_(("sent", "accepted", "sent_back"))).limit(1)):
            return None
        scheme, _ = found
        fixed, unfixed = _fix(session, scheme, actor)
        if scheme.stage == "dispatched":
            advance(session, scheme, "staffed", actor)
        elif not fixed:
            return None
        short = f"，{unfixed}家在检查时间内排不开，请与企业另约" if unfixed else ""
        return f"{fixed}家的检查时间已确定{short}"


def _fix(session: Session, scheme: Scheme, actor: Actor) -> tuple[int, int]:
    """Give every undated visit a half day; return how many were fixed and how many were not."""
    visits = {v.id: v for v in live_visits(session, scheme.id)
              if v.day is None and v.stage == "planned"}
    people: dict[int, list[Seat]] = {visit_id: [] for visit_id in visits}
    for seat in session.scalars(select(Seat).join(Seat.check).where(
            Check.visit_id.in_(visits), Seat.vacated_at.is_(None))):
        people[seat.check.visit_id].append(seat)
    first = max(scheme.window_start, settings.today())
    joint = {visit.id: group(session, visit) for visit in merged(session, visits.values())}
    along = {v: found for v, others in joint.items()
             if (found := _appointment(others, people[v])) is not None}
    teams = {v: [str(s.inspector_id) for s in (*seats, *_awaited(session, joint.get(v, ())))]
             for v, seats in people.items()}
    times = fix_times(
        teams, half_days(first, scheme.window_end, settings.calendar()), _taken(session),
        along=along, away=_away(session, people.values(), first, scheme.window_end),
        within={v: _common_days(visits[v], others) for v, others in joint.items()})
    for visit_id, slot in times.items():
        told = {}
        if visit_id in along and along[visit_id].slot != slot:  # somebody is bound elsewhere then
            part(session, visits[visit_id])
            told = {"parted": True}
        _set_time(session, visits[visit_id], people[visit_id], slot, actor, told)
    return len(times), len(visits) - len(times)


def _set_time(session: Session, visit: Visit, seats: Sequence[Seat], slot: Slot, actor: Actor,
              told: Mapping[str, bool]) -> None:
    day, half = slot
    advance(session, visit, "planned", actor, verb="确定检查时间", day=day, half=half, details=told)
    for seat in seats:
        seat.day, seat.half = day, half
    for check in session.scalars(select(Check).where(Check.visit_id == visit.id, Check.stage == "planned")):
        start_clock(session, check, "recording", day)


def _appointment(others: Sequence[Visit], own: Sequence[Seat]) -> Appointment | None:
    """Return the time of the visits that one is merged with, if it is fixed, and who is not there."""
    for other in others:
        if other.day is not None and other.half is not None:
            return Appointment((other.day, other.half), tuple(
                str(seat.inspector_id) for seat in own if not seat.shares_id))
    return None


def _awaited(session: Session, others: Sequence[Visit]) -> list[Seat]:
    """Return who is to come in the visits merged with one whose time it is to decide."""
    return list(session.scalars(select(Seat).join(Seat.check).where(
        Check.visit_id.in_([other.id for other in others]), Seat.vacated_at.is_(None),
        Seat.day.is_(None), Seat.shares_id.is_(None)))) if others else []


def _common_days(visit: Visit, others: Sequence[Visit]) -> tuple[date, date]:
    """Return the first and the last day that lie in the windows of all merged visits."""
    schemes = [visit.scheme, *(other.scheme for other in others)]
    return (max(scheme.window_start for scheme in schemes),
            min(scheme.window_end for scheme in schemes))


def _taken(session: Session) -> set[tuple[str, date, str]]:
    """Return the half days that inspectors are bound on: (inspector's id as text, day, half)."""
    return {(str(i), day, half) for i, day, half in session.execute(
        select(Seat.inspector_id, Seat.day, Seat.half).where(
            Seat.vacated_at.is_(None), Seat.day >= settings.today()))}


def _away(session: Session, teams: Iterable[Sequence[Seat]], first: date,
          last: date) -> dict[str, set[date]]:
    people = {seat.inspector_id for seats in teams for seat in seats}
    return {str(i): days for i, days in leave_days(session, people, first, last).items()}
