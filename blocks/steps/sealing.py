"""The seal (封存): pool, rules, people and sources are fixed and public before any value is known."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.draw import columns
from blocks.draw.beacon import due_at, locate, round_after
from blocks.draw.hashing import canonical_json
from blocks.draw.pool import Pool, of_columns, records_root
from blocks.draw.randomness import Source, instant
from blocks.draw.sealing import build_seal, method_hash, seal_hash
from blocks.draw.strata import sealed_strata
from blocks.register.bench import of_register, personal
from blocks.register.directories import Department, Inspector, Leave
from blocks.register.draws import (
    Draw,
    append_chain,
    as_source,
    chain_head,
    open_draw,
    put_file,
    sources,
)
from blocks.register.due import is_due
from blocks.register.pool import KNOWN, Found, pool
from blocks.register.schemes import Scheme, departments_of
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.rules.regulation import Regulation
from blocks.rules.sampling import strata_rules
from blocks.rules.schemes import publication_time
from blocks.rules.stages import Actor
from blocks.steps.ceremony import contributions_due
from blocks.steps.moments import stamp

BEACON_AFTER = timedelta(minutes=5)  # so that the seal is on the public site before the round
SALT_BYTES = 16
PAIRING_RULES = {
    "objective": "2^35*sum(load*(load-1)/2)+sum(ticket32)", "leaders": 1,
    "candidates": "lowest tickets, leaders and others apart, K=16,32,64,...",
}


@dataclass(frozen=True)
class Lists:
    """What the seal binds and does not publish: canonical JSON, a line a record."""

    exclusions: Any
    inspectors: Any
    interests: Any


def seal(scheme_id: int, actor: Actor) -> str | None:
    """Seal the pool, the rules, the people and the sources, before any random value is known."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        draw = open_draw(session, scheme.id)
        if draw is None or draw.stage != "announced" or not is_due(session, "draw", scheme.id):
            return None
        absent = _drop_uncommitted(session, draw)
        found = pool(session, scheme)
        sealed_at = settings.now().replace(microsecond=0)
        content = _seal_bytes(session, draw, found, sealed_at)
        put_file(session, draw.id, "seal.json", content)
        seal_text = seal_hash(content)
        advance(session, draw, "sealed", actor, seal=seal_text, sealed_at=sealed_at,
                contributions_due=contributions_due(Regulation.from_record(scheme.regulation)),
                details={"seal": seal_text, "absent": absent, "pool": found.candidates.num_rows})
        append_chain(session, draw, "sealed", content)
        return (f"已封存，待抽库{found.candidates.num_rows}家，封存摘要{seal_text[:16]}…，"
                "等待随机数")


def _drop_uncommitted(session: Session, draw: Draw) -> list[str]:
    """Leave out who has not committed in time; the trail names them."""
    absent = [s for s in sources(session, draw.id) if s.kind == "reveal" and s.commitment is None]
    for source in absent:
        session.delete(source)
    session.flush()
    return [source.locator for source in absent]


def _set_due(session: Session, draw: Draw, sealed_at: datetime) -> list[Source]:
    """Let every source fall due after the seal, and return them as the seal names them.

    A public figure falls due when the scheme says it is announced, a secret right after the seal,
    a beacon at the first round that comes long enough after it.
    """
    published = {s.get("locator"): publication_time(s) for s in draw.scheme.randomness["sources"]}
    for source in sources(session, draw.id):
        if source.kind == "drand":
            beacon, _ = locate(f"{source.locator}/1")
            number = round_after(beacon, sealed_at + BEACON_AFTER)
            source.locator = f"{source.locator}/{number}"
            source.due_at = instant(due_at(beacon, number)).replace(tzinfo=UTC)
        else:
            wanted = published.get(source.locator)
            source.due_at = max(sealed_at + timedelta(seconds=1), wanted or sealed_at)
    session.flush()
    return [as_source(source) for source in sources(session, draw.id)]


def _seal_bytes(session: Session, draw: Draw, found: Found, sealed_at: datetime) -> bytes:
    """Write the pool and the lists into the register; return the bytes of seal.json."""
    scheme, hash_name = draw.scheme, draw.hash_name
    regulation = Regulation.from_record(scheme.regulation)
    candidates = _candidates(found, hash_name)
    _put_pool(session, draw, candidates)
    lists = _lists(session, scheme, found)
    for name, lines in vars(lists).items():
        put_file(session, draw.id, f"{name}.jsonl", public=False, content=memoryview(
            columns.content(columns.joined([lines, "\n"]))))
    return build_seal(
        hash_name=hash_name, scheme=scheme.code, draw_number=draw.number,
        previous=chain_head(session), sealed_at=stamp(sealed_at), pool=candidates,
        strata=sealed_strata(strata_rules(scheme.sampling, found.sizes, regulation), found.sizes),
        exclusions=records_root(lists.exclusions, hash_name),
        inspectors=records_root(lists.inspectors, hash_name),
        interests=records_root(lists.interests, hash_name),
        pairing={**PAIRING_RULES, "team": regulation.min_inspectors_per_check},
        sources=_set_due(session, draw, sealed_at),
        method=method_hash(hash_name, settings.method()))


def _candidates(found: Found, hash_name: str) -> Pool:
    rows = found.candidates
    known = columns.canonical_objects({name: rows[name] for name in KNOWN})
    salts = None
    if settings.get().salted_pool:
        random = secrets.token_bytes(SALT_BYTES * rows.num_rows)
        salts = columns.hexadecimal(np.frombuffer(random, np.uint8).reshape(-1, SALT_BYTES))
    return of_columns(rows["uscc"], rows["stratum"], salts=salts,
                      attributes=columns.digests(known, hash_name))


def _put_pool(session: Session, draw: Draw, candidates: Pool) -> None:
    """Keep pool.tsv; where its lines are salted, only their hashes become public."""
    salted = settings.get().salted_pool
    put_file(session, draw.id, "pool.tsv", candidates.tsv, public=not salted)
    if salted:
        leaves = columns.joined([columns.hexadecimal(candidates.leaves(draw.hash_name)), "\n"])
        put_file(session, draw.id, "leaves.txt", memoryview(columns.content(leaves)))


def _lists(session: Session, scheme: Scheme, found: Found) -> Lists:
    parties = departments_of(session, scheme)
    excluded = {"id": found.excluded["uscc"], "reason": found.excluded["reason"]}
    return Lists(columns.canonical_objects(excluded), _lines(_inspectors(session, parties)),
                 _lines(_interests(session, scheme, parties)))


def _lines(records: Iterable[Mapping[str, Any]]):
    return columns.text(sorted(canonical_json(dict(record)).decode() for record in records))


def _inspectors(session: Session, parties: Sequence[Department]) -> list[dict[str, Any]]:
    codes = {d.id: d.code for d in parties}
    people = session.scalars(select(Inspector).where(
        Inspector.department_id.in_(codes), Inspector.active)).all()
    leaves: dict[int, list[list[str]]] = {person.id: [] for person in people}
    for leave in session.scalars(select(Leave).where(
            Leave.inspector_id.in_(leaves)).order_by(Leave.first)):
        leaves[leave.inspector_id].append([leave.first.isoformat(), leave.last.isoformat()])
    return [{"certificate_no": i.certificate_no, "department": codes[i.department_id],
             "county": i.county_code or "", "may_lead": i.may_lead, "items": sorted(i.item_codes),
             "from": i.certificate_from.isoformat(), "to": i.certificate_to.isoformat(),
             "leave": leaves[i.id]} for i in people]


def _interests(session: Session, scheme: Scheme, parties: Sequence[Department]) -> list[dict]:
    """Return who is kept from which business by an interest of his or her own, known at the seal."""
    benches = [of_register(session, scheme, department, ()) for department in parties]
    return [{"certificate_no": number, "id": uscc, "reason": reason}
            for kept in personal(session, benches) for uscc, reasons in kept.items()
            for number, reason in reasons.items()]
