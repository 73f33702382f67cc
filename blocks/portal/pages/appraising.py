"""Appraisal: score cards, the rows behind every figure, comments and appeals, what if (art. 12)."""

from datetime import date, timedelta

from blocks import settings
from blocks.actions import appraising
from blocks.errors import InspectionError, NotFound
from blocks.portal.access import Rule, movers
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import appraisals, counting, learning, scorecards
from blocks.register.counting import Span
from blocks.register.scorecards import Standing
from blocks.rules.appraisal import Indicator
from blocks.rules.learning import actual, expected, pooled, proposal, uniform
from blocks.rules.sampling import parse_rate
from blocks.rules.stages import KINDS, Role

OVERSEERS = frozenset({Role.OFFICE, Role.AUDITOR})
READS = Rule(OVERSEERS | {Role.DRAFTER, Role.APPROVER})
THINGS = {"target": "检查对象", "item": "抽查事项", "inspector": "检查人员"}
LINKS = {"check": "/checks/%s", "visit": "/visits/%s", "scheme": "/schemes/%s"}
AT_ONCE = 100
HERE = "/appraisal/{period}"


def _asked(at: At) -> Standing:
    """Return the period that is asked for, else last month's."""
    last = settings.today().replace(day=1) - timedelta(days=1)
    asked = at.params.get("period") or at.request.query_params.get("period")
    return scorecards.standing(at.session, asked or f"{last:%Y-%m}")


def _own(at: At) -> int | None:
    """Return the one department whose rows this person may see; None: all."""
    actor = at.visitor.actor
    return None if actor.roles & OVERSEERS else actor.department_id


def _cards(at: At) -> Shown:
    """Show the scores of a period, of every department and county, and what each is made of."""
    there, own = _asked(at), _own(at)
    departments = scorecards.departments(at.session, there)
    asked = at.request.query_params.get("department", "")
    chosen = next((one for one in departments if one.key == (asked if own is None else str(own))), None)
    return Shown("appraisal.html.j2", {
        "there": there, "departments": departments, "city": scorecards.city(there), "chosen": chosen,
        "counties": scorecards.counties(there), "classes": scorecards.by_risk_class(there, "problems"),
        "trend": scorecards.trend(at.session, there.span.last, int(chosen.key) if chosen else None),
        "said": appraisals.said(at.session, there.period), "kept": appraisals.listed(at.session),
        "problems": there.method.indicators.get("problems"), "over": there.span.last < settings.today(),
        "wrong": appraisals.verify(at.session, there.frozen) if (
            there.frozen and at.request.query_params.get("verify")) else None})


@page("/appraisal/rows", name="appraisal-rows", rule=READS)
def rows(at: At) -> Shown:
    """Show the rows that a figure counts: of a department, a county, a risk class; those missed first."""
    there, query = _asked(at), at.request.query_params
    key = query.get("indicator", next(iter(there.method.indicators)))
    if key not in there.method.indicators:
        raise NotFound(f"没有「{key[:40]}」这个指标", "请从考核页面进入")
    indicator, own = there.method.indicators[key], _own(at)
    department = own if own is not None else _number(query.get("department", ""))
    first = _number(query.get("first", "")) or 0
    found = counting.rows(
        at.session, there.method, indicator, there.span, department=department, county=query.get("county", ""),
        risk=query.get("risk", ""), value=_missed(indicator) if query.get("missed") else None,
        without=there.without, first=first, most=AT_ONCE + 1)
    return Shown("appraisal-rows.html.j2", {
        "there": there, "indicator": indicator, "rows": found[:AT_ONCE], "query": query, "first": first,
        "more": first + AT_ONCE if len(found) > AT_ONCE else None, "links": LINKS, "department": department,
        "things": THINGS | {code: kind.label for code, kind in KINDS.items()},
        "names": {int(one.key): one.name for one in scorecards.departments(at.session, there)}})


def _missed(indicator: Indicator) -> int:
    return 1 if indicator.better == "less" else 0


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


@page("/appraisal/what-if", name="appraisal-what-if", rule=READS)
def what_if(at: At) -> Shown:
    """Show the scores as they would be with other weights; nothing is stored."""
    there, query = _asked(at), at.request.query_params
    weights = dict(there.method.editions[-1].weights)
    typed = {key: query.get(f"weights.{key}", "").strip() for key in there.method.indicators}
    told, other = None, None
    try:
        if any(typed.values()):
            weights = {key: int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -1
                       for key, text in typed.items() if text}
            other = there.method.weighing(weights)
    except InspectionError as error:
        told = error
    before = scorecards.departments(at.session, there)
    after = {one.key: one for one in scorecards.departments(at.session, there, other)} if other else {}
    return Shown("appraisal-what-if.html.j2", {"there": there, "weights": weights, "told": told,
                                               "before": before, "after": after})


@page("/appraisal/ratios", name="appraisal-ratios", rule=Rule(OVERSEERS))
def ratios(at: At) -> Shown:
    """Show what the last three years found in each class, ratios that would find more, and what others would."""
    this, query = settings.today().year, at.request.query_params
    years = {year: found for year in range(this - 2, this + 1) if (found := learning.year_of(
        at.session, Span(date(year, 1, 1), date(year, 12, 31), settings.today())))}
    together, proposed = pooled(list(years.values())), proposal(list(years.values()))
    typed = {name: text for name in together if (text := query.get(f"rates.{name}", "").strip())}
    told, other = None, {}
    try:
        other = {name: float(parse_rate(text)) for name, text in typed.items()}
    except InspectionError as error:
        told = error
    asked = {"实际": None, "建议": proposed, "试算": {**proposed, **other} if other else {}}
    return Shown("appraisal-ratios.html.j2", {
        "together": together, "proposed": proposed, "tried": typed, "told": told, "uniform": uniform(together),
        "results": [(year, name, expected(found, actual(found) if rates is None else rates))
                    for year, found in years.items() for name, rates in asked.items() if rates != {}]})


page("/appraisal", name="appraisal", rule=READS)(_cards)
page(HERE, name="appraisal-of", rule=READS)(_cards)
deed("/appraisal/{period}/freeze", appraising.freeze, Rule(frozenset({Role.OFFICE})), back=HERE)
deed("/appraisal/{period}/comment", appraising.comment, movers("appraisal", "部门意见"), back=HERE)
deed("/appraisal/{period}/appeal", appraising.appeal, movers("appraisal", "申诉"), back=HERE)
deed("/appraisal/{period}/decide", appraising.decide, movers("appraisal", "申诉成立"), back=HERE)
