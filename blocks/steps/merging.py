"""One team for two schemes (art. 14): a department that is already at a business goes on with it.

Where a department has a full team in a visit merged with this one, that team takes this check as
well: its seats here share those there, at the same time. Who may not (not sealed here, not
qualified for these items) makes the department draw a team of its own as usual.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks.register.bench import Bench
from blocks.register.merging import group, merged
from blocks.register.visits import Check, Seat, Visit, live_seats

Teams = dict[int, list[Seat]]


def shared_teams(session: Session, where: Bench, visits: Iterable[Visit]) -> Teams:
    """Return visit id → the seats, leader first, of the department's team that goes there anyway."""
    found = {visit.id: _team(session, where, visit)[0] for visit in merged(session, visits)}
    return {visit_id: seats for visit_id, seats in found.items() if seats}


def follow(session: Session, where: Bench, check: Check) -> tuple[list[Seat], bool]:
    """Return the team that a check with empty seats is to share, and whether to wait for it.

    It waits where it shared a team whose own seats are still being drawn again.
    """
    team, is_short = _team(session, where, check.visit)
    seated = {seat.inspector_id for seat in live_seats(session, check.id)}
    if team and seated <= {seat.inspector_id for seat in team}:
        return team, False
    shares = session.scalar(select(Seat.id).where(
        Seat.check_id == check.id, Seat.shares_id.is_not(None)).limit(1))
    return [], bool(is_short and shares)


def _team(session: Session, where: Bench, visit: Visit) -> tuple[list[Seat], bool]:
    """Return the department's full team in a visit merged with this one, if all of them may come
    here, too; and whether there is one that is not full."""
    others = [other.id for other in group(session, visit)]
    eligible, is_short = where.eligible(visit.target), False
    for check in session.scalars(select(Check).where(
            Check.visit_id.in_(others), Check.department_id == where.department.id,
            Check.record_number == 0).order_by(Check.id)):
        seats = live_seats(session, check.id)
        is_short |= len(seats) < where.team
        fit = all(s.inspector.certificate_no in eligible and not s.suspended for s in seats)
        if fit and len(seats) >= where.team and seats[0].leads:
            return seats, is_short
    return [], is_short


def share(session: Session, check: Check, team: Sequence[Seat]) -> list[str]:
    """Seat a team of a merged visit here, too; return the certificate numbers, leader first."""
    visit = check.visit
    seated = {seat.inspector_id: seat for seat in live_seats(session, check.id)}
    for own in seated.values():
        own.leads = False
    session.flush()
    for seat in team:
        own = seated.get(seat.inspector_id)
        if own is None:
            session.add(Seat(check=check, check_id=check.id, inspector=seat.inspector,
                             inspector_id=seat.inspector_id, leads=seat.leads, day=visit.day,
                             half=visit.half, shares_id=seat.shares_id or seat.id))
        else:
            own.leads = seat.leads
    session.flush()
    return [seat.inspector.certificate_no for seat in team]
