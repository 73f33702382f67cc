"""How far long work has come: told by whoever does it, shown by whoever listens (the Prefect UI)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(what: str, done: int, total: int) -> None:
    """Say that `done` of `total` of some work (Chinese) are done; where nobody listens it costs nothing."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let somebody listen to the work inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
