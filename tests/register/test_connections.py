"""Connections that end while they rest: whoever comes next gets a live one and notices nothing."""

import psycopg
import pytest
from sqlalchemy import text

from blocks import settings
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
