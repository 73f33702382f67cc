"""Whom a running clock concerns (期限与人): the persons awaited, the head of department, the office."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from blocks.register.directories import Account
from blocks.register.draws import Draw, DrawSource
from blocks.register.trail import DueLine
from blocks.register.visits import Seat
from blocks.rules.deadlines import CLOCKS, HEAD, OFFICE
from blocks.rules.roles import Role


class Concerned:
    """Answers for one run: each question is asked of the register once.

    A recipient is `account:ID`; where a department has nobody of the role, `department:ID`; the office
    without accounts is `office`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[int | None, tuple[Role, ...]], list[str]] = {}

    def recipients(self, due: DueLine, circles: Sequence[str]) -> list[str]:
        """Return whom to tell of this clock: the circles are `person`, `head`, `office`."""
        ways = {"person": self._persons, "head": self._heads, "office": lambda _: self.office()}
        return list(dict.fromkeys(one for circle in circles for one in ways[circle](due)))

    def office(self) -> list[str]:
        return self._with_roles(None, OFFICE) or ["office"]

    def _persons(self, due: DueLine) -> list[str]:
        if due.clock == "recording" and (seated := self._seated(due.thing_id)):
            return seated
        return self._of_departments(due, CLOCKS[due.clock].roles)

    def _heads(self, due: DueLine) -> list[str]:
        return self._of_departments(due, HEAD)

    def _of_departments(self, due: DueLine, roles: tuple[Role, ...]) -> list[str]:
        found: list[str] = []
        for department_id in self.departments(due):
            found += self._with_roles(department_id, roles) or [f"department:{department_id}"]
        return found or self.office()

    def departments(self, due: DueLine) -> list[int]:
        """Return the departments awaited: those that still owe their number, where a draw waits."""
        owing = self._owing(due.thing_id) if due.clock == "contribution" else []
        return owing or ([due.department_id] if due.department_id else [])

    def _owing(self, draw_id: int) -> list[int]:
        missing = or_(and_(Draw.stage == "announced", DrawSource.commitment.is_(None)),
                      and_(Draw.stage == "sealed", DrawSource.value.is_(None)))
        return list(self._session.scalars(select(DrawSource.department_id).join(
            Draw, Draw.id == DrawSource.draw_id).where(
            Draw.id == draw_id, DrawSource.kind == "reveal", missing).order_by(DrawSource.position)))

    def _seated(self, check_id: int) -> list[str]:
        return [f"account:{id_}" for id_ in self._session.scalars(select(Account.id).join(
            Seat, Seat.inspector_id == Account.inspector_id).where(
            Seat.check_id == check_id, Seat.vacated_at.is_(None), ~Seat.suspended,
            Account.active).order_by(Seat.leads.desc(), Account.id))]

    def _with_roles(self, department_id: int | None, roles: tuple[Role, ...]) -> list[str]:
        ask = partial(select(Account.id).where, Account.active, Account.roles.overlap(
            [role.value for role in roles]))
        if (department_id, roles) not in self._known:
            where = Account.department_id == department_id if department_id else True
            self._known[department_id, roles] = [
                f"account:{id_}" for id_ in self._session.scalars(ask(where).order_by(Account.id))]
        return self._known[department_id, roles]
