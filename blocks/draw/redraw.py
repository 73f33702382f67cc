"""Seats drawn again, one after another, on a department's record in `pairing.json`.

Everybody else stays where they are. The seat goes to whoever has the least (load, ticket32, id)
among those who stand for it, and all of that is read from the record itself, so anybody can.
Nothing here changes the record it is given: what is returned is a new one.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets
from blocks.errors import DrawError, StaffingError

LEFT = "left"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Redraw:
    """Who left which visit and who came; "" where nobody did.

    `load` and `ticket` are those the choice was made by, `pool` the place in the record's `pools`
    of those who stood for the seat (None where the seat went away). `at`: UTC, as in the seal.
    """

    visit: str
    leaving: str
    coming: str
    load: int
    ticket: int
    pool: int | None
    reason: str
    at: str

    def as_record(self) -> dict[str, Any]:
        record = dict(vars(self))
        if self.pool is None:
            del record["pool"]
        return record


def add_redraw(
    record: Record,
    visit: str,
    leaving: str,
    standing: Collection[str],
    *,
    seed: str,
    hash_name: str,
    reason: str,
    at: str,
) -> tuple[dict[str, Any], Redraw]:
    """Return the record with one seat drawn again, and who came.

    `leaving`: whose seat it is (recusal, absence), or "" for an empty seat of a visit that a
    replacement brought in. `standing`: all who are eligible for the visit now, by certificate
    number; of these, who sits there and who leaves are passed over. Where nobody who stays may
    lead, the one who comes must.

    Raises:
        DrawError: `leaving` does not sit there, or somebody in `standing` was not sealed.
        StaffingError: nobody may take the seat.
    """
    team = teams(record).get(visit, ())
    if leaving and leaving not in team:
        raise DrawError(f"「{leaving}」不在「{visit}」的检查组中", "请核对执法证号和检查对象。")
    known = {one["id"]: PairingInspector(**one) for one in record["inspectors"]}
    if strange := set(standing) - known.keys():
        raise DrawError(f"「{min(strange)}」不在封存的检查人员中", "只能从封存的人员中补抽。")
    pool = frozenset(standing) - {leaving}
    load, ticket, coming = next_for_seat(
        PairingVisit(visit, pool),
        [one for one in team if one != leaving],
        known,
        loads(record),
        Tickets(seed, hash_name, record["suffix"]),
    )
    pools, number = _with_pool(record["pools"], pool)
    redraw = Redraw(visit, leaving, coming, load, ticket, number, reason, at)
    return _with_redraws({**record, "pools": pools}, [redraw]), redraw


def add_left(record: Record, visit: str, at: str) -> dict[str, Any]:
    """Return the record with all seats of a replaced visit gone."""
    gone = [
        Redraw(visit, one, "", 0, 0, None, LEFT, at) for one in teams(record).get(visit, ())
    ]
    return _with_redraws(record, gone)


def teams(record: Record) -> dict[str, tuple[str, ...]]:
    """Return who sits where after all redraws, the first of them able to lead.

    Who comes takes the place of who leaves; where the first may not lead, the first who may goes
    ahead of the others. A visit whose seats went away is not in it.
    """
    seated = {one["visit"]: list(one["inspectors"]) for one in record["seats"]}
    leads = {one["id"]: one["may_lead"] for one in record["inspectors"]}
    for redraw in record["redraws"]:
        team = seated.setdefault(redraw["visit"], [])
        coming = [redraw["coming"]] if redraw["coming"] else []
        place = team.index(redraw["leaving"]) if redraw["leaving"] else len(team)
        team[place : place + bool(redraw["leaving"])] = coming
        leader = next((one for one in team if leads[one]), None)
        team.sort(key=lambda one, first=leader: one != first)
    return {visit: tuple(team) for visit, team in seated.items() if team}


def loads(record: Record) -> Counter[str]:
    """Return how many seats each inspector holds after all redraws."""
    held = Counter(one for seat in record["seats"] for one in seat["inspectors"])
    for redraw in record["redraws"]:
        held[redraw["leaving"]] -= 1
        held[redraw["coming"]] += 1
    held.pop("", None)
    return +held


def next_for_seat(
    visit: PairingVisit,
    staying: Collection[str],
    known: Mapping[str, PairingInspector],
    held: Mapping[str, int],
    tickets: Tickets,
    barred: Collection[str] = (),
) -> tuple[int, int, str]:
    """Return (load, ticket32, id) of who takes an empty seat beside those who stay there.

    All who are eligible stand for it, not only the K candidates. Of a visit that a replacement
    brought in nobody stays: its seats are filled one after another.

    Raises:
        StaffingError: nobody may take the seat.
    """
    needs_leader = not any(known[one].may_lead for one in staying)
    standing = [
        (held.get(one, 0), tickets.of(one, visit.id), one)
        for one in visit.eligible - {*staying, *barred}
        if held.get(one, 0) < known[one].max_load and (known[one].may_lead or not needs_leader)
    ]
    if not standing:
        raise _nobody(visit, needs_leader)
    return min(standing)


def _with_pool(pools: list[list[str]], pool: frozenset[str]) -> tuple[list[list[str]], int]:
    """Return the pools with this one in them, an equal one if there is, and its place."""
    wanted = sorted(pool)
    if wanted in pools:
        return pools, pools.index(wanted)
    return [*pools, wanted], len(pools)


def _with_redraws(record: Record, more: list[Redraw]) -> dict[str, Any]:
    return {**record, "redraws": [*record["redraws"], *(one.as_record() for one in more)]}


def _nobody(visit: PairingVisit, needs_leader: bool) -> StaffingError:
    who = "能担任组长的检查人员" if needs_leader else "检查人员"
    return StaffingError(
        f"「{visit.id}」空出 1 个席位，没有其他符合条件且未满任务上限的{who}，还差 1 人",
        f"请增加{who}、提高任务上限，或改期检查。",
    )
