"""What the engine remembers is forgotten after CHOUCHA_RETENTION_DAYS, here and in Prefect's own tables."""

import re
from datetime import timedelta

import pytest
from prefect.settings.models.server.events import ServerEventsSettings
from prefect.settings.models.server.services import ServerServicesDBVacuumSettings
from sqlalchemy import func, select, text

from blocks import settings
from blocks.errors import NotAnswering
from blocks.local.up import _retention
from blocks.register.database import transaction
from blocks.register.rounds import Round
from blocks.register.schemes import Attempt
from blocks.register.trail import InboxLine, OutboxLine, TrailLine
from blocks.steps import nightshift

KINDS = (OutboxLine, InboxLine, Round, Attempt)


def count() -> dict[str, int]:
    with transaction() as session:
        return {kind.__tablename__: session.scalar(select(func.count()).select_from(kind)) for kind in KINDS}


def test_what_the_engine_remembers_is_forgotten_and_what_is_fresh_stays_and_so_does_what_was_told(open_scene):
    open_scene("drafted")
    with transaction() as session:
        lines = session.scalar(select(func.count()).select_from(TrailLine))
        assert lines >= 1
        session.execute(text("UPDATE outbox SET done_at = NULL"))
        for days in (89, 91):
            ago = settings.now() - timedelta(days=days)
            session.add_all([Round(kind="sweep", begun_at=ago, ended_at=ago), InboxLine(
                consumer=str(days), trail_number=1, run="", taken_at=ago), Attempt(
                key=str(days), flow="draw", tries=1, last_at=ago, last_run="")])
    waiting = count()["outbox"]
    nightshift.tidy()
    assert count() == {"outbox": waiting, "inbox": 1, "rounds": 1, "attempts": 1}
    with transaction() as session:
        session.execute(text("UPDATE outbox SET done_at = :at"), {"at": settings.now() - timedelta(days=9999)})
    nightshift.tidy()
    assert count()["outbox"] == lines, "each line of the trail keeps the one by which it was told"
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(TrailLine)) == lines


def test_prefects_own_vacuum_is_set_to_the_same_days(monkeypatch):
    monkeypatch.setenv("CHOUCHA_RETENTION_DAYS", "30")
    settings.get.cache_clear()
    for name, value in _retention().items():
        monkeypatch.setenv(name, value)
    vacuum = ServerServicesDBVacuumSettings()
    assert vacuum.enabled_vacuum_types == {"events", "flow_runs", "orphans"}
    assert vacuum.retention_period == ServerEventsSettings().retention_period == timedelta(days=30)
    monkeypatch.undo()
    settings.get.cache_clear()


def test_a_retention_of_nothing_is_refused(monkeypatch):
    monkeypatch.setenv("CHOUCHA_RETENTION_DAYS", "1")
    settings.get.cache_clear()
    with pytest.raises(NotAnswering, match="CHOUCHA_RETENTION_DAYS"):
        settings.get()
    monkeypatch.undo()
    settings.get.cache_clear()


def test_the_night_says_how_large_everything_has_grown(register):
    (settings.state_dir() / "large").write_bytes(bytes(2_500_000))
    assert re.fullmatch(r"登记库\d+ MB，(流程引擎库\d+ [KM]B，)?状态目录2 MB", nightshift.measure())
