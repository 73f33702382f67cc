"""Lists that the provincial platform has drawn (在平台抽取的名单), once taken never changed."""

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from blocks.register.base import AccountRef, Base, Now


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
