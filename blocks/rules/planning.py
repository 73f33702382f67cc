"""Annual plans (年度抽查计划, art. 14): what an entry means, when its scheme opens, what may be merged.

A plan keeps what the office wrote; its meaning is worked out whenever it is asked for, with the
departments, items and kinds of business known that day (`Known`). So a department that is added
later answers the question about its name by itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations, product
from typing import Any

from blocks.rules import naming, plan_cells
from blocks.rules.plan_cells import Share, Unclear, Window
from blocks.rules.sampling import RISK_CLASSES, parse_rate
from blocks.rules.schemes import MODES
from blocks.workdays import WorkCalendar

HEADINGS = {"items": "抽查事项", "targets": "检查对象", "share": "抽查比例", "months": "抽查时间",
            "lead": "发起部门", "participants": "配合部门", "mode": "检查方式"}
DRAW_KINDS = {"定向": "targeted", "不定向": "untargeted"}


@dataclass(frozen=True)
class Known:
    """What names mean on this day: form of a name → code; the kinds of business there are; whose an
    item is (code → department's code)."""

    departments: Mapping[str, str]
    items: Mapping[str, str]
    kinds: frozenset[str]
    owners: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """Something in an entry that only the office can say. `field` is a key of HEADINGS."""

    field: str
    value: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{HEADINGS[self.field]}：{self.wrong}；{self.remedy}"


@dataclass(frozen=True)
class Entry:
    """One joint inspection that a plan foresees. What is asked about is empty.

    `number` stays the same through the plan's versions. `written`: every cell by field. `area`:
    whose plan it is, in Chinese, for messages.
    """

    number: int
    name: str
    written: Mapping[str, str]
    area: str = ""
    draw_kind: str = "untargeted"
    mode: str = "on_site"
    items: list[str] = field(default_factory=list)
    lead_items: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    share: Share | None = None
    windows: list[Window] = field(default_factory=list)
    lead: str | None = None
    participants: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def understand(stored: Mapping[str, Any], year: int, known: Known, area: str = "") -> Entry:
    """Return what a stored entry means. `stored`: {number, written: {field: text}}."""
    written = stored["written"]
    questions: list[Question] = []

    def ask(name: str, read: Callable[[str], Any], otherwise: Any) -> Any:
        text = written.get(name, "")
        try:
            return read(text)
        except Unclear as unclear:
            questions.append(Question(name, text, unclear.wrong, unclear.remedy))
            return otherwise

    share = ask("share", plan_cells.share, None)
    windows = ask("months", lambda text: _one_each(plan_cells.windows(text, year), share), [])
    lead = ask("lead", lambda text: _one(naming.names(text, known.departments, "发起部门")), None)
    participants = ask("participants", lambda text: naming.names(
        text, known.departments, "配合部门"), [])
    items = ask("items", lambda text: naming.items(text, known.items), [])
    own = [code for code in items if known.owners[code] == lead]
    if items and lead and not own:
        questions.append(Question("items", written["items"], "没有一项属于发起部门",
                                  "请补上发起部门自己的事项，或改正发起部门"))
    kinds = ask("targets", lambda text: naming.target_kinds(text, known.kinds), [])
    return Entry(
        stored["number"], name_of(written), written, area,
        DRAW_KINDS.get(plan_cells.form(written.get("draw_kind", "")), "untargeted"),
        ask("mode", _mode, "on_site"), items, own, kinds, share, windows, lead,
        [code for code in participants if code != lead],
        sorted(questions, key=lambda one: list(HEADINGS).index(one.field)))


def name_of(written: Mapping[str, str]) -> str:
    """Return how an entry is called: its task, else its field, else its items."""
    told = next(filter(None, (written.get(name) for name in ("name", "field", "items"))), "（未写名称）")
    return " ".join(told.split())[:80]


def _mode(text: str) -> str:
    """Return how is inspected; on site where nothing is said (art. 10)."""
    written = plan_cells.form(text)
    found = [mode for mode, label in MODES.items() if written in (label, label.removesuffix("检查"))]
    if written and not found:
        raise Unclear(f"检查方式「{text}」看不懂", f"请写一种：{'、'.join(MODES.values())}")
    return found[0] if found else "on_site"


def _one(codes: list[str]) -> str:
    if len(codes) > 1:
        raise Unclear(f"写了{len(codes)}个发起部门", "请写明由哪一个牵头，其余写在配合部门")
    return codes[0]


def _one_each(found: list[Window], share: Share | None) -> list[Window]:
    """Refuse to choose the days of the second inspection where the plan only says how often."""
    times = share.times if share else 1
    if times > 1 and len(found) != times:
        raise Unclear(f"每年{times}次，只写了{len(found)}段时间",
                      "请把各次的时间分开写，如：3月—6月；9月—12月")
    return found


def is_time_to_open(window: Window, today: date, workdays: int, calendar: WorkCalendar) -> bool:
    """Tell whether the scheme of a window is drafted by now: from so many workdays before its first
    day (local setting `plan_opening_workdays`) until its last."""
    start, end = window
    return today <= end and calendar.between(today, start) <= workdays


@dataclass(frozen=True)
class Proposal:
    """Two entries that would visit the same kind of business in the same days (art. 14)."""

    first: Entry
    second: Entry
    kinds: list[str]
    window: Window

    def __str__(self) -> str:
        start, end = self.window
        there = "" if self.second.area == self.first.area else f"{self.second.area}计划"
        return (f"第{self.first.number}项「{self.first.name}」与{there}第{self.second.number}项"
                f"「{self.second.name}」"
                f"都在{start.month}月{start.day}日至{end.month}月{end.day}日检查{'、'.join(self.kinds)}，"
                "可以合并为一次上门")


def propose_merges(entries: Sequence[Entry], others: Sequence[Entry] = ()) -> list[Proposal]:
    """Return the pairs whose kinds of business and windows meet, among the entries and with those
    of other plans, in order. Nothing is merged."""
    found = []
    for first, second in (*combinations(entries, 2), *product(entries, others)):
        kinds = sorted(set(first.kinds) & set(second.kinds))
        shared = _shared(first.windows, second.windows)
        if kinds and shared:
            found.append(Proposal(first, second, kinds, shared))
    return found


def _shared(ones: Iterable[Window], others: Sequence[Window]) -> Window | None:
    meets = [(max(a[0], b[0]), min(a[1], b[1])) for a in ones for b in others]
    return min((window for window in meets if window[0] <= window[1]), default=None)


def sampling_of(share: Share) -> dict[str, Any]:
    """Return a scheme's ratio or number from a plan's: its lower bound, which the lead may raise."""
    if share.mode == "number":
        return {"mode": "number", "number": int(share.low)}
    sampling: dict[str, Any] = {"mode": "ratio", "by": "risk_class",
                                "rates": dict.fromkeys(RISK_CLASSES, share.low_text)}
    return sampling | ({"at_least": share.floor} if share.floor else {})


def shortfall(sampling: Mapping[str, Any], planned: Share) -> str | None:
    """Return, in Chinese, how a scheme stays below what its plan promised; None: it does not."""
    if sampling["mode"] != planned.mode:
        return f"计划写的是{planned}，方案改用{'比例' if sampling['mode'] == 'ratio' else '家数'}"
    least = (min(map(parse_rate, sampling["rates"].values())) if sampling.get("rates")
             else None) if planned.mode == "ratio" else sampling["number"]
    floor = sampling.get("at_least", 0)
    if (least is not None and least < planned.low) or floor < (planned.floor or 0):
        return f"方案的抽查比例或数量低于计划（{planned}）"
    return None


def renumber(entries: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]
             ) -> list[dict[str, Any]]:
    """Return the entries with the numbers that the same ones had before; new ones come after.

    The same: name, targets and items as before, else name and targets, else the name alone.
    """
    numbers: dict[int, int] = {}
    left = {one["number"]: one["written"] for one in before}
    for told in (("targets", "items"), ("targets",), ()):
        for place, entry in enumerate(entries):
            same = [number for number, written in left.items()
                    if _told(written, told) == _told(entry["written"], told)]
            if place not in numbers and len(same) == 1:
                numbers[place] = same[0]
                del left[same[0]]
    following = max((one["number"] for one in before), default=0)
    numbered = []
    for place, entry in enumerate(entries):
        if place not in numbers:
            following += 1
        numbered.append({**entry, "number": numbers.get(place, following)})
    return sorted(numbered, key=lambda one: one["number"])


def _told(written: Mapping[str, str], names: Iterable[str]) -> list[str]:
    return [plan_cells.form(name_of(written)), *(plan_cells.form(written.get(name, ""))
                                                 for name in names)]


def changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]],
            headings: Mapping[str, str]) -> list[str]:
    """Return, in Chinese, what a version changes: entries that came, went, or say something else."""
    old = {one["number"]: one["written"] for one in before}
    new = {one["number"]: one["written"] for one in after}
    told = []
    for number in sorted(old.keys() | new.keys()):
        was, now = old.get(number), new.get(number)
        title = f"第{number}项「{name_of(now or was or {})}」"
        if was is None or now is None:
            told.append(f"{'删去' if now is None else '新增'}{title}")
            continue
        said = [f"{heading}由「{was.get(name) or '（空）'}」改为「{now.get(name) or '（空）'}」"
                for name, heading in headings.items()
                if name != "number" and was.get(name, "") != now.get(name, "")]
        if said:
            told.append(f"{title}：{'；'.join(said)}")
    return told
