"""Results recorded on random days of two years: none is public later than its 20th workday, unless
people are late; then it is said by how much. `make publicity` does it with 5,000."""

import os
import random
from collections import defaultdict
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from blocks import settings
from blocks.actions import checks
from blocks.public_site import paths
from blocks.public_site.files import tree
from blocks.register import trail
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.due import QUESTIONS, schemes_due
from blocks.register.published import Publication
from blocks.register.trail import DueLine
from blocks.register.visits import Check, Visit
from blocks.rules.deadlines import due
from blocks.steps import publishing
from tests.people import LEAD
from tests.scenes import on_day
from tests.site.large import fill, spread

DAY = timedelta(1)
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
# Around the days that count otherwise: Spring Festival, make-up workdays, the year's end.
BOUNDARIES = [date(2025, 1, 16), date(2025, 1, 20), date(2025, 4, 18), date(2025, 9, 26), date(2025, 9, 28),
              date(2025, 12, 5), date(2026, 1, 23), date(2026, 2, 13), date(2026, 4, 30), date(2026, 9, 30),
              date(2026, 10, 10), date(2026, 11, 23), date(2026, 12, 3)]

A_SCHEME = 50  # results


def workday(start: date, n: int) -> date:
    """Return the n-th workday after a day; the day itself for 0."""
    return settings.calendar().add(start, n).on if n else start


def recorded(number: int, chance: random.Random) -> dict[int, tuple[date, date, date]]:
    """Record results on random days; return by check the day, its due date and the day of its review.

    Reviews come after 0 to 20 workdays, one in twenty too late.
    """
    plan = {}
    ids = fill(number, FIRST, reviewed=False)
    spread(number // A_SCHEME)
    with transaction() as session:
        scheme_of = dict(session.execute(select(Check.id, Visit.scheme_id).join(Check.visit)).all())
        for place, id_ in enumerate(ids):
            made = BOUNDARIES[place] if place < len(BOUNDARIES) else FIRST + DAY * chance.randrange(700)
            counted = due("publicity", made, settings.calendar(), settings.regulation(made))
            after = 20 if place < len(BOUNDARIES) else 23 if place % 20 == 0 else chance.choice([0, 5, 18, 19, 20])
            plan[id_] = (made, counted.on, workday(made, after))
            session.execute(text("UPDATE check_records SET made_on = :day, inspected_on = :day "
                                 "WHERE check_id = :id"), {"day": made, "id": id_})
            session.add(DueLine(thing="check", thing_id=id_, scheme_id=scheme_of[id_], department_id=2,
                                clock="publicity", started_on=made, due_on=counted.on,
                                provisional=counted.provisional, explained=counted.explained))
    return plan


def night(scheme_ids: list[int]) -> None:
    with transaction() as session:
        who = service_account(session, "publicity", "公示").as_actor(run="test")
    for scheme_id in scheme_ids:
        publishing.publish(scheme_id, who)


@pytest.fixture
def after_the_inspections(ready):
    """The scheme goes on inspecting for two years: only due dates and nights publish."""
    with transaction() as session:
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text("UPDATE schemes SET stage = 'in_field', window_start = :day"), {"day": FIRST})
        session.execute(text("UPDATE checks SET stage = 'withheld', withholding = 'trade_secret', "
                             "withheld_by_id = 1, withholding_asked_by_id = 2"))
        session.execute(text("UPDATE dues SET met_at = now()"))
        session.execute(text("SET session_replication_role = DEFAULT"))
    return ready


def test_none_is_public_later_than_its_twentieth_workday(after_the_inspections):
    number = int(os.environ.get("CHECKS", "60"))
    plan = recorded(number, random.Random(11))
    reviews = defaultdict(list)
    for id_, (_, _, day) in plan.items():
        reviews[day].append(id_)
    waiting = False
    for day in (FIRST + DAY * n for n in range((max(reviews) - FIRST).days + 2)):
        if not waiting and day not in reviews:
            continue
        with on_day(day):
            night(publishing.waiting_schemes())  # 2:00
            for id_ in reviews.get(day, ()):
                checks.review(f"{LEAD}.shenpi", id_)
            with transaction() as session:
                due_now = schemes_due(session, QUESTIONS["publicity"]())
            night(due_now)  # the sweep, within minutes
            waiting = bool(publishing.waiting_schemes())
    with transaction() as session:
        public = {one.check_id: one for one in session.scalars(select(Publication).where(
            Publication.act == "published"))}
        assert not [one for one in trail.verify(session)[1] if "链不符" in one or "缺第" in one]
    assert set(public) == set(plan)
    late = {id_ for id_, (_, due_on, _) in plan.items() if public[id_].day > due_on}
    assert late == {id_ for id_, (_, due_on, day) in plan.items() if day > due_on}, "only where people were"
    assert 0 < len(late) < number / 10
    on_the_last_day = [id_ for id_, (_, due_on, _) in plan.items() if public[id_].day == due_on]
    assert len(on_the_last_day) > number / 10
    for id_, one in public.items():
        _, due_on, _ = plan[id_]
        said = settings.calendar().between(due_on, one.day)
        assert one.content["late_workdays"] == max(0, said)
        assert one.content["due_on"] == due_on.isoformat()
        shown = tree().read(paths.of_business(one.uscc)).decode()
        assert (f"逾期{said}个工作日公示" in shown) == (said > 0)
    assert {plan[id_][0] for id_ in on_the_last_day} >= set(BOUNDARIES[:-1])


def test_what_is_late_and_not_public_is_shown_on_the_front_page_and_on_its_own(after_the_inspections):
    plan = recorded(1, random.Random(1))
    (_, due_on, _), = plan.values()
    for day, shown in ((due_on, False), (due_on + DAY, True)):
        with on_day(day):
            publishing.make_figures()
            publishing.show_scheme(1)
            for page in ("index.html", f"schemes/{after_the_inspections}.html"):
                said = tree().read(page).decode()
                assert ("到期仍未公示的结果" in said) is shown, (day, page)
    assert f"最早的应于{due_on.year}年{due_on.month}月{due_on.day}日前公示" in said
