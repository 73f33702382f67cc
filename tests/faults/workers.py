"""What carries work out: flows as the engine would run them, and two threads of which one goes at a time."""

import importlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

from prefect import Flow, Task

from blocks import engine, story
from tests.faults.boundaries import WATCH
from tests.faults.prefect_far_away import Run
from tests.faults.world import World

PATIENCE = 60  # seconds; beyond, two threads wait for one another and nobody ends it
FLOWS: dict[str, ModuleType] = {name: importlib.import_module(f"flows.{name}") for name in engine.DEPLOYMENTS}


def carry_out(run: Run) -> None:
    """Do what a run of this flow does: its own body."""
    given = () if run.scheme_id is None else (str(run.scheme_id),)
    _flow(FLOWS[run.flow]).fn(*given, **({} if run.event is None else {"event": run.event}))


def _flow(module: ModuleType) -> Flow:
    return next(value for value in vars(module).values() if isinstance(value, Flow))


def far_from_prefect(carry: Callable[..., str], undo: ExitStack) -> None:
    """Let flows run by themselves: a task is its function, artifacts stay unwritten, mail goes to `carry`."""
    for module in (story, *FLOWS.values()):
        for name, value in list(vars(module).items()):
            if isinstance(value, Task):
                exchange(undo, module, name, value.fn)
            elif name.startswith(("create_", "update_")) and name.endswith("_artifact"):
                exchange(undo, module, name, lambda *_, **__: None)
    exchange(undo, story, "get_run_logger", lambda: logging.getLogger("campaign"))
    exchange(undo, FLOWS["reminders"], "Messenger",
             SimpleNamespace(in_use=lambda: SimpleNamespace(send=carry)))


def exchange(undo: ExitStack, where: Any, name: str, new: Any) -> Any:
    """Exchange an attribute until the stack is closed; return what was there."""
    before = getattr(where, name)
    setattr(where, name, new)
    undo.callback(setattr, where, name, before)
    return before


class Stepped(threading.Thread):
    """A process of its own that stops at every boundary until it is let go on."""

    def __init__(self, work: Callable[[], None], chance: Random, world: World) -> None:
        super().__init__(daemon=True)
        self.work, self.chance, self.world = work, chance, world
        self.stands, self.go = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.ended = False

    def run(self) -> None:
        self.world.prefect.chance.random = self.chance
        WATCH.stepped(self._stop)
        self._stop()
        try:
            self.work()
        except BaseException as error:  # told by `together`
            self.error = error
        self.ended = True
        self.stands.set()

    def _stop(self) -> None:
        self.stands.set()
        self.go.wait()
        self.go.clear()


def together(world: World, works: Sequence[Callable[[], None]], random: Random) -> None:
    """Let works go on at once, one boundary at a time, in an order that follows from `random` alone.

    A thread that waits in PostgreSQL for a lock goes on by itself when its holder commits; before
    anybody else is let go on, each thread stands at a boundary, has ended or waits for a lock.
    """
    threads = [Stepped(work, Random(random.random()), world) for work in works]
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
