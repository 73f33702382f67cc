"""The relay (转发): hands what stands in the outbox to Prefect, in a process of its own and with the sweep.

It is woken by PostgreSQL when a change commits and looks by itself every few seconds. A server that is
away costs nothing but waiting; a line that it refuses is found by halving its batch and tried five
times, then it stands on the office's list and the others have long gone.
"""

import random
from collections.abc import Sequence
from threading import Event

import httpx
import structlog

from blocks import engine, prefect_api, settings
from blocks.errors import InspectionError, NotAnswering
from blocks.register import outbox
from blocks.register.database import transaction
from blocks.register.trail import OutboxLine

log = structlog.get_logger()
LOOK_EVERY = 5.0  # seconds
SHORTEST, LONGEST = 0.2, 15.0  # seconds between two questions whether a server is back


def relay(to: httpx.Client) -> int:
    """Hand over one batch; return how many lines were taken up.

    Raises:
        NotAnswering: the server is away; what was not told is given back.
    """
    with transaction() as session:
        lines = outbox.lease(session)
    left = {line.trail_number for line in lines}
    try:
        _hand_over(to, lines, left)
    except NotAnswering as error:
        with transaction() as session:
            outbox.give_back(session, left, error.message)
        raise
    return len(lines)


def _hand_over(to: httpx.Client, lines: Sequence[OutboxLine], left: set[int]) -> None:
    """Tell these lines, or those of them that are not refused; `left` keeps what nobody has seen."""
    if not lines:
        return
    numbers = [line.trail_number for line in lines]
    try:
        engine.post(to, lines)
    except engine.Refused as why:
        if len(lines) > 1:
            half = len(lines) // 2
            _hand_over(to, lines[:half], left)
            _hand_over(to, lines[half:], left)
            return
        with transaction() as session:
            outbox.refused(session, numbers[0], str(why))
    else:
        with transaction() as session:
            outbox.told(session, numbers)
    left.difference_update(numbers)


def relay_rest() -> int:
    """Hand over all that waits, as the sweep does where no relay runs; return how many lines.

    Where events are switched off nobody is told. A server that is away is the relay's to wait for.
    """
    if settings.get().events == "off":
        with transaction() as session:
            outbox.close_all(session)
        return 0
    told = 0
    try:
        with prefect_api.client() as to:
            while new := relay(to):
                told += new
    except NotAnswering as error:
        log.warning("events not taken, they wait", error=error.message)
    return told


def serve(stop: Event) -> None:
    """Relay until told to stop, whatever goes away meanwhile.

    Raises:
        InspectionError: events are switched off.
    """
    if settings.get().events == "off":
        raise InspectionError("事件已关闭（CHOUCHA_EVENTS=off），不用转发", "由巡查推动各流程；要转发请改设 on")
    failures = 0
    while not stop.is_set():
        try:
            with outbox.listening() as wait, prefect_api.client() as to:
                while not stop.is_set():
                    while relay(to):
                        failures = 0
                    wait(LOOK_EVERY)
        except InspectionError as error:
            failures += 1
            log.warning("the relay waits", error=error.message, failures=failures)
            stop.wait(min(SHORTEST * 2 ** failures, LONGEST) * random.uniform(0.5, 1.5))
