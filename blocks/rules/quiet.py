"""Quiet hours (免打扰): when a message may be sent at the earliest."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from blocks.workdays import WorkCalendar

Hours = tuple[time, time]
FURTHEST = 60  # days looked ahead; no holiday is longer


def is_quiet(at: datetime, hours: Hours) -> bool:
    """Tell whether a moment lies in the hours from … to …, which may go over midnight."""
    first, last = hours
    clock = at.time()
    return first <= clock < last if first <= last else clock >= first or clock < last


def allowed_from(now: datetime, quiet: Sequence[Hours], calendar: WorkCalendar | None) -> datetime:
    """Return the first moment from `now` on outside all quiet hours, on a workday if a calendar is given.

    Args:
        now: local time of the city.
    """
    at = now
    for _ in range(FURTHEST * (len(quiet) + 1)):
        if calendar is not None and not calendar.is_workday(at.date()):
            at = datetime.combine(at.date() + timedelta(1), time(0), at.tzinfo)
            continue
        inside = next((hours for hours in quiet if is_quiet(at, hours)), None)
        if inside is None:
            return at
        end = datetime.combine(at.date(), inside[1], at.tzinfo)
        at = end if end > at else end + timedelta(1)
    return now  # quiet hours that never end are a mistake; the message is not lost for it
