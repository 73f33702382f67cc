"""A paper of every kind made of its fields' types alone: every text differs, so that each can be looked for."""

import types
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, get_args, get_origin, get_type_hints

from blocks.documents import DOCUMENTS

RARE = "样例·镕堃喆㛃䶮"
_numbers = count(1)


def sample(kind: Any, rows: int = 2, name: str = "") -> Any:
    """Return a value of a type: texts with rare characters and a number of their own."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{one.name: sample(hints[one.name], rows, one.name) for one in fields(kind)})
    if get_origin(kind) is list:
        return [sample(get_args(kind)[0], rows, name) for _ in range(rows)]
    if get_origin(kind) is types.UnionType:
        return sample(get_args(kind)[0], rows, name)
    if name in ("yes", "no", "unchecked", "excused"):
        return "√"
    if kind is str and name in ("page", "address"):
        return f"https://choucha.example/{next(_numbers)}"
    return {str: lambda: f"{RARE}{next(_numbers)}", int: lambda: 100_000 + next(_numbers), bool: lambda: True,
            date: lambda: date(2026, 11, 28), datetime: lambda: datetime(2026, 11, 28, 8, 5, tzinfo=UTC)}[kind]()


def texts(value: Any) -> list[str]:
    """Return every text and number of a paper, but the name of its file."""
    if is_dataclass(value):
        return [text for one in fields(value) if one.name != "file" for text in texts(getattr(value, one.name))]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    if isinstance(value, bool):
        return []
    if isinstance(value, date):
        return ["2026年11月28日"]
    return [str(value)]


SAMPLES = {name: sample(one.kind) for name, one in DOCUMENTS.items()}
