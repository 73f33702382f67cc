"""The pages: front page, a page a scheme, a page a business, the draws."""

from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.chain import chain_jsonl
from blocks.public_site.files import put
from blocks.public_site.results import as_json, published, versions
from blocks.register.draws import Draw, chain, public_files
from blocks.register.schemes import Scheme, departments_of
from blocks.templating import render

VISIBLE = ("approved", "drawn", "dispatched", "staffed", "in_field", "concluded", "publicised")


def _businesses(session: Session, scheme_id: int | None = None) -> list[dict[str, Any]]:
    """Return the businesses with public results: name, uscc, and each check's versions."""
    found = []
    rows = published(session, scheme_id)
    for _, of_target in groupby(rows, key=lambda row: row[0].visit.target_id):
        checks = []
        for check, pairs in groupby(of_target, key=lambda row: row[0]):
            told = versions(session, check, [record for _, record in pairs])
            checks.append({"latest": told[-1], "versions": told, "id": check.id})
        found.append({"name": checks[0]["latest"]["business"],
                      "uscc": checks[0]["latest"]["uscc"], "checks": checks})
    return found


def write_scheme(session: Session, scheme: Scheme) -> None:
    """Write the page of a scheme, the pages of its businesses, its draws, and the front page."""
    businesses = _businesses(session, scheme.id)
    for business in _businesses(session):
        if any(b["uscc"] == business["uscc"] for b in businesses):
            _page(f"businesses/{business['uscc']}.html", "business.html.j2", depth="../",
                  business=business)
    draws = session.scalars(select(Draw).where(Draw.scheme_id == scheme.id,
                                               Draw.stage != "announced").order_by(Draw.number))
    told = [_write_draw(session, draw) for draw in draws]
    _page(f"schemes/{scheme.code}.html", "scheme.html.j2", depth="../", scheme=scheme,
          departments=departments_of(session, scheme), businesses=businesses, draws=told)
    write_front(session)


def _write_draw(session: Session, draw: Draw) -> dict[str, Any]:
    files = public_files(session, draw.id)
    where = f"draws/{draw.scheme.code}/{draw.number}"
    for name, content in sorted(files.items()):
        put(f"{where}/{name}", content, scanned=False)
    put("draws/chain.jsonl", chain_bytes(session), scanned=False)
    return {"draw": draw, "where": where, "files": sorted(files)}


def chain_bytes(session: Session) -> bytes:
    """Return chain.jsonl, the city's chain over all draws."""
    return chain_jsonl(chain(session))


def write_front(session: Session) -> None:
    """Write the front page and the open data."""
    schemes = session.scalars(select(Scheme).where(Scheme.stage.in_(VISIBLE))
                              .order_by(Scheme.id.desc())).all()
    businesses = _businesses(session)
    put("results.json", as_json([version for business in businesses
                                 for check in business["checks"] for version in check["versions"]]))
    _page("index.html", "index.html.j2", depth="", schemes=schemes, businesses=businesses)
    put("site.css", (settings.ROOT / "templates" / "public" / "site.css").read_bytes())


def _page(relative: str, template: str, **values: Any) -> None:
    put(relative, render(f"public/{template}", **values).encode())
