"""A simulated year: 2026, twenty departments, five hundred assignments, people late at random.

Every rung of the ladder is told once, on a workday, to whom it should be; nobody gets two messages a
day; and from the third day late there is a letter.
"""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from blocks import settings
from blocks.register import trail
from blocks.register.aftermath import Letter
from blocks.register.database import transaction
from blocks.register.directories import Account, Department, service_account
from blocks.register.notices import Notice
from blocks.register.reminders import Reminder
from blocks.register.schemes import Assignment, Scheme
from blocks.register.trail import DueLine
from blocks.rules.deadlines import CLOCKS
from blocks.rules.roles import Role
from blocks.rules.stages import Actor
from blocks.steps import reminding
from tests.scenes import on_day

DEPARTMENTS, SCHEMES = 20, 25
FIRST, LAST = date(2026, 1, 5), date(2026, 12, 31)
LADDER = (10, 5, 3, 1, 0)


class Year:
    """The city of the year, and what its people will do on which day."""

    def __init__(self) -> None:
        self.chance = random.Random(2026)
        with transaction() as session:
            self.people = {}
            for n in range(DEPARTMENTS):
                department = Department(code=f"d{n}", name=f"样例部门{n}", short_name=f"部门{n}")
                session.add(department)
                session.flush()
                self.people[department.id] = [
                    self._account(session, f"{role}.{n}", role, department.id) for role in ("drafter", "approver")]
            self.office = self._account(session, "bangong", "office", None)
            self.system = service_account(session, "reminders", "提醒").as_actor(run="test")
        self.sent = {day: [] for day in self._days()}
        self.done: dict[date, list[int]] = {}

    @staticmethod
    def _account(session, login: str, role: str, department_id: int | None) -> Actor:
        account = Account(login=login, name=login, roles=[role], department_id=department_id)
        session.add(account)
        session.flush()
        return account.as_actor()

    @staticmethod
    def _days() -> list[date]:
        return [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]

    def schemes(self) -> list[int]:
        """Bring the schemes into being; return their ids."""
        with transaction() as session:
            lead, (drafter, _) = next(iter(self.people.items()))
            made = [Scheme(
                code=f"2026-{n:03}", name="样例联合抽查", draw_kind="targeted", lead_id=lead,
                participant_ids=list(self.people), drafter_id=drafter.id, grounds="样例", scope={}, sampling={},
                window_start=FIRST, window_end=LAST, mode="on_site", lead_items=[], randomness={})
                for n in range(SCHEMES)]
            for scheme in made:
                trail.begin(session, scheme, drafter)
            return [scheme.id for scheme in made]

    def plan(self, schemes: list[int]) -> None:
        days = self._days()[:320]
        for scheme_id in schemes:
            for department_id in self.people:
                self.sent[self.chance.choice(days)].append((scheme_id, department_id))

    def act(self, day: date) -> None:
        """What people do on a day, after the morning's run: assignments come, old ones go back."""
        with transaction() as session:
            for scheme_id, department_id in self.sent[day]:
                one = Assignment(scheme_id=scheme_id, department_id=department_id, item_codes=["X"],
                                 scheme=session.get_one(Scheme, scheme_id),
                                 department=session.get_one(Department, department_id))
                trail.begin(session, one, self.system)
                late = self.chance.choice((-2, -1, 0, 0, 1, 2, 3, 4, 6))
                due = session.scalars(select(DueLine).where(
                    DueLine.thing == "assignment", DueLine.thing_id == one.id)).one()
                self.done.setdefault(max(day, due.due_on + timedelta(late)), []).append(one.id)
            for id_ in self.done.pop(day, []):
                one = session.get_one(Assignment, id_)
                approver = self.people[one.department_id][1]
                trail.advance(session, one, "sent_back", approver, reason="样例")
            for letter in session.scalars(select(Letter).where(Letter.stage == "issued")):
                if (day - letter.stage_since.date()).days >= letter.id % 6:
                    drafter = self.people[letter.department_id][0]
                    trail.advance(session, letter, "answered", drafter, reason="样例", answer="样例")


def expected(due: DueLine, people: dict[int, list[Actor]], office: Actor, until: date) -> set[tuple]:
    """Return (day, rung, recipient) of what had to be told, worked out day by day."""
    calendar, found = settings.calendar(), set()
    last = min(due.met_at.astimezone(settings.SHANGHAI).date() if due.met_at else until, until)
    day = due.started_on + timedelta(1)
    drafter, head = people[due.department_id]
    person = {f"account:{one.id}" for one, role in ((drafter, Role.DRAFTER), (head, Role.APPROVER))
              if role in CLOCKS[due.clock].roles}
    while day <= last:
        left = calendar.between(day, due.due_on)
        if calendar.is_workday(day) and (left < 0 or left in LADDER):
            told = set(person)
            told |= {f"account:{head.id}"} if left < 0 else set()
            told |= {f"account:{office.id}"} if left < -1 else set()
            found |= {(day, left, one) for one in told}
        day += timedelta(1)
    return found


@pytest.fixture
def the_year(register) -> Year:
    with on_day(FIRST):
        year = Year()
        year.plan(year.schemes())
    for day in year._days():
        with on_day(day):
            letters, first = reminding.issue_letters(year.system), reminding.queue_reminders()
            if day.day % 7 == 0 or not settings.calendar().is_workday(day):  # a second run: nothing new
                assert (reminding.issue_letters(year.system), reminding.queue_reminders()) == (0, 0)
            assert (letters, first) == (0, 0) or settings.calendar().is_workday(day)
            year.act(day)
    return year


def test_every_rung_once_on_a_workday_to_the_right_person_and_letters_from_day_three(the_year):
    calendar = settings.calendar()
    with transaction() as session:
        dues = list(session.scalars(select(DueLine)))
        rows = list(session.scalars(select(Reminder)))
        messages = list(session.scalars(select(Notice).where(Notice.kind == "reminder")))
        letters = {(one.scheme_id, one.department_id) for one in session.scalars(select(Letter))}
    assert sum(one.thing == "assignment" for one in dues) == DEPARTMENTS * SCHEMES
    told = Counter((one.due_id, one.told_on, one.rung, one.recipient) for one in rows if one.recipient != "letter")
    wanted = {(due.id, *one) for due in dues
              for one in expected(due, the_year.people, the_year.office, LAST)}
    assert set(told.values()) == {1}
    assert set(told) == wanted
    assert {rung for _, _, rung, _ in told} >= {1, 0, -1, -2, -3, -4}
    a_day = Counter((one.account_id, one.key.split(":")[1]) for one in messages)
    assert set(a_day.values()) == {1}, "one message a person and day"
    assert len({one.notice_id for one in rows if one.recipient != "letter"}) == len(messages)
    covered = {one.due_id: one.told_on for one in rows if one.recipient == "letter"}
    for due in (one for one in dues if one.thing == "assignment"):
        met = due.met_at.astimezone(settings.SHANGHAI).date() if due.met_at else LAST
        third = next(day for n in range(40) if calendar.is_workday(day := due.due_on + timedelta(n))
                     and calendar.between(day, due.due_on) == -3)
        assert covered.get(due.id) == (third if met >= third and third <= LAST else None), (due.due_on, met)
        assert due.id not in covered or (due.scheme_id, due.department_id) in letters
    assert 50 < len(covered) < 300


    with on_day(date(2026, 6, 10)):  # the clock set back
        assert reminding.queue_reminders() == 0
