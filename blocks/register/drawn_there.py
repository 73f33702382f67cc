"""Lists that the provincial platform has drawn (在平台抽取的名单), once taken never changed."""

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from blocks.draw.pool import parse_pool
from blocks.register.base import AccountRef, Base, Now
from blocks.register.draws import Draw, file_bytes


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
