"""What the office and auditors look at: who is late, by department, and the trail with filters."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.directories import Account, Department
from blocks.register.schemes import Scheme
from blocks.register.trail import DueLine, TrailLine
from blocks.rules.deadlines import CLOCKS
from blocks.workdays import Due, say_left

A_PAGE = 100


def late(session: Session) -> list[dict[str, Any]]:
    """Return what is overdue, by scheme, clock and department, the oldest first.

    Each: {scheme_code, scheme, clock, department, count, due_on, left (Chinese)}.
    """
    today = settings.today()
    rows = session.execute(select(
        Scheme.code, Scheme.name, DueLine.clock, Department.short_name, func.count(),
        func.min(DueLine.due_on)).select_from(DueLine).join(
        Scheme, Scheme.id == DueLine.scheme_id).outerjoin(
        Department, Department.id == DueLine.department_id).where(
        DueLine.met_at.is_(None), DueLine.due_on < today).group_by(
        Scheme.code, Scheme.name, DueLine.clock, Department.short_name).order_by(
        func.min(DueLine.due_on), Scheme.code)).all()
    return [{"scheme_code": code, "scheme": name, "clock": CLOCKS[clock].label,
             "department": short or "", "count": count, "due_on": due_on,
             "left": say_left(Due(due_on, False, ""), today, settings.calendar())}
            for code, name, clock, short, count, due_on in rows]


def by_department(session: Session) -> list[dict[str, Any]]:
    """Return, for each department with clocks, how many were met in time, met late, are open, are
    late now; who is late most comes first."""
    met_on = func.date(func.timezone("Asia/Shanghai", DueLine.met_at))
    today = settings.today()
    rows = session.execute(select(
        Department.short_name,
        func.count().filter(DueLine.met_at.is_not(None), met_on <= DueLine.due_on),
        func.count().filter(DueLine.met_at.is_not(None), met_on > DueLine.due_on),
        func.count().filter(DueLine.met_at.is_(None), DueLine.due_on >= today),
        func.count().filter(DueLine.met_at.is_(None), DueLine.due_on < today),
    ).join(Department, Department.id == DueLine.department_id).group_by(Department.short_name)).all()
    names = ("department", "in_time", "met_late", "open", "late")
    return sorted((dict(zip(names, row, strict=True)) for row in rows),
                  key=lambda one: (-one["late"], -one["met_late"], one["department"]))


def due_this_week(session: Session) -> int:
    """Return how many running clocks end from today to Sunday."""
    today = settings.today()
    return session.scalar(select(func.count()).select_from(DueLine).where(
        DueLine.met_at.is_(None), DueLine.due_on >= today,
        DueLine.due_on <= today + timedelta(6 - today.weekday()))) or 0


def provisional_years(session: Session) -> int:
    """Return how many running clocks have a provisional date."""
    return session.scalar(select(func.count()).select_from(DueLine).where(
        DueLine.provisional, DueLine.met_at.is_(None))) or 0


def trail_lines(session: Session, *, thing: str = "", who: str = "", scheme: str = "",
                before: str = "") -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of the trail, the newest first, and the number to go on before, if there is more.

    Args:
        thing: a kind of moving thing, or all.
        who: part of a person's name or login.
        scheme: a scheme's code.
        before: only lines with a smaller number.
    """
    query = select(TrailLine, Account.name, Account.login, Scheme.code).join(
        Account, Account.id == TrailLine.actor_id).outerjoin(
        Scheme, Scheme.id == TrailLine.scheme_id).order_by(TrailLine.number.desc())
    if thing:
        query = query.where(TrailLine.thing == thing)
    if who:
        query = query.where(Account.name.contains(who, autoescape=True)
                            | Account.login.contains(who, autoescape=True))
    if scheme:
        query = query.where(Scheme.code == scheme)
    if before.isdecimal() and len(before) < 19:
        query = query.where(TrailLine.number < int(before))
    rows = session.execute(query.limit(A_PAGE + 1)).all()
    told = [{"line": line, "name": name, "login": login, "scheme": code}
            for line, name, login, code in rows[:A_PAGE]]
    return told, told[-1]["line"].number if len(rows) > A_PAGE else None


def open_clocks(session: Session, department_id: int | None) -> list[dict[str, Any]]:
    """Return the running clocks of a department (None: of all), equal ones together, soonest first.

    Each: {clock, awaited, scheme_code, scheme, department, due_on, left, late, provisional, explained,
    source, count}.
    """
    query = select(Scheme.code, Scheme.name, DueLine.clock, Department.short_name, DueLine.due_on,
                   DueLine.provisional, DueLine.explained, func.count()).select_from(DueLine).outerjoin(
        Scheme, Scheme.id == DueLine.scheme_id).outerjoin(
        Department, Department.id == DueLine.department_id).where(DueLine.met_at.is_(None)).group_by(
        Scheme.code, Scheme.name, DueLine.clock, Department.short_name, DueLine.due_on,
        DueLine.provisional, DueLine.explained).order_by(DueLine.due_on, DueLine.clock, Scheme.code)
    if department_id is not None:
        query = query.where(DueLine.department_id == department_id)
    today, calendar = settings.today(), settings.calendar()
    return [{"clock": CLOCKS[clock].label, "awaited": CLOCKS[clock].awaited, "scheme_code": code or "",
             "scheme": name or "", "department": short or "", "due_on": due_on, "late": due_on < today,
             "left": say_left(Due(due_on, provisional, ""), today, calendar), "provisional": provisional,
             "explained": explained, "count": count,
             "source": "细则第11条" if CLOCKS[clock].source == "art. 11" else "本市设定"}
            for code, name, clock, short, due_on, provisional, explained, count in session.execute(query)]


def dues_by_day(session: Session, department_id: int | None) -> list[dict[str, Any]]:
    """Return the running clocks of a department (None: of all), by day and kind, soonest first.

    Each: {due_on, clock, department, provisional, count, left (Chinese)}.
    """
    query = select(DueLine.due_on, DueLine.clock, Department.short_name, DueLine.provisional,
                   func.count()).outerjoin(Department, Department.id == DueLine.department_id).where(
        DueLine.met_at.is_(None)).group_by(DueLine.due_on, DueLine.clock, Department.short_name,
                                           DueLine.provisional).order_by(DueLine.due_on, DueLine.clock)
    if department_id is not None:
        query = query.where(DueLine.department_id == department_id)
    today, calendar = settings.today(), settings.calendar()
    return [{"due_on": due_on, "clock": CLOCKS[clock].label, "department": short or "",
             "provisional": provisional, "count": count,
             "left": say_left(Due(due_on, provisional, ""), today, calendar)}
            for due_on, clock, short, provisional, count in session.execute(query)]
