"""What people can do, one function each: rule → door → wake. Portal, API and commands call these.

Each takes the actor's login first, makes one transaction through `engine.change`, and returns a
`Done`: what was done and what happens next, in Chinese. None does a flow's work itself.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Done:
    """What was done (`sentence`), what happens next by itself, and ids for the caller."""

    sentence: str
    next: str = ""
    ids: dict[str, Any] = field(default_factory=dict)
