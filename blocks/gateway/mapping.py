"""A mapping file (对照表, `config/gateway/*.yaml`): how a platform calls what we know by our own names.

The columns of a kind become those of a roster, so a platform's export is read exactly as an office's
list is: in a child process with limits, every fault of every row collected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from blocks import settings
from blocks.errors import NotAnswering, Refused
from blocks.rosters.columns import Kind, parse_kinds

PROPERTIES = {"heading", "says", "field", "type", "of", "width", "required", "format", "codes", "synonyms"}


@dataclass(frozen=True)
class Column:
    """One column; `codes`: ours → theirs; `format`: of a date (strftime), "" for a true date."""

    heading: str
    field: str
    says: str = ""
    type: str = "text"
    of: str = "text"
    width: int = 20
    required: bool = False
    format: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    synonyms: tuple[str, ...] = ()

    def value(self, row: Mapping[str, Any]) -> str | int | date:
        """Return what stands in this column of a row of ours, "" where there is nothing to say.

        Raises:
            Refused: it is required and missing, or the platform's code table has no such word.
        """
        ours = row.get(self.field)
        if ours in (None, "", []):
            if self.required:
                raise Refused(f"「{self.heading}」必填而我方没有（{row['key']}）")
            return ""
        if self.codes:
            if ours not in self.codes:
                raise Refused(f"「{self.heading}」的代码表里没有「{ours}」，请补全对照表后重新报送")
            return self.codes[ours]
        if self.type == "date":
            day = date.fromisoformat(str(ours))
            return day.strftime(self.format) if self.format else day
        if self.type == "list":
            return "、".join(map(str, ours))
        return int(ours) if self.type == "number" else str(ours)


@dataclass(frozen=True)
class Layout:
    """A kind's workbook: its sheet and columns, and the headings that mean nothing to us."""

    name: str
    label: str
    sheet: str
    columns: tuple[Column, ...]
    ignore: frozenset[str]
    kind: Kind


@lru_cache(maxsize=16)
def load(name: str = "") -> dict[str, Layout]:
    """Return the layouts of a mapping by kind: a name in `config/gateway`, or a path.

    Raises:
        NotAnswering: the file is missing, or not a mapping.
    """
    name = name or settings.get().platform_mapping
    path = Path(name) if "/" in name or name.endswith(".yaml") else settings.CONFIG / "gateway" / f"{name}.yaml"
    try:
        parsed = yaml.safe_load(path.read_text("utf-8"))
        words = settings.config("rosters.yaml")
        layouts = {kind: _layout(kind, one, words) for kind, one in parsed["kinds"].items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAnswering(f"平台对照表 {name} 用不了：{error}",
                           "请对照 config/gateway/national.yaml 改正；什么都没有改动") from None
    return layouts


def layout(kind: str, name: str = "") -> Layout:
    """Return the layout of one kind.

    Raises:
        NotAnswering: the mapping has none.
    """
    found = load(name).get(kind)
    if found is None:
        raise NotAnswering(f"平台对照表没有「{kind}」这一类", "请在对照表里补上这一类，见 config/gateway/national.yaml")
    return found


def _layout(name: str, one: Mapping[str, Any], words: Mapping[str, Any]) -> Layout:
    if unknown := {key for each in one["columns"] for key in each} - PROPERTIES:
        raise ValueError(f"看不懂的属性 {'、'.join(sorted(unknown))}")
    columns = tuple(Column(**{**each, "synonyms": tuple(each.get("synonyms", ()))}) for each in one["columns"])
    fields = [{"name": each.field, "heading": each.heading, "synonyms": each.synonyms, "of": each.of,
               "type": "choice" if each.codes else each.type, "required": each.required,
               "choices": {ours: [str(theirs)] for ours, theirs in each.codes.items()}} for each in columns]
    kind = parse_kinds({**words, "kinds": {name: {"label": one["label"], "key": one["key"], "fields": fields}}})
    return Layout(name, one["label"], one.get("sheet", one["label"]), columns,
                  frozenset(one.get("ignore", ())), kind[name])
