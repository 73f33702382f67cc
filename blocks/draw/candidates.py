"""Who may be paired with what: the candidate graph, which is part of the pairing's definition.

A ticket is the top 32 bits of `HASH(seed ‖ inspector|visit)`. Per visit the K eligible leaders and
the K eligible others with the lowest tickets (ties by id) are candidates; all else is left out.

A province has 60 million pairs, so nothing here walks over pairs in Python: they are expanded,
hashed (`many`) and sorted in stretches that stay in a core's cache, and only candidates are kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from blocks.draw import many
from blocks.draw.hashing import prefixed
from blocks.errors import DrawError

FIRST_K = 16
_STRETCH = 1 << 18  # pairs; a segment's number and a place within it need 19 bits together then


@dataclass(frozen=True, slots=True)
class PairingInspector:
    """One inspector of the department: certificate number, and at most `max_load` visits."""

    id: str
    may_lead: bool
    max_load: int


@dataclass(frozen=True, slots=True)
class PairingVisit:
    """One check of the department at a target (canonical id), to be staffed by `team` persons.

    `eligible`: those qualified, free that day and without interest, by certificate number. Visits
    with the same people share one set, best the same object.
    """

    id: str
    eligible: frozenset[str]
    team: int = 2


class Tickets:
    """The tickets of one department. `suffix` 1 is the plain one; `|2`, `|3` hash all again."""

    def __init__(self, seed: str, hash_name: str, suffix: int = 1) -> None:
        self._name, self._seed = hash_name, seed.encode()
        self._hash = prefixed(hash_name, self._seed)
        self.tail = b"" if suffix == 1 else b"|%d" % suffix

    def of(self, inspector: str, visit: str) -> int:
        """Return ticket32(inspector, visit)."""
        return int.from_bytes(self._hash(f"{inspector}|{visit}".encode() + self.tail)[:4], "big")

    def of_many(self, data: np.ndarray, starts, ends, *, fast: bool) -> np.ndarray:
        """Return ticket32 of each `inspector|visit` + tail at data[start:end], uint64 (n,)."""
        heads = many.heads(
            self._name, data, starts, ends, self._seed, fast=fast, threads=1
        )  # the stretches are what runs in threads
        return heads >> np.uint64(32)


@dataclass(frozen=True)
class Graph:
    """Visits and inspectors by number, and the candidate arcs between them, as parallel arrays.

    `teams` int64 (visits,), `max_loads` int64 (inspectors,); per arc `visit` and `inspector` int32,
    `ticket` int64, `leads` bool. Arcs rise by visit, leaders first.
    """

    teams: np.ndarray
    max_loads: np.ndarray
    visit: np.ndarray
    inspector: np.ndarray
    ticket: np.ndarray
    leads: np.ndarray


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
    strange = {pool: pool - known for pool in {visit.eligible for visit in visits}}
    for visit in visits if any(strange.values()) else ():
        if unknown := strange[visit.eligible]:
            raise DrawError(
                f"检查「{visit.id}」列有名录外人员「{min(unknown)}」", "请重新生成可用人员。"
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
    *,
    threads: int = many.THREADS,
    fast: bool | None = None,
) -> Graph:
    """Return the candidates of each visit, numbered as `visits` and `inspectors` are ordered.

    `fast` as in `many`; None lets the number of pairs decide.
    """
    halves, half = _halves(visits, inspectors)
    lengths = np.array([len(places) for places in halves], np.int64)
    segment = np.flatnonzero(lengths[half])  # 2 · visit for its leaders, 2 · visit + 1 for the rest
    work = _Work(
        np.concatenate([np.empty(0, np.int32), *halves]),
        (np.cumsum(lengths) - lengths)[half[segment]],
        lengths[half[segment]],
        segment,
        _aligned([one.id.encode() + b"|" for one in inspectors], at_end=True),
        _aligned([visit.id.encode() + tickets.tail for visit in visits]),
        tickets,
        k,
        many.is_fast(int(lengths[half].sum())) if fast is None else fast,
    )
    cuts = _cuts(work.sizes)
    if threads > 1 and len(cuts) > 2:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(work.lowest, cuts, cuts[1:]))
    else:
        found = [work.lowest(first, last) for first, last in pairwise(cuts)]
    empty = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, bool))
    arcs = zip(*[empty, *found], strict=True)
    return Graph(
        np.array([visit.team for visit in visits], np.int64),
        np.array([one.max_load for one in inspectors], np.int64),
        *(np.concatenate(column) for column in arcs),
    )


def _halves(visits, inspectors) -> tuple[list[np.ndarray], np.ndarray]:
    """Each distinct set's leaders and others by place, in order of id; and two halves a visit."""
    order = sorted(range(len(inspectors)), key=lambda place: inspectors[place].id)
    rank = {inspectors[place].id: number for number, place in enumerate(order)}
    ordered = np.array(order, np.int32)
    leads = np.array([inspectors[place].may_lead for place in order], bool)
    pools: dict[frozenset[str], int] = {}
    pool = np.array([pools.setdefault(visit.eligible, len(pools)) for visit in visits], np.int64)
    halves = []
    for eligible in pools:
        ranks = np.sort(np.array([rank[one] for one in eligible], np.int64))
        halves += [ordered[ranks[leads[ranks]]], ordered[ranks[~leads[ranks]]]]
    return halves, np.stack([2 * pool, 2 * pool + 1], axis=1).reshape(-1)


@dataclass(frozen=True)
class _Work:
    """All pairs of a department, not yet expanded: a segment is one visit with one half of a set.

    `flat[first : first + size]` are a segment's inspectors, in order of id.
    """

    flat: np.ndarray
    firsts: np.ndarray
    sizes: np.ndarray
    segments: np.ndarray
    people: tuple[np.ndarray, np.ndarray]
    visits: tuple[np.ndarray, np.ndarray]
    tickets: Tickets
    k: int
    fast: bool

    def lowest(self, first: int, last: int) -> tuple[np.ndarray, ...]:
        """Return (visit, inspector, ticket, leads) of the candidates of segments first..last."""
        sizes, firsts = self.sizes[first:last], self.firsts[first:last]
        begins = np.cumsum(sizes) - sizes
        number = np.repeat(np.arange(len(sizes)), sizes)
        within = np.arange(len(number)) - begins[number]
        visit = self.segments[first:last] >> 1
        who = self.flat[firsts[number] + within]
        ticket = self._tickets(who, visit[number])
        bits = int(sizes.max() - 1).bit_length()
        key = number.astype(np.uint64) << np.uint64(32 + bits)
        key |= ticket << np.uint64(bits)
        key |= within.astype(np.uint64)
        key.sort()  # by segment, then ticket, then id
        key = key[within < self.k]  # sorting moves nothing out of its segment
        number = (key >> np.uint64(32 + bits)).astype(np.int64)
        within = (key & np.uint64((1 << bits) - 1)).astype(np.int64)
        ticket = (key >> np.uint64(bits)).astype(np.int64) & 0xFFFFFFFF
        who = self.flat[firsts[number] + within]
        leads = self.segments[first:last][number] & 1 == 0
        return visit[number].astype(np.int32), who, ticket, leads

    def _tickets(self, who: np.ndarray, visit: np.ndarray) -> np.ndarray:
        """Write `inspector|visit` of each pair into one buffer, and hash."""
        (people, before), (visits, after) = self.people, self.visits
        left, right = people.itemsize, visits.itemsize
        rows = np.empty(len(who), [("inspector", people.dtype), ("visit", visits.dtype)])
        rows["inspector"], rows["visit"] = people[who], visits[visit]
        begins = np.arange(len(who)) * (left + right) + left
        return self.tickets.of_many(
            rows.view(np.uint8), begins - before[who], begins + after[visit], fast=self.fast
        )


def _aligned(texts: Sequence[bytes], at_end: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts as fields of one width, at their field's start or end, and their lengths."""
    lengths = np.array([len(text) for text in texts], np.int64)
    width = int(lengths.max(initial=1))
    fill = bytes.rjust if at_end else bytes.ljust
    return np.frombuffer(b"".join(fill(text, width) for text in texts), f"V{width}"), lengths


def _cuts(sizes: Iterable[int]) -> list[int]:
    """Where stretches of segments begin and end: _STRETCH pairs at most, or one segment."""
    ends = np.cumsum(sizes)
    cuts = [0]
    while cuts[-1] < len(ends):
        done = ends[cuts[-1] - 1] if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(ends, done + _STRETCH, "right"))))
    return cuts
