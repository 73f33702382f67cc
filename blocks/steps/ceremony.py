"""The draw's ceremony: announce, seal, cast, pair the lead's inspectors (art. 3, 9; draw.md).

Each step is one transaction: dying between two leaves the register at a step that the next run
takes up. The bytes of a draw's files are in the register; folders are copies.
"""

import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.draw.chain import next_line
from blocks.draw.hashing import ZERO, canonical_json, hexdigest
from blocks.draw.pool import (
    Candidate,
    attributes_hash,
    parse_pool,
    pool_lines,
    pool_tsv,
    records_root,
)
from blocks.draw.randomness import Source
from blocks.draw.result import build_result
from blocks.draw.sealing import build_seal, method_hash, seal_hash
from blocks.draw.seed import base, seed_text
from blocks.draw.strata import sealed_strata
from blocks.register.directories import Department, Inspector, Interest, Target
from blocks.register.draws import (
    ChainLine,
    Draw,
    DrawSource,
    DrawTicket,
    chain,
    file_bytes,
    open_draw,
    put_file,
    sources,
)
from blocks.register.due import is_due
from blocks.register.pool import Pool, pool
from blocks.register.schemes import Scheme, departments_of
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance, begin
from blocks.rules.deadlines import due as due_of
from blocks.rules.regulation import Regulation
from blocks.rules.sampling import strata_rules
from blocks.rules.schemes import publication_time
from blocks.rules.stages import Actor
from blocks.steps.moments import stamp

CHAIN_LOCK = 7003
PAIRING_RULES = {
    "objective": "2^35*sum(load*(load-1)/2)+sum(ticket32)", "leaders": 1,
    "candidates": "lowest tickets, leaders and others apart, K=16,32,64,...",
}


def _contributions_due(regulation: Regulation) -> datetime:
    day = due_of("contribution", settings.today(), settings.calendar(), regulation).on
    return datetime.combine(day, time(23, 59, 59), settings.SHANGHAI)


def announce(scheme_id: int, actor: Actor) -> str | None:
    """Announce the draw of an approved scheme and name its sources of randomness."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        if scheme.stage != "approved" or open_draw(session, scheme.id):
            return None
        regulation = Regulation.from_record(scheme.regulation)
        number = 1 + (session.scalar(select(func.count()).where(
            Draw.scheme_id == scheme.id)) or 0)
        draw = Draw(scheme=scheme, scheme_id=scheme.id, number=number, hash_name=regulation.hash,
                    contributions_due=_contributions_due(regulation))
        begin(session, draw, actor)
        entries = _sources_of(session, scheme)
        session.add_all(DrawSource(draw_id=draw.id, position=i, **entry)
                        for i, entry in enumerate(entries, 1))
        return f"已预告第{number}次抽取，等待{sum(e['kind'] == 'reveal' for e in entries)}个部门的随机数承诺"


def _sources_of(session: Session, scheme: Scheme) -> list[dict[str, Any]]:
    """Return the sources in sealed order: every department's secret first, then public figures."""
    wanted = scheme.randomness["sources"]
    entries: list[dict[str, Any]] = []
    if any(source["kind"] == "reveal" for source in wanted):
        parties = sorted(departments_of(session, scheme), key=lambda d: d.code)
        entries += [{"kind": "reveal", "locator": d.code, "department_id": d.id} for d in parties]
    return entries + [{"kind": s["kind"], "locator": s["locator"]} for s in wanted
                      if s["kind"] != "reveal"]


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
        sealed = _set_due(session, draw, sealed_at)
        content = _seal_bytes(session, draw, found, sealed_at, sealed)
        put_file(session, draw.id, "seal.json", content)
        seal_text = seal_hash(content)
        advance(session, draw, "sealed", actor, seal=seal_text, sealed_at=sealed_at,
                contributions_due=_contributions_due(Regulation.from_record(scheme.regulation)),
                details={"seal": seal_text, "absent": absent, "pool": len(found.candidates)})
        _chain(session, draw, "sealed", content)
        return f"已封存，待抽库{len(found.candidates)}家，封存摘要{seal_text[:16]}…，等待随机数"


def _drop_uncommitted(session: Session, draw: Draw) -> list[str]:
    """Leave out who has not committed in time; the trail names them."""
    absent = [s for s in sources(session, draw.id) if s.kind == "reveal" and s.commitment is None]
    for source in absent:
        session.delete(source)
    session.flush()
    return [source.locator for source in absent]


def _set_due(session: Session, draw: Draw, sealed_at: datetime) -> list[Source]:
    """Let every source fall due after the seal, and return them as the seal names them.

    A public figure falls due when the scheme says it is announced, a secret right after the seal.
    """
    sealed = []
    published = {s.get("locator"): publication_time(s) for s in draw.scheme.randomness["sources"]}
    for source in sources(session, draw.id):
        wanted = published.get(source.locator)
        source.due_at = max(sealed_at + timedelta(seconds=1), wanted or sealed_at)
        sealed.append(Source(source.kind, source.locator, stamp(source.due_at),
                             source.commitment))
    return sealed


def _seal_bytes(session: Session, draw: Draw, found: Pool, sealed_at: datetime,
                sealed: Sequence[Source]) -> bytes:
    """Write pool.tsv and the private lists into the register; return the bytes of seal.json."""
    scheme, hash_name = draw.scheme, draw.hash_name
    regulation = Regulation.from_record(scheme.regulation)
    candidates = [Candidate(t.uscc, stratum,
                            attributes_hash=attributes_hash(_attributes(t), hash_name))
                  for t, stratum in found.candidates]
    lines = pool_lines(candidates)
    put_file(session, draw.id, "pool.tsv", pool_tsv(lines))
    parties = departments_of(session, scheme)
    lists = {
        "exclusions": [{"id": t.uscc, "reason": reason}
                       for t, reason in found.excluded],
        "inspectors": _inspectors(session, parties),
        "interests": _interests(session, parties),
    }
    for name, records in lists.items():
        put_file(session, draw.id, f"{name}.jsonl", public=False,
                 content=b"".join(sorted(canonical_json(r) + b"\n" for r in records)))
    method = {p.name: p.read_bytes() for p in (settings.ROOT / "blocks" / "draw").glob("*.py")}
    last = _last_link(session)
    return build_seal(
        hash_name=hash_name, scheme=scheme.code, draw_number=draw.number,
        previous=last["head"] if last else ZERO, sealed_at=stamp(sealed_at), pool_lines=lines,
        strata=sealed_strata(strata_rules(scheme.sampling, found.sizes, regulation), candidates),
        exclusions=records_root(lists["exclusions"], hash_name),
        inspectors=records_root(lists["inspectors"], hash_name),
        interests=records_root(lists["interests"], hash_name),
        pairing={**PAIRING_RULES, "team": regulation.min_inspectors_per_check},
        sources=sealed, method=method_hash(hash_name, method))


def _attributes(target: Target) -> dict[str, str]:
    return {"name": target.name, "county": target.county_code, "kind": target.kind,
            "risk_class": target.risk_class}


def _inspectors(session: Session, parties: Sequence[Department]) -> list[dict[str, Any]]:
    codes = {d.id: d.code for d in parties}
    return [{"certificate_no": i.certificate_no, "department": codes[i.department_id],
             "county": i.county_code or "", "may_lead": i.may_lead, "items": sorted(i.item_codes),
             "from": i.certificate_from.isoformat(), "to": i.certificate_to.isoformat()}
            for i in session.scalars(select(Inspector).where(
                Inspector.department_id.in_(codes), Inspector.active))]


def _interests(session: Session, parties: Sequence[Department]) -> list[dict]:
    rows = session.execute(select(Inspector.certificate_no, Target.uscc).join(
        Interest, Interest.inspector_id == Inspector.id).join(
        Target, Target.id == Interest.target_id).where(
        Inspector.department_id.in_([d.id for d in parties])))
    return [{"certificate_no": no, "id": uscc} for no, uscc in rows]


def cast(scheme_id: int, actor: Actor) -> str | None:
    """Take the randomness and draw: result.json, tickets and reserves, the next link of the chain."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        draw = open_draw(session, scheme.id)
        if draw is None or draw.stage != "sealed" or not is_due(session, "draw", scheme.id):
            return None
        given = sources(session, draw.id)
        seal_bytes = file_bytes(session, draw.id, "seal.json")
        seed_bytes = seed_text(seal_bytes, [s.value for s in given])
        candidates = parse_pool(file_bytes(session, draw.id, "pool.tsv"))
        content = build_result(seal_bytes=seal_bytes, seed_bytes=seed_bytes, pool=candidates,
                               evidence=[_evidence(s) for s in given])
        put_file(session, draw.id, "seed.txt", seed_bytes)
        put_file(session, draw.id, "result.json", content)
        drawn = _tickets(session, draw, json.loads(content))
        missing = [s.locator for s in given if s.value is None]
        advance(session, draw, "drawn", actor, base=base(seed_bytes, draw.hash_name),
                details={"drawn": drawn, "missing": missing})
        _chain(session, draw, "drawn", content)
        absent = f"（{'、'.join(missing)}未揭示，已公开记载）" if missing else ""
        return f"已抽取{drawn}家{absent}"


def _evidence(source: DrawSource) -> dict[str, Any]:
    evidence: dict[str, Any] = {"kind": source.kind, "locator": source.locator}
    if source.given_at:
        evidence["given_at"] = stamp(source.given_at)
    if source.confirmed_by_id:
        evidence["typed_by"] = 2
    return evidence


def _tickets(session: Session, draw: Draw, result: dict) -> int:
    """Write who was drawn and who stands in reserve; return how many were drawn."""
    ids = [e["id"] for s in result["strata"] for e in s["drawn"] + s["reserves"]]
    targets = dict(session.execute(select(Target.uscc, Target.id).where(
        Target.uscc.in_(ids))).all())
    drawn = 0
    for stratum in result["strata"]:
        for name in ("drawn", "reserves"):
            for entry in stratum[name]:
                session.add(DrawTicket(draw_id=draw.id, candidate_id=entry["id"],
                                       target_id=targets[entry["id"]], stratum=stratum["code"],
                                       rank=entry["rank"], is_reserve=name == "reserves"))
                drawn += name == "drawn"
    return drawn


def _last_link(session: Session) -> dict | None:
    session.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
    lines = chain(session)
    return lines[-1] if lines else None


def _chain(session: Session, draw: Draw, kind: str, content: bytes) -> None:
    """Add the next link to the city's chain over all draws."""
    line = next_line(_last_link(session), kind, draw.scheme.code, draw.number,
                     hexdigest(draw.hash_name, content), draw.hash_name)
    session.add(ChainLine(number=line["number"], line=line))
    session.flush()
