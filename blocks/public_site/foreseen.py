"""What may be inspected and what is foreseen: the page of the catalogue (art. 7, 13), and of each
year's plan (art. 14) as the office wrote it, with every change."""

from dataclasses import asdict
from itertools import groupby
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site.results import as_json
from blocks.register import catalogue, published
from blocks.register.plans import headings
from blocks.rules.planning import changes, name_of
from blocks.rules.schemes import MODES
from blocks.templating import page

SHOWN = ("items", "targets", "share", "months", "lead", "participants")


def texts(session: Session) -> dict[str, bytes | None]:
    """Return page and open data of the catalogue and of every published plan, by path."""
    found = _catalogue(session)
    for (year, area), group in groupby(published.plans(session), key=lambda p: (p.year, p.area)):
        versions = list(group)
        found[f"plans/{year}-{area}.html"] = page("plan.html.j2", depth="../", **_told(versions))
        found[f"plans/{year}-{area}.json"] = as_json([_data(plan) for plan in versions])
    return found


def _catalogue(session: Session) -> dict[str, bytes | None]:
    if catalogue.latest(session) is None:
        return {}
    items = catalogue.listed(session)
    names = catalogue.names_of(session, {code for one in items for code in
                                         (one.department_code, *one.partner_codes)})
    return {"catalogue.html": page("catalogue.html.j2", depth="", items=items, names=names,
                                   editions=catalogue.public_editions(session), modes=MODES),
            "catalogue.json": as_json([asdict(one) | {
                "effective_from": one.effective_from.isoformat(),
                "effective_to": one.effective_to and one.effective_to.isoformat()}
                for one in items])}


def _told(versions: list[Row]) -> dict[str, Any]:
    """Return what the page tells: the last version whole, of the earlier ones what they changed."""
    befores = [None, *versions[:-1]]
    history = [{"number": plan.number, "on": plan.published_at.astimezone(settings.SHANGHAI).date(),
                "changes": changes(before.content["entries"], plan.content["entries"], headings())
                if before else []}
               for before, plan in zip(befores, versions, strict=True)]
    plan = versions[-1]
    return {"plan": plan, "history": history[::-1], "headings": {name: headings()[name] for name in SHOWN},
            "entries": [{"number": one["number"], "name": name_of(one["written"]),
                         "cells": {name: one["written"].get(name, "") for name in SHOWN}}
                        for one in plan.content["entries"]],
            "data": f"{plan.year}-{plan.area}.json"}


def _data(plan: Row) -> dict[str, Any]:
    return {"year": plan.year, "area": plan.area, "version": plan.number, "title": plan.title,
            "published_at": plan.published_at.astimezone(settings.SHANGHAI).isoformat(),
            "entries": [{"number": one["number"], "written": one["written"]}
                        for one in plan.content["entries"]]}
