"""What changed: an Atom feed of the newest acts, and the map of the site for search engines."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site import paths
from blocks.register import published
from blocks.templating import page

NEWEST = 100
MOST_ADDRESSES = 40_000  # a file of a site map may hold 50,000
SAID = {"published": "公示", "withdrawn": "撤下", "withheld": "依法不予公示"}


def atom(session: Session) -> dict[str, bytes | None]:
    """Return the feed: what was published, corrected, taken down or withheld, the newest first."""
    acts = published.acts(session, newest=NEWEST)
    updated = acts[0].read_back_at if acts else datetime(2000, 1, 1, tzinfo=settings.SHANGHAI)
    return {"feed.atom": page("feed.atom.j2", address=address(), updated=updated, entries=[
        {"id": f"urn:choucha:{one.act}:{one.check_id}:{one.record_number}", "said": _said(one),
         "path": paths.of_business(one.uscc) if one.uscc else "withheld.html", "act": one}
        for one in acts])}


def _said(act: Any) -> str:
    told = act.content
    verb = "更正" if act.act == "published" and told["version"] > 1 else SAID[act.act]
    return f"{verb}：{told.get('business', told['scheme_title'])}（{told['authority']}）"


def address() -> str:
    """Return the site's address as the public reaches it, with a slash at its end; "" if none is set."""
    said = settings.get().site_address.rstrip("/")
    return f"{said}/" if said else ""


def sitemap(session: Session) -> dict[str, bytes | None]:
    """Return the map of the site; none where the operator has not said how the public reaches it."""
    if not address():
        return {}
    pages = ["index.html", "catalogue.html", "withheld.html", "data/index.html", "schemes/index.html",
             *(paths.of_scheme(one.code) for one in published.schemes(session)),
             *(paths.of_day(day) for day in published.days(session)),
             *map(paths.of_business, published.codes(session))]
    parts = [pages[start:start + MOST_ADDRESSES] for start in range(0, len(pages), MOST_ADDRESSES)]
    made = {f"sitemap-{number}.xml": page("sitemap.xml.j2", address=address(), pages=part, parts=None)
            for number, part in enumerate(parts, 1)}
    return made | {"sitemap.xml": page("sitemap.xml.j2", address=address(), pages=None, parts=list(made)),
                   "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {address()}sitemap.xml\n".encode()}
