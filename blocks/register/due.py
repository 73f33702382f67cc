"""What is due: which flow has work in which scheme, asked of the register alone (G2).

The sweep asks for everything, a move asks for its own scheme. An event only wakes a flow early;
the answer here decides.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from blocks import settings
from blocks.register import deliveries, exchanges
from blocks.register.drawn_there import DrawnThere
from blocks.register.draws import Draw, DrawSource, DrawTicket
from blocks.register.published import Publication
from blocks.register.schemes import Assignment, Scheme, SchemeReview
from blocks.register.trail import DueLine, TrailLine
from blocks.register.visits import Check, CheckRecord, Seat, Visit
from blocks.rules.stages import SETTLED_CHECKS

BEACON_PAUSE = timedelta(minutes=10)  # before a silent beacon is asked again
MOST_TRIES = 5  # starts of one due work before it is shown to a person (G17)


@dataclass(frozen=True)
class Work:
    """A flow that has something to do. `scheme_id` None: for no scheme in particular.

    `mark` changes whenever the work becomes another, so a start is recognised as a repeat.
    """

    flow: str
    scheme_id: int | None
    mark: str

    @property
    def key(self) -> str:
        return f"{self.flow}:{self.scheme_id or 0}:{self.mark}"


def _unchecked() -> ColumnElement[bool]:
    return and_(Scheme.stage == "submitted", ~exists().where(
        SchemeReview.scheme_id == Scheme.id, SchemeReview.scheme_version == Scheme.version))


def _missing(column: ColumnElement, *kinds: str) -> ColumnElement[bool]:
    """A source of the draw (of these kinds) still lacks what `column` holds."""
    return exists().where(DrawSource.draw_id == Draw.id, column.is_(None),
                          DrawSource.kind.in_(kinds))


def _draw_due() -> ColumnElement[bool]:
    announced = and_(Draw.stage == "announced", or_(
        ~_missing(DrawSource.commitment, "reveal"), Draw.contributions_due < settings.now()))
    beacon = beacons_due().where(DrawSource.draw_id == Draw.id).exists()
    ready = exists().where(Draw.scheme_id == Scheme.id, or_(
        announced, _castable(), and_(Draw.stage == "sealed", beacon), and_(Draw.stage == "drawn", _decided())))
    none = ~exists().where(Draw.scheme_id == Scheme.id, Draw.stage != "void")
    return and_(Scheme.stage == "approved", or_(none, ready))


def _decided() -> ColumnElement[bool]:
    """Who is visited is known: by our draw, or the list that the platform drew is here."""
    if settings.get().draws != "theirs":
        return true()
    return exists().where(DrawnThere.scheme_id == Scheme.id)


def _castable() -> ColumnElement[bool]:
    """Every value is in; those that may be missing are waited for until their day is over."""
    now = settings.now()
    return and_(
        Draw.stage == "sealed", ~_missing(DrawSource.confirmed_by_id, "typed", "dice"),
        ~exists().where(DrawSource.draw_id == Draw.id, DrawSource.due_at > now),
        or_(~_missing(DrawSource.value, "reveal", "drand"), Draw.contributions_due < now))


def may_cast(session: Session, draw_id: int) -> bool:
    """Tell whether a sealed draw has what it waited for."""
    return bool(session.scalar(select(Draw.id).where(Draw.id == draw_id, _castable())))


def beacons_due() -> Select[tuple[DrawSource]]:
    """Return the query for the beacon rounds to fetch now: made, not had, not asked for just now."""
    now = settings.now()
    return select(DrawSource).where(
        DrawSource.kind == "drand", DrawSource.value.is_(None), DrawSource.due_at <= now,
        or_(DrawSource.tried_at.is_(None), DrawSource.tried_at < now - BEACON_PAUSE))


def _acceptance_due() -> ColumnElement[bool]:
    """An assignment to staff, a seat or a visit to fill, or a scheme whose last one is staffed."""
    waiting = exists().where(
        Assignment.scheme_id == Scheme.id, Assignment.stage == "accepted",
        or_(Assignment.shortage_on.is_(None), Assignment.shortage_on < settings.today()))
    open_assignment = exists().where(
        Assignment.scheme_id == Scheme.id, Assignment.stage.in_(("sent", "accepted", "sent_back")))
    return and_(Scheme.stage.in_(("dispatched", "staffed", "in_field")), or_(
        waiting, seat_missing(), successor_missing(),
        and_(Scheme.stage == "dispatched", ~open_assignment)))


def seat_missing() -> ColumnElement[bool]:
    """A planned check of a live visit has fewer inspectors than the scheme's numbers ask for.

    The scheme stands once more inside, so that PostgreSQL may ask this of all schemes at once.
    """
    same = aliased(Scheme)
    team = same.regulation["min_inspectors_per_check"].as_integer()
    taken = select(func.count()).where(
        Seat.check_id == Check.id, Seat.vacated_at.is_(None)).scalar_subquery()
    return exists().where(
        Visit.scheme_id == Scheme.id, same.id == Visit.scheme_id, Check.visit_id == Visit.id,
        Visit.stage != "replaced", Check.stage == "planned", taken < team)


def successor_missing() -> ColumnElement[bool]:
    """A visit was replaced, nobody took its place, and a reserve of its stratum is left."""
    successor = aliased(Visit)
    used = select(Visit.candidate_id).where(Visit.scheme_id == Scheme.id)
    gone = aliased(Visit)
    reserve = exists().where(
        DrawTicket.draw_id == gone.draw_id, DrawTicket.stratum == gone.stratum,
        DrawTicket.is_reserve, DrawTicket.candidate_id.not_in(used))
    return exists().where(
        gone.scheme_id == Scheme.id, gone.stage == "replaced",
        ~exists().where(successor.replaces_id == gone.id), reserve)


def _field_check_due() -> ColumnElement[bool]:
    record = exists().where(CheckRecord.check_id == Check.id, Check.visit_id == Visit.id,
                            Visit.scheme_id == Scheme.id)
    unfinished = exists().where(
        Check.visit_id == Visit.id, Visit.scheme_id == Scheme.id, Visit.stage != "replaced",
        Check.stage.in_(("planned", "recorded")))
    started = or_(Scheme.window_start <= settings.today(), record)
    return or_(and_(Scheme.stage == "staffed", started),
               and_(Scheme.stage == "in_field", ~unfinished, ~successor_missing()))


def _publicity_due() -> ColumnElement[bool]:
    """A correction to publish, something to take down or to list as withheld, a result on its last day;
    after the inspections any result, or nothing more to wait for."""
    taken = aliased(Publication)
    unsettled = exists().where(Check.visit_id == Visit.id, Visit.scheme_id == Scheme.id,
                               Visit.stage != "replaced", Check.stage.not_in(SETTLED_CHECKS))
    return or_(
        _some_check(Check.stage == "corrected", Check.withholding.is_(None)),
        _some_check(Check.stage == "withheld", ~_told("withheld", Publication.record_number
                                                      == Check.record_number)),
        _some_check(Check.stage == "withdrawn", _told("published", ~exists().where(
            taken.check_id == Check.id, taken.act == "withdrawn",
            taken.record_number == Publication.record_number))),
        _some_check(Check.stage == "reviewed", Check.withholding.is_(None), _last_day()),
        and_(Scheme.stage == "concluded", or_(reviewed_waiting(), ~unsettled)))


def _last_day() -> ColumnElement[bool]:
    """Today is the last day for a check's result to be public: the coming night would be too late."""
    return exists().where(DueLine.thing == "check", DueLine.thing_id == Check.id, DueLine.clock == "publicity",
                          DueLine.met_at.is_(None), DueLine.due_on <= settings.today())


def _some_check(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Check.visit_id == Visit.id, Visit.scheme_id == Scheme.id,
                          Visit.stage != "replaced", *conditions)


def _told(act: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The public was told of this act about the check."""
    return exists().where(Publication.check_id == Check.id, Publication.act == act, *conditions)


def reviewed_waiting() -> ColumnElement[bool]:
    """A reviewed result is not yet public: the nightly run publishes it, concluded or not."""
    return _some_check(Check.stage == "reviewed", Check.withholding.is_(None))


QUESTIONS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "plan_approval": _unchecked,
    "draw": _draw_due,
    "dispatch": lambda: Scheme.stage == "drawn",
    "acceptance": _acceptance_due,
    "field_check": _field_check_due,
    "publicity": _publicity_due,
    "exchange": lambda: and_(settings.get().platform != "off", exists().where(
        exchanges.Exchange.scheme_id == Scheme.id, exchanges.ready())),
}


def is_due(session: Session, flow: str, scheme_id: int) -> bool:
    """Tell whether `flow` has work in this scheme now."""
    return bool(session.scalar(select(Scheme.id).where(
        Scheme.id == scheme_id, QUESTIONS[flow]())))


def is_to_be_woken(session: Session, flow: str, scheme_id: int, things: Collection[int]) -> bool:
    """Tell whether `flow` has work in this scheme, and no run on its way that will see to these things (ids) too:
    one exchange takes whatever waits, so that runs do not grow with the results."""
    if flow == "exchange" and set(exchanges.waiting(session, scheme_id)) - set(things):
        return False
    return is_due(session, flow, scheme_id)


def schemes_due(session: Session, condition: ColumnElement[bool]) -> list[int]:
    return list(session.scalars(select(Scheme.id).where(condition).order_by(Scheme.id)))


def find(session: Session) -> list[Work]:
    """Return everything that is due now, in the order of the stages: one statement a question."""
    last = select(func.max(TrailLine.number)).where(TrailLine.scheme_id == Scheme.id).scalar_subquery()
    marks = {"exchange": func.concat(last, ".", exchanges.tries_of(Scheme.id))}  # asking the platform leaves no trail
    found = [Work(flow, scheme_id, str(mark)) for flow, question in QUESTIONS.items()
             for scheme_id, mark in session.execute(
                 select(Scheme.id, marks.get(flow, last)).where(question()).order_by(Scheme.id))]
    if deliveries.is_waiting(session):  # another work every ten minutes, for as long as it waits
        found.append(Work("reminders", None, f"{settings.now():%Y-%m-%dT%H:%M}"[:-1]))
    return found
