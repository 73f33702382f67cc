"""The lifecycle as a state machine: anybody tries anything at any moment, the system does its part between.

The model is small: where each thing stands, and who set what a second person must not be. It follows the
table of moves alone and knows no table of the register. What it says cannot be done must be refused and
change nothing; what is done must be the move it was, and whatever else moved must have been lawful; after
each change every invariant is asked.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import select

from blocks import settings
from blocks.errors import InspectionError
from blocks.register import database
from blocks.register.database import transaction
from blocks.register.directories import Account
from blocks.register.invariants import INVARIANTS, breaking, references
from blocks.register.invariants.moving import EVER, SET_BY
from blocks.register.schemes import Assignment
from blocks.register.trail import TrailLine
from blocks.register.visits import Check
from blocks.rules.roles import Role
from blocks.rules.stages import ENDS_WITH_SCHEME, MOVES, Move
from tests import people
from tests.lifecycle.acts import ACTS, Act
from tests.scenes import PARTIES, everything, run

SCENES = ("drafted", "submitted", "approved", "sealed", "dispatched", "in_field", "publicised")
FLOWS = ("plan_approval", "draw", "dispatch", "acceptance", "field_check", "publicity")
OFFICERS = ("bangong", "bangong2", "jiandu",
            *(f"{party}.{role}" for party in PARTIES for role in ("jingban", "shenpi")))
FIELD_ACTS = [one for one in ACTS if "check" in (one.kind, one.on) or one.kind == "visit"]
Thing = tuple[str, int]


class Model:
    """Where each thing stands, whose it is, and who did what to it."""

    def __init__(self) -> None:
        self.stage: dict[Thing, str] = {}
        self.did: dict[Thing, list[tuple[str, int]]] = defaultdict(list)
        self.owner: dict[Thing, int | None] = {}
        self.scheme: dict[Thing, int | None] = {}
        self.seen = 0

    def of_kind(self, kind: str) -> list[int]:
        return sorted(number for name, number in self.stage if name == kind)

    def may(self, move: Move, who: Account, thing: Thing) -> bool:
        """Tell whether the table of moves lets this account make this move of this thing now."""
        if move.thing in ENDS_WITH_SCHEME and self.stage.get(("scheme", self.scheme.get(thing))) == "cancelled":
            return False
        return (move.source == self.stage.get(thing) and bool(move.by & set(who.roles))
                and (move.anywhere or bool({Role.SYSTEM, Role.BUSINESS} & set(who.roles))
                     or self.owner[thing] == who.department_id)
                and not any(who.id in self._set(thing, column) for column in move.other_than))

    def _set(self, thing: Thing, column: str) -> set[int]:
        who = [actor for label, actor in self.did[thing] if label in SET_BY.get(column, ())]
        return set(who if column in EVER else who[-1:])

    def follow(self, line: TrailLine, who: Account, owner: int | None) -> None:
        """Take in a line of the trail, which must be a lawful next move."""
        thing = (line.thing, line.thing_id)
        self.owner.setdefault(thing, owner)
        self.scheme[thing] = line.scheme_id
        assert line.source == self.stage.get(thing), line.label
        assert line.version == len(self.did[thing]) + 1
        assert any(self.may(move, who, thing) for move in MOVES if (move.thing, move.target, move.label) == (
            line.thing, line.target, line.label)), (line.label, who.login)
        self.stage[thing] = line.target
        self.did[thing].append((line.label, line.actor_id))
        self.seen = line.number


class Lifecycle(RuleBasedStateMachine):
    """`open_scene(name)` enters a copy of a scene; `carry_all` lets the system do all that is due.

    `done`, `refused`: how often, by the name of the act, in all runs of the class.
    """

    done: Counter[str]
    refused: Counter[str]
    open_scene: Callable[[str], str]
    carry_all: Callable[[], list[str]]

    @initialize(scene=st.sampled_from(SCENES))
    def begin(self, scene: str) -> None:
        self.code, self.model = type(self).open_scene(scene), Model()
        self.who = self._accounts()
        self.after_a_change()

    def _accounts(self) -> dict[int, Account]:
        with transaction() as session:
            return {one.id: one for one in session.scalars(select(Account).order_by(Account.id))}

    def after_a_change(self) -> list[TrailLine]:
        """Let the model follow, and ask every invariant."""
        with transaction() as session:
            lines = list(session.scalars(select(TrailLine).where(
                TrailLine.number > self.model.seen).order_by(TrailLine.number)))
            owners = {("assignment", id_): dept for id_, dept in session.execute(
                select(Assignment.id, Assignment.department_id))} | {
                ("check", id_): dept for id_, dept in session.execute(select(Check.id, Check.department_id))}
            wrong = [row for one in INVARIANTS if one not in references.INVARIANTS for row in breaking(session, one)]
        if any(line.actor_id not in self.who for line in lines):
            self.who = self._accounts()
        lead = self.account(f"{people.LEAD}.jingban").department_id
        for line in lines:
            who = self.who[line.actor_id]
            usual = who.department_id if line.thing in ("recusal", "absence") else lead  # claimed for one's own
            self.model.follow(line, who, owners.get((line.thing, line.thing_id), usual))
        assert wrong == []
        self.before = everything()
        return lines

    def target(self, act: Act, who: Account, pick: int) -> tuple[Thing | None, int]:
        """Return the thing whose stage decides (None: it comes into being), and the number to pass on."""
        if act.on == "own":
            mine = [id_ for id_ in self.model.of_kind(act.kind) if self.model.owner[act.kind, id_] == who.department_id]
            return ((act.kind, mine[0]) if mine else (act.kind, 0)), 0
        if act.on == "named":
            code = people.PARTICIPANTS[pick % len(people.PARTICIPANTS)]
            wanted = self.account(f"{code}.jingban").department_id
            found = [id_ for id_ in self.model.of_kind(act.kind) if self.model.owner[act.kind, id_] == wanted]
            return (act.kind, found[0] if found else 0), pick
        ids = self.model.of_kind(act.on or act.kind)
        number = ids[pick % len(ids)] if ids else 0
        if act.kind == "draw" and ids:
            number = ids[-1]
        return (None if act.on else (act.kind, number)), number

    def permitted(self, act: Act, who: Account, thing: Thing | None, number: int) -> bool:
        moves = [move for move in MOVES if move.thing == act.kind and move.label in act.labels]
        if thing is None:  # the new thing will belong to the department of what it is about
            thing = (act.kind, -1)
            self.model.owner[thing] = self.model.owner.get((act.on, number))
        return thing in self.model.owner and any(self.model.may(move, who, thing) for move in moves)

    def attempt(self, act: Act, who: Account, pick: int) -> None:
        thing, number = self.target(act, who, pick)
        permitted = self.permitted(act, who, thing, number)
        try:
            act.do(who.login, self.code, number)
        except InspectionError as error:
            assert error.message
            assert error.remedy
            assert everything() == self.before, act.name
            self.refused[act.name] += 1
            return
        assert permitted, f"{who.login} may not: {act.name}"
        lines = self.after_a_change()
        assert any(line.thing == act.kind and line.label in act.labels and line.actor_id == who.id for line in lines)
        self.done[act.name] += 1

    @rule(what=st.sampled_from(("an_officer_tries", "an_inspector_tries", "somebody_does_what_may_be_done",
                                "the_system_takes_a_stage", "the_system_does_all_that_is_due")), data=st.data())
    def something_happens(self, what: str, data: Any) -> None:
        """One rule for all: of several Hypothesis switches some off, and short runs would get nowhere."""
        getattr(self, what)(data)

    def an_officer_tries(self, data: Any) -> None:
        self.attempt(data.draw(st.sampled_from(ACTS)), self.account(data.draw(st.sampled_from(OFFICERS))), _pick(data))

    def an_inspector_tries(self, data: Any) -> None:
        act, pick = data.draw(st.sampled_from(FIELD_ACTS)), _pick(data)
        number = self.target(act, self.account("bangong"), pick)[1]
        teams = dict(people.teams(self.code, data.draw(st.sampled_from(PARTIES))))
        if logins := teams.get(number) or next(iter(teams.values()), []):
            self.attempt(act, self.account(data.draw(st.sampled_from(logins))), pick)

    def somebody_does_what_may_be_done(self, data: Any) -> None:
        """Choose among what the model permits, so that inspections get somewhere."""
        pick = _pick(data)
        ways = [(act, login) for act in ACTS for login in OFFICERS
                if self.permitted(act, self.account(login), *self.target(act, self.account(login), pick))]
        if ways:
            act, login = data.draw(st.sampled_from(ways))
            self.attempt(act, self.account(login), pick)

    def the_system_takes_a_stage(self, data: Any) -> None:
        flow = data.draw(st.sampled_from(FLOWS))
        if run(flow, self.code):
            self.after_a_change()
        else:  # its service account is made at its first use
            after = everything()
            assert {name for name in after if after[name] != self.before[name]} <= {"accounts"}, flow
            self.before, self.who = after, self._accounts()

    def the_system_does_all_that_is_due(self, data: Any) -> None:
        type(self).carry_all()
        self.after_a_change()

    def account(self, login: str) -> Account:
        return next(one for one in self.who.values() if one.login == login)

    def teardown(self) -> None:
        database.engine(settings.database_url()).dispose()


def _pick(data: Any) -> int:
    """Choose which of the things of a kind."""
    return data.draw(st.integers(0, 8))
