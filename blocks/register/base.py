"""The ground of every table: names of constraints, and what a moving thing carries."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
AccountRef = Annotated[int, mapped_column(ForeignKey("accounts.id"))]
DepartmentRef = Annotated[int, mapped_column(ForeignKey("departments.id"))]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    })
    type_annotation_map: ClassVar = {
        str: Text,
        int: BigInteger,
        dict: JSONB,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
        datetime: DateTime(timezone=True),
    }


class Moving:
    """A thing with a stage. Only `register.trail` changes these columns.

    `version` is the guard: every move adds one, and a trail line of that version must exist at
    commit (a deferred trigger sees to it).
    """

    thing: ClassVar[str]

    id: Mapped[Id]
    stage: Mapped[str]
    version: Mapped[int]
    stage_since: Mapped[datetime]

    @declared_attr
    def moved_by_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("accounts.id"))

    @property
    def owner_department_id(self) -> int | None:
        """The department whose people move this thing."""
        raise AttributeError(type(self))

    @property
    def title(self) -> str:
        """A short Chinese name for messages and run names."""
        raise AttributeError(type(self))

    @property
    def own_due_on(self) -> date | None:
        """The day somebody set for this very thing; none where the clock's own period counts."""
        return None


def scheme_of(thing: Moving) -> int | None:
    """Return the id of the scheme a moving thing belongs to."""
    for step in ("seat", "check", "visit"):
        thing = getattr(thing, step, None) or thing
    return thing.id if thing.thing == "scheme" else getattr(thing, "scheme_id", None)
