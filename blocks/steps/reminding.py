"""Reminders before and after a due date, and the sending of what is queued (art. 5)."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.register import notices
from blocks.register.directories import Department
from blocks.register.notices import Notice
from blocks.register.overview import open_dues
from blocks.register.schemes import Scheme
from blocks.register.trail import DueLine
from blocks.rules.deadlines import CLOCKS, reminder_rung

MOST_TRIES = 5


def queue_reminders() -> int:
    """Queue today's reminders, one per clock, department and due date; return how many are new.

    A rung of the ladder is told once, however often this runs.
    """
    today, calendar = settings.today(), settings.calendar()
    new = 0
    with engine.change() as session:
        for scheme in session.scalars(select(Scheme).where(
                Scheme.id.in_(select(DueLine.scheme_id).where(DueLine.met_at.is_(None))))):
            for due in open_dues(session, scheme.id):
                rung = reminder_rung(due["due_on"], today, calendar, settings.regulation(today))
                if rung is not None:
                    new += _remind(session, scheme, due, rung)
    return new


def _remind(session: Session, scheme: Scheme, due: dict, rung: int) -> int:
    department_id = session.scalar(select(Department.id).where(
        Department.short_name == due["department"]))
    clock = next(code for code, c in CLOCKS.items() if c.label == due["clock"])
    key = f"due:{scheme.id}:{clock}:{department_id or 0}:{due['due_on']}:{rung}"
    late = "已逾期" if rung < 0 else "将到期"
    return notices.queue(
        session, key, "reminder", f"{due['clock']}{late}：{scheme.title}",
        f"{due['count']}件，{due['left']}{'（暂定）' if due['provisional'] else ''}。",
        department_id=department_id, scheme_id=scheme.id)


def waiting() -> list[int]:
    """Return the ids of the notices to be sent now."""
    with engine.change() as session:
        return list(session.scalars(select(Notice.id).where(Notice.stage == "queued")
                                    .order_by(Notice.id)))


def send(notice_id: int, carry: Callable[[Notice, str], str]) -> bool:
    """Send one notice by `carry(notice, recipient)`; a failure is counted, after five it is shown.

    The row is locked while it is carried, so two runs never send the same notice at once; dying
    after the send and before the commit repeats it with the same Message-ID (G6).
    """
    with engine.change() as session:
        notice = session.scalar(select(Notice).where(
            Notice.id == notice_id, Notice.stage == "queued").with_for_update(skip_locked=True))
        if notice is None:
            return False
        code = session.scalar(select(Department.code).where(Department.id == notice.department_id))
        notice.tries += 1
        try:
            carry(notice, f"{code or 'bangong'}@choucha.localhost")
        except OSError as error:  # smtplib's errors are OSErrors
            notice.last_error = str(error)
            notice.stage = "failed" if notice.tries >= MOST_TRIES else "queued"
            return False
        notice.stage, notice.sent_at, notice.last_error = "sent", settings.now(), None
        return True
