"""The sweep's work: start the flows that the register says are due."""

from datetime import timedelta

import structlog
from sqlalchemy import select

from blocks import engine, settings
from blocks.errors import NotAnswering
from blocks.register.due import MOST_TRIES, Work, find
from blocks.register.schemes import Attempt
from blocks.steps import relaying, stale_runs, watching

log = structlog.get_logger()


def sweep() -> str:
    """Start what is due and nobody woke; return a Chinese sentence of what was started.

    Raises:
        NotAnswering: Prefect does not answer.
    """
    with watching.round_of("sweep") as alone:
        if not alone:
            return "另一次巡查正在进行"
        told = relaying.relay_rest()
        with engine.change() as session:
            due = find(session)
        started = [work for work in due if _start(work)]
        settled, missed = _settled(), watching.look_after_the_night()
    names = "、".join(engine.DEPLOYMENTS[work.flow].split("/")[0] for work in started)
    again = f"，补发事件{told}条" if told else ""
    alarm, stale = f"{missed}。" if missed else "", f"，{settled}" if settled else ""
    return f"{alarm}待办{len(due)}项，启动{len(started)}项{'：' + names if names else ''}{again}{stale}"


def _settled() -> str | None:
    """Let Prefect's picture of its runs be true; where it is away there is none to correct."""
    try:
        return stale_runs.settle()
    except NotAnswering as error:
        log.warning("the engine's runs could not be looked at", error=error.message)
        return None


def _start(work: Work) -> bool:
    """Start one due work unless a start of it is still fresh or its tries are used up.

    The intent is committed before Prefect is asked; the idempotency key makes a repeat harmless.
    """
    patience = timedelta(seconds=settings.get().patience_seconds)
    with engine.change() as session:
        attempt = session.scalar(select(Attempt).where(Attempt.key == work.key).with_for_update())
        if attempt and (attempt.tries >= MOST_TRIES or settings.now() - attempt.last_at < patience):
            return False
        if attempt is None:
            attempt = Attempt(key=work.key, flow=work.flow, scheme_id=work.scheme_id, tries=0,
                              last_run="")
            session.add(attempt)
        attempt.tries, attempt.last_at = attempt.tries + 1, settings.now()
        key = f"{work.key}:{attempt.tries}"
    parameters = {} if work.scheme_id is None else {"scheme": str(work.scheme_id)}
    try:
        run, _ = engine.start(work.flow, parameters, key)
    except NotAnswering:
        with engine.change() as session:  # it was never tried: the same key may be used again
            session.get_one(Attempt, work.key).tries -= 1
        raise
    with engine.change() as session:
        session.get_one(Attempt, work.key).last_run = run
    return True
