"""Lists that the provincial platform has drawn (在平台抽取的名单), once taken never changed."""

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from blocks.register.base import AccountRef, Base, Now


class DrawnThere(Base):
    """A scheme's list as it was imported: [{"uscc", "business", "certificates"}], its file and hash.

    Insert-only. With CHOUCHA_DRAWS=theirs it decides who is visited; with both it is only compared.
    """

    __tablename__ = "drawn_there"
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"), primary_key=True)
    content: Mapped[list[dict]] = mapped_column(JSONB)
    file_name: Mapped[str]
    sha256: Mapped[str]
    taken_by_id: Mapped[AccountRef]
    taken_at: Mapped[Now]
