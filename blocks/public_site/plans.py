"""The page of each year's plan (art. 14): what is foreseen, as the office wrote it, and every change."""

from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from blocks import settings
from blocks.public_site.files import put_all
from blocks.public_site.pages import front, page
from blocks.public_site.results import as_json
from blocks.register.plans import AnnualPlan, headings, public_versions
from blocks.rules.planning import changes, name_of

SHOWN = ("items", "targets", "share", "months", "lead", "participants")


def write_plans(session: Session) -> int:
    """Write the page and the open data of every published plan, and the front page that leads
    there; return how many plans there are. Writing the same again changes nothing."""
    texts: dict[str, bytes] = {}
    plans = 0
    for (year, area), group in groupby(public_versions(session), key=lambda p: (p.year, p.area)):
        versions = list(group)
        plans += 1
        texts[f"plans/{year}-{area}.html"] = page("plan.html.j2", depth="../", **_told(versions))
        texts[f"plans/{year}-{area}.json"] = as_json([_data(plan) for plan in versions])
    if texts:
        put_all(texts | front(session), {})
    return plans


def _told(versions: list[AnnualPlan]) -> dict[str, Any]:
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


def _data(plan: AnnualPlan) -> dict[str, Any]:
    return {"year": plan.year, "area": plan.area, "version": plan.number, "title": plan.title,
            "published_at": plan.published_at.astimezone(settings.SHANGHAI).isoformat(),
            "entries": [{"number": one["number"], "written": one["written"]}
                        for one in plan.content["entries"]]}
