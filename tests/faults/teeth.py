"""Fifteen bugs, put in one at a time while schedules run: each must be caught, or the oracle has a hole.

Nothing is edited: a bug is a function exchanged in this process, or a statement against this schedule's
copy of the register. The same schedules without the bug must pass.
"""

import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, event, insert, text
from sqlalchemy import update as database_update
from sqlalchemy.orm import Session

from blocks.public_site import building
from blocks.register import database, deliveries, guard, published, trail
from blocks.register.trail import OutboxLine, TrailLine
from blocks.rules import stages
from blocks.steps import ceremony, publishing, staffing, sweeping
from tests.faults.campaign import Outcome, outcome
from tests.faults.oracle import catalogue
from tests.faults.schedule import Plan, carried_out
from tests.faults.workers import exchange
from tests.faults.world import Ground, World

MOST = 40  # schedules; a bug that survives so many is a hole


@dataclass(frozen=True)
class Bug:
    """A bug and the schedules in which it could show."""

    name: str
    plan: Plan


def listen(undo: ExitStack, target: Any, what: str, hear: Callable[..., Any], **how: Any) -> None:
    event.listen(target, what, hear, **how)
    undo.callback(event.remove, target, what, hear)


def tell(world: World, *statements: str) -> None:
    """Say statements to the copy of the register; that a constraint is gone is not to give the bug away."""
    with database.transaction() as session:
        for statement in statements:
            session.execute(text(statement))
        world.catalogue = catalogue(session)


def a_dropped_unique_index(world: World, undo: ExitStack) -> None:
    with database.transaction() as session:
        session.execute(text("DROP INDEX uq_draws_open"))


def no_version_guard(world: World, undo: ExitStack) -> None:
    """Nobody locks, and a move asks neither for the stage nor for the version it saw."""

    def rewrite(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return re.sub(r" FOR (NO KEY )?UPDATE\b.*$", "", statement), parameters

    listen(undo, Engine, "before_cursor_execute", rewrite, retval=True)
    tell(world, "ALTER TABLE trail DROP CONSTRAINT uq_trail_thing_thing_id_version")
    exchange(undo, trail, "update", lambda model: _Unguarded(model))


class _Unguarded:
    """An UPDATE that keeps only the first of its conditions."""

    def __init__(self, model: Any) -> None:
        self.made = database_update(model)

    def where(self, *conditions: Any) -> Any:
        return self.made.where(conditions[0]) if len(conditions) == 3 else self.made.where(*conditions)


def outbox_outside(world: World, undo: ExitStack) -> None:
    """The line for others is written after the commit: who dies in between has told nobody."""

    def aside(session: Session, *_: Any) -> None:
        kept = [one for one in session.new if isinstance(one, OutboxLine)]
        for one in kept:
            session.expunge(one)
            session.info.setdefault("teeth.aside", []).append(
                {"trail_number": one.trail_number, "event": one.event, "payload": one.payload,
                 "wakes": one.wakes, "tries": 0})

    def afterwards(session: Session) -> None:
        if session.in_nested_transaction():
            return
        for row in session.info.pop("teeth.aside", []):
            with database.transaction() as other:
                other.execute(insert(OutboxLine).values(row))

    listen(undo, Session, "before_flush", aside)
    listen(undo, Session, "after_commit", afterwards)


def events_as_truth(world: World, undo: ExitStack) -> None:
    exchange(undo, sweeping, "find", lambda session: [])


def a_seed_used_again(world: World, undo: ExitStack) -> None:
    """One department's secret is taken for another's."""
    made = ceremony.seed_text
    exchange(undo, ceremony, "seed_text", lambda *given: made(*given).replace(b"01" * 32, b"02" * 32))


def reviewed_by_its_recorder(world: World, undo: ExitStack) -> None:
    tell(world, "ALTER TABLE check_records DROP CONSTRAINT ck_check_records_reviewer_not_recorder",
         "ALTER TABLE check_records DROP CONSTRAINT ck_check_records_two_inspectors",
         "ALTER TABLE check_records DROP CONSTRAINT ck_check_records_reviewer_not_second")
    before = stages.permit
    exchange(undo, stages, "permit", lambda move, *args, **more: before(replace(move, other_than=()), *args, **more))


def a_line_rewritten(world: World, undo: ExitStack) -> None:
    """After the fifth commit somebody rewrites the last line of the trail, and its hash with it."""
    commits = []

    def rewrite(session: Session) -> None:
        commits.append(session)
        if len(commits) != 5:
            return
        with database.transaction() as other:
            line = other.query(TrailLine).order_by(TrailLine.number.desc()).first()
            line.reason = "别的理由"
            other.execute(text("ALTER TABLE trail DISABLE TRIGGER insert_only"))
            line.hash = line.digest()
            other.flush()
            other.execute(text("ALTER TABLE trail ENABLE TRIGGER insert_only"))

    listen(undo, Session, "after_commit", rewrite)


def a_commit_swallowed(world: World, undo: ExitStack) -> None:
    """Every seventh commit commits nothing, and nobody hears of it."""
    commits = []

    def swallow(session: Session) -> None:
        commits.append(session)
        if len(commits) % 7 == 0:
            session.connection().exec_driver_sql("ROLLBACK")

    listen(undo, Session, "before_commit", swallow)


def sent_before_its_line(world: World, undo: ExitStack) -> None:
    """A message is handed over before it is written that it will be."""

    def claim(session: Session, delivery_id: int) -> Any:
        one = session.get(deliveries.Delivery, delivery_id)
        one.first_tried_at = one.first_tried_at or database.settings.now()
        one.tried_at = database.settings.now()
        return one

    exchange(undo, deliveries, "claim", claim)


def public_without_a_look(world: World, undo: ExitStack) -> None:
    """The disk takes nothing, and nobody reads back."""
    exchange(undo, building, "put", lambda files, site=None: sorted(files))


def booked_twice(world: World, undo: ExitStack) -> None:
    """Two people of a department for two visits, both at the same half day."""
    tell(world, "DROP INDEX uq_seats_half_day",
         "UPDATE inspectors SET active = false WHERE id NOT IN (SELECT id FROM inspectors AS few WHERE "
         "few.department_id = inspectors.department_id ORDER BY may_lead DESC, id LIMIT 2)")
    exchange(undo, staffing, "fix_times", lambda teams, slots, *_, **__: dict.fromkeys(teams, slots[0]))


def moved_by_nobody(world: World, undo: ExitStack) -> None:
    tell(world, "ALTER TABLE trail ALTER actor_id DROP NOT NULL")

    def forget(session: Session, *_: Any) -> None:
        for line in session.new:
            if isinstance(line, TrailLine) and line.label == "提交审批":
                line.actor_id = None
                line.hash = line.digest()
                session.info["trail_head"] = (line.number, line.hash)

    listen(undo, Session, "before_flush", forget)


def keys_ignored(world: World, undo: ExitStack) -> None:
    """The key of a submission is noted, and nobody asks whether it was there."""
    before = guard.take

    def take(session: Session) -> None:
        with suppress(guard.Repeated):
            before(session)

    exchange(undo, guard, "take", take)
    exchange(undo, guard, "outcome", lambda session, account_id, key: None)


def no_clock(world: World, undo: ExitStack) -> None:
    exchange(undo, trail, "start_clock", lambda *_: None)


def public_before_review(world: World, undo: ExitStack) -> None:
    """What the site is made of shows every record, and what is only recorded is published, too."""
    tell(world, """DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW public_results AS ' || replace(
        pg_get_viewdef('public_results'::regclass), 'r.verdict = ''reviewed''::text', 'true'); END $$""")
    before, moved = publishing._acts, publishing._move

    def acts(session: Session, checks: list) -> Any:
        made, refused = before(session, checks)
        told = {act.check_id for act in published.acts(session)}
        early = {one.id: [one.record_number] for one in checks if one.stage == "recorded" and one.id not in told}
        with publishing.as_publisher(session):
            more, _ = publishing.results.publications(session, early, {}, database.settings.today())
        return [*made, *more], refused

    def move(session: Session, checks: list, made: dict, actor: Any) -> None:
        moved(session, [one for one in checks if one.stage != "recorded"], made, actor)

    exchange(undo, publishing, "_acts", acts)
    exchange(undo, publishing, "_move", move)


EARLY, LATE = ("drafted", "submitted", "approved"), ("recorded", "reviewed", "publicised")
BUGS = (
    Bug("a dropped unique index", Plan(plant=a_dropped_unique_index)),
    Bug("no version guard", Plan(plant=no_version_guard, moves={"two_persons": 60, "two_workers": 30})),
    Bug("the outbox outside the transaction", Plan(plant=outbox_outside)),
    Bug("events taken for the truth", Plan(plant=events_as_truth)),
    Bug("a seed used again", Plan(plant=a_seed_used_again, stages=("sealed", "revealed"))),
    Bug("reviewed by who recorded", Plan(plant=reviewed_by_its_recorder, stages=("publicised",))),
    Bug("a line of the trail rewritten", Plan(plant=a_line_rewritten)),
    Bug("a commit swallowed", Plan(plant=a_commit_swallowed)),
    Bug("sent before its line", Plan(plant=sent_before_its_line, moves={"notices": 30})),
    Bug("public without reading back", Plan(plant=public_without_a_look, stages=LATE)),
    Bug("booked twice", Plan(plant=booked_twice, stages=("approved",), to_the_end=1)),
    Bug("moved by nobody", Plan(plant=moved_by_nobody, stages=("drafted",), to_the_end=1)),
    Bug("a submission's key ignored", Plan(plant=keys_ignored, moves={"twice": 60})),
    Bug("a clock not opened", Plan(plant=no_clock)),
    Bug("public before its review", Plan(plant=public_before_review, stages=("recorded",), moves={"night": 20})),
)


def of_bug(where: Ground, number: int) -> Outcome:
    """Look for the first schedule that catches a bug, and that passes without it."""
    bug, sound = BUGS[number], replace(BUGS[number].plan, plant=Plan().plant)
    for seed in range(1, MOST + 1):
        caught = outcome(f"{bug.name}, by schedule {seed}", lambda seed=seed: carried_out(seed, where, bug.plan))
        if caught.kind:
            control = outcome(bug.name, lambda seed=seed: carried_out(seed, where, sound))
            return replace(caught, kind=None if control.kind else caught.kind, told=control.told or caught.told)
    return Outcome(f"{bug.name}, by none of {MOST}", None, "", 0, frozenset())
