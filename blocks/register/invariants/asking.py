"""What an invariant is, and what each of them may ask beside the tables: the moves, and all that moves."""

import json
from dataclasses import dataclass

from blocks.register.base import Moving
from blocks.rules.stages import MOVES


@dataclass(frozen=True)
class Invariant:
    """Something that always holds. `query` returns the rows that break it: (thing, id, what).

    `guarantee`: G1 to G21, see the README. `says`: what holds, in Chinese.
    """

    name: str
    guarantee: str
    says: str
    query: str


def table_of_moves() -> str:
    """Return the table of moves as JSON: the parameter :moves of every query."""
    return json.dumps([{
        "thing": one.thing, "source": one.source, "target": one.target, "label": one.label,
        "roles": sorted(one.by), "meets": one.meets, "starts": one.starts,
        "wakes": one.wakes} for one in MOVES])


def prelude() -> str:
    """Return what a query may read by name: `moves`, and `things` (whatever moves, where it stands)."""
    things = " UNION ALL ".join(
        f"SELECT '{model.thing}' AS thing, id, stage, version, moved_by_id FROM {model.__tablename__}"
        for model in Moving.__subclasses__())
    return f"""
        WITH moves AS (SELECT * FROM jsonb_to_recordset(CAST(:moves AS jsonb)) AS m(
            thing text, source text, target text, label text, roles text[], meets text[], starts text[],
            wakes text)),
        things AS ({things})"""
