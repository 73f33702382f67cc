"""What may be public (公示) of a check's result, and a scanner for what may not (art. 11, G11).

Publication is by ALLOW-LIST: a field that is not named here stays inside, above all the free text
of a finding and every name of a person. The scanner is the second lock: it looks for identity
numbers, mobile numbers, bank cards and planted words (canaries) in whatever is about to be written.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from blocks.errors import RuleViolation
from blocks.rules import uscc

PUBLIC_FIELDS = (
    "business", "uscc", "plan_id", "plan_name", "scheme_code", "scheme_title", "draw_kind", "lead",
    "authority", "items", "category", "result", "inspected_on", "version", "made_on", "due_on",
    "public_on", "late_workdays",
)
PUBLIC_ITEM_FIELDS = ("code", "name")
# Of a result that was taken down: that it was there, not what it said. Of one that is withheld not
# even whose it is.
WITHDRAWN_FIELDS = (
    "business", "uscc", "scheme_code", "scheme_title", "authority", "version", "public_on",
    "withdrawn_on", "ground", "basis", "withdrawn_sha256",
)
WITHHELD_FIELDS = ("scheme_code", "scheme_title", "authority", "ground", "basis", "decided_on")
ACTS = {"published": PUBLIC_FIELDS, "withdrawn": WITHDRAWN_FIELDS, "withheld": WITHHELD_FIELDS}
KINDS = {"identity": "居民身份证号码", "bank_card": "银行卡号", "mobile": "手机号码",
         "canary": "不得公开的内容"}
IN_SEALED_FILES = ("identity", "canary")  # a sealed public figure may look like a card or a phone

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ALONE = r"(?<![0-9A-Za-z])(?:{})(?![0-9A-Za-z])"
_IDENTITY = re.compile(_ALONE.format(r"\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx]"))
_MOBILE = re.compile(_ALONE.format(r"(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"))
_BANK_CARD = re.compile(_ALONE.format(r"[1-9]\d{15,18}|[1-9]\d{3}(?:([ -])\d{4}(?:\1\d{4}){2}"
                                      r"(?:\1\d{1,3})?)"))
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Leak:
    """A personal number in a text. `shown` has all but its ends hidden.

    `at`: its place, in characters, in the text as NFKC without invisible characters.
    """

    kind: str
    shown: str
    at: int

    @property
    def label(self) -> str:
        return KINDS[self.kind]


def public_form(act: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be public of one version of a check's result, in the order of `ACTS[act]`.

    Fields may be absent; every other field is dropped, an item keeps its code and name. Dates
    become ISO text.

    Raises:
        RuleViolation: an allowed text holds a personal number (art. 11).
        TypeError: an allowed field holds anything but text, a whole number, a date or None.

    Source: the national publication fields; art. 11.
    """
    allowed = ACTS[act]
    kept = {name: _plain(name, record[name]) for name in allowed
            if name in record and name != "items"}
    items = [{name: _plain(name, item[name]) for name in PUBLIC_ITEM_FIELDS}
             for item in record.get("items", ())]
    if "items" in record and "items" in allowed:
        kept["items"] = items
    for text in (*kept.values(), *(v for item in items for v in item.values())):
        if isinstance(text, str):
            check_public(text)
    return {name: kept[name] for name in allowed if name in kept}


def public_result(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be public of a result that is published: `public_form("published", …)`."""
    return public_form("published", record)


def scan(text: str, *, canaries: Sequence[str] = (), kinds: Collection[str] = KINDS) -> list[Leak]:
    """Return every personal number and canary in a text, in order; a unified social credit code is
    none.

    Full-width digits, `+86`, and the usual groups by blank or hyphen are seen through. A number
    inside a longer run of digits or letters (a digest) is not one. `kinds`: what is looked for.
    """
    plain = text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    found: dict[range, Leak] = {}
    for kind, (pattern, is_one) in _LOOKED_FOR.items():
        for match in pattern.finditer(plain) if kind in kinds else ():
            taken = any(match.start() < r.stop and r.start < match.end() for r in found)
            if not taken and is_one(re.sub(r"[ +-]", "", match[0])):
                found[range(*match.span())] = Leak(kind, _hidden(match[0]), match.start())
    leaks = [Leak("canary", f"{word[:1]}***", plain.index(word)) for word in canaries
             if "canary" in kinds and word in plain]
    return sorted([*found.values(), *leaks], key=lambda leak: leak.at)


def check_public(text: str, *, canaries: Sequence[str] = (), kinds: Collection[str] = KINDS) -> None:
    """Refuse a text that holds a personal number, or a word that was planted to be found.

    Raises:
        RuleViolation: says of which kind, with the number hidden (art. 11).
    """
    if leaks := scan(text, canaries=canaries, kinds=kinds):
        named = "、".join(f"{leak.label}（{leak.shown}）" for leak in leaks)
        raise RuleViolation(f"公示内容中含有个人信息：{named}", "请删去后再公示", article=11)


def _plain(name: str, value: Any) -> str | int | None:
    if isinstance(value, date):
        return value.isoformat()
    if value is not None and not isinstance(value, str | int):
        raise TypeError(f"{name} may not be published as {type(value).__name__}")
    return value


def _hidden(number: str) -> str:
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"


def _is_identity(number: str) -> bool:
    """GB 11643-1999: a real birthday and the check character (ISO 7064, MOD 11-2).

    One identity number in 31 would also pass as a credit code; only codes that begin with 9 (all
    companies and traders, and no province) are let through, so that none slips past.
    """
    try:
        born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        return False
    total = sum(int(c) * w for c, w in zip(number[:17], _IDENTITY_WEIGHTS, strict=True))
    right = "10X98765432"[total % 11] == number[17].upper()
    is_credit_code = number[0] == "9" and uscc.problem(number) is None
    return right and 1900 <= born.year < 2100 and not is_credit_code


def _is_bank_card(number: str) -> bool:
    """ISO/IEC 7812-1: 16 to 19 digits whose Luhn sum is 0 mod 10, and no credit code."""
    digits = [int(c) for c in reversed(number)]
    total = sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])
    return total % 10 == 0 and uscc.problem(number) is not None


_LOOKED_FOR: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "identity": (_IDENTITY, _is_identity), "bank_card": (_BANK_CARD, _is_bank_card),
    "mobile": (_MOBILE, lambda number: True),
}
