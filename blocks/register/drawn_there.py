"""Lists that the provincial platform has drawn (在平台抽取的名单), once taken never changed."""

from collections import Counter

from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks.draw.pool import parse_pool
from blocks.register.base import AccountRef, Base, Now
from blocks.register.directories import Target
from blocks.register.draws import Draw, DrawTicket, file_bytes


class DrawnThere(Base):
    """A scheme's list as it was imported: [{"uscc", "business", "certificates"}], its file and hash.

    Insert-only. `decides` who is visited: as CHOUCHA_DRAWS was when it was taken (theirs); else it is only
    compared with our own draw.
    """

    __tablename__ = "drawn_there"
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"), primary_key=True)
    content: Mapped[list[dict]] = mapped_column(JSONB)
    file_name: Mapped[str]
    sha: Mapped[str]
    decides: Mapped[bool]
    taken_by_id: Mapped[AccountRef]
    taken_at: Mapped[Now]


def strata(session: Session, draw: Draw, usccs: list[str]) -> dict[str, str | None]:
    """Return each business's stratum in the sealed pool; None: it is not in the pool."""
    pool = parse_pool(file_bytes(session, draw.id, "pool.tsv"))
    places = {uscc: pool.find(uscc) for uscc in usccs}
    return {uscc: None if at is None else pool.codes[pool.strata[at]] for uscc, at in places.items()}


def tickets_of(session: Session, draw: Draw, there: DrawnThere) -> list[DrawTicket]:
    """Return what stands for tickets where the platform has drawn: ranked in each stratum in the list's order."""
    usccs = [one["uscc"] for one in there.content]
    targets = {one.uscc: one for one in session.scalars(select(Target).where(Target.uscc.in_(usccs)))}
    found, ranks, tickets = strata(session, draw, usccs), Counter(), []
    for uscc in usccs:
        ranks[found[uscc]] += 1
        tickets.append(DrawTicket(target=targets[uscc], target_id=targets[uscc].id, candidate_id=uscc,
                                  stratum=found[uscc], rank=ranks[found[uscc]]))
    return tickets
