"""Annual plans (art. 14): take in, answer what was asked about, publish; each change is a version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import NotFound, Problem, RosterError, RuleViolation
from blocks.public_site.building import show_foreseen
from blocks.register import plans
from blocks.register.database import transaction
from blocks.register.directories import account
from blocks.register.plans import AnnualPlan, area_name, headings
from blocks.register.trail import advance, begin
from blocks.rosters.plan_table import PlanReading, read_plan
from blocks.rules.disclosure import check_public
from blocks.rules.planning import Entry, Proposal, changes, propose_merges, renumber
from blocks.rules.stages import Actor, Role

FIRST_YEAR, LAST_YEAR = 2015, 2099
FORM = "模板：choucha template plans --out 计划.xlsx"


@dataclass(frozen=True)
class PlanIntake:
    """What came of a plan's file: rows in = taken + returned, always.

    `entries` as understood; `changed`: what differs from the version before (Chinese); `proposals`:
    what might be merged, with the other plans of the year.
    """

    title: str
    reading: PlanReading
    entries: list[Entry]
    changed: list[str]
    proposals: list[Proposal]
    is_new: bool
    number: int
    is_rehearsal: bool = False

    @property
    def problems(self) -> list[Problem]:
        return self.reading.problems


@dataclass(frozen=True)
class Told:
    """A version of a plan as people read it."""

    title: str
    number: int
    stage: str
    entries: list[Entry]
    proposals: list[Proposal]
    changed: list[str] = field(default_factory=list)


def area_of(county: str | None) -> str:
    """Return the area of a county's code or name; None: the city.

    Raises:
        NotFound: there is no such county.
    """
    for code, name in settings.COUNTIES.items():
        if county in (code, name, name[:-1]):
            return code
    if county in (None, "", settings.CITY_CODE):
        return settings.CITY_CODE
    told = "、".join(f"{name}（{code}）" for code, name in settings.COUNTIES.items())
    raise NotFound(f"没有「{county}」这个县（市、区）", f"可写：{told}；市级计划不写")


def take(login: str, path: Path, year: int, *, county: str | None = None, title: str | None = None,
         accept_valid: bool = False, rehearse: bool = False,
         agree: Callable[[PlanIntake], bool] = lambda intake: True) -> PlanIntake:
    """Read a plan and write it as a draft: the first, or the next version of a published one.

    Cells that are not understood stay as they are written and are asked about; rows that are not
    are returned, and nothing is written unless `accept_valid`. The same plan again changes nothing.

    Raises:
        RosterError: the file cannot be read, or rows are not understood.
        RuleViolation: not this person, no such year, or `agree` said no.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise RuleViolation(f"没有{year}年度", f"--year 请写 {FIRST_YEAR} 至 {LAST_YEAR}")
    area = area_of(county)
    with engine.change() as session:
        actor = _office(account(session, login).as_actor())
        reading = read_plan(path, counties=settings.COUNTIES, city_code=settings.CITY_CODE)
        _refuse_faults(reading, accept_valid)
        versions = plans.versions(session, year, area, lock=True)
        last = versions[-1] if versions else None
        before = last.content["entries"] if last else []
        content = {"source": path.name, "entries": renumber(reading.entries, before)}
        name = title or (last.title if last else f"{year}年度{area_name(area)}部门联合抽查计划")
        check_public(name)
        intake = _understood(session, reading, content, year, area, name, last, rehearse)
        if not agree(intake):
            raise RuleViolation("没有登记，什么都没有改动", "核对文件后再导入")
        if not rehearse and (intake.is_new or intake.changed or (last and name != last.title)):
            _write(session, actor, last, year, area, name, content)
        return intake


def _office(actor: Actor) -> Actor:
    if Role.OFFICE not in actor.roles:
        raise RuleViolation(f"{actor.name}不能登记年度计划", "年度计划由联席会议办公室登记、公布", article=14)
    return actor


def _refuse_faults(reading: PlanReading, accept_valid: bool) -> None:
    if reading.problems and not (accept_valid and reading.entries):
        rows = len({(one.sheet, one.row) for one in reading.problems if one.row})
        raise RosterError(
            f"年度计划没有登记：{reading.rows_in}行中有{rows}行没有看懂，什么都没有改动" if rows else
            "年度计划没有登记：没有找到计划的表头，什么都没有改动", reading.problems,
            "请按上面逐行补齐后再导入；或加 --accept-valid 先登记看懂的行" if reading.entries else
            f"请用计划的表格文件（.xlsx 最好）；{FORM}")
    if not reading.entries:
        raise RosterError("年度计划没有登记：表里一项也没有", [], f"请填好后再导入；{FORM}")


def _understood(session: Session, reading: PlanReading, content: dict, year: int, area: str,
                name: str, last: AnnualPlan | None, rehearse: bool) -> PlanIntake:
    draft = AnnualPlan(year=year, area=area, title=name, content=content)
    meaning = plans.known(session)
    entries = plans.entries(draft, meaning)
    changed = changes(last.content["entries"], content["entries"], headings()) if last else []
    number = 1 if last is None else last.number + (last.stage != "drafted")
    return PlanIntake(name, reading, entries, changed,
                      propose_merges(entries, plans.elsewhere(session, draft, meaning)),
                      last is None, number, rehearse)


def _write(session: Session, actor: Actor, last: AnnualPlan | None, year: int, area: str, name: str,
           content: dict) -> AnnualPlan:
    """Change the draft, or begin the next version."""
    if last is not None and last.stage == "drafted":
        advance(session, last, "drafted", actor, title=name, content=content)
        return last
    plan = AnnualPlan(year=year, area=area, number=last.number + 1 if last else 1, title=name,
                      content=content)
    begin(session, plan, actor)
    return plan


def answer(login: str, year: int, entry: int, cells: Mapping[str, str], *,
           county: str | None = None) -> Done:
    """Write cells of one entry anew; of a published plan in a new version that awaits publishing.

    The office may for all; a department's drafter for what the department leads.

    Raises:
        RuleViolation: no such entry, not this person, or a personal number in what is published.
        StageError: a drafter, of a plan that is published: the office begins the next version.
    """
    with engine.change() as session:
        who = account(session, login)
        actor = who.as_actor()
        plan = plans.latest(session, year, area_of(county), lock=True)
        entries = [dict(one) for one in plan.content["entries"]]
        stored = next((one for one in entries if one["number"] == entry), None)
        if stored is None:
            raise NotFound(f"{plan.title}没有第{entry}项", f"共{len(entries)}项，请看{year}年的计划")
        meaning = plans.known(session)
        found = {one.number: one for one in plans.entries(plan, meaning)}[entry]
        if Role.OFFICE not in actor.roles and (
                who.department is None or who.department.code != found.lead):
            raise RuleViolation(f"{actor.name}不能改第{entry}项", "由发起部门的经办人或联席会议办公室办理",
                                article=14)
        for text in cells.values():
            check_public(text)
        stored["written"] = {**stored["written"], **cells}
        told = changes(plan.content["entries"], entries, headings())
        if not told:
            return Done(f"{plan.title}第{entry}项没有变化")
        plan = _write(session, actor, plan, year, plan.area, plan.title,
                      {**plan.content, "entries": entries})
        session.flush()
        now = {one.number: one for one in plans.entries(plan, meaning)}[entry]
        left = f"还有{len(now.questions)}处待定：{'；'.join(map(str, now.questions))}" if now.questions else (
            "本项已全部明确")
        return Done(f"已修改：{told[0]}",
                    f"{left}。第{plan.number}版尚未公布，等办公室公布")


def publish(login: str, year: int, *, county: str | None = None) -> Done:
    """Publish the draft of a plan; the version before it stays to be read. Its page follows at once,
    and again every night."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        versions = plans.versions(session, year, area_of(county), lock=True)
        plan = plans.latest(session, year, area_of(county))
        open_ones = sum(bool(one.questions) for one in plans.entries(plan, plans.known(session)))
        for before in versions[:-1]:
            if before.stage == "published" and plan.stage == "drafted":
                advance(session, before, "changed", actor)
        advance(session, plan, "published", actor, published_at=settings.now(),
                verb="公布年度计划")
    with transaction() as session:
        show_foreseen(session)
    workdays = settings.regulation(settings.today()).plan_opening_workdays
    asked = f"；其中{open_ones}项还有待定之处，届时提醒，不会自动起草" if open_ones else ""
    return Done(f"{plan.title}第{plan.number}版已公布（{len(plan.content['entries'])}项{asked}）",
                f"各项开始前{workdays}个工作日，系统代为起草方案并提醒发起部门")


def show(year: int, *, county: str | None = None, number: int | None = None) -> Told:
    """Return a version of a plan, the last if none is named, with what might be merged."""
    with transaction() as session:
        plan = plans.latest(session, year, area_of(county), number)
        meaning = plans.known(session)
        entries = plans.entries(plan, meaning)
        others = plans.elsewhere(session, plan, meaning)
        before = [one for one in plans.versions(session, year, plan.area) if one.number < plan.number]
        changed = changes(before[-1].content["entries"], plan.content["entries"],
                          headings()) if before else []
        return Told(plan.title, plan.number, plan.stage, entries, propose_merges(entries, others),
                    changed)
