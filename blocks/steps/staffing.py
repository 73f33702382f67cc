"""Staffing (配员): the lead's pairing, each accepted department's, empty seats, the visits' times."""

import json

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.draw.result import replacement_line
from blocks.errors import StaffingError
from blocks.register import notices
from blocks.register.directories import Department
from blocks.register.draws import Draw, DrawTicket, file_bytes, open_draw, put_file
from blocks.register.schemes import Assignment, Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance, begin, start_clock
from blocks.register.visits import Check, Seat, Visit, live_checks, live_seats, live_visits
from blocks.rules.scheduling import fix_times, half_days
from blocks.rules.stages import Actor
from blocks.steps.moments import stamp
from blocks.steps.seating import bench, fill, items_of, make_check, seat_all, shortage

STAFFABLE = ("dispatched", "staffed", "in_field")


def staff_lead(scheme_id: int, actor: Actor) -> str | None:
    """Make the visits of a drawn scheme and pair the lead's inspectors; the scheme is then drawn."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        draw = open_draw(session, scheme.id)
        if scheme.stage != "approved" or draw is None or draw.stage != "drawn":
            return None
        visits = [_new_visit(session, draw, ticket, actor) for ticket in session.scalars(
            select(DrawTicket).where(DrawTicket.draw_id == draw.id, ~DrawTicket.is_reserve)
            .order_by(DrawTicket.stratum, DrawTicket.rank))]
        where = bench(session, draw, scheme.lead, scheme.lead_items)
        seat_all(session, where, visits, scheme.lead_items, actor)
        advance(session, scheme, "drawn", actor)
        return f"牵头部门{scheme.lead.short_name}人员已抽定，检查{len(visits)}家"


def _new_visit(session: Session, draw: Draw, ticket: DrawTicket, actor: Actor,
               replaces: Visit | None = None) -> Visit:
    visit = Visit(scheme=draw.scheme, scheme_id=draw.scheme_id, draw_id=draw.id,
                  target=ticket.target, target_id=ticket.target_id,
                  candidate_id=ticket.candidate_id, stratum=ticket.stratum, rank=ticket.rank,
                  replaces_id=replaces.id if replaces else None)
    begin(session, visit, actor)
    return visit


def _locked(session: Session, scheme_id: int) -> tuple[Scheme, Draw] | None:
    scheme = find_scheme(session, scheme_id, lock=True)
    draw = open_draw(session, scheme.id)
    return (scheme, draw) if scheme.stage in STAFFABLE and draw else None


def staff_assignments(scheme_id: int, actor: Actor) -> str | None:
    """Draw the inspectors of every department that has accepted; who is missing is said."""
    with engine.change() as session:
        found = _locked(session, scheme_id)
        accepted = list(session.scalars(select(Assignment).where(
            Assignment.scheme_id == scheme_id, Assignment.stage == "accepted",
        ).order_by(Assignment.id).with_for_update())) if found else []
        told = [_staff(session, found[1], assignment, actor) for assignment in accepted]
        return "；".join(told) or None


def _staff(session: Session, draw: Draw, assignment: Assignment, actor: Actor) -> str:
    name = assignment.department.short_name
    try:
        with session.begin_nested():
            where = bench(session, draw, assignment.department, assignment.item_codes)
            seat_all(session, where, live_visits(session, draw.scheme_id),
                     assignment.item_codes, actor)
    except StaffingError as error:
        said = shortage(error)
        advance(session, assignment, "accepted", actor, verb="报告人员不足", reason=said,
                shortage=said, shortage_on=settings.today())
        notices.queue(session, f"shortage:{assignment.id}:{settings.today()}", "shortage",
                      f"{assignment.title}人员不足", said,
                      department_id=assignment.department_id, scheme_id=draw.scheme_id)
        return f"{name}人员不足：{said}"
    advance(session, assignment, "staffed", actor, shortage=None, shortage_on=None)
    return f"{name}检查人员已抽定"


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
    successor = _new_visit(session, draw, ticket, actor, replaces=gone)
    before = file_bytes(session, draw.id, "replacements.jsonl")
    line = replacement_line(
        file_bytes(session, draw.id, "result.json"),
        [json.loads(text) for text in before.splitlines()], id_out=gone.candidate_id,
        reason=gone.replacement_reason or "", at=stamp(settings.now()))
    put_file(session, draw.id, "replacements.jsonl", before + line)
    for department_id, items in items_of(session, draw.scheme).items():
        department = session.get_one(Department, department_id)
        check = make_check(session, successor, department, items, actor)
        _fill_or_say(session, draw, check, "递补", actor)
    return f"{gone.target.name}由备选第{ticket.rank}位{successor.target.name}递补"


def fill_seats(scheme_id: int, actor: Actor) -> str | None:
    """Draw again every seat that a recusal or an absence left empty."""
    with engine.change() as session:
        found = _locked(session, scheme_id)
        if found is None:
            return None
        scheme, draw = found
        items, filled = items_of(session, scheme), 0
        short: list[str] = []
        for check in live_checks(session, scheme.id):
            if check.stage == "planned" and check.department_id in items:
                seats = len(live_seats(session, check.id))
                if seats < scheme.regulation["min_inspectors_per_check"]:
                    drawn, said = _fill_or_say(session, draw, check, "回避", actor)
                    filled += drawn
                    short += [said] if said else []
        return "；".join(([f"补抽检查人员{filled}名"] if filled else []) + short) or None


def _fill_or_say(session: Session, draw: Draw, check: Check, reason: str,
                 actor: Actor) -> tuple[int, str]:
    """Fill a check's seats; where nobody is left, tell its department once a day, block nobody."""
    try:
        with session.begin_nested():
            where = bench(session, draw, check.department, check.item_codes)
            return len(fill(session, where, check, reason, actor)), ""
    except StaffingError as error:
        said = f"{check.title}无人可补：{shortage(error)}"
        new = notices.queue(session, f"seat:{check.id}:{settings.today()}", "shortage",
                            f"{check.title}人员不足", said, department_id=check.department_id,
                            scheme_id=draw.scheme_id)
        return 0, said if new else ""


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
    taken = {(str(i), day, half) for i, day, half in session.execute(
        select(Seat.inspector_id, Seat.day, Seat.half).where(
            Seat.vacated_at.is_(None), Seat.day.is_not(None)))}
    first = max(scheme.window_start, settings.today())
    times = fix_times({v: [str(s.inspector_id) for s in seats] for v, seats in people.items()},
                      half_days(first, scheme.window_end, settings.calendar()), taken)
    for visit_id, (day, half) in times.items():
        advance(session, visits[visit_id], "planned", actor, verb="确定检查时间", day=day, half=half)
        session.execute(update(Seat).where(Seat.id.in_([s.id for s in people[visit_id]])).values(
            day=day, half=half))
        for check in session.scalars(select(Check).where(Check.visit_id == visit_id)):
            start_clock(session, check, "recording", day)
    return len(times), len(visits) - len(times)
