"""The yearly report (年度报告, art. 12): what the year's schemes came to, for the joint conference."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from blocks import settings
from blocks.documents import finding
from blocks.documents.declaring import Paper, document, number, office
from blocks.register import yearly
from blocks.register.schemes import Scheme
from blocks.rules import stages


@dataclass(frozen=True)
class SchemeLine:
    code: str
    name: str
    lead: str
    departments: int
    drawn: int
    done: int
    stage: str


@dataclass(frozen=True)
class Counted:
    label: str
    count: int


@dataclass(frozen=True)
class Followed:
    label: str
    count: int
    closed: int


@dataclass(frozen=True)
class Punctual:
    department: str
    in_time: int
    met_late: int
    open: int
    late: int


@dataclass(frozen=True)
class YearReport(Paper):
    number: str
    year: int
    office: str
    schemes: list[SchemeLine]
    planned: int
    cancelled: int
    draws: int
    voided: int
    visited: int
    replaced: int
    checks: int
    problems: int
    results: list[Counted]
    follow_ups: list[Followed]
    published: int
    departments: list[Punctual]
    publicity_workdays: int
    date: date


@document("year", "年度报告", of="年度", find=finding.year)
def report(session: Session, year: int) -> YearReport:
    """The year's report, as the register stands today."""
    schemes = yearly.schemes_of(session, year)
    ids = [one.id for one in schemes]
    visits, draws = yearly.visits_of(session, ids), yearly.draws_of(session, ids)
    results, labels = yearly.results_of(session, ids), settings.results()
    today = settings.today()
    return YearReport(
        file=f"{year}年度报告", number=number("report", f"{year}-1"), year=year, office=office(),
        schemes=[_line(one, visits[one.id]) for one in schemes],
        planned=sum(one.plan_key is not None for one in schemes),
        cancelled=sum(one.stage == "cancelled" for one in schemes),
        draws=sum(draws.values()), voided=draws.get("void", 0),
        visited=sum(one.get("done", 0) for one in visits.values()),
        replaced=sum(one.get("replaced", 0) for one in visits.values()), checks=sum(results.values()),
        problems=sum(n for code, n in results.items() if labels.category(code).needs_follow_up
                     or labels.category(code).needs_description),
        results=[Counted(one.label, results[code]) for code, one in labels.categories.items() if code in results],
        follow_ups=[Followed(labels.follow_up(kind).label, *counts)
                    for kind, counts in yearly.follow_ups_of(session, ids).items()],
        published=yearly.published_of(session, ids),
        departments=[Punctual(**one) for one in yearly.punctuality_of(session, ids)],
        publicity_workdays=settings.regulation(today).publicity_workdays, date=today)


def _line(scheme: Scheme, visits: dict[str, int]) -> SchemeLine:
    return SchemeLine(scheme.code, scheme.name, scheme.lead.name, 1 + len(scheme.participant_ids),
                      sum(n for stage, n in visits.items() if stage != "replaced"), visits.get("done", 0),
                      stages.label("scheme", scheme.stage))
