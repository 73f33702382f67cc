"""Figures of a period from a real register: every one opens to its rows, frozen they are held to them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from blocks import settings
from blocks.errors import StageError
from blocks.register import appraisals, counting
from blocks.register.counting import Span
from blocks.register.database import transaction
from blocks.rules import scoring
from tests.scenes import actor, on_day

CHECKS, VISITS = 9, 3  # of the scene: three businesses, three departments


def span(on: date | None = None) -> Span:
    today = settings.today()
    return Span(date(today.year, 1, 1), date(today.year + 1, 12, 31), on or today + timedelta(days=90))


def counts(on: date | None = None) -> dict[str, scoring.Count]:
    method = appraisals.method()
    with transaction() as session:
        found = counting.sums(counting.counted(session, method, span(on))).get(None, {})
    return {key: scoring.total_of(found, key) for key in method.indicators}


def test_a_public_inspection_counts_in_every_figure_that_it_concerns(look):
    look("publicised")
    told = counts()
    assert told["check_done"] == told["published"] == scoring.Count(CHECKS, CHECKS)
    assert told["joint"] == told["on_site"] == scoring.Count(VISITS, VISITS)
    assert told["saved"] == scoring.Count(VISITS, CHECKS - VISITS)
    assert told["task_done"] == scoring.Count(3, 3)
    assert told["closed"] == scoring.Count(1, 1)
    assert told["on_time_publicity"] == told["on_time_recording"] == scoring.Count(CHECKS, CHECKS)
    assert told["problems"] == told["corrections"] == scoring.Count(CHECKS, 0)
    assert told["merged"] == scoring.Count(VISITS, 0)
    assert told["on_time_acceptance"] == scoring.Count(2, 2)
    assert told["follow_ups_closed"] == told["satisfaction"] == told["plan_done"] == scoring.Count(0, 0)


def test_yesterday_nothing_had_been_done(look):
    look("publicised")
    told = counts(settings.today() - timedelta(days=1))
    assert {key: count for key, count in told.items() if count.n and key not in ("items_covered", "targets_covered")
            } == {}


def test_every_figure_opens_to_exactly_the_rows_it_counts(look):
    look("publicised")
    method, counted = appraisals.method(), 0
    with transaction() as session:
        frame = counting.counted(session, method, span())
        by_department = counting.sums(frame, "department")
        for department, figures in by_department.items():
            for (_, key), count in figures.items():
                rows = counting.rows(session, method, method.indicators[key], span(), department=int(department))
                assert (len(rows), sum(row.value for row in rows)) == (count.n, count.total)
                counted += len(rows)
    assert counted > 100


def test_a_period_that_is_not_over_is_not_frozen(open_scene):
    open_scene("publicised")
    period = f"{settings.today():%Y-%m}"
    with transaction() as session, pytest.raises(StageError) as refused:
        appraisals.freeze(session, period, actor("bangong"))
    assert "还没有结束" in refused.value.message


def frozen() -> None:
    """Freeze the year in which the scene plays, and the next, into which December's reaches."""
    year = settings.today().year
    with on_day(date(year + 2, 6, 1)), transaction() as session:
        for each in (year + 1, year):
            appraisals.freeze(session, str(each), actor("bangong"))


def wrong() -> list[str]:
    with transaction() as session:
        return [text for one in appraisals.frozen(session) for text in appraisals.verify(session, one)]


def tampered(statement: str) -> list[str]:
    """Change the past, past every guard; return what is found wrong, and take the change back."""
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        assert session.execute(text(statement)).rowcount
        found = [said for one in appraisals.frozen(session) for said in appraisals.verify(session, one)]
        session.rollback()
    return found


TAMPERED = {
    "填报记录按时率": "UPDATE dues SET met_at = met_at + interval '100 days' WHERE clock = 'recording'",
    "公示率": "DELETE FROM publications WHERE id = (SELECT min(id) FROM publications)",
    "问题发现率": "UPDATE check_records SET category = 'problem_pending' WHERE id % 9 = 1",
    "实地检查占比": "UPDATE schemes SET mode = 'written'",
    "检查完成率": "UPDATE visits SET day = day - 400",
}


def test_a_past_row_that_was_changed_is_found(open_scene):
    open_scene("publicised")
    frozen()
    assert wrong() == []
    for label, statement in TAMPERED.items():
        assert any(label in one for one in tampered(statement)), label
    year = settings.today().year
    assert tampered("UPDATE appraisals SET content = jsonb_set(content, '{figures,0,5}', '7')") == [
        f"{each}考核第1版的内容与留痕中的哈希不符" for each in (year + 1, year)]
    moved = "UPDATE targets SET county_code = '445203', risk_class = 'D'"
    assert tampered(moved) == [], "a business that moves changes no past row"


def test_the_frozen_score_stays_whatever_the_weights_become(open_scene):
    open_scene("publicised")
    frozen()
    with transaction() as session:
        kept = appraisals.frozen(session)[-1]
        score = scoring.score(kept.method, counting.sums(kept.frame)[None])
    assert score is not None
    assert {one.indicator.key for one in score.marks} <= set(kept.content["method"]["editions"][0]["weights"])
    assert score.low < score.points < 100
    assert score.points + sum(one.gain for one in score.marks) == pytest.approx(100)
