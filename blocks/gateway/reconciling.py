"""Both sides compared (核对) by counts and hashes; only where these differ, line by line."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine
from blocks.errors import NotAnswering, NotTaken
from blocks.gateway.client import Platform
from blocks.register import differences
from blocks.register.exchanges import KINDS, Exchange
from blocks.register.schemes import Scheme
from blocks.rules.stages import Actor

if TYPE_CHECKING:
    from blocks.gateway.block import Gateway

OPEN = ("prepared", "sent", "unknown")
Lines = dict[str, dict]


def reconcile(gateway: "Gateway", actor: Actor) -> str | None:
    """Compare every scheme's exchanges with what the platform has; None where it can only be done by files.

    A platform that does not answer is asked again the next night.
    """
    if gateway.mode != "http":
        return None
    with engine.change() as session:
        codes = dict(session.execute(select(Scheme.id, Scheme.code).where(Scheme.id.in_(
            select(Exchange.scheme_id))).order_by(Scheme.id)).all())
    equal, told = 0, []
    try:
        with gateway.platform() as platform:
            for scheme_id, code in codes.items():
                said = _scheme(platform, scheme_id, code, actor)
                equal += said is None
                told += [f"{code}：{said}"] if said else []
    except (NotTaken, NotAnswering) as error:
        told.append(f"与平台核对中断：{error}")
    return "；".join([f"与平台核对{len(codes)}个方案，{equal}个一致", *told])


def _scheme(platform: Platform, scheme_id: int, code: str, actor: Actor) -> str | None:
    """Compare one scheme; None where both sides are the same."""
    theirs_in_all = platform.summary(code)
    with engine.change() as session:
        ours, _, unsettled = _ours(session, scheme_id)
        was_open = [one for one in differences.open_ones(session, "exchanges") if one.key.split(":")[1] == code]
    if not unsettled and not was_open and summary(ours) == (theirs_in_all["number"], theirs_in_all["sha"]):
        return None
    theirs = {one["key"]: _line(one["kind"], one["sha"], one["rows"]) for one in platform.exchanges(code)}
    with engine.change() as session:
        ours, ids, unsettled = _ours(session, scheme_id)
        settled = {key: line for key, line in theirs.items() if key not in unsettled}
        if ours == settled and not was_open:
            return None
        return str(differences.compare(session, "exchanges", ours, settled, "与平台核对", actor, ids))


def _ours(session: Session, scheme_id: int) -> tuple[Lines, Mapping[str, int], set[str]]:
    """Return what the platform must have, the ids of everything told, and what is not settled yet."""
    all_ = list(session.scalars(select(Exchange).where(Exchange.scheme_id == scheme_id)))
    return ({one.key: _line(one.kind, one.sha, len(one.content)) for one in all_ if one.stage == "acknowledged"},
            {one.key: one.id for one in all_}, {one.key for one in all_ if one.stage in OPEN})


def _line(kind: str, sha: str, rows: int) -> dict:
    return {"name": KINDS.get(kind, kind), "sha": sha, "rows": rows}


def summary(lines: Lines) -> tuple[int, str]:
    """Return the count and the hash that both sides work out: SHA-256 over the sorted lines `key sha`."""
    told = sorted(f"{key} {line['sha']}" for key, line in lines.items())
    return len(told), hashlib.sha256("\n".join(told).encode()).hexdigest()
