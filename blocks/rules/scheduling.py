"""When each visit takes place: no inspector at two visits in one half day (G15)."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from blocks.workdays import WorkCalendar

HALVES = ("am", "pm")
Slot = tuple[date, str]


def half_days(first: date, last: date, calendar: WorkCalendar) -> list[Slot]:
    """Return the half days of the workdays from `first` to `last`, in order."""
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return [(day, half) for day in days if calendar.is_workday(day) for half in HALVES]


def fix_times(teams: Mapping[int, Iterable[str]], slots: list[Slot],
              taken: set[tuple[str, date, str]]) -> dict[int, Slot]:
    """Give each visit the first half day on which its whole team is free.

    `teams`: visit id → inspectors. `taken`: (inspector, day, half) already bound. A visit for
    which no half day is left is missing from the answer: its window is too short.
    """
    taken, fixed = set(taken), {}
    for visit_id, team in teams.items():
        people = tuple(team)
        free = next((s for s in slots if not any((p, *s) in taken for p in people)), None)
        if free is not None:
            fixed[visit_id] = free
            taken.update((p, *free) for p in people)
    return fixed
