"""Check a roster (名单文件) row by row and collect every fault, not only the first.

A row is either taken or listed: `rows_in == len(rows) + len(problem_rows)`, always. Faults of a
whole sheet (a missing column) have row 0 and stop that sheet before any of its rows is counted.
Whether a roster with faults is taken in at all (no: all or nothing) is the caller's decision.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from blocks.errors import Problem
from blocks.rosters.cells import Cell, Places, Wrong, clean, convert
from blocks.rosters.columns import Field, Kind, Matched, kinds, match
from blocks.rosters.reading import Row, Sheet
from blocks.rules.uscc import county_of

HEADING_WITHIN = 10  # rows: titles and notes stand above the headings, but not many
MEANT_FROM = 2  # a sheet with fewer known headings is an explanation, not a table
NAMED = 5  # other rows that a duplicate names
SHOWN = 200  # characters of a wrong cell that are repeated in the report


@dataclass(frozen=True)
class Repair:
    """A cell that was put right without asking (修正): where, from what, to what, why."""

    row: int
    column: str
    before: str
    after: str
    why: str
    sheet: str = ""

    def __str__(self) -> str:
        return f"{self.sheet}第{self.row}行「{self.column}」：{self.before} → {self.after}（{self.why}）"


@dataclass
class Reading:
    """What a roster holds: rows as dicts by field name, and everything said about the others.

    `defaults` counts, by field, the taken rows whose value is not in the file but a default;
    for `county_code` those that fell to the city itself (市直).
    """

    kind: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    repaired: list[Repair] = field(default_factory=list)
    rows_in: int = 0
    ignored_headings: list[str] = field(default_factory=list)
    ignored_sheets: list[str] = field(default_factory=list)
    defaults: dict[str, int] = field(default_factory=dict)

    @property
    def problem_rows(self) -> set[tuple[str, int]]:
        """Return sheet and number of every row with at least one fault."""
        return {(problem.sheet, problem.row) for problem in self.problems if problem.row}

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass
class _Entry:
    """A row on its way: its values so far, and what was said about it."""

    sheet: str
    row: int
    matched: Matched
    texts: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    defaulted: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)

    def fault(self, one: Field, wrong: str, remedy: str) -> None:
        column = self.matched.headings.get(one.name, one.heading)
        value = clean(self.texts.get(one.name, ""))[:SHOWN]
        self.problems.append(Problem(self.row, column, value, wrong, remedy, self.sheet))


def check(
    kind: str | Kind,
    sheets: Iterable[Sheet],
    *,
    counties: Mapping[str, str],
    city_code: str,
    known: Mapping[str, Set[str]] | None = None,
) -> Reading:
    """Return what the sheets hold.

    Args:
        kind: a `Kind`, or the name of one in `config/rosters.yaml`.
        sheets: as `reading.read_table` returns them.
        counties: code → Chinese name of the county-level divisions.
        city_code: the six digits of the city itself.
        known: sets of existing codes, by the `refers` (or the name) of a column: `department_code`,
            `certificate_no`, `item_code`, `uscc`. A column whose set is not given is not compared.

    Raises:
        KeyError: there is no kind of that name.
    """
    kind = kinds()[kind] if isinstance(kind, str) else kind
    reading = Reading(kind.name)
    places = Places(counties, city_code)
    entries = [
        _entry(kind, sheet, matched, row, places, known or {})
        for sheet, matched, rows in _tables(kind, list(sheets), reading)
        for row in rows
    ]
    _find_duplicates(kind, entries)
    _gather(kind, entries, reading)
    return reading


def _tables(
    kind: Kind, sheets: list[Sheet], reading: Reading
) -> Iterable[tuple[Sheet, Matched, list[Row]]]:
    """Yield the sheets that are tables of this kind and whole; the others go into the report."""
    found = [(sheet, *_heading(kind, sheet)) for sheet in sheets if sheet.rows]
    meant = [one for one in found if len(one[1].columns) >= MEANT_FROM] or found[:1]
    for sheet, matched, rows in found:
        if all(sheet is not one[0] for one in meant):
            reading.ignored_sheets.append(sheet.name)
            continue
        reading.ignored_headings += matched.ignored
        faults = _heading_faults(kind, sheet, matched)
        reading.problems += faults
        if not faults:
            yield sheet, matched, rows


def _heading(kind: Kind, sheet: Sheet) -> tuple[Matched, list[Row]]:
    """Return the headings and the rows below them: the first whole line of headings, or the best."""
    best = match(kind, [])
    below = sheet.rows
    for place, (_, cells) in enumerate(sheet.rows[:HEADING_WITHIN]):
        matched = match(kind, cells)
        if place == 0 or len(matched.columns) > len(best.columns):
            best, below = matched, sheet.rows[place + 1 :]
        if not matched.missing:
            break
    return best, below


def _heading_faults(kind: Kind, sheet: Sheet, matched: Matched) -> list[Problem]:
    missing = [
        Problem(
            row=0,
            column=one.heading,
            value="",
            wrong=f"《{kind.label}》缺少必填列“{one.heading}”",
            remedy=f"请补上这一列；可用的列名：{one.accepted_headings()}",
            sheet=sheet.name,
        )
        for one in matched.missing
    ]
    doubled = [
        Problem(
            row=0,
            column=matched.headings[one.name],
            value="",
            wrong="这一列名出现了两次，不知以哪一列为准",
            remedy="请删去多余的一列，或改掉其中一个列名",
            sheet=sheet.name,
        )
        for one in matched.doubled
    ]
    return missing + doubled


def _entry(
    kind: Kind,
    sheet: Sheet,
    matched: Matched,
    row: Row,
    places: Places,
    known: Mapping[str, Set[str]],
) -> _Entry:
    number, cells = row
    texts = {name: cells[i] if i < len(cells) else "" for name, i in matched.columns.items()}
    entry = _Entry(sheet.name, number, matched, texts)
    if _is_shifted(sheet, matched, cells):
        extra = Problem(
            number,
            "整行",
            clean(cells[-1])[:SHOWN],
            "单元格比表头多，内容可能错位",
            "请检查这一行是否有未加引号的逗号",
            sheet.name,
        )
        entry.problems.append(extra)
        return entry
    for one in kind.fields:
        _take(entry, one, places)
    _derive_county(kind, entry, places)
    _compare_with_known(kind, entry, known)
    _compare_dates(kind, entry)
    return entry


def _is_shifted(sheet: Sheet, matched: Matched, cells: list[str]) -> bool:
    """Whether a CSV row runs past its headings: a comma without quotation marks shifted it."""
    return not sheet.name and any(cell.strip() for cell in cells[matched.width :])


def _take(entry: _Entry, one: Field, places: Places) -> None:
    text = entry.texts.get(one.name, "")
    try:
        cell: Cell = convert(one, text, places)
    except Wrong as fault:
        entry.fault(one, fault.wrong, fault.remedy)
        return
    entry.values[one.name] = cell.value
    if cell.is_default:
        entry.defaulted.add(one.name)
    if cell.why:
        column = entry.matched.headings[one.name]
        after = str(cell.value)[:SHOWN]
        repair = Repair(entry.row, column, text.strip()[:SHOWN], after, cell.why, entry.sheet)
        entry.repairs.append(repair)


def _derive_county(kind: Kind, entry: _Entry, places: Places) -> None:
    """Fill a target's county: digits 3 to 8 of its code, the address, 地区, the name, the city.

    Codes issued by the city say only the city (538 of 1,263 real ones of Jieyang), hence the rest.
    """
    values = entry.values
    for one in kind.fields:
        if not one.derive or values.get(one.name, "") is not None:
            continue
        digits = county_of(values.get("uscc", ""))
        spoken = (values.get("address", ""), entry.texts.get(one.name, ""), values.get("name", ""))
        found = digits if digits in places.counties else None
        found = found or next(filter(None, map(places.mentioned, spoken)), None)
        values[one.name] = found or places.city_code
        if not found:
            entry.defaulted.add(one.name)


def _compare_with_known(kind: Kind, entry: _Entry, known: Mapping[str, Set[str]]) -> None:
    for one in kind.fields:
        allowed = known.get(one.name, known.get(one.refers)) if one.refers else None
        value = entry.values.get(one.name)
        if allowed is None or not value:
            continue
        unknown = [v for v in (value if isinstance(value, list) else [value]) if v not in allowed]
        if unknown:
            remedy = "请核对，或先导入它所在的名单"
            entry.fault(one, f"系统里没有“{'、'.join(unknown)}”", remedy)


def _compare_dates(kind: Kind, entry: _Entry) -> None:
    for first, last in kind.order:
        begin, end = entry.values.get(first), entry.values.get(last)
        if begin and end and begin > end:
            one = kind.field(last)
            wrong = f"早于“{kind.field(first).heading}”（{begin}）"
            entry.fault(one, wrong, "请核对这两个日期")


def _find_duplicates(kind: Kind, entries: list[_Entry]) -> None:
    """List all rows with one key, each naming the others: we do not choose between them."""
    for names in kind.keys:
        same: dict[tuple[Any, ...], list[_Entry]] = defaultdict(list)
        for entry in entries:
            key = tuple(entry.values.get(name) for name in names)
            if all(key):
                same[key].append(entry)
        for group in same.values():
            if len(group) > 1:
                _list_duplicates(kind.field(names[-1]), group)


def _list_duplicates(one: Field, group: list[_Entry]) -> None:
    for entry in group:
        others = [f"{o.sheet}第{o.row}行" for o in group if o is not entry]
        more = f"等{len(others)}行" if len(others) > NAMED else ""
        remedy = "请保留正确的一行，删去其余；若确为不同对象，请核对"
        entry.fault(one, f"与{'、'.join(others[:NAMED])}{more}重复", remedy)


def _gather(kind: Kind, entries: list[_Entry], reading: Reading) -> None:
    reading.rows_in = len(entries)
    counted: Counter[str] = Counter()
    for entry in entries:
        reading.problems += entry.problems
        if not entry.problems:
            reading.rows.append({one.name: entry.values[one.name] for one in kind.fields})
            reading.repaired += entry.repairs
            counted.update(entry.defaulted)
    reading.defaults = {one.name: counted[one.name] for one in kind.fields if counted[one.name]}
