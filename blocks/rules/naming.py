"""How offices call departments, items and kinds of business, and which one they mean (art. 14).

A name is understood if it means one thing only; otherwise `Unclear` asks.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from blocks.rules.plan_cells import LONGEST, Unclear, form

_AREA = re.compile(r"^(?:.*·)?(?:[^市区县]{2,3}[市区县]|市|区|县)?(?=.{2})")
_BODY = re.compile(r"(?:委员会|局|委|总队|支队|大队|机构|办公室|部门)$")


def forms(named: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Return form → code, in order; a form that several codes share is left out."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for code, names in named:
        for one in dict.fromkeys(map(form, names)):
            if one and found.setdefault(one, code) != code:
                shared.add(one)
    return {one: code for one, code in found.items() if one not in shared}


def department_forms(departments: Iterable[tuple[str, str, str]],
                     aliases: Mapping[str, str]) -> dict[str, str]:
    """Return form → code of departments (code, name, short name).

    `市公安局` is also 公安局, 公安部门, 公安. `aliases`: a usual word → the stem of the full name
    (市场监管 → 市场监督管理).
    """
    rows = [(code, name, short, stem(name)) for code, name, short in departments]
    nearest_first = (
        forms((code, (name, short, code)) for code, name, short, _ in rows),
        forms((code, _usual(short)) for code, _, short, _ in rows),
        forms((code, _usual(own, *(word for word, means in aliases.items() if means == own)))
              for code, _, _, own in rows))
    return nearest_first[2] | nearest_first[1] | nearest_first[0]


def _usual(*words: str) -> list[str]:
    return [f"{before}{word}{after}" for word in words
            for before in ("", "市") for after in ("", "部门", "局", "机构")]


def stem(name: str) -> str:
    """Return a department's name without area and kind of body: 市卫生健康局 → 卫生健康."""
    own = _AREA.sub("", form(name))
    shorter = _BODY.sub("", own)
    return shorter if len(shorter) > 1 else own


_NAMES = re.compile(r"[、,，;；/\s]+")


def names(text: str, known: Mapping[str, str], what: str) -> list[str]:
    """Understand a list of names (several in one cell); return their codes, each once.

    Args:
        text: the cell.
        known: form of a name → code. A form that several share is not in it.
        what: how the column is called, for the question.

    Raises:
        Unclear: a name is not known, or an `等` leaves open who else.
    """
    if len(text) > LONGEST:
        raise Unclear(f"{what}写得太长", "请只写名称，用顿号隔开")
    if code := known.get(form(text)):
        return [code]
    codes: list[str] = []
    unknown: list[str] = []
    for part in filter(None, _NAMES.split(unicodedata.normalize("NFKC", text))):
        found = _known(form(part), known)
        codes += found
        unknown += [] if found else [part]
    if unknown:
        raise Unclear(f"{what}「{'」「'.join(unknown)}」不在系统里，或不止一个叫这个名称",
                      f"请写系统里的名称或代码，用顿号隔开（可写：{_some(known)}）")
    if not codes:
        raise Unclear(f"没有写明{what}", "请补充")
    return list(dict.fromkeys(codes))


def _known(part: str, known: Mapping[str, str]) -> list[str]:
    """Return what a name stands for; `A和B` for both, if both are known and the whole is not."""
    if part in known:
        return [known[part]]
    for joint in ("和", "及", "与"):
        halves = [known.get(half) for half in part.split(joint)]
        if len(halves) > 1 and all(halves):
            return [half for half in halves if half]
    return []


def _some(known: Mapping[str, str]) -> str:
    firsts = {code: name for name, code in reversed(known.items())}
    shown = list(firsts.values())[:8]
    return "、".join(shown) + (" 等" if len(firsts) > len(shown) else "")


_OF_THE_AREA = re.compile(r"^(?:全市|本市|市内|全县|全区|本县|本区|本辖区|辖区|范围|内|的|各类|各种|各|所有|全部)+")
_LISTED = re.compile(r"^\(?\d{1,2}(?:\)|[.、]|(?=[^\d.%]))")


def target_kinds(text: str, known: Iterable[str]) -> list[str]:
    """Understand whom (检查对象): the kinds of business in the directories.

    Raises:
        Unclear: a word is no kind of business that the directories know.
    """
    forms = {form(kind): kind for kind in known}
    whole = _OF_THE_AREA.sub("", form(text))
    return names(whole, forms, "检查对象") if whole in forms else names(
        _NAMES.sub("、", "、".join(_OF_THE_AREA.sub("", form(part))
                                  for part in _NAMES.split(text))), forms, "检查对象")


def items(text: str, known: Mapping[str, str]) -> list[str]:
    """Understand the items (抽查事项): codes of the catalogue, each once.

    Raises:
        Unclear: an item is not in the catalogue (art. 7, 13).
    """
    codes: list[str] = []
    for part in re.split(r"[\n;；]+", text):
        code = known.get(form(part)) or known.get(_LISTED.sub("", form(part)).rstrip("。."))
        if code is None:
            codes += _several_items(part, known)
        else:
            codes.append(code)
    return list(dict.fromkeys(codes))


def _several_items(part: str, known: Mapping[str, str]) -> list[str]:
    found = [known.get(form(one)) for one in re.split(r"[、,，\s]+", part) if one]
    if not found or not all(found):
        raise Unclear(f"事项「{part.strip()[:40]}」不在事项清单里", "清单之外不得检查；请写清单里的事项名称或编码")
    return [code for code in found if code]
