"""A page a scheme, a page a business, the draws; the front page with them."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks.draw.chain import chain_jsonl
from blocks.public_site.files import put_all
from blocks.public_site.front import businesses, front
from blocks.public_site.results import as_json
from blocks.public_site.tools import tools
from blocks.register.draws import Draw, chain, public_files
from blocks.register.schemes import Scheme, departments_of
from blocks.register.visits import Publication
from blocks.templating import page


def write_scheme(session: Session, scheme: Scheme) -> None:
    """Write the results of a scheme, its page, those of its businesses, its draws, the front page.

    All or none: everything is composed and scanned before the first file is written.
    """
    everyone, own = businesses(session), businesses(session, scheme.id)
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
