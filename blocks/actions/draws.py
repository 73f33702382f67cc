"""What departments give to a draw: a commitment, then its secret; a public figure (art. 3)."""

import secrets
from datetime import UTC

from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.draw.randomness import Source, check_value, commitment
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register.directories import account
from blocks.register.draws import Draw, DrawSource, open_draw, sources
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.rules.stages import Actor


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


def as_source(source: DrawSource) -> Source:
    """Return a source of the register as the draw reads it."""
    due = source.due_at.astimezone(UTC) if source.due_at else None
    return Source(source.kind, source.locator, f"{due:%Y-%m-%dT%H:%M:%SZ}" if due else "",
                  source.commitment)


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
                    "请保管好密数，封存之后用 choucha draw reveal 揭示；逾期未揭示将公开记载",
                    {"secret": secret})


def reveal(login: str, code: str, secret: str) -> Done:
    """Reveal the secret committed to before the seal."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
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


def type_figure(login: str, code: str, value: str) -> Done:
    """Type the public figure in; it counts when a second person has typed the same."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        draw = _draw(session, code)
        source = next((s for s in sources(session, draw.id) if s.kind == "typed"
                       and s.confirmed_by_id is None), None)
        if draw.stage == "sealed" and source is None:
            raise StageError(f"{draw.title}没有等待录入的公开数字", "无需再办")
        advance(session, draw, "sealed", actor, verb="提交随机数",
                details={"locator": source.locator if source else ""})
        if source.due_at > settings.now():
            raise StageError(f"「{source.locator}」在{source.due_at:%m月%d日 %H:%M}之后才公布",
                             "公布之后再录入")
        check_value("typed", value, as_source(source), draw.hash_name)
        if source.typed_by_id in (None, actor.id):
            source.typed_by_id, source.value = actor.id, value
            return Done(f"「{source.locator}」已录入一次：{value}", "请另一人再录入一次以核对")
        if source.value != value:
            raise RuleViolation(f"两次录入不一致：前一次是「{source.value}」，这次是「{value}」",
                                "请对照公布原文；前一人可以重新录入")
        source.confirmed_by_id, source.given_at = actor.id, settings.now()
        return Done(f"「{source.locator}」两人录入一致：{value}", "各来源齐备后系统随即出签")
