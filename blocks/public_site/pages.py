"""The pages: front page, a page a scheme, a page a business, the draws."""

import hashlib
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.chain import chain_jsonl
from blocks.public_site.files import put_all
from blocks.public_site.results import as_json, published, versions
from blocks.public_site.tools import tools
from blocks.register.draws import Draw, chain, public_files
from blocks.register.plans import area_name, public_versions
from blocks.register.schemes import Scheme, departments_of
from blocks.register.visits import Publication
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
    """Write the results of a scheme, its page, those of its businesses, its draws, the front page.

    All or none: everything is composed and scanned before the first file is written.
    """
    everyone, own = _businesses(session), _businesses(session, scheme.id)
    inspected = {business["uscc"] for business in own}
    draws = session.scalars(select(Draw).where(
        Draw.scheme_id == scheme.id, Draw.stage != "announced").order_by(Draw.number)).all()
    sealed, told = _draw_files(session, draws)
    texts = _result_files(session, own)
    for business in everyone:
        if business["uscc"] in inspected:
            texts[f"businesses/{business['uscc']}.html"] = page(
                "business.html.j2", depth="../", business=business)
    texts[f"schemes/{scheme.code}.html"] = page(
        "scheme.html.j2", depth="../", scheme=scheme, departments=departments_of(session, scheme),
        businesses=own, draws=told)
    put_all(texts | front(session, everyone), sealed)


def _result_files(session: Session, businesses: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return each version's own file. One that no longer reads as it was published (the business
    has a new name since) is left out: what stands there stays as it was.
    """
    kept = dict(session.execute(select(Publication.path, Publication.sha256)).all())
    files = {f"results/{check['id']}-{version['version']}.json": as_json(version)
             for business in businesses for check in business["checks"]
             for version in check["versions"]}
    return {path: content for path, content in files.items()
            if kept.get(path) == hashlib.sha256(content).hexdigest()}


def _draw_files(session: Session, draws: Sequence[Draw]
                ) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Return the public files of the draws by path, and what their scheme's page tells of them."""
    sealed, told = {}, []
    for draw in draws:
        files = public_files(session, draw.id) | tools()
        where = f"draws/{draw.scheme.code}-{draw.number}"  # the verifier finds ../chain.jsonl
        sealed |= {f"{where}/{name}": content for name, content in sorted(files.items())}
        sealed["draws/chain.jsonl"] = chain_bytes(session)
        told.append({"draw": draw, "where": where, "files": sorted(files),
                     "void": json.loads(files.get("void.json", b"null"))})
    return sealed, told


def chain_bytes(session: Session) -> bytes:
    """Return chain.jsonl, the city's chain over all draws."""
    return chain_jsonl(chain(session))


def front(session: Session, businesses: list[dict[str, Any]] | None = None) -> dict[str, bytes]:
    """Return the front page, its style and the open data."""
    businesses = _businesses(session) if businesses is None else businesses
    schemes = session.scalars(select(Scheme).where(Scheme.stage.in_(VISIBLE))
                              .order_by(Scheme.id.desc())).all()
    return {
        "results.json": as_json([version for business in businesses
                                 for check in business["checks"] for version in check["versions"]]),
        "index.html": page("index.html.j2", depth="", schemes=schemes, businesses=businesses,
                           plans=[(f"plans/{plan.year}-{plan.area}.html", plan)
                                  for plan in public_versions(session) if plan.stage == "published"],
                           area_name=area_name),
        "site.css": (settings.ROOT / "templates" / "public" / "site.css").read_bytes(),
    }


def page(template: str, **values: Any) -> bytes:
    """Return a page made from a template of `templates/public`."""
    return render(f"public/{template}", **values).encode()
