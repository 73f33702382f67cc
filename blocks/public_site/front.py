"""The front page and what it leads to: results as open data, the catalogue, the year's plans."""

from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site import foreseen
from blocks.public_site.files import put_all
from blocks.public_site.results import as_json, published, versions
from blocks.register.catalogue import latest
from blocks.register.plans import area_name, public_versions
from blocks.register.schemes import Scheme
from blocks.templating import page

VISIBLE = ("approved", "drawn", "dispatched", "staffed", "in_field", "concluded", "publicised")


def write_front(session: Session) -> None:
    """Write the front page and what it leads to; writing the same again changes nothing."""
    put_all(front(session), {})


def front(session: Session, found: list[dict[str, Any]] | None = None) -> dict[str, bytes]:
    """Return the front page with all that it leads to but schemes and draws: open data, style, the
    catalogue, the year's plans."""
    found = businesses(session) if found is None else found
    schemes = session.scalars(select(Scheme).where(Scheme.stage.in_(VISIBLE))
                              .order_by(Scheme.id.desc())).all()
    return foreseen.texts(session) | {
        "results.json": as_json([version for business in found
                                 for check in business["checks"] for version in check["versions"]]),
        "index.html": page("index.html.j2", depth="", schemes=schemes, businesses=found,
                           plans=[(f"plans/{plan.year}-{plan.area}.html", plan)
                                  for plan in public_versions(session) if plan.stage == "published"],
                           has_catalogue=latest(session) is not None, area_name=area_name),
        "site.css": (settings.ROOT / "templates" / "public" / "site.css").read_bytes(),
    }


def businesses(session: Session, scheme_id: int | None = None) -> list[dict[str, Any]]:
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
