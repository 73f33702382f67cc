"""Who may be paired with what: the candidate graph, which is part of the pairing's definition.

A ticket is the top 32 bits of `HASH(seed ‖ inspector|visit)`. Per visit the K eligible leaders and
the K eligible others with the lowest tickets (ties by id) are candidates; all else is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from blocks.draw.hashing import prefixed
from blocks.errors import DrawError

FIRST_K = 16


@dataclass(frozen=True, slots=True)
class PairingInspector:
    """One inspector of the department: certificate number, and at most `max_load` visits."""

    id: str
    may_lead: bool
    max_load: int


@dataclass(frozen=True, slots=True)
class PairingVisit:
    """One check of the department at a target (canonical id), to be staffed by `team` persons.

    `eligible`: those qualified, free that day and without interest, by certificate number.
    """

    id: str
    eligible: frozenset[str]
    team: int = 2


class Tickets:
    """The tickets of one department. `suffix` 1 is the plain one; `|2`, `|3` hash all again."""

    def __init__(self, seed: str, hash_name: str, suffix: int = 1) -> None:
        self._hash = prefixed(hash_name, seed.encode())
        self._tail = b"" if suffix == 1 else b"|%d" % suffix

    def of(self, inspector: str, visit: str) -> int:
        """Return ticket32(inspector, visit)."""
        return int.from_bytes(self._hash(f"{inspector}|{visit}".encode() + self._tail)[:4], "big")


@dataclass(frozen=True)
class Graph:
    """Visits and inspectors by number, and the candidate arcs between them, as parallel lists."""

    teams: list[int]
    max_loads: list[int]
    visit: list[int] = field(default_factory=list)
    inspector: list[int] = field(default_factory=list)
    ticket: list[int] = field(default_factory=list)
    leads: list[bool] = field(default_factory=list)


def check_input(visits: Sequence[PairingVisit], inspectors: Sequence[PairingInspector]) -> None:
    """Refuse what would make the pairing ambiguous: ids twice, unknown, or with `|` in them."""
    known = {inspector.id for inspector in inspectors}
    if len(known) != len(inspectors) or len({visit.id for visit in visits}) != len(visits):
        raise DrawError("检查人员或检查对象重复出现", "请在名录中合并重复的记录。")
    for inspector in inspectors:
        if not inspector.id.isprintable() or "|" in inspector.id or not inspector.id:
            raise DrawError(f"执法证号「{inspector.id}」含有不可用的字符", "请更正执法证号。")
        if inspector.max_load < 0:
            raise DrawError(f"「{inspector.id}」的任务上限是负数", "请改为 0 或以上的整数。")
    for visit in visits:
        if "|" in visit.id or visit.team < 1:
            raise DrawError(f"检查「{visit.id}」的编号或人数不对", "每次检查至少一人，一般为两人。")
        if not visit.eligible <= known:
            unknown = min(visit.eligible - known)
            raise DrawError(
                f"检查「{visit.id}」列有名录外人员「{unknown}」", "请重新生成可用人员。"
            )


def widest(visits: Sequence[PairingVisit], leads: Mapping[str, bool]) -> int:
    """Return the K from which on nobody is left out."""
    most = 0
    for eligible in {visit.eligible for visit in visits}:
        leaders = sum(leads[inspector] for inspector in eligible)
        most = max(most, leaders, len(eligible) - leaders)
    return most


def candidate_graph(
    visits: Sequence[PairingVisit],
    inspectors: Sequence[PairingInspector],
    tickets: Tickets,
    k: int,
) -> Graph:
    """Return the candidates of each visit, numbered as `visits` and `inspectors` are ordered."""
    number = {inspector.id: place for place, inspector in enumerate(inspectors)}
    leaders = {inspector.id for inspector in inspectors if inspector.may_lead}
    graph = Graph([visit.team for visit in visits], [one.max_load for one in inspectors])
    for place, visit in enumerate(visits):
        for leads, group in ((True, visit.eligible & leaders), (False, visit.eligible - leaders)):
            for ticket, one in nsmallest(k, ((tickets.of(one, visit.id), one) for one in group)):
                graph.visit.append(place)
                graph.inspector.append(number[one])
                graph.ticket.append(ticket)
                graph.leads.append(leads)
    return graph
