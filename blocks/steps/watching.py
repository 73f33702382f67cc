"""Watching over what runs by itself (自动任务的值守): each round is remembered, a missed night is told (G18)."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import structlog

from blocks import engine, settings
from blocks.messages import write
from blocks.register import notices, rounds
from blocks.register.database import only_one
from blocks.register.directories import account

log = structlog.get_logger()


@contextmanager
def round_of(kind: str) -> Iterator[bool]:
    """Hold the lock of the sweep or of the night; yields False where another run holds it.

    The round is remembered from its begin; only one that went well is remembered to have ended.
    """
    with only_one(kind) as alone:
        if not alone:
            yield False
            return
        with engine.change() as session:
            number = rounds.begin(session, kind)
        yield True
        with engine.change() as session:
            rounds.end(session, number)


def tell_outside(*, failed: bool = False) -> None:
    """Say outside the house that we are well, or are not: whoever listens there alarms at silence too."""
    url = settings.get().deadman_url
    if url:
        try:
            httpx.get(url.rstrip("/") + ("/fail" if failed else ""), timeout=10).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("the dead-man's hook does not answer", error=str(error))


def look_after_the_night() -> str | None:
    """Tell operator (once a day) and outside where the night was missed; else outside that all is well."""
    wanted = settings.get().operator
    with engine.change() as session:
        missed = rounds.night_missed(session)
        if missed:
            subject, body = write("missed_night", what=missed)
            notices.queue(session, f"missed-night:{settings.today()}", "missed_night", subject, body,
                          account_id=account(session, wanted).id if wanted else None)
    tell_outside(failed=bool(missed))
    return missed
