"""Publish what is reviewed, take down what is withdrawn (公示, art. 11): written, read back, and only
then public in the register."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.errors import InspectionError
from blocks.public_site import building, results
from blocks.register import notices, published
from blocks.register.due import reviewed_waiting, schemes_due
from blocks.register.published import Publication, as_publisher
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import DueLine, advance
from blocks.register.visits import Check, live_checks
from blocks.rules.stages import SETTLED_CHECKS, Actor

# What the system does with a check that stands there, once the public can see it: where to, which move.
MOVED = {"reviewed": ("public", "公示"), "corrected": ("public", "公示更正"),
         "withdrawn": ("withdrawn", "撤下公示"), "withheld": ("withheld", "列出不予公示")}


def waiting_schemes() -> list[int]:
    """Return the schemes with reviewed results that are not public yet."""
    with engine.change() as session:
        return schemes_due(session, reviewed_waiting())


def publish(scheme_id: int, actor: Actor) -> str | None:
    """Publish a scheme's reviewed and corrected results, take down what was withdrawn, list what is
    withheld; finish the scheme when nothing is left.

    The files come first and are read back; dying before the commit leaves pages that the next run
    writes again. A result that may not be public as it stands holds up no other: its department is
    told what is wrong, and it stays due.
    """
    with engine.change() as session:
        scheme = find_scheme(session, scheme_id, lock=True)
        published.alone(session)
        checks = live_checks(session, scheme.id)
        made, refused = _acts(session, checks)
        acts = [act for each in made.values() for act in each]
        finished = scheme.stage == "concluded" and all(
            check.stage in SETTLED_CHECKS or _is_published(made.get(check.id)) for check in checks)
        if acts or finished or building.is_missing():
            session.add_all(acts)
            building.publish(session, acts, {scheme.id: "publicised"} if finished else {})
        _move(session, checks, made, actor)
        if finished:
            advance(session, scheme, "publicised", actor)
        for check, error in refused:
            _tell(session, check, error)
        return _said(acts, len(refused), finished)


def _acts(session: Session, checks: list[Check]) -> tuple[
        dict[int, list[Publication]], list[tuple[Check, InspectionError]]]:
    """Return by check what is to be made public now, and which checks may not be, and why."""
    made, refused, today = {}, [], settings.today()
    for check in checks:
        due_on, numbers = _due_on(session, check), _untold(session, check)
        try:
            with as_publisher(session):
                made[check.id] = _of_check(session, check, numbers, due_on, today)
        except InspectionError as error:
            refused.append((check, error))
    return {id_: acts for id_, acts in made.items() if acts}, refused


def _untold(session: Session, check: Check) -> list[int]:
    """Return the reviewed versions of which the public knows nothing yet: neither result nor that it is
    withheld; the last one where it was withheld and is given free."""
    told = {(one.record_number, one.act) for one in published.acts(session, Publication.check_id == check.id)}
    new = [one.number for one in check.records if one.verdict == "reviewed"
           and not {(one.number, "published"), (one.number, "withheld")} & told]
    freed = check.stage == "reviewed" and not new
    return [check.record_number] if freed else new


def _of_check(session: Session, check: Check, numbers: list[int], due_on: date | None,
              today: date) -> list[Publication]:
    ground = check.withholding or ""
    if check.stage in ("reviewed", "corrected") and not ground:
        return results.publications(session, check.id, numbers, due_on, today)
    if check.stage == "withdrawn":
        return results.withdrawals(session, check.id, ground, today)
    if check.stage == "withheld":
        return results.withheld(session, check.id, numbers, ground, today)
    return []


def _due_on(session: Session, check: Check) -> date | None:
    """Return the day by which the check's result has to be public; none where no clock runs."""
    return session.scalar(select(DueLine.due_on).where(
        DueLine.thing == "check", DueLine.thing_id == check.id, DueLine.clock == "publicity",
        DueLine.met_at.is_(None)))


def _is_published(acts: list[Publication] | None) -> bool:
    return bool(acts) and all(act.act == "published" for act in acts or ())


def _move(session: Session, checks: list[Check], made: dict[int, list[Publication]], actor: Actor) -> None:
    """Make public in the register what is so on the site; the hashes of the files stand on the trail."""
    for check in checks:
        if acts := made.get(check.id, []):
            target, verb = MOVED[check.stage]
            advance(session, check, target, actor, verb=verb, details={
                "versions": [act.record_number for act in acts],
                "files": {act.path: act.sha256 for act in acts}})


def _tell(session: Session, check: Check, error: InspectionError) -> None:
    """Tell department and office once that a result cannot be public as it stands."""
    where = "请改正后再审核；其余结果照常公示。"
    for department_id, whose in ((check.department_id, "department"), (None, "office")):
        notices.queue(session, f"refused:{check.id}:{check.version}:{whose}", "refused",
                      f"不能公示：{check.title}", f"{error.message}。{error.remedy}。{where}",
                      department_id=department_id, scheme_id=check.visit.scheme_id)


def _said(acts: list[Publication], refused: int, finished: bool) -> str | None:
    counts = {act: sum(1 for one in acts if one.act == act) for act in published.ACTS}
    words = {"published": "公示{}份检查结果", "withdrawn": "撤下{}份检查结果", "withheld": "列出{}份依法不予公示"}
    said = [word.format(counts[act]) for act, word in words.items() if counts[act]]
    said += [f"{refused}份不能公示，已通知其部门"] if refused else []
    said += ["本方案结果全部公示"] if finished else []
    return "，".join(said) or None


def show_scheme(scheme_id: int) -> None:
    """Show how a scheme and its draws stand now."""
    with engine.change() as session:
        find_scheme(session, scheme_id, lock=True)
        building.show_scheme(session, scheme_id)


def make_figures() -> str | None:
    """Make the year's figures, the lists of open data and the site's map; tidy the site's folder."""
    with engine.change() as session:
        try:
            building.show_figures(session)
        except InspectionError as error:
            return f"年度数据的页面没有写成：{error.message}"
    return None


def rebuild() -> int:
    """Write the whole site anew from the register; return how many files there are."""
    with engine.change() as session:
        return building.rebuild(session)

