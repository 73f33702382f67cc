"""What was published, in the national fields, held to their schema before it leaves."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from blocks import settings
from blocks.errors import Refused

COLUMNS = settings.config("gateway/national.yaml")["kinds"]["publications"]["columns"]


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((settings.CONFIG / "gateway" / "national.schema.json").read_text("utf-8")))


def hold(rows: Iterable[Mapping[str, Any]]) -> None:
    """Refuse published results that do not fit the schema.

    Raises:
        Refused: which field of which row, and why.
    """
    for row in rows:
        told = {one["heading"]: row.get(one["field"]) for one in COLUMNS}
        for error in _validator().iter_errors(told) if row["act"] == "published" else ():
            field = "/".join(map(str, error.path))
            raise Refused(f"国家字段「{field}」不合规格（{row['key']}）：{error.message[:120]}")
