"""A recused inspector's seat is drawn again; everybody else stays where they are."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from blocks.draw.candidates import PairingInspector, PairingVisit, Tickets, check_input
from blocks.errors import DrawError, StaffingError


@dataclass(frozen=True)
class Redraw:
    """Who left which visit, who came, and all seats after it (leader first)."""

    visit: str
    leaving: str
    coming: str
    load: int
    ticket: int
    seats: dict[str, tuple[str, ...]]

    def as_record(self) -> dict:
        """What `pairing.json` keeps of it: load and ticket are those the choice was made by."""
        return {
            "visit": self.visit,
            "leaving": self.leaving,
            "coming": self.coming,
            "load": self.load,
            "ticket": self.ticket,
        }


def redraw_seat(
    seats: Mapping[str, tuple[str, ...]],
    visit_id: str,
    leaving: str,
    *,
    seed: str,
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    hash_name: str,
    suffix: int = 1,
    barred: Collection[str] = (),
) -> Redraw:
    """Give the seat of `leaving` to the eligible inspector with the least (load, ticket32, id).

    All who are eligible stand for it, not only the K candidates. Where nobody who stays may lead,
    the one who comes must. A substitute for the leader who may not lead sits behind the one who
    now does. `barred` are those recused from this visit before. The load counts `seats`.

    Raises:
        DrawError: `leaving` does not sit there.
        StaffingError: nobody may take the seat.
    """
    check_input(visits, inspectors)
    if leaving not in seats.get(visit_id, ()):
        raise DrawError(f"「{leaving}」不在「{visit_id}」的检查组中", "请核对执法证号和检查对象。")
    visit = next(one for one in visits if one.id == visit_id)
    known = {one.id: one for one in inspectors}
    staying = [one for one in seats[visit_id] if one != leaving]
    loads = Counter(one for team in seats.values() for one in team)
    tickets = Tickets(seed, hash_name, suffix)
    load, ticket, coming = next_for_seat(
        visit, staying, known, loads, tickets, barred={leaving, *barred}
    )
    team = [coming if one == leaving else one for one in seats[visit_id]]
    after = dict(seats) | {visit_id: _leader_first(team, known, tickets, visit_id)}
    return Redraw(visit_id, leaving, coming, load, ticket, after)


def next_for_seat(
    visit: PairingVisit,
    staying: Collection[str],
    known: Mapping[str, PairingInspector],
    loads: Mapping[str, int],
    tickets: Tickets,
    barred: Collection[str] = (),
) -> tuple[int, int, str]:
    """Return (load, ticket32, id) of who takes an empty seat beside those who stay there.

    Of a visit that a replacement brought in nobody stays: its seats are filled one after another.

    Raises:
        StaffingError: nobody may take the seat.
    """
    needs_leader = not any(known[one].may_lead for one in staying)
    standing = [
        (loads.get(one, 0), tickets.of(one, visit.id), one)
        for one in visit.eligible - {*staying, *barred}
        if loads.get(one, 0) < known[one].max_load and (known[one].may_lead or not needs_leader)
    ]
    if not standing:
        raise _nobody(visit, needs_leader)
    return min(standing)


def _leader_first(team, known, tickets: Tickets, visit_id: str) -> tuple[str, ...]:
    """Leave the order as it is, unless the first may not lead."""
    if known[team[0]].may_lead:
        return tuple(team)
    leaders = (one for one in team if known[one].may_lead)
    leader = min(leaders, key=lambda one: (tickets.of(one, visit_id), one))
    return (leader, *(one for one in team if one != leader))


def _nobody(visit: PairingVisit, needs_leader: bool) -> StaffingError:
    who = "能担任组长的检查人员" if needs_leader else "检查人员"
    return StaffingError(
        f"「{visit.id}」空出 1 个席位，没有其他符合条件且未满任务上限的{who}，还差 1 人",
        f"请增加{who}、提高任务上限，或改期检查。",
    )
