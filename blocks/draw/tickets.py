"""Tickets (签): one hash each, and the lowest win.

`D = HASH(seed ‖ id)`; `U` = its first 8 bytes; `key = U // weight`; ordered by (key, D, id). With
all weights 1 this is a simple random sample; with weights it is sequential Poisson sampling
(Ohlsson 1998), in whole numbers. Each ticket depends on nothing but the seed and its own id, so a
candidate more or less never reorders the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

from blocks.draw.hashing import prefixed
from blocks.draw.pool import Candidate


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket that was drawn or stands in reserve; `rank` counts from 1 within its stratum."""

    rank: int
    id: str
    digest: str
    key: int

    def as_record(self) -> dict:
        """The ticket as `result.json` writes it: the key may pass 2^53, so it is text."""
        return {"rank": self.rank, "id": self.id, "digest": self.digest, "key": str(self.key)}


def draw_stratum(
    candidates: Iterable[Candidate], count: int, reserves: int, seed_hex: str, hash_name: str
) -> tuple[list[Ticket], list[Ticket]]:
    """Return the `count` lowest tickets and the next `reserves`; ranks run on through both.

    Keeps only the lowest in memory. Fewer candidates than asked for give fewer tickets.
    """
    ticket = prefixed(hash_name, seed_hex.encode())

    def keyed():
        for candidate in candidates:
            drawn = ticket(candidate.id.encode())
            yield int.from_bytes(drawn[:8], "big") // candidate.weight, drawn, candidate.id

    lowest = nsmallest(count + reserves, keyed())
    ordered = [
        Ticket(rank, id_, drawn.hex(), key) for rank, (key, drawn, id_) in enumerate(lowest, 1)
    ]
    return ordered[:count], ordered[count:]
