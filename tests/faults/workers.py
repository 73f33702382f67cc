"""What carries work out: flows as the engine would run them, and two threads of which one goes at a time."""

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from random import Random

from sqlalchemy.orm import Session

from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.rules.stages import Actor
from blocks.steps import nightshift, planning, publishing, reminding, sweeping
from tests.faults.boundaries import WATCH, Fate
from tests.faults.prefect_far_away import Run
from tests.faults.world import World

PATIENCE = 30  # seconds; beyond, two threads wait for one another and nobody ends it


def carry_out(world: World, run: Run) -> None:
    """Do what a run of this flow does, in its order (the flows' own bodies ask Prefect for more)."""
    with transaction() as session:
        who = service_account(session, run.flow, run.flow).as_actor(run=f"run {run.flow}")
    if run.scheme_id is not None:
        said = [step(run.scheme_id, who) for step in importlib.import_module(f"flows.{run.flow}").STEPS]
        if run.flow == "draw" and any(said):
            publishing.show_scheme(run.scheme_id)
    else:
        ALONE[run.flow](world, who)


def _reminders(world: World, who: Actor) -> None:
    reminding.issue_letters(who)
    reminding.queue_reminders()
    for delivery in reminding.waiting():
        reminding.send(delivery, world.carry)


def _nightly(world: World, who: Actor) -> None:
    with nightshift.alone() as alone:
        if not alone:
            return
        for scheme_id in publishing.waiting_schemes():
            publishing.publish(scheme_id, who)
        planning.open_schemes(who)
        planning.remind_drafts()
        planning.publish_pages()
        sweeping.sweep()
        nightshift.check_trail()
        nightshift.recount_provisional(who)
        nightshift.check_calendar()
        nightshift.refresh_lists()
        nightshift.find_unfit()
        publishing.make_figures()
        reminding.issue_letters(who)
        reminding.queue_reminders()
        nightshift.tidy()


def _sweep(world: World, who: Actor) -> None:
    publishing.show_missing()
    sweeping.sweep()


ALONE: dict[str, Callable[[World, Actor], None]] = {"reminders": _reminders, "nightly": _nightly, "sweep": _sweep}


class Stepped(threading.Thread):
    """A process of its own that stops at every boundary until it is let go on."""

    def __init__(self, work: Callable[[], None], fate: Fate | None, chance: Random, world: World) -> None:
        super().__init__(daemon=True)
        self.work, self.fate, self.chance, self.world = work, fate, chance, world
        self.stands, self.go = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.ended = False

    def run(self) -> None:
        self.world.prefect.chance.random = self.chance
        self._stop()
        try:
            with WATCH.fated(self._at):
                self.work()
        except BaseException as error:  # told by `together`
            self.error = error
        self.ended = True
        self.stands.set()

    def _at(self, boundary: str, session: Session) -> None:
        self._stop()
        if self.fate:
            self.fate(boundary, session)

    def _stop(self) -> None:
        self.stands.set()
        self.go.wait()
        self.go.clear()


def together(world: World, works: Sequence[tuple[Callable[[], None], Fate | None]], random: Random) -> None:
    """Let works go on at once, one boundary at a time, in an order that follows from `random` alone.

    A thread that waits in PostgreSQL for a lock goes on by itself when its holder commits; before
    anybody else is let go on, each thread stands at a boundary, has ended or waits for a lock.
    """
    threads = [Stepped(work, fate, Random(random.random()), world) for work, fate in works]
    for thread in threads:
        thread.start()
    while ready := _standing(world, threads):
        chosen = random.choice(ready)
        chosen.stands.clear()
        chosen.go.set()
    for thread in threads:
        if thread.error is not None:
            raise thread.error


def _standing(world: World, threads: Sequence[Stepped]) -> list[Stepped]:
    """Wait until nobody moves; return who can be let go on: [] when all have ended."""
    until = time.monotonic() + PATIENCE
    while moving := [one for one in threads if not one.stands.is_set()]:
        if time.monotonic() > until:
            raise TimeoutError("two wait for one another")
        if len(moving) < len(threads) and world.blocked() >= len(moving):
            break
        moving[0].stands.wait(0.002)
    return [one for one in threads if one.stands.is_set() and not one.ended]
