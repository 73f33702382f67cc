"""Who is there, and who may use a route (G7). Every route has a rule; one without fails the tests."""

import hmac
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.orm import Session

from blocks.errors import InspectionError
from blocks.register import sessions
from blocks.register.directories import Account
from blocks.rules.stages import MOVES, Actor, Role

COOKIE = "choucha"
PEOPLE = frozenset({Role.OFFICE, Role.DRAFTER, Role.APPROVER, Role.INSPECTOR, Role.AUDITOR})


class SignedOut(Exception):
    """Nobody is signed in, or the session has ended."""


class Forbidden(InspectionError):
    """Somebody is, and may not."""


class Forged(Forbidden):
    """The form was not made by this portal for this session."""


@dataclass(frozen=True)
class Rule:
    """Who may use a route: these roles; nobody need be signed in where it is `public`.

    On whose things is the action's business (`rules.stages.permit`) or the page's query.
    """

    roles: frozenset[Role] = PEOPLE
    public: bool = False

    def allows(self, actor: Actor) -> bool:
        return self.public or bool(self.roles & actor.roles)


ANYBODY = Rule(frozenset(), public=True)
EVERYBODY = Rule(PEOPLE)


def movers(thing: str, *labels: str) -> Rule:
    """Return the rule of those who make these moves of a thing: the table of moves decides."""
    by = [move.by for move in MOVES if move.thing == thing and move.label in labels]
    if not by:
        raise ValueError(f"no move of {thing} is called {labels}")
    return Rule(frozenset().union(*by) & PEOPLE)


@dataclass(frozen=True)
class Visitor:
    """Who sits at this request: an account, its session's token and the token of its forms."""

    account: Account
    actor: Actor
    token: str
    csrf: str
    must_change: bool = False

    @property
    def login(self) -> str:
        return self.account.login


def visitor(session: Session, request: Request) -> Visitor:
    """Return who is signed in.

    Raises:
        SignedOut: nobody is.
    """
    token = request.cookies.get(COOKIE, "")
    found, first = sessions.visit(session, token) if token else (None, False)
    if found is None:
        raise SignedOut
    return Visitor(found.account, found.account.as_actor(), token, found.csrf, first)


def permit(rule: Rule, someone: Visitor) -> None:
    """Raise Forbidden unless the visitor may use this route."""
    if not rule.allows(someone.actor):
        raise Forbidden(f"{someone.account.name}不能使用这一页", "请用有权限的账号登录；需要调整权限请联系办公室")


def genuine(someone: Visitor, csrf: str) -> None:
    """Raise Forged unless the form bears this session's own token."""
    if not hmac.compare_digest(csrf.encode(), someone.csrf.encode()):
        raise Forged("这个表单不是从本次登录的页面提交的", "什么都没有改动；请回到页面重新提交")
