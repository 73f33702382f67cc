"""What is told to the provincial platform (平台交换), each once, and what became of it.

prepared → sent → acknowledged | refused | unknown. The line stands before anything is handed over, in
the transaction that caused it; its key never changes, so that a repeat is recognised (G6). It is
`sent` from the moment it is claimed: whoever dies in between leaves it so, and it is asked about
before it is sent again. What the platform did not take waits longer each time; while one line waits
because the platform was away, no other is tried either (the circuit breaker, kept by the rows alone).
"""

from datetime import datetime, timedelta

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    ScalarSelect,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from blocks import settings
from blocks.draw.hashing import canonical_json, hexdigest
from blocks.errors import NotFound, NotTaken, Refused, Unsure
from blocks.register.base import Base, Moving
from blocks.register.schemes import Scheme
from blocks.register.trail import advance, begin
from blocks.rules.stages import Actor

KINDS = {"schemes": "抽查任务", "pools": "待抽库", "draws": "抽取结果", "assignments": "派发任务",
         "replacements": "递补", "pairings": "检查人员", "results": "检查结果", "publications": "公示信息"}
HASH = "sm3"
PATIENCE = timedelta(minutes=5)  # after which a line still `sent` over HTTP has lost its answer
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
BY_FILE = "files"


class Exchange(Moving, Base):
    """One thing told to the platform: rows of one kind of one scheme, told whole or not at all.

    `key` is its business key; `content` the rows, `sha` their hash (SM3). `by`: files, http.
    `away`: the last try found nobody there. `receipt`: the platform's number, or our file's name.
    """

    __tablename__ = "exchanges"
    thing = "exchange"
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("schemes.id"), index=True)
    content: Mapped[list[dict]] = mapped_column(JSONB)
    sha: Mapped[str]
    by: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    away: Mapped[bool] = mapped_column(default=False)
    receipt: Mapped[str | None]
    last_error: Mapped[str | None]
    scheme: Mapped[Scheme] = relationship()
    __table_args__ = (
        Index("ix_exchanges_open", "next_at", postgresql_where="stage IN ('prepared','sent','unknown')"),
        CheckConstraint("jsonb_array_length(content) > 0", name="says_something"))

    @property
    def owner_department_id(self) -> int | None:
        return None

    @property
    def title(self) -> str:
        return f"{self.scheme.code} {KINDS[self.kind]}"


def sha(content: list[dict]) -> str:
    """Return the hash both sides compare: SM3 of the rows as canonical JSON."""
    return hexdigest(HASH, canonical_json(content))


def prepare(session: Session, key: str, kind: str, scheme_id: int, content: list[dict], actor: Actor) -> None:
    """Write the intent to tell the platform something."""
    begin(session, Exchange(key=key, kind=kind, scheme_id=scheme_id, content=content, sha=sha(content),
                            next_at=settings.now()), actor, details={"key": key, "rows": len(content)})


def ready() -> ColumnElement[bool]:
    """An exchange is to be handed over or asked about now, and the platform is not known to be away."""
    now, away = settings.now(), aliased(Exchange)
    carried = (Exchange.by == BY_FILE) & Exchange.receipt.is_not(None)  # by a person, who takes longer
    lost = (Exchange.stage == "sent") & ~carried & (Exchange.tried_at < now - PATIENCE)
    # a try in the future tells that the clock was set back
    return (or_(Exchange.stage.in_(("prepared", "unknown")) & or_(
        Exchange.next_at <= now, Exchange.tried_at > now), lost)
        & ~select(away.id).where(away.away, away.stage.in_(("prepared", "unknown")), away.next_at > now,
                                 away.tried_at <= now).exists())


def waiting(session: Session, scheme_id: int) -> list[int]:
    """Return what a scheme has to hand over or ask about now, the oldest first."""
    return list(session.scalars(select(Exchange.id).where(
        Exchange.scheme_id == scheme_id, ready()).order_by(Exchange.id)))


def tried_since(session: Session, moment: datetime) -> int:
    return session.scalar(select(func.count()).where(Exchange.tried_at > moment)) or 0


def claim(session: Session, exchange_id: int, by: str, actor: Actor) -> tuple[Exchange, bool] | None:
    """Take an exchange in hand; None where another run has it or it is no longer due.

    The flag says whether it must be asked about: it was handed over before and the answer was lost.
    """
    one = session.scalar(select(Exchange).where(Exchange.id == exchange_id, ready()).with_for_update(
        skip_locked=True))
    if one is None:
        return None
    if one.stage == "sent":
        advance(session, one, "unknown", actor)
    now, ask = settings.now(), one.stage == "unknown"
    if ask:
        one.tries, one.tried_at, one.next_at, one.away = one.tries + 1, now, now + PATIENCE, False
    else:
        advance(session, one, "sent", actor, by=by, tries=one.tries + 1, tried_at=now, away=False)
    session.flush()
    return one, ask


def settle(session: Session, exchange_id: int, outcome: str | NotTaken | None, actor: Actor) -> None:
    """Write what became of a handed over exchange: its receipt, or why there is none.

    `outcome` None: the platform was asked and knows nothing of it.
    """
    one = session.get_one(Exchange, exchange_id, with_for_update=True)
    if one.stage not in ("sent", "unknown"):
        return  # a receipt came first, by another way
    later = settings.now() + pause(one.tries)
    if outcome is None:
        advance(session, one, "prepared", actor, verb="平台查无此件", next_at=settings.now())
    elif isinstance(outcome, str):
        advance(session, one, "acknowledged", actor, receipt=outcome, last_error=None, away=False)
    elif isinstance(outcome, Refused):
        advance(session, one, "refused", actor, reason=str(outcome), last_error=str(outcome))
    elif one.stage == "unknown":
        one.next_at, one.last_error, one.away = later, str(outcome), is_away(outcome)
    elif isinstance(outcome, Unsure):
        advance(session, one, "unknown", actor, next_at=later, last_error=str(outcome))
    else:
        advance(session, one, "prepared", actor, verb="平台未收，稍后再报", next_at=later,
                last_error=str(outcome), away=True)


def is_away(outcome: object) -> bool:
    """Tell whether the platform was not there at all: the next would not be taken either."""
    return isinstance(outcome, NotTaken) and not isinstance(outcome, (Refused, Unsure))


def tries_of(scheme_id: ColumnElement[int]) -> ScalarSelect[int]:
    """Return how often a scheme's exchanges were tried in all, as a column beside its id."""
    return select(func.sum(Exchange.tries)).where(Exchange.scheme_id == scheme_id).scalar_subquery()


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries: a minute, doubled each time, an hour at most."""
    return min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE)


def find(session: Session, id_or_key: str | int, *, lock: bool = False) -> Exchange:
    """Return an exchange by id or business key.

    Raises:
        NotFound: there is none.
    """
    text = str(id_or_key)
    where = Exchange.id == int(text) if text.isdecimal() and int(text) < 2**63 else Exchange.key == text
    query = select(Exchange).where(where)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"没有报送「{text}」", "请用 choucha platform list 查看编号")
    return found


def listed(session: Session, stage: str = "", limit: int = 200) -> list[Exchange]:
    """Return the last exchanges, those that need a person first."""
    needs = Exchange.stage.in_(("refused", "unknown")).desc()
    query = select(Exchange).order_by(needs, Exchange.id.desc()).limit(limit)
    return list(session.scalars(query.where(Exchange.stage == stage) if stage else query))


def unsettled_rows(session: Session, kind: str, scheme_id: int | None = None) -> list[dict]:
    """Return the rows of a kind that the platform has not acknowledged, the oldest first."""
    query = select(Exchange.content).where(Exchange.kind == kind, Exchange.stage != "acknowledged").order_by(
        Exchange.id)
    found = session.scalars(query.where(Exchange.scheme_id == scheme_id) if scheme_id else query)
    return [row for content in found for row in content]


def counts(session: Session) -> dict[str, int]:
    """Return how many exchanges stand in each stage."""
    return dict(session.execute(select(Exchange.stage, func.count()).group_by(Exchange.stage)).all())
