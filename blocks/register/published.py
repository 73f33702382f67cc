"""What was published (公示): every act, as it was written and read back; and what may be read for it.

A publication is what the public was told, kept as it was told: a business that has a new name, a
category that is called otherwise since, change nothing in it. The site is made of these rows, and of
views that leave out whatever is private. `as_publisher` reads by a role of the database that has no
right to anything else (G11): a mistake in a page is refused by PostgreSQL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    Table,
    UniqueConstraint,
    cast,
    exists,
    extract,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from blocks.register import bulk
from blocks.register.base import Base, Id, Now

ROLE = "choucha_publisher"
LOCK = 7004
ACTS = ("published", "withdrawn", "withheld")


class Publication(Base):
    """One act of publicity about one version of a check's result (art. 11). Insert-only.

    `act`: published; withdrawn (taken down on a lawful ground); withheld (never shown, but that is).
    `content` is the file at `path`, whose bytes have `sha256`. `day`: when, in Asia/Shanghai.
    """

    __tablename__ = "publications"
    id: Mapped[Id]
    check_id: Mapped[int] = mapped_column(ForeignKey("checks.id"))
    record_number: Mapped[int]
    act: Mapped[str]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"), index=True)
    uscc: Mapped[str | None] = mapped_column(index=True)
    day: Mapped[date] = mapped_column(index=True)
    content: Mapped[dict]
    path: Mapped[str]
    sha256: Mapped[str]
    read_back_at: Mapped[Now]
    __table_args__ = (
        UniqueConstraint("check_id", "record_number", "act"),
        CheckConstraint("act IN ('published','withdrawn','withheld')", name="act"),
    )


class PublicBusiness(Base):
    """A business with something public: its number in the search index, its names, the last last."""

    __tablename__ = "public_businesses"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uscc: Mapped[str] = mapped_column(unique=True)
    names: Mapped[list[str]]


class SearchGram(Base):
    """Two characters, and the numbers of the businesses with them in a name (the first ones)."""

    __tablename__ = "search_grams"
    gram: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(index=True)
    numbers: Mapped[list[int]]
    total: Mapped[int]


_VIEWS = MetaData()


def _view(name: str, *columns: str) -> Table:
    return Table(name, _VIEWS, *(Column(each) for each in columns))


RESULTS = _view("public_results", "check_id", "number", "scheme_id", "business", "uscc", "plan_id",
                "plan_name", "scheme_code", "scheme_title", "draw_kind", "lead", "authority",
                "item_codes", "catalogue_edition", "category", "inspected_on", "made_on")
SCHEMES = _view("public_schemes", "id", "code", "name", "draw_kind", "lead_id", "participant_ids",
                "window_start", "window_end", "stage", "mode")
DRAWS = _view("public_draws", "id", "scheme_id", "number", "hash_name", "stage", "seal", "sealed_at",
              "stage_since")
DRAW_FILES = _view("public_draw_files", "draw_id", "name", "part", "content")
CLOCKS = _view("public_open_clocks", "scheme_id", "scheme_code", "scheme_title", "authority", "due_on")
DRAWN_THERE = _view("public_drawn_there", "scheme_id", "sha", "decides", "taken_at", "number")
PLANS = _view("public_plans", "id", "year", "area", "number", "title", "content", "published_at",
              "stage")


def alone(session: Session) -> None:
    """Wait until nobody else changes the site, and keep it until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))


@contextmanager
def as_publisher(session: Session) -> Iterator[Session]:
    """Read as the role that may read only what is public."""
    session.flush()
    session.execute(text(f"SET LOCAL ROLE {ROLE}"))
    try:
        with session.no_autoflush:
            yield session
    except DBAPIError:  # the transaction has failed, and its role with it
        raise
    except BaseException:
        session.execute(text("RESET ROLE"))
        raise
    session.execute(text("RESET ROLE"))


def results(session: Session, wanted: Mapping[int, Sequence[int]]) -> list[Row]:
    """Return these reviewed versions of these checks, by check and version, without anything private."""
    rows = session.execute(select(RESULTS).where(RESULTS.c.check_id.in_(list(wanted))).order_by(
        RESULTS.c.check_id, RESULTS.c.number))
    return [row for row in rows if row.number in wanted[row.check_id]]


def schemes(session: Session, scheme_id: int | None = None) -> list[Row]:
    """Return the schemes that the public may see, the newest first."""
    query = select(SCHEMES).order_by(SCHEMES.c.id.desc())
    return list(session.execute(query if scheme_id is None else query.where(SCHEMES.c.id == scheme_id)))


def draws(session: Session, scheme_id: int) -> list[Row]:
    """Return a scheme's sealed draws, void ones too, the first first."""
    return list(session.execute(select(DRAWS).where(
        DRAWS.c.scheme_id == scheme_id).order_by(DRAWS.c.number)))


def drawn_there(session: Session, scheme_id: int) -> Row | None:
    """Return that a scheme's list was drawn on the provincial platform: how many, the hash, when taken."""
    return session.execute(select(DRAWN_THERE).where(DRAWN_THERE.c.scheme_id == scheme_id)).first()


def draw_file_names(session: Session, draw_id: int) -> list[str]:
    """Return the names of a draw's public files."""
    return sorted(session.scalars(select(DRAW_FILES.c.name).where(
        DRAW_FILES.c.draw_id == draw_id).distinct()))


def draw_files(session: Session, draw_id: int, names: Sequence[str]) -> dict[str, bytes]:
    """Return these public files of a draw by name, those that there are."""
    found: dict[str, list[bytes]] = {}
    for name, content in session.execute(select(DRAW_FILES.c.name, DRAW_FILES.c.content).where(
            DRAW_FILES.c.draw_id == draw_id, DRAW_FILES.c.name.in_(names)).order_by(
            DRAW_FILES.c.name, DRAW_FILES.c.part)):
        found.setdefault(name, []).append(content)
    return {name: b"".join(parts) for name, parts in found.items()}


def plans(session: Session) -> list[Row]:
    """Return every version of every plan that is or was published, the newest year first."""
    return list(session.execute(select(PLANS).order_by(
        PLANS.c.year.desc(), PLANS.c.area, PLANS.c.number)))


def acts(session: Session, *conditions: Any, newest: int | None = None) -> list[Publication]:
    """Return acts of publicity that meet the conditions, in the order they were made; or the newest
    so many, the last first."""
    query = select(Publication).where(*conditions)
    ordered = query.order_by(Publication.id) if newest is None else query.order_by(
        Publication.id.desc()).limit(newest)
    return list(session.scalars(ordered))


def shown(session: Session, *conditions: Any) -> list[Publication]:
    """Return the published versions that meet the conditions and were not taken down since."""
    gone = aliased(Publication)
    return acts(session, Publication.act == "published", *conditions, ~exists().where(
        gone.check_id == Publication.check_id, gone.act == "withdrawn",
        gone.record_number == Publication.record_number))


def of_businesses(session: Session, codes: Iterable[str]) -> dict[str, list[Publication]]:
    """Return what is public of each of these businesses, by code."""
    found: dict[str, list[Publication]] = {}
    for one in acts(session, Publication.uscc.in_(list(codes))):
        found.setdefault(one.uscc or "", []).append(one)
    return found


def latest_acts(session: Session) -> Iterator[Publication]:
    """Yield the last act about each version of each result, by check and version."""
    last = select(func.max(Publication.id)).group_by(Publication.check_id, Publication.record_number)
    yield from session.scalars(select(Publication).where(Publication.id.in_(last)).order_by(
        Publication.check_id, Publication.record_number).execution_options(yield_per=2000))


def codes(session: Session) -> list[str]:
    """Return the codes of all businesses with something public, by the folder of their pages."""
    return list(session.scalars(select(PublicBusiness.uscc).order_by(
        func.substr(PublicBusiness.uscc, 14, 3), PublicBusiness.uscc)))


def days(session: Session, year: int | None = None) -> dict[date, int]:
    """Return how many acts there were on each day (of a year), the first day first."""
    query = select(Publication.day, func.count()).group_by(Publication.day).order_by(Publication.day)
    if year is not None:
        query = query.where(Publication.day.between(date(year, 1, 1), date(year, 12, 31)))
    return dict(session.execute(query).all())


def year_of(day: Any) -> ColumnElement[int]:
    return cast(extract("year", day), Integer)


def open_clocks(session: Session, before: date, scheme_id: int | None = None) -> list[Row]:
    """Return how many results had to be public before a day and are not, by scheme and authority:
    (scheme_code, scheme_title, authority, number, oldest due date)."""
    view = CLOCKS
    query = select(view.c.scheme_code, view.c.scheme_title, view.c.authority, func.count().label("number"),
                   func.min(view.c.due_on).label("due_on")).where(view.c.due_on < before).group_by(
        view.c.scheme_code, view.c.scheme_title, view.c.authority).order_by(func.min(view.c.due_on))
    return list(session.execute(query if scheme_id is None else query.where(
        view.c.scheme_id == scheme_id)))


def fill_search(session: Session, names: dict[str, list[str]],
                grams: Iterable[tuple[str, int, list[int], int]]) -> None:
    """Fill the empty index: names by code, in the order of their numbers; grams as rows."""
    bulk.write(session, PublicBusiness, ("number", "uscc", "names"), (
        (number, uscc, said) for number, (uscc, said) in enumerate(names.items(), 1)))
    bulk.write(session, SearchGram, ("gram", "shard", "numbers", "total"), grams)
