"""What people do in a draw: commit, reveal, type a public figure, void it, ask for proof (art. 3)."""

import secrets

from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.draw.ids import canonical_id
from blocks.draw.pool import parse_pool
from blocks.draw.randomness import check_value, commitment
from blocks.draw.result import slip_record, void_record
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register.directories import account
from blocks.register.draws import (
    Draw,
    DrawSource,
    append_chain,
    as_source,
    file_bytes,
    open_draw,
    put_file,
    sources,
)
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.rules.disclosure import check_public
from blocks.rules.stages import Actor, Role

LISTS = ("exclusions.jsonl", "inspectors.jsonl", "interests.jsonl", "ineligible.jsonl")


def _draw(session: Session, code: str) -> Draw:
    scheme = find_scheme(session, code, lock=True)
    draw = open_draw(session, scheme.id)
    if draw is None:
        raise StageError(f"方案 {scheme.title} 还没有开始抽取", "方案批准后系统会自动预告抽取")
    return draw


def _own_source(session: Session, draw: Draw, actor: Actor) -> DrawSource:
    for source in sources(session, draw.id):
        if source.kind == "reveal" and source.department_id == actor.department_id:
            return source
    raise NotFound(f"{draw.title}没有等待{actor.name}所在部门的随机数", "只有参加本次抽查的部门提交")


def commit(login: str, code: str, secret: str | None = None) -> Done:
    """Commit to a secret (made here unless given); it is in `ids` and is never stored.

    `secret`: 64 hex digits. Only its hash enters the register until it is revealed.
    """
    secret = (secret or secrets.token_hex(32)).lower()
    if len(secret) != 64 or set(secret) - set("0123456789abcdef"):
        raise RuleViolation("密数应为64位十六进制数字", "不写 --secret 时系统代为生成")
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
        source = _own_source(session, draw, actor)
        if draw.stage == "announced" and source.commitment:
            raise StageError("本部门已经提交过随机数承诺，不能更换", "请保管好原来的密数，封存后揭示")
        advance(session, draw, "announced", actor, verb="提交随机数承诺",
                details={"locator": source.locator})
        source.commitment = commitment(draw.hash_name, source.locator, secret)
        return Done(f"{draw.title}：本部门的随机数承诺已登记",
                    "请保管好密数，封存之后由本部门揭示；逾期未揭示将公开记载",
                    {"secret": secret})


def reveal(login: str, code: str, secret: str) -> Done:
    """Reveal the secret committed to before the seal."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
        if not actor.roles & {Role.DRAFTER, Role.APPROVER}:  # the office types figures only
            raise RuleViolation("密数由本部门的经办人或审批人揭示", "请换本部门的账号", article=3)
        source = _own_source(session, draw, actor)
        if draw.stage == "sealed" and source.value:
            raise StageError("本部门的密数已经揭示过", "无需再办")
        if draw.stage == "sealed" and not source.commitment:
            raise StageError("本部门在封存前没有提交承诺，不能揭示", "本次抽取照常进行，缺席已公开记载")
        advance(session, draw, "sealed", actor, verb="提交随机数",
                details={"locator": source.locator})
        check_value("reveal", secret.lower(), as_source(source), draw.hash_name)
        source.value, source.given_at = secret.lower(), settings.now()
        return Done(f"{draw.title}：本部门的密数已揭示", "各来源齐备后系统随即出签")


def type_figure(login: str, code: str, value: str, locator: str | None = None) -> Done:
    """Type a public figure, or dice thrown before witnesses; it counts when a second person has
    typed the same. `locator` says which, where several are awaited.
    """
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
        _of_a_party(actor, draw, "录入公开数字")
        source = _awaited_figure(session, draw, locator)
        advance(session, draw, "sealed", actor, verb="提交随机数",
                details={"locator": source.locator if source else ""})
        if source.due_at > settings.now():
            raise StageError(f"「{source.locator}」在{source.due_at:%m月%d日 %H:%M}之后才公布",
                             "公布之后再录入")
        check_value(source.kind, value, as_source(source), draw.hash_name)
        if source.typed_by_id in (None, actor.id):
            source.typed_by_id, source.value = actor.id, value
            return Done(f"「{source.locator}」已录入一次：{value}", "请另一人再录入一次以核对")
        if source.value != value:
            raise RuleViolation(f"两次录入不一致：前一次是「{source.value}」，这次是「{value}」",
                                "请对照公布原文；前一人可以重新录入")
        source.confirmed_by_id, source.given_at = actor.id, settings.now()
        return Done(f"「{source.locator}」两人录入一致：{value}", "各来源齐备后系统随即出签")


def _awaited_figure(session: Session, draw: Draw, locator: str | None) -> DrawSource | None:
    """Return the figure that is typed now; None before the seal, where the door refuses anyway."""
    awaited = [s for s in sources(session, draw.id)
               if s.kind in ("typed", "dice") and s.confirmed_by_id is None]
    named = [s for s in awaited if locator in (None, s.locator)]
    if draw.stage == "sealed" and len(named) != 1:
        names = "、".join(s.locator for s in awaited)
        raise StageError(
            f"{draw.title}等待录入的有几个，须写明是哪一个" if named
            else f"{draw.title}没有等待录入的公开数字",
            f"请用 --source 写明：{names}" if awaited else "无需再办")
    return named[0] if named else None


def ask_void(login: str, code: str, reason: str) -> Done:
    """Ask for a draw to be voided; a second person decides."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
        _check_may_void(draw, reason)
        advance(session, draw, draw.stage, actor, verb="申请作废", reason=reason,
                void_asked_by_id=actor.id)
        return Done(f"{draw.title}：已申请作废", "请办公室另一人或审批人批准")


def void(login: str, code: str, reason: str) -> Done:
    """Void a draw, as a second person; reason, seal and result stay public, the next is announced."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
        _of_a_party(actor, draw, "批准作废")
        _check_may_void(draw, reason)
        if draw.void_asked_by_id is None:
            raise StageError(f"{draw.title}没有人申请作废", "先由办公室申请作废")
        content = void_record(file_bytes(session, draw.id, "seal.json"), reason,
                              f"{settings.now():%Y-%m-%dT%H:%M:%SZ}")
        put_file(session, draw.id, "void.json", content)
        advance(session, draw, "void", actor, reason=reason)
        append_chain(session, draw, "void", content)
        return Done(f"{draw.title}：已作废，理由和原有文件继续公开", "系统随即预告下一次抽取")


def _of_a_party(actor: Actor, draw: Draw, what: str) -> None:
    """Refuse who neither takes part in the scheme nor is of the office."""
    scheme = draw.scheme
    if Role.OFFICE not in actor.roles and actor.department_id not in (
            scheme.lead_id, *scheme.participant_ids):
        raise RuleViolation(f"「{what}」由参加部门或办公室的人办理", "请由参加这次抽查的部门或办公室办理", article=3)


def _check_may_void(draw: Draw, reason: str) -> None:
    if draw.stage == "announced":
        raise StageError(f"{draw.title}还没有封存，无需作废", "请等待封存，或修改后续安排")
    if draw.scheme.stage != "approved":
        raise StageError(f"方案 {draw.scheme.title} 已在抽取之后办理，抽取不能再作废",
                         "确需终止的，由办公室两人取消整个方案")
    check_public(reason)


def pool_of(login: str, code: str) -> bytes:
    """Return a sealed draw's whole pool.tsv, to those who may see withheld lines."""
    with engine.change() as session:
        draw = _for_auditors(session, login, code, "完整的待抽库名单",
                             "企业可以向办公室或牵头部门取得自己的一行和证明")
        return file_bytes(session, draw.id, "pool.tsv")


def lists_of(login: str, code: str) -> dict[str, bytes]:
    """Return what a draw's seal binds and nobody else sees: exclusions, inspectors with their
    leave, interests; and who could not be drawn for which seat, and why (ineligible.jsonl)."""
    with engine.change() as session:
        draw = _for_auditors(session, login, code, "封存的人员和利害关系名单",
                             "公众可以核验公开的人员匹配")
        found = {name: file_bytes(session, draw.id, name) for name in LISTS}
        return {name: content for name, content in found.items() if content}


def _for_auditors(session: Session, login: str, code: str, what: str, remedy: str) -> Draw:
    actor, draw = account(session, login).as_actor(), _sealed(session, code)
    if not actor.roles & {Role.AUDITOR, Role.OFFICE}:
        raise RuleViolation(f"{what}只提供给监督人员和办公室", remedy, article=11)
    return draw


def slip(login: str, code: str, uscc: str) -> tuple[str, bytes]:
    """Return a business's own line and the proof that it is in the sealed pool: (file name, JSON).

    With its salted line a business alone can show in which stratum and with which weight it stood.
    """
    with engine.change() as session:
        actor, draw = account(session, login).as_actor(), _sealed(session, code)
        if not actor.roles - {Role.INSPECTOR}:
            raise RuleViolation("证明由办公室或牵头部门出具", "请换有权限的账号（--as）", article=6)
        found = parse_pool(file_bytes(session, draw.id, "pool.tsv"))
        id_ = canonical_id(uscc, draw.hash_name)
        place = found.find(id_)
        if place is None:
            raise NotFound(f"{id_} 不在 {draw.title} 的待抽库中", "请核对统一社会信用代码")
        return f"{id_}.proof.json", slip_record(draw.seal, found, place, draw.hash_name)


def _sealed(session: Session, code: str) -> Draw:
    draw = open_draw(session, find_scheme(session, code).id)
    if draw is None or draw.seal is None:
        raise StageError(f"方案 {code} 还没有封存的抽取", "封存之后才有待抽库名单")
    return draw
