"""Record, confirm, review and correct a check (art. 4, 10, 11)."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.actions.attaching import Upload, made_ready, photograph
from blocks.errors import RuleViolation, StageError
from blocks.register.directories import Account, account
from blocks.register.trail import advance
from blocks.register.visits import Check, CheckRecord, Seat, get, live_seats
from blocks.rules.stages import CORRECTABLE_CHECKS, Actor

ANSWERS = ("是", "否", "未检查", "合理缺项")


def _seat(session: Session, check: Check, actor: Actor) -> Seat:
    """Return the actor's seat in this check; a recused or foreign inspector has none."""
    for seat in live_seats(session, check.id):
        if seat.inspector_id == actor.inspector_id and actor.inspector_id is not None:
            if seat.suspended:
                raise RuleViolation(f"{actor.name}已被申请回避，决定之前不得参加此次检查",
                                    "请等待本部门审批人决定", article=9)
            return seat
    raise RuleViolation(f"{actor.name}不是这次检查抽定的检查人员", "由抽定的两名检查人员填报和确认",
                        article=10)


def _valid_certificate(seat: Seat, on: date) -> None:
    inspector = seat.inspector
    if not inspector.certificate_from <= on <= inspector.certificate_to:
        raise RuleViolation(f"{inspector.name}的执法证在{on}不在有效期内", "请由本部门更换检查人员",
                            article=9)


def _check_content(check: Check, category: str, finding: str, answers: Mapping[str, str],
                   on: date) -> dict[str, str]:
    """Return the answers with `*` spread over the items; refuse what is incomplete."""
    known = settings.results().category(category)
    spread = {code: answers.get(code, answers.get("*", "")) for code in check.item_codes}
    unknown = [c for c in answers if c not in (*check.item_codes, "*")]
    if unknown:
        raise RuleViolation(f"「{'、'.join(unknown)}」不是本次检查的事项",
                            f"本次事项：{'、'.join(check.item_codes)}", article=10)
    missing = [code for code, said in spread.items() if said not in ANSWERS]
    if missing:
        raise RuleViolation(f"事项 {'、'.join(missing)} 没有填写检查情况",
                            f"每项填写：{'、'.join(ANSWERS)}", article=10)
    if known.needs_description and not finding.strip():
        raise RuleViolation(f"检查结果为「{known.label}」时须写明发现的情况", "请填写 --finding",
                            article=10)
    scheme = check.visit.scheme
    if not scheme.window_start <= on <= settings.today():
        raise RuleViolation(f"检查日期{on}不对：应在{scheme.window_start}之后、今天之前",
                            "请改正 --on", article=8)
    return spread


def record(login: str, check_id: int | str, category: str, answers: Mapping[str, str],
           finding: str = "", on: date | None = None, photos: Sequence[Upload] = (),
           drop: Sequence[int] = ()) -> Done:
    """Fill in a check's record; it counts when the second inspector has confirmed it.

    `photos` are attached to it; `drop` takes out some that were attached before (ids). The trail
    keeps the hashes of all of them.
    """
    ready = made_ready(photos)
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = get(session, Check, check_id)
        scheme, on = check.visit.scheme, on or settings.today()
        number = check.record_number if _waiting(check) else check.record_number + 1
        pictures = photograph(session, check, actor, number, ready, drop)
        advance(session, check, "planned", actor, verb="填报记录", record_number=number,
                details={"photos": pictures} if pictures else None)
        if scheme.stage not in ("staffed", "in_field") or check.visit.stage == "replaced":
            raise StageError(f"{check.title}：现在不能填报",
                             "人员配齐之后、检查结束之前填报；已递补的对象不再检查")
        seat = _seat(session, check, actor)
        if not seat.leads:
            raise RuleViolation(f"{actor.name}不是这次检查的主检人员", "由主检人员填报，另一人确认",
                                article=10)
        _valid_certificate(seat, on)
        spread = _check_content(check, category, finding, answers, on)
        entry = _waiting(check) or CheckRecord(number=check.record_number)
        entry.category, entry.finding, entry.answers = category, finding.strip(), spread
        entry.inspected_on, entry.made_on = on, settings.today()
        entry.recorded_by_id = actor.id
        if entry not in check.records:
            check.records.append(entry)
        return Done(f"{check.title}：记录已填报（第{entry.number}版）", "请另一名检查人员确认")


def _waiting(check: Check) -> CheckRecord | None:
    """Return the record that was filled in and not yet confirmed."""
    latest = check.latest
    return latest if latest and latest.verdict is None and latest.confirmed_by_id is None else None


def confirm(login: str, check_id: int | str) -> Done:
    """Confirm a record as the second inspector; the check is then recorded (art. 10)."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = get(session, Check, check_id)
        entry = _waiting(check)
        if check.stage == "planned" and entry is None:
            raise StageError(f"{check.title}还没有填报记录", "先由主检人员填报")
        advance(session, check, "recorded", actor, clock_from=settings.today(),
                facts={"recorded_by_id": entry.recorded_by_id if entry else None})
        _valid_certificate(_seat(session, check, actor), entry.inspected_on)
        _recorder_still_sits(session, check, entry)
        entry.confirmed_by_id, entry.made_on = actor.id, settings.today()
        _finish_visit(session, check, actor)
        return Done(f"{check.title}：记录已确认", "等本部门未参加检查的人审核；20个工作日的公示期限已开始")


def _recorder_still_sits(session: Session, check: Check, entry: CheckRecord) -> None:
    """A record whose author was recused since is no record (art. 9)."""
    recorder = session.get_one(Account, entry.recorded_by_id)
    if not any(seat.inspector_id == recorder.inspector_id and not seat.suspended
               for seat in live_seats(session, check.id)):
        raise StageError(f"填报人{recorder.name}已不参加这次检查，这份记录不能确认",
                         "请由现在的主检人员重新填报")


def _finish_visit(session: Session, check: Check, actor: Actor) -> None:
    open_ones = session.scalar(select(Check.id).where(
        Check.visit_id == check.visit_id, Check.stage == "planned").limit(1))
    if open_ones is None and check.visit.stage == "planned":
        advance(session, check.visit, "done", actor)


def _people(entry: CheckRecord | None) -> dict[str, int | None]:
    return {"recorded_by_id": entry.recorded_by_id if entry else None,
            "confirmed_by_id": entry.confirmed_by_id if entry else None}


def review(login: str, check_id: int | str, *, approve: bool = True, reason: str = "") -> Done:
    """Pass a record (or a proposed correction), or return it with reasons. Reviewer ≠ inspectors."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = get(session, Check, check_id)
        entry = check.latest
        correcting = check.stage in CORRECTABLE_CHECKS
        target, verb = {
            (False, True): ("reviewed", "审核通过"), (False, False): ("planned", "退回补正"),
            (True, True): ("corrected", "审核更正"), (True, False): (check.stage, "退回更正"),
        }[correcting, approve]
        if correcting and (entry is None or entry.verdict):
            raise StageError(f"{check.title}已公示，没有等待审核的更正",
                             "请先提出更正")
        given_free = {"withholding": None, "withheld_by_id": None} if (
            check.stage, target) == ("withdrawn", "corrected") else {}
        advance(session, check, target, actor, verb=verb, reason=reason, facts=_people(entry),
                clock_from=entry.made_on if target == "corrected" else None, **given_free)
        entry.verdict = "reviewed" if approve else "returned"
        entry.reviewed_by_id, entry.reviewed_at = actor.id, settings.now()
        entry.review_reason = reason.strip() or None
        if approve:
            return Done(f"{check.title}：第{entry.number}版记录审核通过",
                        "系统按期公示" if not correcting else "系统随即公示更正")
        return Done(f"{check.title}：记录已退回", "由检查人员补正后再次填报")


def correct(login: str, check_id: int | str, category: str, answers: Mapping[str, str],
            reason: str, finding: str = "", photos: Sequence[Upload] = ()) -> Done:
    """Propose a correction of a public result, or of one that was taken down: a new version (art. 11)."""
    ready = made_ready(photos)
    with engine.change() as session:
        actor = account(session, login).as_actor()
        check = get(session, Check, check_id)
        latest = check.latest
        number = check.record_number + 1
        pictures = photograph(session, check, actor, number, ready)
        stage = check.stage if check.stage in CORRECTABLE_CHECKS else "public"
        advance(session, check, stage, actor, verb="提出更正", reason=reason,
                record_number=number, details={"photos": pictures} if pictures else None)
        if latest.verdict is None:
            raise StageError(f"{check.title}已有一份更正在等待审核", "请先审核那一份")
        if not set(actor.roles) & {"drafter", "approver"}:
            _seat(session, check, actor)
        spread = _check_content(check, category, finding, answers, latest.inspected_on)
        check.records.append(CheckRecord(
            number=check.record_number, category=category, finding=finding.strip(),
            answers=spread, inspected_on=latest.inspected_on, made_on=settings.today(),
            correction_reason=reason.strip(), recorded_by_id=actor.id))
        return Done(f"{check.title}：已提出更正（第{check.record_number}版）", "等本部门另一人审核")
