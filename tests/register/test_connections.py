"""Connections that end while they rest: whoever comes next gets a live one and notices nothing."""

import psycopg
import pytest
from sqlalchemy import text

from blocks import settings
from blocks.errors import NotAnswering
from blocks.register import database
from blocks.register.database import reading, transaction


def _own(opened) -> int:
    with opened() as session:
        return session.scalar(text("SELECT pg_backend_pid()"))


@pytest.mark.parametrize("opened", [transaction, reading])
def test_a_resting_connection_that_the_server_ended_is_replaced(register, opened):
    before = _own(opened)
    plain = settings.database_url().replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    assert _own(opened) != before
    assert _own(opened) == _own(opened)


@pytest.mark.parametrize("opened", [transaction, reading])
def test_after_a_long_rest_the_server_is_asked_and_the_connection_kept(register, opened, monkeypatch):
    monkeypatch.setattr(database, "LONG_IDLE", 0)
    assert _own(opened) == _own(opened)


def test_after_reading_a_transaction_is_whole_again(register):
    with reading() as session:
        session.scalar(text("SELECT 1"))
    with pytest.raises(ZeroDivisionError), transaction() as session:
        session.execute(text("INSERT INTO departments (code, name, short_name) VALUES ('xyz', '某局', '某局')"))
        raise ZeroDivisionError
    with reading() as session:
        assert session.scalar(text("SELECT count(*) FROM departments WHERE code = 'xyz'")) == 0


def test_a_commit_that_nobody_answered_may_have_been_carried_out_and_is_not_called_undone(register):
    with transaction() as session:
        session.execute(text("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
                             "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"))
        session.execute(text("CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON departments DEFERRABLE INITIALLY "
                             "DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"))
    insert = "INSERT INTO departments (code, name, short_name) VALUES ('xyz', '某局', '某局')"
    with pytest.raises(NotAnswering, match="是否办成还不能确定"), transaction() as session:
        session.execute(text(insert))
    with pytest.raises(NotAnswering, match="什么都没有改动"), transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
