"""A night that is missed shows within half an hour: on the desk, to the operator, outside (G16, G18)."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from sqlalchemy import func, select, text

from blocks import settings
from blocks.errors import NotAnswering
from blocks.register import desk, rounds
from blocks.register.database import only_one, transaction
from blocks.register.directories import account
from blocks.register.notices import Notice
from blocks.register.overview import needs_a_person
from blocks.register.rounds import Round
from blocks.steps import sweeping, watching
from tests.conftest import use

MISSED = "夜间任务没有运行：应于11月25日2:00开始，至今没有"


@pytest.fixture
def at(monkeypatch) -> Iterator[Callable[[str], None]]:
    """Return what sets the clock, in Shanghai: `at("25 02:29")`, November 2026."""
    def name(day_and_time: str) -> None:
        moment = datetime.fromisoformat(f"2026-11-{day_and_time}").replace(tzinfo=settings.SHANGHAI)
        monkeypatch.setenv("CHOUCHA_NOW", moment.isoformat())
        settings.get.cache_clear()

    yield name
    monkeypatch.undo()
    settings.get.cache_clear()


def was(kind: str, begun: str, ended: str | None = "") -> None:
    """Let there have been a round; it ended when it began, unless another time is given."""
    there = [None if one is None else datetime.fromisoformat(f"2026-11-{one or begun}").replace(
        tzinfo=settings.SHANGHAI) for one in (begun, ended)]
    with transaction() as session:
        session.add(Round(kind=kind, begun_at=there[0], ended_at=there[1]))


def missed() -> str | None:
    with transaction() as session:
        return rounds.night_missed(session)


def test_at_29_past_two_nothing_is_amiss_and_at_31_it_shows(register, at):
    was("nightly", "24 02:00")
    at("25 02:29")
    assert missed() is None
    at("25 02:31")
    assert missed() == MISSED
    was("nightly", "25 02:33")
    at("25 02:34")
    assert missed() is None


def test_a_night_that_was_missed_shows_the_whole_day_and_until_the_next_one_runs(register, at):
    was("nightly", "24 02:00")
    for moment in ("25 12:00", "25 23:59", "26 02:29"):
        at(moment)
        assert missed() == MISSED
    at("26 02:01")
    was("nightly", "26 02:00", None)
    assert missed() is None, "it runs just now"


def test_a_night_that_began_and_never_ended_shows_after_two_hours(register, at):
    was("nightly", "24 02:00")
    was("nightly", "25 02:00", None)
    at("25 03:59")
    assert missed() is None
    at("25 04:01")
    assert missed() == "夜间任务没有办完：11月25日2:00开始，至今没有结束"


def test_a_round_from_before_the_clock_was_set_back_counts_for_nothing(register, at):
    was("nightly", "23 02:00")
    was("nightly", "28 02:00")
    was("sweep", "28 09:00")
    at("25 03:00")
    assert missed() == MISSED
    with transaction() as session:
        assert rounds.sweep_stopped(session)


def test_a_system_that_is_new_has_missed_nothing(register, at):
    at("25 10:00")
    with transaction() as session:
        assert rounds.alarms(session) == []
    was("sweep", "25 10:00")
    at("25 10:29")
    with transaction() as session:
        assert rounds.alarms(session) == []
    at("25 10:31")
    with transaction() as session:
        assert rounds.alarms(session) == ["巡查停了：半小时内没有一次办完，无人唤醒的事没有人办"]


def test_a_night_at_the_turn_of_a_year_has_its_own_date():
    moment = datetime(2027, 1, 1, 1, 59, tzinfo=settings.SHANGHAI)
    assert rounds.last_night(moment).date() == date(2026, 12, 31)
    assert rounds.last_night(moment.replace(hour=2)).date() == date(2027, 1, 1)


@pytest.fixture
def outside(monkeypatch) -> Iterator[list[str]]:
    """A monitoring service on loopback; yields the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CHOUCHA_DEADMAN_URL", f"http://127.0.0.1:{server.server_port}/ping/abc")
    settings.get.cache_clear()
    yield asked
    server.shutdown()
    server.server_close()


def test_the_sweep_tells_the_operator_once_a_day_and_outside_each_time(city, at, outside):
    was("nightly", "24 02:00")
    at("25 02:20")
    sweeping.sweep()
    assert outside == ["/ping/abc"]
    for moment in ("25 02:31", "25 02:36", "25 23:00"):
        at(moment)
        assert watching.look_after_the_night() == MISSED
    assert outside[1:] == ["/ping/abc/fail"] * 3
    at("26 03:00")
    watching.look_after_the_night()
    with transaction() as session:
        told = session.scalars(select(Notice).where(Notice.kind == "missed_night").order_by(Notice.id)).all()
        assert [one.subject for one in told] == ["夜间任务没有运行"] * 2
        assert MISSED in told[0].body
        assert MISSED.replace("25", "26") in [
            task.about for task in desk.tasks(session, account(session, "bangong").as_actor())]
        assert MISSED.replace("25", "26") in needs_a_person(session)
        assert desk.tasks(session, account(session, "gaj.jingban").as_actor()) == []


def test_a_hook_that_does_not_answer_hinders_nothing(register, at, monkeypatch):
    at("25 10:00")
    for url in ("http://127.0.0.1:9/x", "no address"):
        monkeypatch.setenv("CHOUCHA_DEADMAN_URL", url)
        settings.get.cache_clear()
        assert sweeping.sweep().startswith("待办0项")


def test_of_two_at_once_the_second_ends_at_once_and_leaves_no_round(register):
    with only_one("sweep"), only_one("nightly"):
        assert sweeping.sweep() == "另一次巡查正在进行"
        with watching.round_of("nightly") as alone:
            assert not alone
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Round)) == 0


def test_a_sweep_that_finds_no_postgresql_says_so(register, tmp_path):
    use("postgresql+psycopg://choucha@127.0.0.1:9/choucha", tmp_path)
    with pytest.raises(NotAnswering, match="登记库（PostgreSQL）没有应答"):
        sweeping.sweep()


def test_who_loses_postgresql_meanwhile_ends_well_and_holds_nobody_up(register):
    with only_one("nightly") as alone:
        assert alone
        with transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE datname = current_database() AND pid <> pg_backend_pid()"))
    with only_one("nightly") as alone:
        assert alone


def test_a_round_that_fails_has_no_end(register):
    with pytest.raises(OSError), watching.round_of("nightly"):
        raise OSError
    with transaction() as session:
        assert session.execute(text("SELECT kind, ended_at FROM rounds")).all() == [("nightly", None)]
    with watching.round_of("nightly") as alone:
        assert alone, "and the next one may work"
