"""Annual plans carried out (art. 14): schemes drafted in time, leads reminded, what is unclear told.

Each inspection of a plan is opened once, whatever happens between: `Scheme.plan_key` is unique.
"""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.errors import InspectionError
from blocks.public_site.building import show_foreseen
from blocks.register import notices, plans
from blocks.register.directories import Department, InspectionItem, department
from blocks.register.plans import AnnualPlan
from blocks.register.schemes import Scheme, next_code
from blocks.register.trail import begin
from blocks.rules.deadlines import reminder_rung
from blocks.rules.planning import (
    Entry,
    Known,
    Proposal,
    Window,
    is_time_to_open,
    propose_merges,
    sampling_of,
)
from blocks.rules.schemes import SchemeDraft, check_scheme
from blocks.rules.stages import Actor

Inspection = tuple[AnnualPlan, Entry, int, Window]


def open_schemes(who: Actor) -> str | None:
    """Draft the scheme of every inspection whose time has come; return what was done.

    What cannot be drafted (a cell is not clear, an item out of force) is told to its lead, or to the
    office where the lead is not clear, at each rung of the ladder.
    """
    opened, held = [], 0
    with engine.change() as session:
        meaning = plans.known(session)
        _tell_undated(session, meaning)
        waiting = list(_waiting(session, meaning))
        proposals = _proposals(session, waiting, meaning)
    for plan, entry, place, window in waiting:
        with engine.change() as session:
            wrong = [str(one) for one in entry.questions] or _open(
                session, plan, entry, place, window, who, opened, proposals)
            held += bool(wrong)
            if wrong:
                _tell_held(session, plan, entry, place, window, wrong)
    said = [f"按年度计划起草方案{'、'.join(opened)}"] if opened else []
    return "；".join([*said, *([f"年度计划{held}项待明确，未能起草"] if held else [])]) or None


def _waiting(session: Session, meaning: Known) -> Iterator[Inspection]:
    """Yield the inspections of the published plans that begin soon and have no scheme yet."""
    today, calendar = settings.today(), settings.calendar()
    workdays = settings.regulation(today).plan_opening_workdays
    opened = set(session.scalars(select(Scheme.plan_key).where(Scheme.plan_key.is_not(None))))
    for plan in plans.in_force(session, (today.year, today.year + 1)):
        for entry in plans.entries(plan, meaning):
            for place, window in enumerate(entry.windows, 1):
                if plan.key(entry.number, place) not in opened and is_time_to_open(
                        window, today, workdays, calendar):
                    yield plan, entry, place, window


def _proposals(session: Session, waiting: list[Inspection], meaning: Known) -> list[Proposal]:
    years = {plan.year for plan, *_ in waiting}
    everything = [entry for plan in plans.in_force(session, tuple(years))
                  for entry in plans.entries(plan, meaning)]
    return propose_merges(everything) if years else []


def _open(session: Session, plan: AnnualPlan, entry: Entry, place: int, window: Window, who: Actor,
          opened: list[str], proposals: list[Proposal]) -> list[str]:
    """Draft the scheme; return what forbids it, if anything."""
    draft = _draft(plan, entry, window)
    today = settings.today()
    items = {item.code: item for item in session.scalars(select(InspectionItem))}
    wrong = [str(one) for one in check_scheme(draft, items, today, settings.regulation(today))]
    if wrong:
        return wrong
    scheme = Scheme(
        code=next_code(session, today.year), name=draft.name, draw_kind=draft.draw_kind,
        lead_id=department(session, draft.lead).id, drafter_id=who.id,
        participant_ids=[department(session, code).id for code in draft.participants],
        grounds=draft.grounds, scope=dict(draft.scope), sampling=dict(draft.sampling),
        window_start=draft.window_start, window_end=draft.window_end, mode=draft.mode,
        lead_items=list(draft.lead_items), randomness={"sources": list(draft.randomness)},
        annual_plan_id=plan.id, plan_key=plan.key(entry.number, place))
    begin(session, scheme, who, details={"plan": scheme.plan_key})
    opened.append(scheme.code)
    told = [f"已按{plan.title}第{entry.number}项代为起草，检查时间{draft.window_start}至{draft.window_end}，"
            f"请核对后提交审批。计划的抽查比例为{entry.share}。"]
    if entry.share.high is not None or entry.share.is_floor:
        told.append(f"草稿先按{entry.share.low_text}，可以提高。")
    told += [f"{one}。" for one in proposals if entry in (one.first, one.second)]
    notices.queue(session, f"plan:{scheme.plan_key}:opened", "plan", f"请核对方案：{scheme.title}",
                  "\n".join(told), department_id=scheme.lead_id, scheme_id=scheme.id)
    return []


def _draft(plan: AnnualPlan, entry: Entry, window: Window) -> SchemeDraft:
    scope = {"kinds": entry.kinds, "counties": [plan.area] if plan.area in settings.COUNTIES else [],
             "status": ["存续"]}
    start, end = window
    return SchemeDraft(
        name=entry.name, draw_kind=entry.draw_kind, lead=entry.lead,
        participants=tuple(entry.participants), grounds=f"{plan.title}第{entry.number}项。",
        scope=scope, sampling=sampling_of(entry.share), window_start=max(start, settings.today()),
        window_end=end, mode=entry.mode, lead_items=tuple(entry.lead_items),
        randomness=tuple(settings.config("randomness.yaml")))


def _tell_held(session: Session, plan: AnnualPlan, entry: Entry, place: int, window: Window,
               wrong: list[str]) -> None:
    today = settings.today()
    rung = reminder_rung(window[0], today, settings.calendar(), settings.regulation(today))
    key, when = f"plan:{plan.key(entry.number, place)}:{plan.number}", f"将于{window[0]}开始"
    if not _tell(session, f"{key}:held", plan, entry, when, wrong) and rung is not None:
        _tell(session, f"{key}:{rung}", plan, entry, when, wrong)


def _tell(session: Session, key: str, plan: AnnualPlan, entry: Entry, when: str,
          wrong: list[str]) -> bool:
    """Queue what is not clear for the lead, or the office where the lead is not; once per key."""
    county = f" --county {plan.area}" if plan.area in settings.COUNTIES else ""
    return notices.queue(session, key, "plan", f"年度计划第{entry.number}项待明确：{entry.name}", "\n".join(
        [f"{plan.title}第{entry.number}项{when}，还不能起草方案：", *(f"· {one}" for one in wrong),
         f"请用 choucha plan answer {plan.year} {entry.number}{county} 补充，由办公室公布新版。"]),
        department_id=session.scalar(select(Department.id).where(Department.code == entry.lead)))


def _tell_undated(session: Session, meaning: Known) -> None:
    """Tell once, for each version of a plan, of the entries whose time is not clear."""
    today = settings.today()
    for plan in plans.in_force(session, (today.year, today.year + 1)):
        for entry in plans.entries(plan, meaning):
            if not entry.windows:
                _tell(session, f"plan:{plan.key(entry.number, 0)}:{plan.number}:undated", plan, entry,
                      "时间不明确", [str(one) for one in entry.questions])


def remind_drafts() -> str | None:
    """Remind the leads, by the ladder, of schemes from a plan that are not submitted yet."""
    today, calendar = settings.today(), settings.calendar()
    new = 0
    with engine.change() as session:
        for scheme in session.scalars(select(Scheme).where(
                Scheme.plan_key.is_not(None), Scheme.stage == "drafted", Scheme.window_end >= today)):
            rung = reminder_rung(scheme.window_start, today, calendar, settings.regulation(today))
            if rung is not None:
                left = f"还有{rung}个工作日" if rung > 0 else "今天" if rung == 0 else f"已过{-rung}个工作日"
                new += notices.queue(
                    session, f"plan:{scheme.plan_key}:draft:{scheme.window_start}:{rung}", "plan",
                    f"方案尚未提交审批：{scheme.title}",
                    f"计划从{scheme.window_start}开始检查，{left}；请核对方案后提交审批。",
                    department_id=scheme.lead_id, scheme_id=scheme.id)
    return f"提醒{new}份计划内的方案尚未提交" if new else None


def publish_pages() -> str | None:
    """Write the pages of plans and catalogue again, should they have been lost."""
    with engine.change() as session:
        try:
            show_foreseen(session)
        except InspectionError as error:
            return f"年度计划、事项清单的页面没有写成：{error.message}"
    return None
