"""Which pages a change touches, and what they say. Everything is read as the publisher."""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from blocks.draw.chain import chain_jsonl
from blocks.public_site import data, feed, figures, foreseen, front, paths, search
from blocks.public_site.results import as_json
from blocks.public_site.standing import businesses
from blocks.public_site.tools import tools
from blocks.register import published
from blocks.register.draws import chain
from blocks.register.published import Publication
from blocks.templating import page

Files = dict[str, bytes | None]
NEVER_CHANGE = ("seal.json", "pool.tsv", "leaves.txt", "seed.txt", "result.json")
BATCH = 5000  # files


def after_acts(session: Session, acts: Sequence[Publication], stages: dict[int, str], there: Container[str]) -> Files:
    """Return what these new acts of publicity change: their own files, the pages of their businesses
    and days, open data, front page and feed. `stages`: the stage that a scheme is just reaching; `there`: the
    site as it is."""
    changed: Files = {act.path: as_json(act.content) for act in acts}
    codes = {act.uscc for act in acts if act.uscc}
    changed |= of_businesses(session, codes)
    down = {act.check_id for act in acts if act.act == "withdrawn"}  # these days said more than they may
    days = {act.day for act in (*acts, *published.acts(session, Publication.check_id.in_(down)))}
    for day in days:
        changed |= of_day(session, day)
    changed |= data.of_days(session, days, there)
    for year in {day.year for day in days}:
        changed |= front.of_year(session, year)
        if published.days(session, year).keys() <= days:  # its first: the front page leads there tonight already
            changed |= figures.of_year(session, year)
    return changed | front.withheld(session) | front.pages(session, stages) | feed.atom(session)


def of_businesses(session: Session, codes: Iterable[str]) -> Files:
    """Return the page of each business."""
    acts = [act for told in published.of_businesses(session, codes).values() for act in told]
    return {one.path: page("business.html.j2", depth=paths.depth(one.path), business=one)
            for one in businesses(acts)}


def of_day(session: Session, day: date) -> Files:
    """Return the page of what was published on a day."""
    path = paths.of_day(day)
    acts = published.acts(session, Publication.day == day)
    gone = {(act.check_id, act.record_number) for act in published.acts(
        session, Publication.act == "withdrawn",
        Publication.check_id.in_({one.check_id for one in acts}))}
    return {path: page("day.html.j2", depth=paths.depth(path), day=day, acts=acts, gone=gone,
                       path_of=paths.of_business)}


def of_scheme(session: Session, scheme_id: int, stage: str | None = None) -> Files:
    """Return the page of a scheme with its draws and results; {} where it is not public."""
    found = published.schemes(session, scheme_id)
    if not found:
        return {}
    scheme = found[0]
    acts = published.acts(session, Publication.scheme_id == scheme_id)
    path = paths.of_scheme(scheme.code)
    return {path: page(
        "scheme.html.j2", depth=paths.depth(path), scheme=scheme, stage=stage or scheme.stage,
        names=front.departments(session), draws=[_told(session, scheme, one) for one in
                                                 published.draws(session, scheme_id)],
        businesses=businesses(acts), late=front.late(session, scheme_id),
        there=published.drawn_there(session, scheme_id),
        withheld=[act for act in acts if act.act == "withheld"])}


def _told(session: Session, scheme: Row, draw: Row) -> dict[str, Any]:
    """Return what a scheme's page tells of a draw."""
    names = published.draw_file_names(session, draw.id)
    void = published.draw_files(session, draw.id, ["void.json"]).get("void.json", b"null")
    return {"draw": draw, "where": _folder(scheme, draw), "files": sorted({*names, *tools()}),
            "void": json.loads(void)}


def _folder(scheme: Row, draw: Row) -> str:
    return f"draws/{scheme.code}-{draw.number}"


def of_draws(session: Session, scheme_id: int, there: Container[str] = ()) -> Files:
    """Return the public files of a scheme's draws with what verifies them, and the city's chain.

    What never changes and is `there` already (paths) is left out: a pool may be large.
    """
    changed: Files = {}
    for scheme in published.schemes(session, scheme_id):
        for draw in published.draws(session, scheme_id):
            where = _folder(scheme, draw)
            names = [name for name in published.draw_file_names(session, draw.id)
                     if name not in NEVER_CHANGE or f"{where}/{name}" not in there]
            files = published.draw_files(session, draw.id, names) | tools()
            changed |= {f"{where}/{name}": content for name, content in files.items()}
            changed["draws/chain.jsonl"] = chain_jsonl(chain(session))
    return changed


def everything(session: Session, stages: dict[int, str]) -> Iterator[Files]:
    """Yield the whole site in batches, as it follows from the register alone; those that belong to one
    folder come together."""
    yield from _batches(published.latest_acts(session), lambda acts: {
        act.path: as_json(act.content) for act in acts})
    codes = published.codes(session)
    yield from _batches(codes, lambda some: of_businesses(session, some))
    days = published.days(session)
    for day in days:
        yield of_day(session, day)
    for _, some in groupby(days, lambda day: day.replace(day=1)):
        yield data.of_days(session, list(some))
    for year in sorted({day.year for day in days}):
        yield front.of_year(session, year)
    for scheme in published.schemes(session):
        yield of_scheme(session, scheme.id, stages.get(scheme.id)) | of_draws(session, scheme.id)
    yield from _batches(search.every_shard(), lambda some: search.of_shards(session, some))
    yield from _batches(search.every_stretch(session), lambda some: search.of_stretches(session, some))
    yield (front.withheld(session) | front.pages(session, stages) | foreseen.texts(session)
           | feed.atom(session) | of_the_night(session, ()))


def _batches(things: Iterable[Any], made: Callable[[list[Any]], Files]) -> Iterator[Files]:
    for some in batched(things, BATCH):
        yield made(some)


def of_the_night(session: Session, there: Container[str]) -> Files:
    """Return what is made once a night: the figures of each year, open data by month, the map. `there`: the
    site as it is."""
    changed: Files = {}
    for year in sorted({day.year for day in published.days(session)}):
        changed |= figures.of_year(session, year)
    return changed | data.of_the_night(session, there) | feed.sitemap(session)


def batched(things: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of so many things (itertools has it from Python 3.12 on)."""
    some: list[Any] = []
    for one in things:
        some.append(one)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
