"""Events lost, doubled, shuffled: what comes out of an inspection is the same (G1, G2)."""

import importlib
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest
from sqlalchemy import delete, select

from blocks import engine
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.due import find
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import InboxLine, OutboxLine, TrailLine
from blocks.story import REPEATED, take
from tests import scenes as at
from tests.people import stage


def run(flow: str, scheme_id: int, event: int | None = None) -> str | None:
    """Do what a run of this flow does, woken by an event or by the sweep."""
    with transaction() as session:
        who = service_account(session, flow, flow).as_actor(run=flow)
    return take(importlib.import_module(f"flows.{flow}").STEPS, scheme_id, who, event)


class Engine:
    """Tells each event late, never, twice, in another order; what stays undone the sweep does."""

    def __init__(self, seed: int) -> None:
        self.chance, self.seen, self.repeats, self.swept = random.Random(seed), 0, 0, 0

    def events(self) -> Iterator[tuple[str, int, int]]:
        with transaction() as session:
            new = session.scalars(select(OutboxLine).where(
                OutboxLine.trail_number > self.seen).order_by(OutboxLine.trail_number)).all()
        self.seen = max([self.seen, *(line.trail_number for line in new)])
        told = [line for line in new if line.wakes and self.chance.random() > 0.3]
        told += [line for line in told if self.chance.random() < 0.5]
        self.chance.shuffle(told)
        return iter([(line.wakes, line.payload["scheme_id"], line.trail_number) for line in told])

    def __call__(self) -> list[str]:
        for _ in range(60):
            known: set[int] = set()
            for flow, scheme_id, number in self.events():
                said = run(flow, scheme_id, number)
                assert (said == REPEATED) == (number in known)
                self.repeats += number in known
                known.add(number)
            with transaction() as session:
                due = [work for work in find(session) if work.scheme_id]
            if not due:
                return []
            for work in due:
                self.swept += 1
                run(work.flow, work.scheme_id)
        raise AssertionError("it never comes to rest")


def moves() -> Counter:
    with transaction() as session:
        return Counter(session.execute(select(
            TrailLine.thing, TrailLine.thing_id, TrailLine.version, TrailLine.target)).tuples())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_outcome_is_the_same_whatever_becomes_of_the_events(open_scene, carry_on, seed):
    code = open_scene("publicised")
    kinds = Counter((thing, target) for thing, _, _, target in moves())
    code, carry = open_scene("drafted"), Engine(seed)
    for scene, (_, step) in list(at.STEPS.items())[1:]:
        step(code, carry)
        carry()
        assert scene == "publicised" or stage(code) != "publicised"
    assert stage(code) == "publicised"
    assert max(moves().values()) == 1
    assert Counter((thing, target) for thing, _, _, target in moves()) == kinds
    assert carry.repeats and carry.swept


def test_of_two_runs_of_one_event_at_once_one_does_the_work_and_the_other_says_so(open_scene):
    code = open_scene("submitted")
    with transaction() as session:
        scheme_id = find_scheme(session, code).id
        number = session.scalar(select(OutboxLine.trail_number).where(OutboxLine.wakes == "plan_approval"))
    said: list[str | None] = []
    threads = [Thread(target=lambda: said.append(run("plan_approval", scheme_id, number))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert said.count(REPEATED) == 3
    assert [one for one in said if one != REPEATED and one] != []
    with transaction() as session:
        assert session.scalars(select(InboxLine.trail_number)).all() == [number]


def test_an_event_is_not_used_up_by_a_run_that_left_nothing_behind(open_scene):
    code = open_scene("submitted")
    with transaction() as session:
        scheme_id = find_scheme(session, code).id
        number = session.scalar(select(OutboxLine.trail_number).where(OutboxLine.wakes == "plan_approval"))
        who = service_account(session, "plan_approval", "方案审查").as_actor(run="甲")

    def inbox() -> list[int]:
        with transaction() as session:
            return list(session.scalars(select(InboxLine.trail_number)))

    def fails(scheme_id: int, who: object) -> None:
        with engine.change():
            raise OSError("the disk is full")

    def goes_on(scheme_id: int, who: object) -> None:
        with suppress(OSError):
            fails(scheme_id, who)
        assert inbox() == []
        with engine.change(), engine.change():
            pass
        assert inbox() == [number]
        raise OSError

    with pytest.raises(OSError):
        take([fails], scheme_id, who, number)
    assert inbox() == []
    with pytest.raises(OSError):
        take([goes_on], scheme_id, who, number)
    with transaction() as session:
        session.execute(delete(InboxLine))
    assert run("plan_approval", scheme_id, number) not in (None, REPEATED)
    assert run("plan_approval", scheme_id, number) == REPEATED
