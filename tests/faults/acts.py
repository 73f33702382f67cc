"""What people of the sample city might do next, asked of the register; each act by its right person.

`forward` acts bring an inspection to its end; the others are the rest of what may lawfully happen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks.actions import (
    absences,
    assignments,
    cancelling,
    checks,
    draws,
    follow_ups,
    letters,
    objections,
    recusals,
    schemes,
    urging,
    visits,
    withholding,
)
from blocks.register.aftermath import FollowUp, Letter, Objection
from blocks.register.base import Moving
from blocks.register.directories import Account, Department
from blocks.register.draws import open_draw, sources
from blocks.register.schemes import Assignment, Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import (
    Absence,
    Check,
    Recusal,
    Seat,
    live_checks,
    live_seats,
    live_visits,
)
from tests import people
from tests.scenes import SECRETS

SIZE = {"sampling": {"mode": "number", "number": 2}}
PENDING, WHY = "problem_pending", "材料核实无误"
SECOND = "2"  # after a login: the other approver, who alone may decide what the first has decided
RARE = 0.25  # how much rarer what leads away from the end is than what leads there
Some = Callable[[list[Any]], list[Any]]  # narrows down what is asked about


@dataclass(frozen=True)
class Act:
    """Something a person may do now. `shown`: what the page showed: (thing, id, version)."""

    name: str
    login: str
    do: Callable[[], Any]
    shown: tuple[str, int, int] | None
    forward: bool = False


def _act(login: str, do: Callable[..., Any], *given: Any, about: Moving | None = None, forward: bool = False,
         **more: Any) -> Act:
    """Return the act of this login; `login` is the first thing an action is given."""
    first = () if login == "business" else (login,)
    name = f"{do.__module__.rpartition('.')[2]}.{do.__name__}"
    shown = (about.thing, about.id, about.version) if about else None
    words = [*map(str, (*first, *given)), *(f"{key}={value}" for key, value in more.items())]
    return Act(f"{name}({', '.join(words)})"[:120], login,
               lambda: do(*first, *given, **more), shown, forward)


def forward(session: Session, code: str) -> list[Act]:
    """Return what brings a scheme on from where it stands, in a fixed order."""
    scheme = find_scheme(session, code)
    return [act for ask in (_of_scheme, _of_draw, _of_assignments, _of_checks, _of_people)
            for act in ask(session, scheme, _all) if act.forward]


def everything(session: Session, code: str) -> list[Act]:
    """Return all that may be done in a scheme, in a fixed order."""
    scheme = find_scheme(session, code)
    return [act for ask in (_of_scheme, _of_draw, _of_assignments, _of_checks, _of_visits, _of_people, _of_aftermath)
            for act in ask(session, scheme, _all)]


def any_of(session: Session, code: str, random: Random) -> Act | None:
    """Return one of all the things that may be done in a scheme, those that bring it on more often."""
    scheme = find_scheme(session, code)
    kinds = [_of_scheme, _of_draw, _of_draw, _of_assignments, _of_assignments, _of_checks, _of_checks, _of_checks,
             _of_visits, _of_people, _of_aftermath]
    random.shuffle(kinds)
    for ask in kinds:
        if acts := list(ask(session, scheme, lambda things: [random.choice(things)] if things else [])):
            return random.choices(acts, [1 if act.forward else RARE for act in acts])[0]
    return None


def _all(things: list[Any]) -> list[Any]:
    return things


def _of_scheme(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    code, drafter, approver = scheme.code, "gaj.jingban", "gaj.shenpi"
    if scheme.stage == "drafted":
        yield _act(drafter, schemes.submit, code, about=scheme, forward=True)
        yield _act(drafter, schemes.edit, code, people.contents(**SIZE), about=scheme)
    if scheme.stage == "submitted":
        yield _act(approver, schemes.approve, code, about=scheme, forward=True)
        yield _act(approver, schemes.return_, code, WHY, about=scheme)
    if scheme.stage not in ("concluded", "publicised", "cancelled"):
        yield _act("bangong", cancelling.cancel, code, WHY, about=scheme)
        if scheme.cancel_asked_by_id:
            yield _act("bangong2", cancelling.confirm, code, WHY, about=scheme)
    yield _act("bangong", urging.urge, code)
    for party in people.PARTICIPANTS:
        yield _act("bangong", letters.issue, code, party, WHY)
    yield _act("gaj.jingban", schemes.new, people.contents(**SIZE))


def _of_draw(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    draw = open_draw(session, scheme.id)
    if draw is None or scheme.stage != "approved":
        return
    code = scheme.code
    for source in sources(session, draw.id):
        login = f"{source.locator}.jingban"
        if source.kind == "reveal" and draw.stage == "announced" and source.commitment is None:
            yield _act(login, draws.commit, code, SECRETS[source.locator], about=draw, forward=True)
        if source.kind == "reveal" and draw.stage == "sealed" and source.value is None:
            yield _act(login, draws.reveal, code, SECRETS[source.locator], about=draw, forward=True)
        if source.kind == "typed" and draw.stage == "sealed" and source.confirmed_by_id is None:
            second = "gaj.jingban" if source.typed_by_id else "bangong"
            yield _act(second, draws.type_figure, code, people.FIGURE, about=draw, forward=True)
    if draw.stage in ("sealed", "drawn"):
        yield _act("bangong", draws.ask_void, code, WHY, about=draw)
        if draw.void_asked_by_id:
            yield _act("bangong2", draws.void, code, WHY, about=draw)


def _of_assignments(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    code = scheme.code
    for one in session.scalars(select(Assignment).where(Assignment.scheme_id == scheme.id).order_by(Assignment.id)):
        party = one.department.code
        if one.stage == "sent":
            yield _act(f"{party}.jingban", assignments.accept, code, about=one, forward=True)
            yield _act(f"{party}.shenpi", assignments.send_back, code, WHY, about=one)
        if one.stage == "sent_back":
            yield _act("bangong", assignments.resend, code, party, WHY, about=one, forward=True)
            yield _act("bangong", assignments.withdraw, code, party, WHY, about=one)


def _of_checks(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    if scheme.stage not in ("staffed", "in_field", "concluded", "publicised"):
        return
    for check in some(live_checks(session, scheme.id)):
        entry, approver = check.latest, f"{check.department.code}.shenpi"
        waits = entry is not None and entry.verdict is None
        if check.stage == "planned":
            yield from _recording(session, check, waits)
        if check.stage == "recorded" or (check.stage in ("public", "withdrawn") and waits):
            yield _act(approver, checks.review, check.id, about=check, forward=True)
            yield _act(approver, checks.review, check.id, about=check, approve=False, reason=WHY)
        elif check.stage in ("public", "withdrawn"):
            for login in (f"{check.department.code}.jingban", approver):  # who proposes may not review it
                yield _act(login, checks.correct, check.id, "no_problem", {"*": "是"}, WHY, about=check)
        yield from _withholding(check, approver)


def _team(session: Session, check: Check) -> list[str]:
    """Return the logins of who may act in a check, the leader's first."""
    seats = [seat.inspector_id for seat in live_seats(session, check.id) if not seat.suspended]
    logins = dict(session.execute(select(Account.inspector_id, Account.login).where(
        Account.inspector_id.in_(seats))).all())
    return [logins[id_] for id_ in seats]


def _recording(session: Session, check: Check, waits: bool) -> Iterator[Act]:
    team = _team(session, check)
    if len(team) < 2:
        return
    category, finding = ("no_problem", "") if check.id % 2 else (PENDING, "标志缺失")
    if waits:
        yield _act(team[1], checks.confirm, check.id, about=check, forward=True)
    recorder = session.get(Account, check.latest.recorded_by_id).login if waits else None
    yield _act(team[0], checks.record, check.id, category, {"*": "是"}, finding, about=check,
               forward=recorder not in team)


def _withholding(check: Check, approver: str) -> Iterator[Act]:
    asked = check.withholding is not None and check.withheld_by_id is None
    if check.stage in ("reviewed", "corrected", "public"):
        ground = "unlawful_check" if check.stage == "public" else "trade_secret"
        if asked:
            yield _act("bangong", withholding.confirm, check.id, WHY, about=check, forward=check.stage != "public")
            yield _act("bangong", withholding.refuse, check.id, WHY, about=check)
        else:
            yield _act(approver, withholding.ask, check.id, ground, WHY, about=check)
    if check.stage == "withheld":
        yield _act("bangong", withholding.lift, check.id, WHY, about=check)


def _of_visits(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    if scheme.stage not in ("staffed", "in_field"):
        return
    for visit in some(live_visits(session, scheme.id)):
        if visit.stage != "planned":
            continue
        for check in session.scalars(select(Check).where(Check.visit_id == visit.id).order_by(Check.id).limit(1)):
            for login in _team(session, check)[:1]:
                yield _act(login, visits.ask_replacement, visit.id, "not_found", about=visit)
        if visit.replacement_asked_by_id:
            yield _act("gaj.shenpi", visits.confirm_replacement, visit.id, about=visit)


def _of_people(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    if scheme.stage not in ("dispatched", "staffed", "in_field"):
        return
    for check in some(live_checks(session, scheme.id)):
        party = check.department.code
        for login in _team(session, check)[:1] if check.stage == "planned" else ():
            yield _act(login, recusals.claim, check.id, WHY)
            yield _act(login, absences.report, check.id, "ill")
            seat = live_seats(session, check.id)[0]
            yield _act("business", recusals.claim_by_notice, check.visit.notice_code,
                       seat.inspector.certificate_no, WHY)
        yield from _of_seats(session, check, f"{party}.shenpi")


def _of_seats(session: Session, check: Check, approver: str) -> Iterator[Act]:
    """Yield what is to be decided about the people of a check; a granted wish moves the inspection on."""
    for recusal in session.scalars(select(Recusal).join(Recusal.seat).where(
            Seat.check_id == check.id).order_by(Recusal.id)):
        if recusal.stage in ("claimed", "reconsidered"):
            decider = approver + SECOND if recusal.stage == "reconsidered" else approver
            for grant in (True, False):
                yield _act(decider, recusals.decide, recusal.id, about=recusal, grant=grant, reason=WHY,
                           forward=grant)
        if recusal.stage == "refused" and recusal.version == recusals.FIRST_DECISION:
            claimed = session.get_one(Account, recusal.claimed_by_id)
            if claimed.login == "notice" or claimed.inspector_id is None:
                yield _act("business", recusals.appeal_by_notice, check.visit.notice_code, recusal.id, WHY)
            else:
                yield _act(claimed.login, recusals.appeal, recusal.id, WHY, about=recusal)
    for absence in session.scalars(select(Absence).join(Absence.seat).where(
            Seat.check_id == check.id, Absence.stage == "reported").order_by(Absence.id)):
        for grant in (True, False):
            yield _act(approver, absences.decide, absence.id, about=absence, grant=grant, reason=WHY)


def _of_aftermath(session: Session, scheme: Scheme, some: Some) -> Iterator[Act]:
    for check in some(live_checks(session, scheme.id)):
        if check.stage == "planned":
            continue
        party, code = check.department.code, check.visit.notice_code
        if check.latest.category == PENDING:
            yield _act(f"{party}.jingban", follow_ups.order, check.id, "ordered_to_rectify", "限期改正")
        if check.stage in ("public", "corrected"):
            yield _act("business", objections.object_by_notice, code, check.id, WHY)
        yield _act("business", objections.evaluate_by_notice, code, True, True, False, 5)
        for one in session.scalars(select(FollowUp).where(FollowUp.check_id == check.id, FollowUp.stage == "open")):
            yield _act(f"{party}.shenpi", follow_ups.postpone, one.id, scheme.window_end, WHY, about=one)
            yield _act(f"{party}.shenpi", follow_ups.close, one.id, WHY, about=one)
        for one in session.scalars(select(Objection).where(Objection.check_id == check.id, Objection.stage == "filed")):
            yield _act(f"{party}.shenpi", objections.decide, one.id, about=one, uphold=True, reason=WHY)
    for letter in session.scalars(select(Letter).where(Letter.scheme_id == scheme.id, Letter.stage == "issued")):
        party = session.get_one(Department, letter.department_id).code
        yield _act(f"{party}.shenpi", letters.answer, letter.id, WHY, about=letter)


