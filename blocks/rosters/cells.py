"""Turn the text of one cell into a value, or say what is wrong with it (Chinese).

Values: text, code, uscc and choice are str; county str or None; date `datetime.date`; bool; number
int of 0 or more; list a list of str without repetitions.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from blocks.rosters.columns import Field, plain
from blocks.rules import disclosure, uscc
from blocks.rules.formulas import unguard

_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
    re.ASCII,
)
_MILLISECONDS = re.compile(r"[1-9]\d{12}", re.ASCII)  # 12 digits may be a day with hour and minute
CHINA = timezone(timedelta(hours=8))
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SHOWN_BY_EXCEL = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,9})(?:\.0+)?", re.ASCII)
_SEPARATORS = re.compile(r"[、，,;；|\r\n\t]+")
LONGEST_BLANK = 20  # characters; no word for "nothing" is longer, and most cells are
_CITY_WORDS = frozenset(("市直", "市本级", "市级"))

_WHY = {"code": "全角字符、空格已改为半角并去掉", "uscc": "小写、全角字符或空格已改正"}


class Wrong(Exception):
    """The cell cannot be taken: what is wrong, and what to do (both Chinese)."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.remedy = remedy


@dataclass(frozen=True)
class Cell:
    """A value, whether it is the default, why (Chinese) it differs from what was written, and what
    somebody should look into though it is taken."""

    value: Any
    is_default: bool = False
    why: str = ""
    note: str = ""


@dataclass(frozen=True)
class Places:
    """The counties of the city (区县, code → name) and the code of the city itself (市直)."""

    counties: Mapping[str, str]
    city_code: str

    def named(self, text: str) -> str | None:
        """Return the code if the text is exactly a code, a county's name or its stem."""
        form = plain(text)
        if form in self.counties or form == self.city_code:
            return form
        if form in _CITY_WORDS:
            return self.city_code
        return next((code for word, code in self._words if word == form), None)

    def mentioned(self, text: str) -> str | None:
        """Return the county the text speaks of: the longest word wins, then the earliest."""
        hits = [(-len(word), text.find(word), code) for word, code in self._words if word in text]
        return min(hits)[2] if hits else None

    @cached_property
    def _words(self) -> list[tuple[str, str]]:
        """Return names and stems: 榕城区 and 榕城. A stem of one character says too little."""
        words = [(name, code) for code, name in self.counties.items()]
        stems = [(name[:-1], code) for name, code in words if name[-1:] in "区县市"]
        return words + [(stem, code) for stem, code in stems if len(stem) > 1]


def clean(text: str) -> str:
    """Return the text without control, direction and zero-width characters; line breaks as spaces.

    Private-use characters and variation selectors stay: names are written with them. So does a
    leading `=`, `+`, `-` or `@`: it is neutralised where text leaves for a workbook, not here.
    """
    text = text.strip()
    if text.isprintable():
        return unguard(text)
    text = re.sub(r"[\r\n\t\u2028\u2029]+", " ", text)
    return unguard("".join(c for c in text if not _is_hidden(c)).strip())


def _is_hidden(character: str) -> bool:
    """Whether it is a control, direction, zero-width or half character, or none at all (U+FFFE …)."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") or (
        ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF)


def is_blank(field: Field, text: str) -> bool:
    """Whether the (cleaned) text means that nothing is known: empty, N/A, -, 无 …"""
    return not text or (len(text) <= LONGEST_BLANK and plain(text) in field.blank)


def convert(field: Field, text: str, places: Places) -> Cell:
    """Return the value of a cell.

    Raises:
        Wrong: the cell is required and blank, or cannot be understood.
    """
    cleaned = clean(text)
    if is_blank(field, cleaned):
        return _missing(field)
    if field.type == "list":
        values = _list(field, text, places)
        return Cell(values) if values else _missing(field)
    value = _BY_TYPE[field.type](field, cleaned, places)
    if field.public and (leaks := disclosure.scan(value)):
        raise Wrong(f"含有{leaks[0].label}，这一列要对外公开", "请删去个人号码后再导入")
    if value is None and field.lenient:
        return Cell(field.default, is_default=True)
    if field.type == "uscc" and uscc.is_old_registration(value):
        return Cell(value, note="15位旧注册号，尚未换发统一社会信用代码，先按原号登记")
    if field.type in _WHY and value != cleaned:
        return Cell(value, why=_WHY[field.type])
    return Cell(value, why="" if cleaned == unguard(text.strip()) else "控制字符、换行已去掉")


def _missing(field: Field) -> Cell:
    if field.required:
        raise Wrong("不能为空", "请补填")
    if field.type == "list":
        return Cell([])
    return Cell(field.default, is_default=field.default not in (None, ""))


def _text(field: Field, text: str, places: Places) -> str:
    return text


def _code(field: Field, text: str, places: Places) -> str:
    code = "".join(unicodedata.normalize("NFKC", text).split())
    _refuse_shown_by_excel(code)
    return code


def _uscc(field: Field, text: str, places: Places) -> str:
    _refuse_shown_by_excel(text)
    code = uscc.normalise("".join(text.split()))
    wrong = None if uscc.is_old_registration(code) else uscc.problem(code)
    if wrong:
        raise Wrong(wrong, "请对照营业执照核对后改正")
    return code


def _refuse_shown_by_excel(text: str) -> None:
    """A long code that Excel took for a number has lost its last digits: never repair it."""
    if _SHOWN_BY_EXCEL.fullmatch(text):
        raise Wrong("被 Excel 当作数字，末尾几位已丢失", "请把该列设为“文本”格式后重新填写")


def _county(field: Field, text: str, places: Places) -> str | None:
    code = places.named(text)
    if code:
        return code
    if field.derive and not re.fullmatch(r"\d{6}", plain(text), re.ASCII):
        return None  # another column may say it
    names = "、".join(f"{name}（{code}）" for code, name in places.counties.items())
    raise Wrong("不是本市的区县", f"请填写区县代码或名称：{names}；市直单位填 {places.city_code}")


def _date(field: Field, text: str, places: Places) -> date:
    text = unicodedata.normalize("NFKC", text)
    if _MILLISECONDS.fullmatch(text):  # since 1970, as the national publicity system gives them
        return datetime.fromtimestamp(int(text) / 1000, CHINA).date()
    found = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    try:
        if found:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass  # 31 April and the like: no such day
    raise Wrong("不是有效日期", "请写成 2026-01-02、2026/1/2 或 2026年1月2日")


def _bool(field: Field, text: str, places: Places) -> bool:
    form = plain(text)
    if form in field.yes or form in field.no:
        return form in field.yes
    raise Wrong("只能填“是”或“否”", "请改为“是”或“否”")


def _number(field: Field, text: str, places: Places) -> int:
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text))
    if not found:
        raise Wrong("应为不小于 0 的整数", "请只填数字，不带单位")
    return int(found[1])


def _choice(field: Field, text: str, places: Places) -> str | None:
    code = field.choices.get(plain(text))
    if code is None and not field.lenient:
        raise Wrong("不在可选范围内", "请填写：" + "、".join(field.words))
    return code


def _list(field: Field, text: str, places: Places) -> list[str]:
    single = replace(field, type=field.of)
    parts = [clean(part) for part in _SEPARATORS.split(text)]
    values = [_BY_TYPE[field.of](single, part, places) for part in parts if not is_blank(field, part)]
    return list(dict.fromkeys(values))


_BY_TYPE: dict[str, Callable[[Field, str, Places], Any]] = {
    "text": _text,
    "code": _code,
    "uscc": _uscc,
    "county": _county,
    "date": _date,
    "bool": _bool,
    "number": _number,
    "choice": _choice,
}
