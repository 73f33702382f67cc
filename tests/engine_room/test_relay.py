"""The relay hands events to Prefect: at once, once, in batches, past outages and refused lines (G6, G17, G20)."""

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import psycopg
import pytest
from sqlalchemy import func, select, text, update

from blocks import prefect_api, settings
from blocks.actions import relaying as actions
from blocks.actions import schemes
from blocks.errors import InspectionError, NotAnswering, RuleViolation, StageError
from blocks.register import outbox
from blocks.register.database import transaction
from blocks.register.schemes import Attempt, scheme
from blocks.register.trail import OutboxLine
from blocks.steps import relaying
from tests.people import stage
from tests.scenes import refused


class Receiver(ThreadingHTTPServer):
    """Takes events as Prefect's API does: `calls` keeps when each batch came and what was in it;
    `answer` may say another status than 204 to a batch."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls: list[tuple[float, list[dict]]] = []
        self.answer: Callable[[list[dict]], int] = lambda batch: 204

    @property
    def taken(self) -> list[dict]:
        return [event for _, batch in self.calls for event in batch]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answer(batch)
        if status == 204:
            self.server.calls.append((time.time(), batch))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def prefect(monkeypatch) -> Iterator[Receiver]:
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def relay() -> Iterator[Callable[[], None]]:
    """Return what starts a relay beside the test, on the register that is open then."""
    stop, thread = Event(), None

    def start() -> None:
        nonlocal thread
        thread = Thread(target=relaying.serve, args=(stop,))
        thread.start()
        until(lambda: waiting() == [])

    yield start
    stop.set()
    with transaction() as session:
        outbox.notify(session)
    thread.join(10)
    assert not thread.is_alive()


def lines(*conditions) -> list[OutboxLine]:
    with transaction() as session:
        return list(session.scalars(select(OutboxLine).where(*conditions).order_by(OutboxLine.trail_number)))


def waiting() -> list[OutboxLine]:
    return lines(OutboxLine.done_at.is_(None))


def change(**values) -> None:
    """Let something be so of every line that waits."""
    with transaction() as session:
        session.execute(update(OutboxLine).where(OutboxLine.done_at.is_(None)).values(**values))


def until(question: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_prefect_is_told_ids_only_and_what_is_due_and_then_nothing_waits(open_scene, prefect):
    schemes.submit("gaj.jingban", open_scene("drafted"))
    assert prefect.calls == [], "who acts speaks to nobody"
    told = len(waiting())
    assert relaying.relay_rest() == told
    assert [len(batch) for _, batch in prefect.calls] == [told], "one call a batch"
    event = prefect.taken[-1]
    number = lines()[-1].trail_number
    assert event["event"] == "choucha.scheme.submitted"
    assert event["resource"] == {"prefect.resource.id": "choucha.scheme.1", "choucha.wakes": "plan_approval"}
    assert event["payload"] == {"thing": "scheme", "id": 1, "version": 2, "scheme_id": 1, "trail": number}
    assert waiting() == [] and relaying.relay_rest() == 0


def test_an_event_is_posted_as_soon_as_its_change_is_committed(open_scene, prefect, relay):
    code = open_scene("drafted")
    relay()
    late = []
    for _ in range(5):
        begun = len(prefect.calls)
        schemes.submit("gaj.jingban", code)
        committed = time.time()
        until(lambda: len(prefect.calls) > begun)  # noqa: B023
        late.append(prefect.calls[-1][0] - committed)
        schemes.return_("gaj.shenpi", code, "再来")
        until(lambda: waiting() == [])
    print(f"from commit to posted: {sorted(late)[2] * 1000:.0f} ms")
    assert sorted(late)[2] < 0.5, late  # some milliseconds on a quiet machine


def test_who_acts_does_not_wait_for_an_engine_that_hangs(open_scene, prefect, relay):
    code = open_scene("drafted")
    relay()
    hangs = Event()
    prefect.answer = lambda batch: 204 if hangs.wait(20) else 500
    begun = time.monotonic()
    schemes.submit("gaj.jingban", code)
    assert time.monotonic() - begun < 2
    hangs.set()
    until(lambda: waiting() == [])
    assert stage(code) == "submitted"


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_server_that_is_away_costs_no_tries_and_gets_the_same_events_later(open_scene, prefect, status):
    schemes.submit("gaj.jingban", open_scene("drafted"))
    before = [line.trail_number for line in waiting()]
    prefect.answer = lambda batch: status
    with prefect_api.client() as to, pytest.raises(NotAnswering):
        relaying.relay(to)
    assert [(line.trail_number, line.tries, line.leased_until) for line in waiting()] == [
        (number, 0, None) for number in before]
    prefect.answer = lambda batch: 204
    assert relaying.relay_rest() == len(before) == len({event["id"] for event in prefect.taken})


def test_a_relay_goes_on_when_server_and_database_come_back(open_scene, prefect, relay):
    code = open_scene("drafted")
    relay()
    prefect.answer = lambda batch: 503
    schemes.submit("gaj.jingban", code)
    until(lambda: all(line.last_error for line in waiting()))
    with psycopg.connect(settings.database_url().replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                      "WHERE application_name = 'choucha relay' AND datname = current_database()")
    prefect.answer = lambda batch: 204
    until(lambda: waiting() == [], 30)
    assert "choucha.scheme.submitted" in [event["event"] for event in prefect.taken]


def test_a_refused_line_is_found_in_its_batch_tried_five_times_and_then_shown(open_scene, prefect):
    code = open_scene("dispatched")
    change(done_at=settings.now())
    with transaction() as session:
        numbers = session.scalars(select(OutboxLine.trail_number).order_by(OutboxLine.trail_number)).all()
        session.execute(update(OutboxLine).values(done_at=None))
    bad = numbers[len(numbers) // 2]
    prefect.answer = lambda batch: 422 if bad in [event["payload"]["trail"] for event in batch] else 204
    for tries in range(1, outbox.MOST_TRIES + 1):
        relaying.relay_rest()
        (line,) = waiting()
        assert (line.trail_number, line.tries) == (bad, tries) and "422" in line.last_error
        assert relaying.relay_rest() == 0, "it is left alone for a while"
        change(leased_until=None)
    assert len(prefect.taken) == len(numbers) - 1
    assert relaying.relay_rest() == 0, "and now it waits for a person"
    with transaction() as session:
        assert [one.trail_number for one in outbox.poison(session)] == [bad]
        assert not outbox.is_away(session), "the engine is there"
    with refused("由联席会议办公室办理", RuleViolation):
        actions.resend("gaj.jingban", bad)
    actions.resend("bangong", bad)
    with refused("不在发不出之列", StageError):
        actions.let_be("bangong", bad)
    prefect.answer = lambda batch: 204
    assert relaying.relay_rest() == 1
    (line,) = lines(OutboxLine.decided_by_id.is_not(None))
    assert line.trail_number == bad and line.done_at
    assert stage(code) == "dispatched"


def test_an_event_that_is_let_be_is_sent_no_more_and_names_who_said_so(open_scene, prefect):
    schemes.submit("gaj.jingban", open_scene("drafted"))
    number = waiting()[-1].trail_number
    change(tries=outbox.MOST_TRIES)
    actions.let_be("bangong", number)
    (line,) = lines(OutboxLine.decided_by_id.is_not(None))
    assert line.trail_number == number and line.done_at
    assert relaying.relay_rest() == 0 and prefect.calls == []


def test_a_relay_that_died_loses_its_lease_and_another_sends_the_same_event(open_scene, prefect):
    schemes.submit("gaj.jingban", open_scene("drafted"))
    with transaction() as session:
        held = outbox.lease(session)  # and nothing more is heard of it
    assert relaying.relay_rest() == 0
    with transaction() as session:
        left = session.scalar(select(func.max(OutboxLine.leased_until) - func.clock_timestamp()))
    assert 20 < left.total_seconds() <= outbox.LEASE.total_seconds()
    change(leased_until=func.clock_timestamp())
    assert relaying.relay_rest() == len(held)


def test_two_relays_never_send_the_same_line(open_scene, prefect):
    open_scene("publicised")
    with transaction() as session:
        session.execute(update(OutboxLine).values(done_at=None))
        number = session.scalar(select(func.count()).select_from(OutboxLine))

    def drain() -> None:
        with prefect_api.client() as to:
            while True:
                with transaction() as session:
                    found = outbox.lease(session, 7)
                if not found:
                    return
                relaying._hand_over(to, found, set())

    threads = [Thread(target=drain) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    ids = [event["id"] for event in prefect.taken]
    assert len(ids) == len(set(ids)) == number > 50
    assert waiting() == []


def test_what_the_sweep_has_started_meanwhile_is_told_without_waking_anything(open_scene, prefect):
    code = open_scene("drafted")
    schemes.submit("gaj.jingban", code)
    with transaction() as session:
        session.add(Attempt(key="plan_approval:1:2", flow="plan_approval", scheme_id=scheme(session, code).id,
                            tries=1, last_at=settings.now(), last_run=""))
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text("UPDATE trail SET at = at - interval '5 minutes'"))
    assert relaying.relay_rest() > 0
    assert [event for event in prefect.taken if "choucha.wakes" in event["resource"]] == []


def test_with_events_off_nothing_is_sent_and_nothing_waits(open_scene, prefect, monkeypatch):
    code = open_scene("drafted")
    monkeypatch.setenv("CHOUCHA_EVENTS", "off")
    settings.get.cache_clear()
    schemes.submit("gaj.jingban", code)
    with pytest.raises(InspectionError, match="事件已关闭"):
        relaying.serve(Event())
    assert relaying.relay_rest() == 0
    assert waiting() == prefect.calls == []
    monkeypatch.undo()
    settings.get.cache_clear()
