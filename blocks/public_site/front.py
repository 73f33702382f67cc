"""The front page, the list of schemes, what is withheld; and the few files that every page loads."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site import paths
from blocks.register import published
from blocks.register.catalogue import latest
from blocks.register.directories import Department
from blocks.register.plans import area_name
from blocks.register.published import Publication
from blocks.templating import page

NEWEST = 20
STATIC = {"site.css": "site.css", "search.js": "search.js"}


def pages(session: Session, stages: dict[int, str]) -> dict[str, bytes | None]:
    """Return the front page, the list of schemes, and what they load. `stages`: the stage that a scheme
    is just reaching."""
    schemes = [{**one._mapping, "stage": stages.get(one.id, one.stage)}
               for one in published.schemes(session)]
    running = [one for one in schemes if one["stage"] not in ("publicised", "cancelled")]
    plans = published.plans(session)
    shared: dict[str, Any] = {"names": departments(session)}
    return {
        "index.html": page(
            "index.html.j2", depth="", schemes=running, has_more=len(schemes) > len(running),
            newest=published.acts(session, newest=NEWEST), path_of=paths.of_business,
            plans=[(f"plans/{plan.year}-{plan.area}.html", plan) for plan in plans
                   if plan.stage == "published"],
            has_catalogue=latest(session) is not None, area_name=area_name, years=years(session),
            late=published.open_clocks(session, settings.today()), **shared),
        "schemes/index.html": page("schemes.html.j2", depth="../", schemes=schemes, **shared),
        **static(),
    }


def static() -> dict[str, bytes | None]:
    """Return the files that pages load."""
    folder = settings.ROOT / "templates" / "public"
    return {name: (folder / file).read_bytes() for name, file in STATIC.items()}


def years(session: Session) -> list[int]:
    """Return the years in which something was published, the last first."""
    return sorted(session.scalars(select(published.year_of(Publication.day)).distinct()), reverse=True)


def of_year(session: Session, year: int) -> dict[str, bytes | None]:
    """Return the list of a year's days on which something was published."""
    days = published.days(session, year)
    return {f"days/{year}/index.html": page("days.html.j2", depth="../../", year=year, days=days)}


def withheld(session: Session) -> dict[str, bytes | None]:
    """Return the list of what is lawfully not published: of which inspection, by whom, on what ground."""
    lifted = published.acts(session, Publication.act == "published", Publication.check_id.in_(
        select(Publication.check_id).where(Publication.act == "withheld")))
    known = {(one.check_id, one.record_number) for one in lifted}
    acts = [one for one in published.acts(session, Publication.act == "withheld")
            if (one.check_id, one.record_number) not in known]
    return {"withheld.html": page("withheld.html.j2", depth="", acts=acts[::-1])}


def late(session: Session, scheme_id: int) -> list[Any]:
    """Return what of a scheme had to be public before today, and is not."""
    return published.open_clocks(session, settings.today(), scheme_id)


def departments(session: Session) -> dict[int, str]:
    """Return the departments' names by id."""
    return dict(session.execute(select(Department.id, Department.name)).all())
