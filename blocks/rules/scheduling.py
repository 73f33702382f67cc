"""When each visit takes place: no inspector at two visits in one half day (G15)."""

from collections import Counter
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
    """Give each visit a half day on which its whole team is free.

    Spread out over the window, so that in any half day people are left to take a recused
    inspector's seat; packed from its first day where spreading leaves a visit without a time.
    `teams`: visit id → inspectors. `taken`: (inspector, day, half) already bound. A visit for
    which no half day is left is missing from the answer: its window is too short.
    """
    spread = _fix(teams, slots, taken, emptiest_first=True)
    if len(spread) == len(teams):
        return spread
    packed = _fix(teams, slots, taken, emptiest_first=False)
    return packed if len(packed) > len(spread) else spread


def _fix(teams: Mapping[int, Iterable[str]], slots: list[Slot],
         taken: set[tuple[str, date, str]], *, emptiest_first: bool) -> dict[int, Slot]:
    bound, fixed = set(taken), {}
    load = Counter((day, half) for _, day, half in taken)
    for visit_id, team in teams.items():
        people = tuple(team)
        free = [s for s in slots if not any((p, *s) in bound for p in people)]
        if free:
            chosen = min(free, key=load.__getitem__) if emptiest_first else free[0]
            fixed[visit_id] = chosen
            bound.update((p, *chosen) for p in people)
            load[chosen] += len(people)
    return fixed
