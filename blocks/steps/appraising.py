"""The appraisal by itself: a month or a year that is over is frozen once; frozen ones are counted anew (art. 12)."""

from datetime import timedelta
from typing import Any

from blocks import engine, settings
from blocks.register import appraisals, scorecards
from blocks.register.database import transaction
from blocks.register.scorecards import Card
from blocks.rules.stages import Actor


def ended() -> list[str]:
    """Return the periods that ended last: last month, and in January last year."""
    last = settings.today().replace(day=1) - timedelta(days=1)
    return [f"{last:%Y-%m}", *([str(last.year)] if last.month == 12 else [])]


def freeze(who: Actor) -> list[str]:
    """Freeze the periods that ended and are not frozen; return what was done (Chinese)."""
    said = []
    for period in ended():
        with engine.change() as session:
            if appraisals.current(session, period) is None:
                made = appraisals.freeze(session, period, who)
                said.append(f"{made.title}已定稿，哈希{made.hash[:16]}")
    return said


def verify() -> list[str]:
    """Count every frozen period of the last year anew; return what does not fit any more."""
    since = settings.today() - timedelta(days=366)
    with transaction() as session:
        return [text for one in appraisals.frozen(session) if one.stage != "replaced" and one.span.last >= since
                for text in appraisals.verify(session, one)]


def table(period: str = "") -> list[dict[str, str]]:
    """Return the departments' scores of a period (else of the last that ended), for the Prefect UI."""
    with transaction() as session:
        there = scorecards.standing(session, period or ended()[0])
        cards = [scorecards.city(there), *scorecards.departments(session, there)]
    return [_line(one) for one in cards]


def _line(one: Card) -> dict[str, Any]:
    told = {"部门": one.name, "得分": "—", "95%区间": "—", "名次": one.place if one.key else "", "最能提高得分的": ""}
    if one.score:
        told |= {"得分": f"{one.score.points:.1f}", "95%区间": f"{one.score.low:.1f}—{one.score.high:.1f}",
                 "最能提高得分的": "、".join(f"{mark.indicator.label}（+{mark.gain:.1f}）"
                                      for mark in one.score.raises)}
    return told
