"""Calendar feeds (日历订阅, RFC 5545): due dates and visits that concern the owner of a token, no more."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import NotFound
from blocks.register import desk, feeds
from blocks.register.oversight import open_clocks
from blocks.register.overview import HALF_LABELS
from blocks.register.visits import Check, Seat, Visit

PAST = timedelta(days=30)  # visits of the last month stay in the calendar


def calendar(session: Session, token: str) -> bytes:
    """Return the feed of a token.

    Raises:
        NotFound: the token is none, has been replaced, or its account is closed.
    """
    feed = feeds.find(session, token)
    if feed is None:
        raise NotFound("这个日历地址已失效", "请登录门户，在消息页重新生成")
    who, whole = feed.account, feed.whole_department
    name = f"{who.department.short_name if whole and who.department else who.name}·联合抽查"
    made = Calendar()
    for key, value in (("prodid", "-//choucha//zh-CN"), ("version", "2.0"), ("x-wr-calname", name),
                       ("x-wr-timezone", "Asia/Shanghai"), ("refresh-interval;value=duration", "PT1H")):
        made.add(key, value)
    for event in [*(_department_dues(session, who.department_id) if whole else _own_dues(session, who.as_actor())),
                  *_visits(session, who, whole)]:
        made.add_component(event)
    return made.to_ical()


def _event(uid: str, day: date, summary: str, description: str, place: str = "") -> Event:
    event = Event()
    for key, value in (("uid", f"{hashlib.sha256(uid.encode()).hexdigest()[:32]}@choucha"),
                       ("dtstamp", settings.now()), ("dtstart", day), ("dtend", day + timedelta(1)),
                       ("summary", summary), ("description", description), ("transp", "TRANSPARENT")):
        event.add(key, value)
    if place:
        event.add("location", place)
    return event


def _own_dues(session: Session, actor) -> Iterator[Event]:
    for task in desk.tasks(session, actor):
        if task.due_on is not None:
            note = "（暂定）" if task.provisional else ""
            yield _event(f"task:{task.verb}:{task.path}:{actor.id}", task.due_on,
                         f"{task.verb}{note}：{task.about}", f"{task.left}\n{settings.portal_url()}{task.path}")


def _department_dues(session: Session, department_id: int | None) -> Iterator[Event]:
    for one in open_clocks(session, department_id) if department_id else []:
        note = "（暂定）" if one["provisional"] else ""
        yield _event(f"due:{one['scheme_code']}:{one['clock']}:{department_id}:{one['due_on']}", one["due_on"],
                     f"{one['clock']}{one['count']}件{note}：{one['scheme_code']} {one['scheme']}",
                     f"{one['left']}\n{one['explained']}")


def _visits(session: Session, who, whole: bool) -> Iterator[Event]:
    query = select(Check).join(Check.visit).join(Seat, Seat.check_id == Check.id).where(
        Visit.day.is_not(None), Visit.day >= settings.today() - PAST, Visit.stage != "replaced",
        Seat.vacated_at.is_(None), ~Seat.suspended).order_by(Visit.day, Check.id).distinct(Visit.day, Check.id)
    if whole:
        query = query.where(Check.department_id == who.department_id)
    elif who.inspector_id is None:
        return
    else:
        query = query.where(Seat.inspector_id == who.inspector_id)
    for check in session.scalars(query):
        visit = check.visit
        yield _event(f"visit:{visit.id}:{check.id}", visit.day,
                     f"检查（{HALF_LABELS.get(visit.half or '', '全天')}）：{visit.target.name}",
                     f"{settings.portal_url()}/checks/{check.id}", visit.target.address)
