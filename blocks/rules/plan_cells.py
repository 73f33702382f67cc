"""What offices write into the cells of an annual plan (art. 14), understood or asked about.

Plans are free text: "不少于1%", "10%但不少于10家", "3月—12月"; names are for `naming`. Each function takes
one cell and returns its meaning, or raises `Unclear` with the question for the office. Nothing is
guessed: a cell is understood only if every word of it is.
"""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

Window = tuple[date, date]

LONGEST = 400  # characters of a cell that can still be a number, a time, a list of departments

_UNDECIDED = re.compile(r"(?:待定|另定|未定|另行(?:通知|确定)|视情况(?:而定)?|按(?:照)?实际(?:情况)?(?:确定)?|/|-+|—+)")
_PART = re.compile(r"[;；,，、]|但|且|并")
_LEAST = r"(?:不少于|不低于|不小于|至少|大于等于|大于或等于|≥|>=)"
_ABOUT = r"(?:按|按照|抽查比例|抽取比例|抽查|抽取|比例|数量|为|:)*+"
_RATIO = re.compile(
    rf"{_ABOUT}(?P<least>{_LEAST})?(?P<low>\d{{1,3}}(?:\.\d{{1,4}})?)%?"
    r"(?:(?:-|~|—|–|至|到)(?P<high>\d{1,3}(?:\.\d{1,4})?))?%(?P<more>以上|及以上)?")
_COUNT = re.compile(
    rf"{_ABOUT}(?P<least>{_LEAST})?(?P<low>\d{{1,7}})[家户个所]?"
    r"(?:(?:-|~|—|–|至|到)(?P<high>\d{1,7}))?[家户个所](?P<more>以上|及以上)?")
_TIMES = re.compile(r"(?:每年|一年|全年)?(\d{1,2})次(?:/年|每年)?")
_ALL = re.compile(r"全部|全覆盖|全数|全部检查")


class Unclear(Exception):
    """A cell that nobody but the office can explain: what is not certain, and what to write."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.remedy = remedy


@dataclass(frozen=True)
class Share:
    """How many: a ratio (0 to 1) or a number of businesses, from `low` to `high`.

    `high` is None where the plan sets only a floor (`is_floor`) or one figure. `floor`: with a
    ratio, the number there must be at least. `times` a year.
    """

    mode: str
    low: Fraction
    high: Fraction | None = None
    is_floor: bool = False
    floor: int | None = None
    times: int = 1

    @property
    def low_text(self) -> str:
        """Return the lower bound as a scheme writes it: `5%`, `0.5%`, or a count."""
        return _percent(self.low) if self.mode == "ratio" else str(self.low)

    def __str__(self) -> str:
        unit = "" if self.mode == "ratio" else "家"
        told = ("不少于" if self.is_floor else "") + self.low_text
        if self.high is not None:
            told += f"至{_percent(self.high) if self.mode == 'ratio' else self.high}"
        told += unit + (f"，且不少于{self.floor}家" if self.floor else "")
        return told + (f"，每年{self.times}次" if self.times > 1 else "")


def form(text: str) -> str:
    """Return the form in which names are compared: NFKC, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g}%"


def share(text: str) -> Share:
    """Understand a ratio or number (抽查比例或数量).

    Raises:
        Unclear: undecided, about, only an upper bound, several figures, or words that it does not
            know.
    """
    written = _bounded(text, "抽查比例")
    ratio = count = None
    times = 1
    for part in filter(None, _PART.split(written)):
        if found := _TIMES.fullmatch(part):
            times = int(found[1])
        elif _ALL.fullmatch(part) and ratio is None:
            ratio = (Fraction(1), None, False)
        elif (found := _RATIO.fullmatch(part)) and ratio is None:
            ratio = _bounds(found, Fraction(1, 100))
        elif (found := _COUNT.fullmatch(part)) and count is None:
            count = _bounds(found, Fraction(1))
        else:
            raise _unclear_share(part)
    if times < 1:
        raise Unclear("次数为零", "请写明每年几次，如：3%；2次/年")
    return _combined(ratio, count, times)


Bounds = tuple[Fraction, Fraction | None, bool]


def _bounds(found: re.Match, unit: Fraction) -> Bounds:
    low = Fraction(found["low"]) * unit
    high = Fraction(found["high"]) * unit if found["high"] else None
    is_floor = bool(found["least"] or found["more"])
    if low <= 0 or (high is not None and (high < low or is_floor)):
        raise Unclear("上下限不合理", "请改正，如：10%—20%")
    if unit != 1 and max(low, high or low) > 1:
        raise Unclear("比例超过100%", "请改正")
    return low, high, is_floor


def _combined(ratio: Bounds | None, count: Bounds | None, times: int) -> Share:
    if ratio is not None and count is not None:
        if not count[2]:
            raise Unclear("既写比例又写家数，不知以哪个为准", "请只写一个，或写成：10%但不少于10家")
        return Share("ratio", *ratio, floor=int(count[0]), times=times)
    if ratio is not None:
        return Share("ratio", *ratio, times=times)
    if count is not None:
        return Share("number", *count, times=times)
    raise Unclear("没有写明比例或数量", "请写明，如：5%，或 20家")


def _unclear_share(part: str) -> Unclear:
    if re.search(r"约|左右|大概|上下", part):
        return Unclear(f"「{part}」是约数", "请写明确的数，如：5%，或不少于10家")
    if re.search(r"(?:不超过|不高于|至多|最多|≤|<=)\d|[%家户个所](?:以内|以下)", part):
        return Unclear(f"「{part}」只有上限，可以一家也不抽", "请写明至少多少，如：不少于1%")
    return Unclear(f"「{part}」看不懂，或分了几种情形",
                   "请写成：5%、不少于1%、10%—20%、60家、10%但不少于10家；分情形的请分行写")


_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]")
_MONTH = re.compile(r"(?:(\d{4})年)?(\d{1,2})(?:月份?)?(底?)")
_QUARTER = re.compile(r"(?:(\d{4})年)?第?([一二三四1-4])季度")
_SPANS = {"全年": (1, 12), "上半年": (1, 6), "下半年": (7, 12)}
_DASH = re.compile(r"-+|~+|—+|–+|至|到")
_SEVERAL = re.compile(r"[;；,，、]|和|及")


def windows(text: str, year: int) -> list[Window]:
    """Understand when (抽查时间): one window of days for each inspection, in order.

    Raises:
        Unclear: undecided, in another year, without a beginning ("9月底前"), or not understood.
    """
    written = re.sub(r"\((?:全年|分批|暂定)?\)", "", _bounded(text, "抽查时间"))
    found = [_window(part, year) for part in filter(None, _SEVERAL.split(written))]
    found.sort()
    if not found:
        raise Unclear("没有写明抽查时间", "请写明，如：4月—6月")
    if any(later[0] <= earlier[1] for earlier, later in pairwise(found)):
        raise Unclear("几段时间有重叠", "请把各段分开写，如：3月—4月；9月—10月")
    return found


def _window(part: str, year: int) -> Window:
    if part.endswith(("前", "底前", "之前", "以前")):
        raise Unclear(f"「{part}」没有写明从何时开始", "请写明起止，如：4月—9月")
    part = re.sub(rf"^{year}年(?=全年|上半年|下半年|第?.季度)", "", part)
    if part in _SPANS:
        return _months(*_SPANS[part], year)
    if found := _QUARTER.fullmatch(part):
        _same_year(found[1], year)
        quarter = "一二三四".find(found[2]) + 1 or int(found[2])
        return _months(quarter * 3 - 2, quarter * 3, year)
    ends = _DASH.split(part)
    if len(ends) > 2:
        raise _unclear_time(part)
    first, last = _end(ends[0], year, part, last=False), _end(ends[-1], year, part, last=True)
    if last < first:
        raise Unclear(f"「{part}」的结束早于开始", "跨年的请分两年写")
    return first, last


def _end(text: str, year: int, part: str, *, last: bool) -> date:
    """Return the first or the last day that an end of a span means."""
    if found := _DAY.fullmatch(text):
        _same_year(found[1], year)
        try:
            return date(year, int(found[2]), int(found[3]))
        except ValueError:
            raise Unclear(f"没有{text}这一天", "请改正") from None
    found = _MONTH.fullmatch(text)
    if not found or "月" not in part or not 1 <= int(found[2]) <= 12 or (found[3] and not last):
        raise _unclear_time(part)
    _same_year(found[1], year)
    return _months(int(found[2]), int(found[2]), year)[last]


def _months(first: int, last: int, year: int) -> Window:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _same_year(written: str | None, year: int) -> None:
    if written and int(written) != year:
        raise Unclear(f"写的是{written}年，计划是{year}年的", "请核对年份")


def _unclear_time(part: str) -> Unclear:
    return Unclear(f"「{part}」看不懂", "请写成：9月、4月—6月、3月—4月；9月—10月、9月1日—10月15日、全年")


def _bounded(text: str, what: str) -> str:
    """Return the cell without spaces, in half width; blank and undecided are asked about."""
    if len(text) > LONGEST:
        raise Unclear(f"{what}写得太长", "请只写数字、比例或月份，说明写在备注里")
    written = form(text).replace("％", "%").strip("。.")
    if not written or _UNDECIDED.fullmatch(written):
        raise Unclear(f"{what}{'尚未确定' if written else '没有填'}", f"请确定{what}后补充")
    return written
