"""`pairing.json`: what each department's pairing was made from, and what came of it.

Who could be sent where is written as a few lists of eligible inspectors (`pools`), to which the
visits point: most visits of a department share one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.hashing import canonical_json
from blocks.draw.pairing import Pairing
from blocks.draw.redraw import Redraw
from blocks.draw.sealing import VERSION

Department = tuple[Pairing, list[PairingVisit], list[PairingInspector]]


def department_record(
    department: str,
    pairing: Pairing,
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    redraws: Sequence[Redraw] = (),
) -> dict[str, Any]:
    """Return one department's part of `pairing.json`."""
    pools = sorted({tuple(sorted(visit.eligible)) for visit in visits})
    place = {frozenset(pool): number for number, pool in enumerate(pools)}
    return {
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
        "redraws": [redraw.as_record() for redraw in redraws],
    }


def build_pairing(departments: Iterable[Mapping]) -> bytes:
    """Return the bytes of `pairing.json`, departments in order of code."""
    ordered = sorted(departments, key=lambda record: record["department"])
    return canonical_json({"version": VERSION, "departments": [dict(one) for one in ordered]})


def read_pairing(data: bytes) -> dict[str, Department]:
    """Return, per department, what `checking.check_pairing` takes."""
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
    visits = [PairingVisit(one["id"], pools[one["pool"]], one["team"]) for one in record["visits"]]
    return pairing, visits, [PairingInspector(**one) for one in record["inspectors"]]


def _seats(records: Iterable[Mapping]) -> dict[str, tuple[str, ...]]:
    return {record["visit"]: tuple(record["inspectors"]) for record in records}
