"""A document is declared once: what it is of, who may see it, its fields, its description.

    @document("letter", "督办函", of="督办函编号", find=finding.letter)
    def letter(session: Session, found: Letter) -> LetterPaper: ...

`LetterPaper` is a frozen dataclass; templates/documents/letter.txt.j2 may name its fields and no
others. PDF, Word and page are made of the same fields.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from typing import Any, get_type_hints

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.base import Moving
from blocks.register.trail import TrailLine
from blocks.rules.stages import Actor


@dataclass(frozen=True)
class Paper:
    """What every document has: the name of its file, without ending."""

    file: str


@dataclass(frozen=True)
class Item:
    """An inspection item and its legal basis."""

    code: str
    name: str
    basis: str


@dataclass(frozen=True)
class Document:
    """`of`: what names one (Chinese). `find(session, actor, key)` returns it or refuses; `fill` its fields."""

    name: str
    label: str
    of: str
    kind: type[Paper]
    template: str
    find: Callable[[Session, Actor, str], Any]
    fill: Callable[[Session, Any], Paper]


_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
DOCUMENTS: dict[str, Document] = {}


def document(name: str, label: str, *, of: str, find: Callable[[Session, Actor, str], Any],
             template: str = "") -> Callable:
    """Declare a document; `template`: the description's name, where it is not the document's."""
    def declare(fill: Callable[[Session, Any], Paper]) -> Callable[[Session, Any], Paper]:
        kind = get_type_hints(fill)["return"]
        DOCUMENTS[name] = Document(name, label, of, kind, template or name, find, fill)
        return fill
    return declare


def cleaned(value: Any) -> Any:
    """Return fields without characters that no paper can show (control characters, half characters)."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value.replace("\t", " "))
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if is_dataclass(value):
        return replace(value, **{one.name: cleaned(getattr(value, one.name)) for one in fields(value)})
    return value


def office() -> str:
    """Return the name of the joint conference's office (联席会议办公室)."""
    return settings.config("documents.yaml")["office"]


def number(symbol: str, scheme_code: str, *parts: object) -> str:
    """Return the number of a document (发文字号): `联抽督〔2026〕1-3号`.

    `symbol`: a key of config/documents.yaml; `parts`: what tells documents of one scheme apart.
    """
    year, _, serial = scheme_code.partition("-")
    rest = "-".join([str(int(serial)) if serial.isdecimal() else serial, *map(str, parts)]).strip("-")
    return f"{settings.config('documents.yaml')['symbols'][symbol]}〔{year}〕{rest}号"


def day_of(moment: Any) -> date | None:
    """Return the day of a moment in Shanghai."""
    return moment.astimezone(settings.SHANGHAI).date() if moment else None


def moved_on(session: Session, thing: Moving, stage: str) -> date | None:
    """Return the day on which a thing last came to a stage, by its trail."""
    return day_of(session.scalar(select(TrailLine.at).where(
        TrailLine.thing == thing.thing, TrailLine.thing_id == thing.id, TrailLine.target == stage,
        TrailLine.source.is_distinct_from(stage)).order_by(TrailLine.number.desc()).limit(1)))


def as_items(items: Any) -> list[Item]:
    return [Item(one.code, one.name, one.legal_basis) for one in items]
