"""When each visit takes place: no inspector at two visits in one half day (G15)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from blocks.workdays import WorkCalendar

HALVES = ("am", "pm")
Slot = tuple[date, str]


def half_days(first: date, last: date, calendar: WorkCalendar) -> list[Slot]:
    """Return the half days of the workdays from `first` to `last`, in order."""
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return [(day, half) for day in days if calendar.is_workday(day) for half in HALVES]


@dataclass(frozen=True)
class Appointment:
    """A visit that is to take place along with another: when, and who must be free for it."""

    slot: Slot
    people: tuple[str, ...]


def fix_times(teams: Mapping[int, Iterable[str]], slots: list[Slot],
              taken: set[tuple[str, date, str]], *,
              away: Mapping[str, Collection[date]] | None = None,
              along: Mapping[int, Appointment] | None = None,
              within: Mapping[int, tuple[date, date]] | None = None) -> dict[int, Slot]:
    """Give each visit a half day on which its whole team is free.

    Spread out over the window, so that in any half day people are left to take a recused
    inspector's seat; packed from its first day where spreading leaves a visit without a time.
    `teams`: visit id → inspectors. `taken`: (inspector, day, half) already bound. `away`: the days
    on which an inspector is on leave. `along`: visits merged with another come first and take its
    time if they can (art. 14); `within`: the days that suit all of whom a visit is merged with.
    A visit for which no half day is left is missing from the answer: its window is too short.
    """
    suiting = {visit: [slot for slot in slots if first <= slot[0] <= last]
               for visit, (first, last) in (within or {}).items()}
    bound = set(taken) | {(person, day, half) for person, days in (away or {}).items()
                          for day in days for half in HALVES}
    merged = _join(along or {}, slots, bound)
    rest = {visit: tuple(team) for visit, team in teams.items() if visit not in merged}
    spread = _fix(rest, slots, suiting, bound, emptiest_first=True)
    packed = spread if len(spread) == len(rest) else _fix(
        rest, slots, suiting, bound, emptiest_first=False)
    return merged | (packed if len(packed) > len(spread) else spread)


def _join(along: Mapping[int, Appointment], slots: list[Slot],
          bound: set[tuple[str, date, str]]) -> dict[int, Slot]:
    """Return who can keep the appointment, and bind them."""
    kept: dict[int, Slot] = {}
    for visit, wanted in along.items():
        needed = {(person, *wanted.slot) for person in wanted.people}
        if wanted.slot in slots and not needed & bound:
            kept[visit] = wanted.slot
            bound |= needed
    return kept


def _fix(teams: Mapping[int, tuple[str, ...]], slots: list[Slot],
         suiting: Mapping[int, list[Slot]], taken: set[tuple[str, date, str]], *,
         emptiest_first: bool) -> dict[int, Slot]:
    bound, fixed = set(taken), {}
    load = Counter((day, half) for _, day, half in taken)
    for visit_id, people in teams.items():
        free = [s for s in suiting.get(visit_id) or slots
                if not any((p, *s) in bound for p in people)]
        if free:
            chosen = min(free, key=load.__getitem__) if emptiest_first else free[0]
            fixed[visit_id] = chosen
            bound.update((p, *chosen) for p in people)
            load[chosen] += len(people)
    return fixed
