"""The ladder of reminders, the letters it ends in, and the sending of what is queued (art. 5).

A person is told once a day, in one message, of everything that is due or late. On the day a clock
starts nobody is reminded: the notice of the task itself tells of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from blocks import engine, settings, supervising
from blocks.errors import InspectionError, NotTaken, Refused
from blocks.messages import write
from blocks.register import deliveries, notices, reminders
from blocks.register.concerned import Concerned
from blocks.register.deliveries import Delivery
from blocks.register.directories import Department
from blocks.register.notices import Notice
from blocks.register.reminders import LETTER, Reminder
from blocks.register.schemes import Scheme
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import DueLine
from blocks.rules.deadlines import CLOCKS, circles, reminder_rung
from blocks.rules.stages import Actor
from blocks.workdays import Due, say_left


@dataclass(frozen=True)
class _Told:
    """One due date on its rung today."""

    due: DueLine
    title: str
    rung: int


def queue_reminders() -> int:
    """Queue today's reminders, one message a person; return how many messages are new.

    A rung of the ladder is told once, however often this runs. With the clock set back nothing is
    queued: what was told on a later day would be told again.
    """
    today = settings.today()
    if not settings.calendar().is_workday(today):
        return 0
    with engine.change() as session:
        last = reminders.last_day(session)
        if last is not None and today < last:
            return 0
        told = _on_a_rung(session)
        concerned = Concerned(session)
        rows = [(one.due, one.rung, recipient) for one in told
                for recipient in concerned.recipients(one.due, circles(one.rung))]
        new = reminders.note(session, rows, today)
        by_due = {one.due.id: one for one in told}
        return _queue(session, new, by_due)


def _on_a_rung(session: Session) -> list[_Told]:
    today, calendar = settings.today(), settings.calendar()
    regulation = settings.regulation(today)
    found, known = [], {}
    for due, title in session.execute(select(DueLine, Scheme).join(
            Scheme, Scheme.id == DueLine.scheme_id).where(
            DueLine.met_at.is_(None), DueLine.started_on < today).order_by(DueLine.due_on, DueLine.id)):
        key = (due.started_on, due.due_on)
        if key not in known:
            known[key] = reminder_rung(due.due_on, today, calendar, regulation, started_on=due.started_on)
        if known[key] is not None:
            found.append(_Told(due, title.title, known[key]))
    return found


def _queue(session: Session, new: list[tuple[int, int, str]], by_due: dict[int, _Told]) -> int:
    """Write one message a person; link what it tells of to it."""
    today = settings.today()
    by_recipient: dict[str, list[tuple[int, _Told]]] = {}
    for reminder_id, due_id, recipient in new:
        by_recipient.setdefault(recipient, []).append((reminder_id, by_due[due_id]))
    for recipient, rows in by_recipient.items():
        kind, _, number = recipient.partition(":")
        subject, body = _digest([one for _, one in rows])
        key = f"remind:{today}:{recipient.replace(':', '-')}:{rows[0][0]}"
        notices.queue(session, key, "reminder", subject, body,
                      account_id=int(number) if kind == "account" else None,
                      department_id=int(number) if kind == "department" else None)
        notice_id = session.scalar(select(Notice.id).where(Notice.key == key))
        for reminder_id, _ in rows:
            session.get_one(Reminder, reminder_id).notice_id = notice_id
    return len(by_recipient)


def _digest(told: list[_Told]) -> tuple[str, str]:
    """Return subject and body; equal clocks of a scheme are counted together, the late ones first."""
    today, calendar = settings.today(), settings.calendar()
    counted: dict[tuple, int] = {}
    for one in told:
        key = (one.due.due_on, one.due.clock, one.title, one.due.provisional, one.due.explained)
        counted[key] = counted.get(key, 0) + 1
    matters = [{"clock": CLOCKS[clock].label, "awaited": CLOCKS[clock].awaited, "about": title,
                "count": count, "provisional": provisional, "explained": explained,
                "left": say_left(Due(due_on, provisional, ""), today, calendar)}
               for (due_on, clock, title, provisional, explained), count in sorted(counted.items())]
    return write("reminder", matters=matters, late=sum(due_on < today for due_on, *_ in counted))


def issue_letters(who: Actor) -> int:
    """Issue the letters that the ladder ends in; return how many.

    One letter a scheme and department, about everything late there, once something has been late
    for as many workdays as the regulation says; a due date brings about one letter, and none while
    an earlier letter waits for its answer. Being late with an answer brings no letter about a letter.
    """
    today, calendar = settings.today(), settings.calendar()
    days = settings.regulation(today).supervision_letter_after_days_late
    if not calendar.is_workday(today):
        return 0
    with engine.change() as session:
        late = [due for due in session.scalars(select(DueLine).where(
            DueLine.met_at.is_(None), DueLine.due_on < today, DueLine.clock != "letter",
            DueLine.department_id.is_not(None), DueLine.scheme_id.is_not(None), ~exists().where(
                Reminder.due_id == DueLine.id, Reminder.due_on == DueLine.due_on,
                Reminder.recipient == LETTER)))
            if calendar.between(today, due.due_on) <= -days]
    groups: dict[tuple[int, int], list[int]] = {}
    for due in late:
        groups.setdefault((due.scheme_id, due.department_id), []).append(due.id)
    return sum(_letter(*key, ids, days, who) for key, ids in sorted(groups.items()))


def _letter(scheme_id: int, department_id: int, due_ids: list[int], days: int, who: Actor) -> bool:
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        addressed = session.get_one(Department, department_id)
        open_dues = list(session.scalars(select(DueLine).where(
            DueLine.id.in_(due_ids), DueLine.met_at.is_(None))))
        if not open_dues or supervising.is_open(session, scheme, addressed):
            return False
        if not reminders.note(session, [(due, -days, LETTER) for due in open_dues], settings.today()):
            return False
        supervising.write(session, scheme, addressed, supervising.matters(session, scheme, addressed), who,
                          supervising.request(days))
        return True


def waiting() -> list[int]:
    """Return the ids of the deliveries to be tried now."""
    with engine.change() as session:
        deliveries.spread(session)
        return deliveries.ready(session)


def send(delivery_id: int, carry: Callable[[Delivery], str]) -> bool:
    """Try one delivery by `carry`; tell whether it went.

    It is taken in hand in a transaction of its own, carried outside any, and its fate written
    afterwards: two runs never carry the same one, and dying in between leaves it `unknown`, to be
    repeated with the same Message-ID (G6).
    """
    with engine.change() as session:
        one = deliveries.claim(session, delivery_id)
        if one is None:
            return False
        _ = one.notice, one.contact  # loaded while there is a session
    try:
        outcome: str | NotTaken = carry(one)
    except NotTaken as error:
        outcome = error
    except (OSError, InspectionError) as error:  # a template that is broken is mended, then it goes
        outcome = NotTaken(str(error))
    except ValueError as error:  # an address that no channel can take blocks nobody else (G17)
        outcome = Refused(str(error))
    with engine.change() as session:
        deliveries.settle(session, delivery_id, outcome)
    return isinstance(outcome, str)
