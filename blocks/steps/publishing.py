"""Publish what is reviewed, take down what is withdrawn (公示, art. 11): written, read back, and only
then public in the register."""

from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, progress, settings
from blocks.errors import InspectionError
from blocks.public_site import building, results
from blocks.register import notices, published
from blocks.register.due import reviewed_waiting, schemes_due
from blocks.register.published import Publication, as_publisher
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import DueLine, advance
from blocks.register.visits import Check, CheckRecord, live_checks
from blocks.rules.stages import SETTLED_CHECKS, Actor

LOOKED_BACK = timedelta(days=30)  # a draw that has not moved for longer was shown by many nights
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
        acts, refused = _acts(session, checks)
        made = {id_: list(some) for id_, some in groupby(
            sorted(acts, key=lambda act: act.check_id), key=lambda act: act.check_id)}
        finished = scheme.stage == "concluded" and all(
            check.stage in SETTLED_CHECKS or check.id in made for check in checks)
        if acts or finished or building.is_missing():
            session.add_all(acts)
            building.publish(session, acts, {scheme.id: "publicised"} if finished else {})
        _move(session, checks, made, actor)
        if finished:
            advance(session, scheme, "publicised", actor)
        for check in checks:
            if check.id in refused:
                _tell(session, check, refused[check.id])
        return _said(acts, len(refused), finished)


def _acts(session: Session, checks: list[Check]) -> tuple[list[Publication], dict[int, InspectionError]]:
    """Return what is to be made public now, and which checks may not be as they stand, and why."""
    untold, due, today = _untold(session, checks), _due(session, checks), settings.today()
    free = [one for one in checks if one.stage in ("reviewed", "corrected") and one.withholding is None]
    down = {one.id: one.withholding or "" for one in checks if one.stage == "withdrawn"}
    kept = {one.id: one.withholding or "" for one in checks if one.stage == "withheld"}
    with as_publisher(session):
        acts, refused = results.publications(
            session, {one.id: untold[one.id] or [one.record_number] for one in free}, due, today)
        acts += results.withdrawals(session, down, today)
        acts += results.withheld(session, {id_: untold[id_] for id_ in kept}, kept, today)
    return acts, refused


def _untold(session: Session, checks: list[Check]) -> dict[int, list[int]]:
    """Return by check the reviewed versions of which the public knows neither the result nor that it is
    withheld. (There is none where a withheld result was given free: then it is the last one.)"""
    ids = [one.id for one in checks]
    told = {(one.check_id, one.record_number) for one in published.acts(
        session, Publication.check_id.in_(ids), Publication.act != "withdrawn")}
    untold: dict[int, list[int]] = {id_: [] for id_ in ids}
    for check_id, number in session.execute(select(CheckRecord.check_id, CheckRecord.number).where(
            CheckRecord.check_id.in_(ids), CheckRecord.verdict == "reviewed").order_by(CheckRecord.number)):
        if (check_id, number) not in told:
            untold[check_id].append(number)
    return untold


def _due(session: Session, checks: list[Check]) -> dict[int, date]:
    """Return by check the day by which its result has to be public, where that clock runs."""
    return dict(session.execute(select(DueLine.thing_id, DueLine.due_on).where(
        DueLine.thing == "check", DueLine.thing_id.in_([one.id for one in checks]),
        DueLine.clock == "publicity", DueLine.met_at.is_(None))).all())


def _move(session: Session, checks: list[Check], made: dict[int, list[Publication]], actor: Actor) -> None:
    """Make public in the register what is so on the site; the hashes of the files stand on the trail."""
    for number, check in enumerate(checks):
        progress.tell("登记已公示的结果", number, len(checks))
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


def show_missing() -> str | None:
    """Let the public site be what the register says, where a run died in between: take down results
    that were shown and never called public; show draws that were made and never shown, since a seal has
    to be public before any value is known (G3)."""
    with engine.change() as session:
        is_settled = building.settle(session)
        missing = building.without_draws(session, settings.now() - LOOKED_BACK)
    for scheme_id in missing:
        show_scheme(scheme_id)
    said = ["公示网站已按登记库重写"] if is_settled else []
    return "；".join(said + ([f"补写{len(missing)}个方案的抽取文件"] if missing else [])) or None


def make_figures() -> str | None:
    """Make the year's figures, the lists of open data and the site's map; tidy the site's folder."""
    with engine.change() as session:
        try:
            building.show_figures(session)
        except InspectionError as error:
            return f"年度数据的页面没有写成：{error.message}"
    return None


def make_site() -> None:
    """Write the whole site where there is none yet."""
    with engine.change() as session:
        if building.is_missing():
            building.rebuild(session)


def rebuild() -> int:
    """Write the whole site anew from the register; return how many files there are."""
    with engine.change() as session:
        return building.rebuild(session)

