"""Publish what is reviewed (公示, art. 11): written, read back, then public in the register."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine
from blocks.public_site.pages import write_scheme
from blocks.public_site.results import as_json, versions
from blocks.register.due import reviewed_waiting, schemes_due
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.register.visits import Check, Publication, live_checks
from blocks.rules.stages import Actor


def waiting_schemes() -> list[int]:
    """Return the schemes with reviewed results that are not public yet."""
    with engine.change() as session:
        return schemes_due(session, reviewed_waiting())


def publish(scheme_id: int, actor: Actor) -> str | None:
    """Publish a scheme's reviewed and corrected results; finish the scheme when all are public.

    The files come first and are read back; dying before the commit leaves pages that the next run
    writes again the same. Each version of a result is a file of its own that never changes.
    """
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        waiting = [c for c in live_checks(session, scheme.id)
                   if c.stage in ("reviewed", "corrected")]
        for check in waiting:
            _publish_check(session, check, actor)
        unfinished = [c for c in live_checks(session, scheme.id) if c.stage != "public"]
        finished = scheme.stage == "concluded" and not unfinished
        if finished:
            advance(session, scheme, "publicised", actor)
        session.flush()
        write_scheme(session, scheme)
        if not waiting and not finished:
            return None
        return f"公示{len(waiting)}份检查结果" + ("，本方案结果全部公示" if finished else "")


def _publish_check(session: Session, check: Check, actor: Actor) -> None:
    public = set(session.scalars(select(Publication.record_number).where(
        Publication.check_id == check.id)))
    new = [r for r in check.records if r.verdict == "reviewed" and r.number not in public]
    for record, told in zip(new, versions(session, check, new), strict=True):
        path = f"results/{check.id}-{record.number}.json"
        content = as_json(told)
        session.add(Publication(check_id=check.id, record_number=record.number, path=path,
                                sha256=hashlib.sha256(content).hexdigest()))
    advance(session, check, "public", actor,
            verb="公示更正" if check.stage == "corrected" else None,
            details={"versions": [r.number for r in new]})


def refresh_site(scheme_id: int) -> None:
    """Write a scheme's pages and draw folders from the register as it stands."""
    with engine.change() as session:
        write_scheme(session, find_scheme(session, scheme_id))
