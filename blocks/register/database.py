"""The way into the register: one engine a process, short transactions, a plain word when it is out.

In production `CHOUCHA_DATABASE_URL` names the operator's own PostgreSQL; otherwise the embedded one
that `choucha up` started.
"""

import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import InspectionError, NotAnswering, RuleViolation, StageError

# What the constraints that carry the law say to a person, when one is reached at all.
CONSTRAINT_SENTENCES = {
    "ck_schemes_four_eyes": "起草人不能审批自己的方案",
    "ck_check_records_reviewer_not_recorder": "填报人不能审核自己的记录",
    "ck_check_records_reviewer_not_second": "参加检查的人不能审核该记录",
    "ck_check_records_two_inspectors": "记录须由另一名检查人员确认",
    "ck_checks_withheld_by_two": "不予公示或者撤下须由另一人确认",
    "ck_draw_sources_two_persons": "公开数字须由两人分别录入",
    "interested_inspector": "该检查人员与检查对象有利害关系，应当回避",
    "uq_seats_half_day": "该检查人员同一半天已有其他检查",
}
# What those say that keep a thing from being there twice.
TWICE = {
    "uq_recusals_open": "这个席位的回避申请已经登记，正在等审批人决定",
    "uq_objections_open": "这份检查的异议已经登记，正在等答复",
    "uq_letters_open": "给这个部门的督办函已经发出，正在等回复",
    "uq_contacts_account_id": "这个地址已经登记",
    "uq_contacts_department_id": "这个地址已经登记",
    "uq_annual_plans_drafted": "这一年的计划草稿已经有了",
    "uq_annual_plans_published": "这一年的计划已经公布",
    "uq_holiday_notices_national": "这一年的放假安排已经采用",
    "uq_absences_open": "这名检查人员的换人申请已经登记，正在等审批人决定",
    "uq_accounts_login": "这个账号已经有了",
    "uq_accounts_inspector_id": "这名检查人员已经有账号",
    "uq_appraisals_current": "这个考核期已经定稿",
    "uq_appraisals_period_number": "这个考核期已经定稿",
}

LOOK_EVERY = 20  # seconds
NOTICES = """SELECT json_agg(json_build_object('level', level, 'contents', contents) ORDER BY id)::text
             FROM holiday_notices WHERE stage = 'issued'"""
LONG_IDLE = 30  # seconds; a firewall may have forgotten a connection since


@cache
def engine(url: str) -> Engine:
    # No overflow: a connection beyond the pool would be made and thrown away for every busy moment.
    made = create_engine(url, pool_size=15, max_overflow=0,
                         connect_args={"connect_timeout": 5, "application_name": "choucha"})
    event.listen(made, "checkin", _rests)
    event.listen(made, "checkout", _refuse_the_dead)
    return made


def _rests(connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _refuse_the_dead(connection: Any, record: Any, _: Any) -> None:
    """Have the pool replace a connection whose server is gone.

    A server that restarts or ends a connection says so on it, and a resting connection that is well
    has nothing to say: so nothing to read means alive, and only otherwise, or after a long rest, the
    server is asked, which would cost every page a round trip.
    """
    since = record.info.pop("rests_since", None)
    if since is None or connection is None:
        return  # new
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    if not socket.poll(0) and time.monotonic() - since < LONG_IDLE:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.Error:
        raise InvalidatePoolError from None


@contextmanager
def reading() -> Iterator[Session]:
    """Yield a session in which each statement stands for itself, for a page that only shows.

    Each would see what is committed at its own moment in a transaction too (READ COMMITTED); this
    one spares the two round trips that begin and end it. Nothing can be taken back in it.
    """
    with _session("AUTOCOMMIT") as session:
        yield session


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session; commit at the end, or leave nothing behind.

    Raises:
        NotAnswering: PostgreSQL does not answer.
        RuleViolation: a constraint that carries the law refused the change.
    """
    with _session() as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """Yield a session that sees the register as of one moment, however long it looks, and changes nothing."""
    with _session("REPEATABLE READ") as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        yield session


@contextmanager
def _session(isolation: str | None = None) -> Iterator[Session]:
    bound = engine(settings.database_url())
    if isolation:
        bound = bound.execution_options(isolation_level=isolation)  # the same pool
    with _in_plain_words(), Session(bound, expire_on_commit=False) as session, session.begin():
        _look_for_notices(session)
        yield session


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Let what PostgreSQL says be told to people."""
    try:
        yield
    except DBAPIError as error:
        told = _translated(error)
        if told is None:
            raise
        raise told from error


def _look_for_notices(session: Session) -> None:
    """Take up what was added to the calendar, at most every twenty seconds a register."""
    url, now = settings.database_url(), time.monotonic()
    if _looked.get("url") == url and now - _looked["at"] < LOOK_EVERY:
        return
    settings.add_notices(session.scalar(text(NOTICES)) or "[]")
    _looked.update(url=url, at=now)


_looked: dict = {}


def look_again() -> None:
    """Let the next transaction look for what was added to the calendar."""
    _looked.clear()


def _translated(error: DBAPIError) -> InspectionError | None:
    """Return what a person is told, or None where it is a bug."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "42P01":
        return NotAnswering("这个数据库里还没有登记库", "请先运行 choucha up，它会建好全部表")
    if isinstance(error, (OperationalError, InterfaceError)) and state[:2] in ("", "08", "57"):
        if error.statement is None and error.connection_invalidated:  # it was the commit that went unanswered
            return NotAnswering("登记库（PostgreSQL）在最后一刻没有应答，是否办成还不能确定",
                                "请先看最新进展，没有办成的再办一次")
        return NotAnswering("登记库（PostgreSQL）没有应答，什么都没有改动",
                            "请先运行 choucha up；若已在运行，请查看它的输出后重试")
    if state in ("40P01", "40001", "55P03"):
        return StageError("同一时刻有人在办同一件事，什么都没有改动", "请再办一次")
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name in TWICE:
        return StageError(f"{TWICE[name]}，什么都没有改动", "不必再办一次")
    sentence = CONSTRAINT_SENTENCES.get(name or "")
    return RuleViolation(f"{sentence}，什么都没有改动", "请换人办理") if sentence else None


def answers() -> bool:
    """Tell whether PostgreSQL answers and the register is there."""
    try:
        with engine(settings.database_url()).connect() as connection:
            connection.execute(text("SELECT 1 FROM schemes LIMIT 1"))
    except (DBAPIError, NotAnswering):
        return False
    return True


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Hold a lock by name while inside; yield False where another process holds it.

    Raises:
        NotAnswering: PostgreSQL does not answer.
    """
    with ExitStack() as opened:
        with _in_plain_words():
            connection = opened.enter_context(engine(settings.database_url()).connect())
            taken = bool(connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": name}))
            connection.commit()
        try:
            yield taken
        finally:
            if taken:
                with suppress(DBAPIError):  # the connection is gone, and the lock with it
                    connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), {"name": name})
                    connection.commit()
