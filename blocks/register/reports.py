"""What the provincial platform is told of the moves of one transaction (报送内容): rows by kind.

Each row has a `key` of its own, stable for ever, by which both sides know it again. Nothing stands in
them that is not told to other departments anyway; results are read from the view that the public
site is made of, so no person is named.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.hashing import hexdigest
from blocks.register import catalogue, exchanges, published
from blocks.register.base import Moving, scheme_of
from blocks.register.directories import Department, service_account
from blocks.register.draws import Draw, DrawTicket, file_bytes
from blocks.register.plans import AnnualPlan
from blocks.register.published import Publication
from blocks.register.schemes import Assignment, Scheme
from blocks.register.trail import TrailLine
from blocks.register.visits import Check, Visit, live_seats
from blocks.rules.schemes import DRAW_KINDS
from blocks.rules.stages import label

Rows = list[dict[str, Any]]


def prepare(session: Session) -> None:
    """Write what the platform is to be told of this transaction's moves, into the same transaction."""
    told: list[tuple[str, Moving, TrailLine]] = session.info.pop("reports", [])
    if not told or settings.get().platform == "off":
        return
    session.flush()
    who = service_account(session, "exchange", "平台交换").as_actor()
    groups: dict[tuple[int, str], list[tuple[Moving, TrailLine]]] = {}
    for kind, thing, line in told:
        groups.setdefault((scheme_of(thing), kind), []).append((thing, line))
    wanted = settings.get().platform_kinds.split() or ROWS
    for (scheme_id, kind), some in groups.items():
        if kind not in wanted:
            continue
        scheme = session.get_one(Scheme, scheme_id)
        rows = ROWS[kind](session, scheme, {thing.id: thing for thing, _ in some}.values())
        if rows:
            exchanges.prepare(session, f"{settings.CITY_CODE}:{scheme.code}:{kind}:{some[0][1].number}",
                              kind, scheme_id, rows, who)


def _common(session: Session, scheme: Scheme) -> dict[str, Any]:
    plan = session.get(AnnualPlan, scheme.annual_plan_id) if scheme.annual_plan_id else None
    return {"scheme_code": scheme.code, "scheme_title": scheme.name,
            "plan_id": f"{plan.year}-{plan.area}" if plan else "", "plan_name": plan.title if plan else ""}


def _schemes(session: Session, scheme: Scheme, _: Iterable[Moving]) -> Rows:
    names = dict(session.execute(select(Department.id, Department.name)).all())
    return [{"key": f"schemes:{scheme.code}", **_common(session, scheme), "draw_kind": scheme.draw_kind,
             "lead": scheme.lead.name, "participants": [names[id_] for id_ in scheme.participant_ids],
             "items": list(scheme.lead_items), "window_start": f"{scheme.window_start}",
             "window_end": f"{scheme.window_end}", "stage": label("scheme", scheme.stage)}]


def _pools(session: Session, scheme: Scheme, draws: Iterable[Draw]) -> Rows:
    return [{"key": f"pools:{scheme.code}:{draw.number}", **_common(session, scheme), "draw_number": draw.number,
             "pool_size": max(0, content.count(b"\n")), "pool_sha256": hexdigest("sha256", content),
             "seal": draw.seal, "stage": label("draw", draw.stage)}
            for draw in draws if (content := file_bytes(session, draw.id, "pool.tsv"))]


def _draws(session: Session, scheme: Scheme, draws: Iterable[Draw]) -> Rows:
    common = _common(session, scheme)
    return [{"key": f"draws:{scheme.code}:{draw.number}:{one.target.uscc}", **common,
             "draw_number": draw.number, "uscc": one.target.uscc, "business": one.target.name,
             "stratum": one.stratum, "rank": one.rank, "seal": draw.seal}
            for draw in draws for one in session.scalars(select(DrawTicket).where(
                DrawTicket.draw_id == draw.id, ~DrawTicket.is_reserve).order_by(
                DrawTicket.stratum, DrawTicket.rank))]


def _replacements(session: Session, scheme: Scheme, visits: Iterable[Visit]) -> Rows:
    """Who is not visited after all; the successor is told with its inspectors."""
    common = _common(session, scheme)
    return [{"key": f"replacements:{visit.id}", **common, "uscc": visit.target.uscc, "business": visit.target.name,
             "reason": visit.replacement_reason or ""} for visit in visits]


def _assignments(session: Session, scheme: Scheme, some: Iterable[Assignment]) -> Rows:
    common = _common(session, scheme)
    return [{"key": f"assignments:{scheme.code}:{one.department.code}", **common,
             "authority": one.department.name, "items": list(one.item_codes),
             "stage": label("assignment", one.stage)} for one in some]


def _pairings(session: Session, scheme: Scheme, checks: Iterable[Check]) -> Rows:
    common = _common(session, scheme)
    return [{"key": f"pairings:{check.id}", **common, "authority": check.department.name,
             "uscc": check.visit.target.uscc, "business": check.visit.target.name,
             "certificates": [seat.inspector.certificate_no for seat in live_seats(session, check.id)]}
            for check in checks]


def _results(session: Session, scheme: Scheme, checks: Iterable[Check]) -> Rows:
    rows = published.results(session, {check.id: [check.record_number] for check in checks})
    names = {row.check_id: {one.code: one.name for one in catalogue.items(session, sorted(row.item_codes), row)}
             for row in rows}
    return [{"key": f"results:{row.check_id}:{row.number}:{code}",
             **_item(row._mapping, code, name, settings.results().category(row.category).label),
             "version": row.number} for row in rows for code, name in names[row.check_id].items()]


def _item(said: Any, code: str, name: str, result: str) -> dict[str, Any]:
    """Return one inspected item of a result: what the national fields ask for."""
    return {"plan_id": said["plan_id"] or "", "plan_name": said["plan_name"] or "",
            "scheme_code": said["scheme_code"], "scheme_title": said["scheme_title"],
            "draw_kind": DRAW_KINDS.get(said["draw_kind"], said["draw_kind"]), "authority": said["authority"],
            "inspected_on": f"{said['inspected_on']}", "item_code": code, "item_name": name,
            "result": result, "uscc": said["uscc"] or "", "business": said["business"] or ""}


def _publications(session: Session, scheme: Scheme, checks: Iterable[Check]) -> Rows:
    """The last act of publicity about each of these checks; of a withheld one only that it is."""
    last = select(func.max(Publication.id)).where(Publication.check_id.in_(
        [check.id for check in checks])).group_by(Publication.check_id)
    return [row for act in published.acts(session, Publication.id.in_(last)) for row in publication_rows(act)]


def publication_rows(act: Publication) -> Rows:
    """Return what is told of one act of publicity, a row an inspected item."""
    key = f"publications:{act.check_id}:{act.record_number}:{act.act}"
    said = {"version": act.record_number, "act": act.act, "public_on": f"{act.day}", "file": act.path,
            "late_workdays": act.content.get("late_workdays", 0)}
    if act.act != "published":
        told = ("scheme_code", "scheme_title", "authority", "ground", "uscc", "business")
        return [{"key": key, **{name: act.content[name] for name in told if name in act.content}, **said}]
    return [{"key": f"{key}:{item['code']}", **_item(act.content, item["code"], item["name"],
                                                     act.content["result"]), **said}
            for item in act.content["items"]]


ROWS: dict[str, Callable[..., Rows]] = {
    "schemes": _schemes, "pools": _pools, "draws": _draws, "replacements": _replacements, "assignments": _assignments,
    "pairings": _pairings, "results": _results, "publications": _publications}
