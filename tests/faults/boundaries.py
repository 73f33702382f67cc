"""Where the product commits, each place by name, and what may befall a process there.

A place is a `with change()` (or `transaction()`) in the source of actions, steps and gateway; its two
boundaries are before and after its commit. Nothing in the product is changed: the session's own
events tell of each commit, and the stack tells whose it is.
"""

import ast
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from blocks import settings

DOORS = ("change", "transaction")
ROOMS = ("blocks/actions/*.py", "blocks/steps/*.py", "blocks/gateway/*.py")
Fate = Callable[[str, Session], None]


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing in the product may catch this."""


@dataclass(frozen=True)
class Place:
    """One transaction of the product: `name` is module.function, numbered where it has several."""

    name: str
    file: str
    first: int
    last: int


@cache
def places() -> dict[str, list[Place]]:
    """Return the places by the file they stand in."""
    found: dict[str, list[Place]] = {}
    for pattern in ROOMS:
        for path in sorted(settings.ROOT.glob(pattern)):
            found[str(path)] = list(_places_of(path))
    return found


def _places_of(path: Path) -> Iterator[Place]:
    room = f"{path.parent.name}.{path.stem}"
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        doors = [node for node in ast.walk(function) if isinstance(node, ast.With) and any(
            _is_door(item.context_expr) for item in node.items)]
        for number, node in enumerate(doors, 1):
            name = f"{room}.{function.name}" + (f"#{number}" if len(doors) > 1 else "")
            yield Place(name, str(path), node.lineno, node.end_lineno or node.lineno)


def _is_door(call: ast.expr) -> bool:
    called = call.func if isinstance(call, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", None)) in DOORS


def names() -> set[str]:
    """Return every boundary's name."""
    return {f"{moment} {place.name}" for some in places().values() for place in some
            for moment in ("before", "after")}


def here() -> str | None:
    """Return the place whose commit is going on in this thread; None where it is nobody's."""
    known, frame = places(), sys._getframe(1)
    while frame is not None:
        for place in known.get(frame.f_code.co_filename, ()):
            if place.first <= frame.f_lineno <= place.last:
                return place.name
        frame = frame.f_back
    return None


class Watch:
    """Hears of every commit of this process; a thread may have a fate that waits for it there."""

    def __init__(self) -> None:
        self._own = threading.local()
        self.listeners: list[Fate] = []
        self.reached: set[str] = set()
        self.crashed: set[str] = set()
        event.listen(Session, "before_commit", lambda session: self._at("before", session))
        event.listen(Session, "after_commit", lambda session: self._at("after", session))

    def _at(self, moment: str, session: Session) -> None:
        if session.in_nested_transaction() or (place := here()) is None:
            return
        boundary = f"{moment} {place}"
        self.reached.add(boundary)
        for hear in self.listeners:
            hear(boundary, session)
        stop, fate = getattr(self._own, "stop", None), getattr(self._own, "fate", None)
        if stop is not None:
            stop()
        if fate is not None:
            try:
                fate(boundary, session)
            except Killed:
                self.crashed.add(boundary)
                raise

    def stepped(self, stop: Callable[[], None]) -> None:
        """Let this thread come to a stop at every boundary, before its fate is met."""
        self._own.stop = stop

    @contextmanager
    def fated(self, fate: Fate | None) -> Iterator[None]:
        """Let what this thread does inside meet this fate."""
        self._own.fate, before = fate, getattr(self._own, "fate", None)
        try:
            yield
        finally:
            self._own.fate = before


WATCH = Watch()


def die_at(number: int) -> Fate:
    """Return the fate of a process that is killed at the boundary of this number, from 1."""
    met = 0

    def fate(boundary: str, session: Session) -> None:
        nonlocal met
        met += 1
        if met == number:
            raise Killed(boundary)

    return fate


def die_anew(known: set[str]) -> Fate:
    """Return the fate of a process that is killed at the first boundary not yet `known`, which it joins."""

    def fate(boundary: str, session: Session) -> None:
        if boundary not in known:
            known.add(boundary)
            raise Killed(boundary)

    return fate


def cut_off_at(number: int, cut: Callable[[Session], None]) -> Fate:
    """Return the fate of a process whose connection is `cut` before the commit of this number."""
    met = 0

    def fate(boundary: str, session: Session) -> None:
        nonlocal met
        met += boundary.startswith("before")
        if met == number and boundary.startswith("before"):
            cut(session)

    return fate
