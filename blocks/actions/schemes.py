"""Write, submit, approve, return a scheme (art. 6, 8)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.actions.attaching import Upload, ground
from blocks.errors import RuleViolation, StageError
from blocks.register import attachments, catalogue
from blocks.register.contents import as_draft
from blocks.register.directories import InspectionItem, account, department
from blocks.register.outlook import outlook
from blocks.register.pool import pool
from blocks.register.schemes import Scheme, SchemeReview, next_code
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import TrailLine, advance, begin
from blocks.rules.disclosure import check_public
from blocks.rules.schemes import SchemeDraft, check_scheme
from blocks.rules.stages import Actor

SHAPES: dict[str, type] = {"participants": list, "scope": Mapping, "sampling": Mapping,
                           "lead_items": list, "randomness": list}
FIELDS = ("title", "lead", "participants", "grounds", "scope", "sampling", "window", "mode",
          "lead_items")


def parse_day(text: Any, today: date) -> date:
    """Read a day: ISO, `today`, or `+N workdays` counted from today.

    Raises:
        RuleViolation: it is none of these.
    """
    if type(text) is date:
        return text
    said = str(text).strip()
    if said == "today":
        return today
    counted = re.fullmatch(r"\+(\d{1,3}) workdays?", said)
    if counted:
        return settings.calendar().add(today, int(counted[1])).on if int(counted[1]) else today
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise RuleViolation(f"日期「{text}」看不懂", "请写成 2026-12-01", article=8) from None


def parse(data: Any, today: date) -> SchemeDraft:
    """Read a scheme's file. Missing contents are named together, with art. 8.

    Raises:
        RuleViolation: not a mapping, or contents missing.
    """
    if not isinstance(data, Mapping):
        raise RuleViolation("方案文件看不懂", "请按 config/sample/scheme.yaml 的样子写")
    missing = [name for name in FIELDS if data.get(name) in (None, "", [], {})]
    missing = [name for name in missing if name not in ("participants", "scope")]
    window = data.get("window") if isinstance(data.get("window"), Mapping) else {}
    if missing or not {"start", "end"} <= set(window):
        missing = missing or ["window.start", "window.end"]
        raise RuleViolation(f"方案缺少：{'、'.join(missing)}",
                            "六项内容和依据都要写，见 config/sample/scheme.yaml", article=8)
    _check_shapes(data)
    return SchemeDraft(
        name=str(data["title"]), draw_kind=str(data.get("kind", "untargeted")),
        lead=str(data["lead"]), participants=tuple(map(str, data.get("participants") or ())),
        grounds=str(data["grounds"]), scope=dict(data.get("scope") or {}),
        sampling=dict(data["sampling"]), window_start=parse_day(window["start"], today),
        window_end=parse_day(window["end"], today), mode=str(data["mode"]),
        lead_items=tuple(map(str, data["lead_items"])),
        randomness=tuple(data.get("randomness") or settings.config("randomness.yaml")))


def _check_shapes(data: Mapping[str, Any]) -> None:
    odd = [name for name, shape in SHAPES.items() if data.get(name) and not isinstance(
        data[name], shape)]
    if not odd:
        odd = [f"scope.{key}" for key, values in (data.get("scope") or {}).items()
               if key != "all" and values and not isinstance(values, list)]
        odd += ["randomness" for source in data.get("randomness") or ()
                if not isinstance(source, Mapping)]
    if odd:
        raise RuleViolation(f"方案中 {'、'.join(odd)} 的写法看不懂",
                            "请按 config/sample/scheme.yaml 的样子写：多项用 [ ]，逐项用 { }", article=8)


def _readable(draft: SchemeDraft) -> None:
    """Refuse texts that could never be published or stored: personal numbers, control characters."""
    for text in (draft.name, draft.grounds, *(str(s.get("locator", "")) for s in draft.randomness)):
        check_public(text)
        if any(ord(c) < 32 and c not in "\n\t" for c in text):
            raise RuleViolation("方案中有看不见的控制字符", "请重新录入名称和依据", article=8)


def _refuse(session: Session, draft: SchemeDraft) -> None:
    """Raise one RuleViolation that lists everything wrong with the draft, if anything is."""
    _readable(draft)
    today = settings.today()
    items = {i.code: i for i in session.scalars(select(InspectionItem))}
    wrong = check_scheme(draft, items, today, settings.regulation(today))
    if wrong:
        raise RuleViolation("\n".join(f"· {w.message}：{w.remedy}" for w in wrong),
                            "什么都没有改动，请改好后重试")


def _columns(session: Session, draft: SchemeDraft) -> dict[str, Any]:
    return {
        "name": draft.name, "draw_kind": draft.draw_kind,
        "lead_id": department(session, draft.lead).id,
        "participant_ids": [department(session, code).id for code in draft.participants],
        "grounds": draft.grounds, "scope": dict(draft.scope), "sampling": dict(draft.sampling),
        "window_start": draft.window_start, "window_end": draft.window_end, "mode": draft.mode,
        "lead_items": list(draft.lead_items), "randomness": {"sources": list(draft.randomness)},
    }


def _own_department(actor: Actor, columns: Mapping[str, Any]) -> None:
    if actor.department_id != columns["lead_id"]:
        raise RuleViolation("方案由牵头部门自己起草", "请用牵头部门的账号，或改正 lead", article=6)


def new(login: str, data: Any) -> Done:
    """Draft a scheme from the contents of its file and return its code in `ids`."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draft = parse(data, settings.today())
        columns = _columns(session, draft)
        _own_department(actor, columns)
        _refuse(session, draft)
        scheme = Scheme(code=next_code(session, settings.today().year), drafter_id=actor.id,
                        **columns)
        begin(session, scheme, actor)
        return Done(f"方案 {scheme.title} 已起草", "核对之后提交审批",
                    {"scheme": scheme.code, "scheme_id": scheme.id})


def edit(login: str, code: str, data: Any) -> Done:
    """Write a drafted (or returned) scheme anew."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        draft = parse(data, settings.today())
        columns = _columns(session, draft)
        _own_department(actor, columns)
        _refuse(session, draft)
        advance(session, scheme, "drafted", actor, verb="修改", drafter_id=actor.id,
                **columns)
        return Done(f"方案 {scheme.title} 已修改", "核对之后提交审批")


def submit(login: str, code: str) -> Done:
    """Submit a scheme for approval; everything is checked again, and somebody must be drawable."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        advance(session, scheme, "submitted", actor, drafter_id=actor.id)
        _refuse(session, as_draft(session, scheme))
        found = pool(session, scheme)
        if not found.candidates.num_rows:
            raise RuleViolation(
                f"抽查对象范围内没有可抽取的企业（范围内{found.excluded.num_rows}家均被排除）",
                "请放宽 scope，或先导入本部门的检查对象名录", article=8)
        return Done(f"方案 {scheme.title} 已提交审批（待抽库{found.candidates.num_rows}家）",
                    "系统随即审查整份方案，然后等审批人批准")


def preview(code: str) -> dict[str, Any]:
    """Return the staffing outlook of a scheme that is not approved yet; nothing is drawn or written.

    See `register.outlook.outlook`; with "title" and "pool" (how many may be drawn).

    Raises:
        StageError: it is approved already: its numbers are fixed and its draw is announced.
    """
    with engine.change() as session:
        scheme = find_scheme(session, code)
        if scheme.stage not in ("drafted", "submitted"):
            raise StageError(f"方案 {scheme.title} 已经批准，不再测算",
                             "测算在提交审批前后进行；请看方案的最新进展")
        found = pool(session, scheme)
        return outlook(session, scheme, found) | {
            "title": scheme.title, "pool": found.candidates.num_rows}


def _wrote(session: Session, scheme: Scheme, actor: Actor) -> int | None:
    """Return the actor's id if he or she drafted, edited or submitted this scheme at any time."""
    return session.scalar(select(TrailLine.actor_id).where(
        TrailLine.thing == "scheme", TrailLine.thing_id == scheme.id,
        TrailLine.label.in_(("起草", "修改", "提交审批")), TrailLine.actor_id == actor.id).limit(1))


def approve(login: str, code: str) -> Done:
    """Approve a scheme whose present version was reviewed; the numbers of the law are frozen."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        version = scheme.version
        today = settings.today()
        advance(session, scheme, "approved", actor, approver_id=actor.id,
                facts={"drafter_id": _wrote(session, scheme, actor)},
                regulation=settings.regulation(today).as_record(),
                catalogue_edition=catalogue.latest(session))
        review = session.scalar(select(SchemeReview).where(
            SchemeReview.scheme_id == scheme.id, SchemeReview.scheme_version == version))
        if review is None:
            raise StageError(f"系统还在审查方案 {scheme.title}，尚不能批准",
                             "一般不到一分钟；请稍后再批准，什么都没有改动")
        if review.findings["violations"]:
            raise RuleViolation("系统审查发现问题，不能批准：\n" + "\n".join(
                f"· {text}" for text in review.findings["violations"]),
                "请写明理由，退回修改")
        _refuse(session, as_draft(session, scheme))  # the catalogue may have changed since
        return Done(f"方案 {scheme.title} 已批准",
                    "系统随即预告抽取，请各参加部门提交随机数承诺")


def return_(login: str, code: str, reason: str) -> Done:
    """Return a submitted scheme to its drafter with reasons."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        advance(session, scheme, "drafted", actor, verb="退回修改", reason=reason)
        return Done(f"方案 {scheme.title} 已退回修改", "经办人修改后可再次提交")


def attach(login: str, code: str, files: Sequence[Upload] = (), drop: Sequence[int] = ()) -> Done:
    """Attach papers that ground a drafted scheme (年度计划、上级文件), or take some out again."""
    if not files and not drop:
        raise RuleViolation("没有选择要附上或去掉的文件", "请选择 PDF 或图片")
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        attachments.drop(attachments.of_scheme(session, scheme.id), drop)
        papers = ground(session, scheme, actor, files)
        advance(session, scheme, "drafted", actor, verb="修改", details={"papers": papers})
        return Done(f"方案 {scheme.title} 有附件{len(papers)}份", "审批人可以查看")
