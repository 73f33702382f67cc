"""`pairing.json`: what each department's pairing was made from, and what came of it.

Who could be sent where is written as a few lists of eligible inspectors (`pools`), to which the
visits point: most visits of a department share one. Pools of those who stood for a seat drawn again
come behind them. `merged` are visits that the team of another scheme's visit goes to: they are in
neither `visits` nor `seats`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.hashing import canonical_json
from blocks.draw.pairing import Pairing
from blocks.draw.redraw import Redraw
from blocks.draw.sealing import VERSION


class Merged(NamedTuple):
    """A visit that the team of another scheme's visit goes to (leader first)."""

    visit: str
    scheme: str
    inspectors: tuple[str, ...]


class Department(NamedTuple):
    """One department's part of the file: what `checking` takes."""

    pairing: Pairing
    visits: list[PairingVisit]
    inspectors: list[PairingInspector]
    redraws: list[Redraw]
    pools: list[frozenset[str]]
    merged: list[Merged]


def department_record(
    department: str,
    pairing: Pairing,
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    merged: Sequence[Merged] = (),
) -> dict[str, Any]:
    """Return one department's part of `pairing.json`, before any seat is drawn again."""
    sets = {visit.eligible: tuple(sorted(visit.eligible)) for visit in visits}
    pools = sorted(set(sets.values()))
    number = {pool: place for place, pool in enumerate(pools)}
    place = {eligible: number[pool] for eligible, pool in sets.items()}
    record = {
        "department": department,
        **pairing.as_record(),
        "inspectors": [
            {"id": one.id, "may_lead": one.may_lead, "max_load": one.max_load}
            for one in sorted(inspectors, key=lambda one: one.id)
        ],
        "pools": [list(pool) for pool in pools],
        "visits": [
            {"id": visit.id, "team": visit.team, "pool": place[visit.eligible]}
            for visit in sorted(visits, key=lambda visit: visit.id)
        ],
        "redraws": [],
    }
    if merged:
        record["merged"] = [
            {"visit": one.visit, "with": one.scheme, "inspectors": list(one.inspectors)}
            for one in sorted(merged)
        ]
    return record


def build_pairing(departments: Iterable[Mapping]) -> bytes:
    """Return the bytes of `pairing.json`, departments in order of code."""
    ordered = sorted(departments, key=lambda record: record["department"])
    return canonical_json({"version": VERSION, "departments": [dict(one) for one in ordered]})


def read_pairing(data: bytes) -> dict[str, Department]:
    """Return, per department, what `checking.check_pairing` and `check_redraws` take."""
    return {record["department"]: _read(record) for record in json.loads(data)["departments"]}


def _read(record: Mapping) -> Department:
    pools = [frozenset(pool) for pool in record["pools"]]
    pairing = Pairing(
        _seats(record["seats"]),
        record["k"],
        record["suffix"],
        int(record["objective"]),
        tuple(_seats(seats) for seats in record["ties"]),
    )
    return Department(
        pairing,
        [PairingVisit(one["id"], pools[one["pool"]], one["team"]) for one in record["visits"]],
        [PairingInspector(**one) for one in record["inspectors"]],
        [Redraw(**{"pool": None} | one) for one in record["redraws"]],
        pools,
        [Merged(one["visit"], one["with"], tuple(one["inspectors"]))
         for one in record.get("merged", ())],
    )  # fmt: skip


def _seats(records: Iterable[Mapping]) -> dict[str, tuple[str, ...]]:
    return {record["visit"]: tuple(record["inspectors"]) for record in records}
