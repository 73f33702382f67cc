"""Accounts and passwords (art. 5): the office makes them, everybody changes their own."""

import secrets
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import RuleViolation
from blocks.register import sessions
from blocks.register.directories import Account, Inspector, account, department
from blocks.register.sessions import Credential
from blocks.rules.stages import ROLE_LABELS, Role

SHORTEST = 10
MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)
PEOPLE = tuple(role for role in Role if role not in (Role.SYSTEM, Role.BUSINESS))
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's second choice
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read for another


@cache
def _nobodys() -> str:
    """Return a hash to compare with where there is no such account, so that it takes as long."""
    return _HASHER.hash(secrets.token_urlsafe())


def _office(session: Session, login: str) -> None:
    if Role.OFFICE not in account(session, login).as_actor().roles:
        raise RuleViolation("账号由联席会议办公室管理", "请联系办公室", article=5)


def new(by: str | None, login: str, name: str, roles: list[str], *,
        department_code: str | None = None, certificate: str | None = None) -> Done:
    """Make an account with a first password, which `ids` holds and nothing else keeps.

    `by` None: the very first account of a register, which must be the office's.

    Raises:
        RuleViolation: not the office; no such role; a login that is taken or unfit.
    """
    with engine.change() as session:
        first = session.scalar(select(func.count()).select_from(Account).where(
            ~Account.roles.overlap(["system", "business"]))) == 0
        if by is not None:
            _office(session, by)
        elif not first or "office" not in roles:
            raise RuleViolation("第一个账号须是联席会议办公室的，以后的由办公室开设",
                                "请加 --role office，或用 --as 账号")
        _fit(session, login, roles)
        holder = session.scalar(select(Inspector).where(
            Inspector.certificate_no == certificate)) if certificate else None
        if certificate and holder is None:
            raise RuleViolation(f"没有执法证号「{certificate}」", "请先导入检查人员名录")
        made = Account(login=login, name=name.strip() or login, roles=roles,
                       department_id=department(session, department_code).id if department_code else None,
                       inspector_id=holder.id if holder else None)
        session.add(made)
        session.flush()
        password = _give(session, made)
        return Done(f"已开设账号 {login}（{made.name}）", "首次登录须改密码", {"password": password})


def _fit(session: Session, login: str, roles: list[str]) -> None:
    unknown = [role for role in roles if role not in PEOPLE]
    if unknown or not roles:
        told = "、".join(f"{role} {ROLE_LABELS[role]}" for role in PEOPLE)
        raise RuleViolation(f"没有角色「{'、'.join(unknown)}」" if unknown else "没有写明角色", f"可写：{told}")
    if not (2 <= len(login) <= 40 and login.isascii() and login.replace(".", "").replace("-", "").isalnum()):
        raise RuleViolation(f"账号「{login}」不能用", "请用 2 至 40 个字母、数字、点或横线")
    if session.scalar(select(Account.id).where(Account.login == login)):
        raise RuleViolation(f"账号「{login}」已经有了", "请换一个")


def give_password(by: str, login: str) -> Done:
    """Give an account a new first password and end its sessions (a forgotten one, a first one)."""
    with engine.change() as session:
        _office(session, by)
        holder = account(session, login)
        password = _give(session, holder)
        sessions.end_all(session, holder.id)
        return Done(f"已为 {login}（{holder.name}）设好临时密码", "告诉本人；登录后须先改密码",
                    {"password": password})


def _give(session: Session, holder: Account, password: str = "", *, must_change: bool = True) -> str:
    password = password or "-".join("".join(secrets.choice(_LETTERS) for _ in range(4))
                                    for _ in range(3))
    session.merge(Credential(account_id=holder.id, password_hash=_HASHER.hash(password),
                             must_change=must_change, failures=0, locked_until=None,
                             changed_at=settings.now()))
    return password


def set_password(login: str, password: str) -> None:
    """Set a password that need not be changed: for the demo's people and for tests."""
    with engine.change() as session:
        _give(session, account(session, login), password, must_change=False)


def change_password(login: str, old: str, new: str, *, token: str | None = None) -> Done:
    """Change one's own password; every other session of the account ends.

    Raises:
        RuleViolation: the old one is wrong, or the new one is too short or the same.
    """
    with engine.change() as session:
        holder = account(session, login)
        kept = session.get(Credential, holder.id)
        if kept is None or not _matches(kept.password_hash, old):
            raise RuleViolation("原密码不对", "请重新输入；忘记了请联系办公室重设")
        if len(new) < SHORTEST or login.lower() in new.lower():
            raise RuleViolation("新密码太短，或含有账号", f"请用至少 {SHORTEST} 个字符，不含账号")
        if new == old:
            raise RuleViolation("新密码与原密码相同", "请换一个")
        _give(session, holder, new, must_change=False)
        sessions.end_all(session, holder.id, but=token)
        return Done("密码已修改，其他地方的登录已全部退出")


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def sign_in(login: str, password: str) -> str:
    """Return the token of a new session.

    Raises:
        RuleViolation: wrong, or locked after five failures for a quarter of an hour. It does not say
            whether there is such an account.
    """
    wrong = RuleViolation("账号或密码不对", "请核对后再试；连续五次不对，账号锁定十五分钟。忘记密码请联系办公室")
    with engine.change() as session:
        holder = session.scalar(select(Account).where(Account.login == login.strip(), Account.active))
        kept = session.get(Credential, holder.id, with_for_update=True) if holder else None
        if kept is not None and kept.locked_until and kept.locked_until > settings.now():
            refusal: RuleViolation | None = RuleViolation(
                "账号已锁定", "连续五次密码不对，请十五分钟后再试，或联系办公室重设")
        elif not _matches(kept.password_hash if kept else _nobodys(), password) or kept is None:
            refusal = wrong
            if kept is not None:
                _count_failure(kept)
        else:
            refusal, kept.failures, kept.locked_until = None, 0, None
            token = sessions.begin(session, holder)
    if refusal:  # raised outside: the failure is counted
        raise refusal
    return token


def _count_failure(kept: Credential) -> None:
    kept.failures += 1
    if kept.failures >= MOST_FAILURES:
        kept.failures, kept.locked_until = 0, settings.now() + LOCKED


def sign_out(token: str) -> None:
    """End a session."""
    with engine.change() as session:
        sessions.end(session, token)


def sign_out_everywhere(login: str) -> Done:
    """End every session of an account, this one too."""
    with engine.change() as session:
        number = sessions.end_all(session, account(session, login).id)
        return Done(f"已退出全部{number}处登录")


def give_token(by: str, login: str) -> Done:
    """Give a machine account a token for the API; those before it end."""
    with engine.change() as session:
        _office(session, by)
        token = sessions.give_token(session, account(session, login))
        return Done(f"已为 {login} 生成接口令牌，此前的失效", "请妥善保管，系统只存摘要", {"token": token})
