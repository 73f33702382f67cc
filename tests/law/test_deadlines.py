"""Clocks and the ladder of reminders (art. 5, 11)."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from blocks.rules.deadlines import CLOCKS, due, reminder_rung
from blocks.rules.regulation import Regulation
from blocks.rules.stages import MOVES
from blocks.workdays import WorkCalendar

CONFIG = Path(__file__).resolve().parents[2] / "config"
CALENDAR = WorkCalendar.from_years(
    yaml.safe_load((CONFIG / "calendar" / f"{year}.yaml").read_text("utf-8"))
    for year in range(2019, 2027))
REGULATION = Regulation.in_force(
    yaml.safe_load((CONFIG / "regulation.yaml").read_text("utf-8")), date(2026, 1, 1))


@pytest.mark.parametrize(("clock", "started_on", "on"), [
    ("publicity", date(2026, 3, 2), date(2026, 3, 30)),
    ("publicity", date(2026, 2, 6), date(2026, 3, 12)),   # across the Spring Festival
    ("publicity", date(2026, 9, 18), date(2026, 10, 22)),  # two holidays, make-up Sunday, Saturday
    ("acceptance", date(2026, 2, 12), date(2026, 2, 24)),  # Fri, make-up Sat, first day after
    ("approval", date(2026, 2, 12), date(2026, 2, 26)),
    ("staffing", date(2026, 4, 30), date(2026, 5, 8)),
    ("recording", date(2026, 4, 30), date(2026, 5, 11)),   # make-up Saturday 9 May
    ("review", date(2026, 11, 27), date(2026, 12, 2)),
    ("recusal", date(2026, 11, 26), date(2026, 12, 1)),
    ("contribution", date(2026, 11, 20), date(2026, 11, 24)),
])
def test_due_date_of_each_clock(clock, started_on, on):
    assert due(clock, started_on, CALENDAR, REGULATION).on == on


def test_only_publicity_is_law():
    assert [code for code, clock in CLOCKS.items() if clock.source.startswith("art.")] == [
        "publicity"]


def test_every_clock_has_its_length_and_a_label_of_its_own():
    assert all(getattr(REGULATION, clock.attribute) > 0 for clock in CLOCKS.values())
    assert len({clock.label for clock in CLOCKS.values()}) == len(CLOCKS)
    assert all(clock.awaited for clock in CLOCKS.values())


def test_moves_start_and_meet_known_clocks_only_and_every_clock_is_started():
    started = {clock for move in MOVES for clock in move.starts}
    assert started == set(CLOCKS)
    assert {clock for move in MOVES for clock in move.meets} <= started


def test_result_of_31_december_with_2027_missing_is_provisional_and_early():
    counted = due("publicity", date(2026, 12, 31), CALENDAR, REGULATION)
    assert counted.provisional
    assert counted.on == date(2027, 1, 26)
    assert "最早可能" in counted.explained


def rung(today: date, due_on: date = date(2026, 11, 26)) -> int | None:
    return reminder_rung(due_on, today, CALENDAR, REGULATION)


@pytest.mark.parametrize(("today", "expected"), [
    (date(2026, 11, 11), None),   # 11 left
    (date(2026, 11, 12), 10),
    (date(2026, 11, 13), None),
    (date(2026, 11, 19), 5),
    (date(2026, 11, 20), None),
    (date(2026, 11, 21), None),   # Saturday
    (date(2026, 11, 22), None),   # Sunday: as many left as on Friday, and nobody is told twice
    (date(2026, 11, 23), 3),
    (date(2026, 11, 24), None),
    (date(2026, 11, 25), 1),
    (date(2026, 11, 26), 0),
    (date(2026, 11, 27), -1),
    (date(2026, 11, 28), None),
    (date(2026, 11, 30), -2),
    (date(2026, 12, 1), -3),      # the letter of supervision
])
def test_rung_of_the_ladder(today, expected):
    assert rung(today) == expected


def test_reminders_count_over_a_holiday_and_come_on_a_make_up_saturday():
    assert rung(date(2026, 2, 13), date(2026, 2, 24)) is None   # two left
    assert rung(date(2026, 2, 14), date(2026, 2, 24)) == 1
    assert rung(date(2026, 2, 23), date(2026, 2, 24)) is None
    assert rung(date(2026, 2, 24), date(2026, 2, 24)) == 0


def test_each_rung_comes_once_in_order_and_then_every_workday():
    days = [date(2026, 9, 1) + timedelta(n) for n in range(80)]
    rungs = [r for d in days if (r := rung(d, date(2026, 10, 21))) is not None]
    assert rungs[:5] == [10, 5, 3, 1, 0]
    assert rungs[5:] == list(range(-1, -len(rungs) + 4, -1))
