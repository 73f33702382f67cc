"""The draw's ceremony: announce, gather the randomness, draw (art. 3, 9; draw.md).

Each step is one transaction: dying between two leaves the register at a step that the next run
takes up. The bytes of a draw's files are in the register; folders are copies.
"""

import json
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from sqlalchemy import BigInteger, Boolean, Text, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from blocks import beacons, engine, settings
from blocks.draw.beacon import locate
from blocks.draw.pool import parse_pool
from blocks.draw.randomness import enough
from blocks.draw.result import build_result
from blocks.draw.seed import base, seed_text
from blocks.errors import DrawError, NotAnswering
from blocks.register import notices
from blocks.register.directories import Target
from blocks.register.draws import (
    Draw,
    DrawSource,
    DrawTicket,
    append_chain,
    as_source,
    file_bytes,
    open_draw,
    put_file,
    sources,
)
from blocks.register.due import beacons_due, may_cast
from blocks.register.schemes import Scheme, departments_of
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance, begin
from blocks.rules.deadlines import due as due_of
from blocks.rules.regulation import Regulation
from blocks.rules.stages import Actor
from blocks.steps.moments import stamp


def contributions_due(regulation: Regulation) -> datetime:
    """Return until when the departments may commit, or after the seal reveal."""
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
                    contributions_due=contributions_due(regulation))
        begin(session, draw, actor)
        entries = _sources_of(session, scheme)
        session.add_all(DrawSource(draw_id=draw.id, position=i, **entry)
                        for i, entry in enumerate(entries, 1))
        return f"已预告第{number}次抽取，等待{sum(e['kind'] == 'reveal' for e in entries)}个部门的随机数承诺"


def _sources_of(session: Session, scheme: Scheme) -> list[dict[str, Any]]:
    """Return the sources in sealed order: every department's secret first, then what is public.

    A drand source gets its round at the seal; until then its locator is the chain alone.
    """
    wanted = scheme.randomness["sources"]
    entries: list[dict[str, Any]] = []
    if any(source["kind"] == "reveal" for source in wanted):
        parties = sorted(departments_of(session, scheme), key=lambda d: d.code)
        entries += [{"kind": "reveal", "locator": d.code, "department_id": d.id} for d in parties]
    return entries + [{"kind": s["kind"], "locator": s["locator"]} for s in wanted
                      if s["kind"] != "reveal"]


def gather(scheme_id: int, actor: Actor) -> str | None:
    """Fetch the beacon rounds that have fallen due; who does not answer is asked again later.

    Nothing is locked while the network is waited for. A round is the same whoever fetches it, so
    two runs at once only ask twice.
    """
    with engine.change() as session:
        draw = open_draw(session, scheme_id)
        due = list(session.scalars(beacons_due().where(
            DrawSource.draw_id == draw.id))) if draw else []
    told = [_fetch(scheme_id, source, actor) for source in due]
    return "；".join(filter(None, told)) or None


def _fetch(scheme_id: int, wanted: DrawSource, actor: Actor) -> str | None:
    try:
        found = beacons.fetch(*locate(wanted.locator), settings.get().beacon_urls.split())
    except NotAnswering as error:
        with engine.change() as session:
            session.get_one(DrawSource, wanted.id).tried_at = settings.now()
        return f"随机信标 {wanted.locator} 尚未取得（{error.message}），稍后再取"
    with engine.change() as session:
        find_scheme(session, scheme_id, lock=True)
        source = session.get_one(DrawSource, wanted.id, with_for_update=True)
        draw = session.get_one(Draw, source.draw_id)
        if source.value is not None or draw.stage != "sealed":
            return None
        source.value, source.given_at = found.randomness, settings.now()
        source.evidence = {"signature": found.signature} | (
            {"previous_signature": found.previous_signature} if found.previous_signature else {})
        advance(session, draw, "sealed", actor, verb="取得随机信标",
                details={"locator": source.locator})
        return f"随机信标 {source.locator} 已取得，签名有效"


def cast_lots(scheme_id: int, actor: Actor) -> str | None:
    """Take the randomness and draw: result.json, tickets and reserves, the next link of the chain."""
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        draw = open_draw(session, scheme.id)
        if draw is None or draw.stage != "sealed" or not may_cast(session, draw.id):
            return None
        given = sources(session, draw.id)
        missing = [s for s in given if s.value is None]
        try:
            enough([as_source(s) for s in given], [s.value for s in given])
        except DrawError as error:
            return _say_stuck(session, draw, error)
        seed_bytes, content = _drawn(session, draw, given)
        drawn = _tickets(session, draw, json.loads(content))
        advance(session, draw, "drawn", actor, base=base(seed_bytes, draw.hash_name),
                details={"drawn": drawn, "missing": [s.locator for s in missing]})
        append_chain(session, draw, "drawn", content)
        absent = "、".join(f"{s.locator}{'未揭示' if s.kind == 'reveal' else '未取得'}"
                          for s in missing)
        return f"已抽取{drawn}家" + (f"（{absent}，已公开记载）" if absent else "")


def _say_stuck(session: Session, draw: Draw, error: DrawError) -> str | None:
    """Tell the office, once, that what came in cannot carry this draw."""
    said = f"{draw.title}不能出签：{error.message}。{error.remedy}"
    new = notices.queue(session, f"stuck:{draw.id}", "shortage", f"{draw.title}须作废重抽", said,
                        department_id=draw.scheme.lead_id, scheme_id=draw.scheme_id)
    return said if new else None


def _drawn(session: Session, draw: Draw, given: list[DrawSource]) -> tuple[bytes, bytes]:
    """Write seed.txt and result.json; return their bytes."""
    seal_bytes = file_bytes(session, draw.id, "seal.json")
    seed_bytes = seed_text(seal_bytes, [s.value for s in given])
    content = build_result(seal_bytes=seal_bytes, seed_bytes=seed_bytes,
                           pool=parse_pool(file_bytes(session, draw.id, "pool.tsv")),
                           evidence=[_evidence(s) for s in given])
    put_file(session, draw.id, "seed.txt", seed_bytes)
    put_file(session, draw.id, "result.json", content)
    return seed_bytes, content


def _evidence(source: DrawSource) -> dict[str, Any]:
    evidence: dict[str, Any] = {"kind": source.kind, "locator": source.locator}
    if source.given_at:
        evidence["given_at"] = stamp(source.given_at)
    if source.confirmed_by_id:
        evidence["typed_by"] = 2
    return evidence | (source.evidence or {})


def _tickets(session: Session, draw: Draw, result: Mapping[str, Any]) -> int:
    """Write who was drawn and who stands in reserve; return how many were drawn."""
    rows = [(entry["id"], stratum["code"], entry["rank"], name == "reserves")
            for stratum in result["strata"] for name in ("drawn", "reserves")
            for entry in stratum[name]]
    columns = [cast(column, ARRAY(kind)) for column, kind in zip(
        map(list, zip(*rows, strict=True)), (Text, Text, BigInteger, Boolean), strict=False)]
    if columns:
        given = func.unnest(*columns).table_valued(
            "id", "stratum", "rank", "is_reserve").render_derived()
        session.execute(insert(DrawTicket).from_select(
            ["draw_id", "candidate_id", "target_id", "stratum", "rank", "is_reserve"],
            select(literal(draw.id), given.c.id, Target.id, given.c.stratum, given.c.rank,
                   given.c.is_reserve).join(Target, Target.uscc == given.c.id)))
    return sum(not reserve for *_, reserve in rows)
