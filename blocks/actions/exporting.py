"""Tables that leave the register as files, and the forms that come back filled in.

Who may: the office and auditors everything but ties, which only the office sees; a department's
drafters and approvers the shared directories and what is their own people's. What is private
(`withheld` in config/exports.yaml) is in no file at all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from blocks import settings
from blocks.actions import Done
from blocks.actions.visits import REASONS
from blocks.draw.hashing import canonical_json
from blocks.errors import NotAnswering, NotFound, RuleViolation
from blocks.register import extracts
from blocks.register.appraisals import method
from blocks.register.database import transaction
from blocks.register.directories import Department, account
from blocks.register.overview import HALF_LABELS
from blocks.rosters.cells import Places
from blocks.rosters.columns import Kind, kinds, parse_kinds, plan_kind
from blocks.rosters.forms import write_form
from blocks.rosters.writing import Written, write
from blocks.rules import stages
from blocks.rules.schemes import DRAW_KINDS
from blocks.rules.stages import Actor, Role
from blocks.templating import stratum_name

ENDINGS = (".xlsx", ".csv")
SHARED = ("departments", "items", "targets")
OWN = tuple(extracts.OWNED)
STAFF = {Role.DRAFTER, Role.APPROVER}
_WHOM = {
    "ties": "回避线索由检查人员所在部门的经办人、审批人或联席会议办公室导出，不提供给其他人",
    **dict.fromkeys((*SHARED, "inspectors", "interests", "leave"),
                    "请由部门的经办人、审批人，或联席会议办公室、监督人员导出（--as）"),
}
_WHOM_ELSE = "请由联席会议办公室或监督人员导出（--as）"
_VERDICTS = {"reviewed": "通过", "returned": "退回"}


@cache
def tables() -> dict[str, Kind]:
    """Return the columns of every table that may be exported, by its name."""
    described = settings.config("exports.yaml")
    words = {"blank_words": [], "yes_words": [], "no_words": []}
    withheld = described["withheld"]
    rosters = {name: replace(kind, fields=tuple(
        one for one in kind.fields if one.name not in withheld.get(name, ())))
        for name, kind in kinds().items()}
    return rosters | parse_kinds({**words, "kinds": described["kinds"]})


def export(login: str, table: str, path: Path) -> Done:
    """Write a table into an .xlsx or .csv; of a department's people, where that is all one may see.

    A roster's file can be taken in again and changes nothing. Rows are streamed: the register's
    biggest table needs no more memory than its smallest.

    Raises:
        RuleViolation: this person may not, or the file cannot be written there.
    """
    if table not in tables():
        raise NotFound(f"没有「{table}」这种表", f"可导出：{'、'.join(tables())}")
    kind = tables()[table]
    _check_ending(path, ENDINGS)
    with transaction() as session:
        actor = account(session, login).as_actor()
        department_id = _department_of(actor, table, kind)
        rows = _told(table, extracts.rows(session, table, department_id))
        written = _writing(path, lambda: write(kind, rows, path, _places()))
    scope = "本部门" if department_id is not None else ""
    return Done(f"已导出{scope}{kind.label}{written.rows}行：{path}", _notes(table, written))


def template(table: str, path: Path) -> Done:
    """Write the form of a roster; its departments can be chosen where the register answers.

    Raises:
        RuleViolation: the file cannot be written there.
    """
    forms = kinds() | {"plans": plan_kind()}
    if table not in forms:
        raise NotFound(f"没有「{table}」这种名录", f"有模板的名录：{'、'.join(forms)}")
    _check_ending(path, ENDINGS[:1])
    kind = forms[table]
    _writing(path, lambda: write_form(kind, path, _places(), _departments()))
    return Done(f"已写好{kind.label}的模板：{path}",
                "填写办法见第二张表“填写说明”；填好后 choucha "
                + (f"plan import {path} --year 年度" if table == "plans" else f"import {table} {path}")
                + " --as 账号")


def _departments() -> dict[str, str]:
    """Return the departments' names by code; none where there is no register yet."""
    try:
        with transaction() as session:
            return dict(session.execute(select(Department.code, Department.name).order_by(
                Department.code)).all())
    except NotAnswering:
        return {}


def _places() -> Places:
    return Places(settings.COUNTIES, settings.CITY_CODE)


def _check_ending(path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix.lower() not in endings:
        raise RuleViolation(f"不能写成「{path.name}」：文件名应以 {' 或 '.join(endings)} 结尾",
                            "请用 --out 另写一个文件名")


def _writing(path: Path, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except OSError as error:
        raise RuleViolation(f"写不了文件 {path}：{error.strerror}", "请用 --out 换一个地方") from None


def _department_of(actor: Actor, table: str, kind: Kind) -> int | None:
    """Return the department whose rows this person may have; None means the whole table.

    Raises:
        RuleViolation: none.
    """
    if actor.roles & ({Role.OFFICE} if table == "ties" else {Role.OFFICE, Role.AUDITOR}):
        return None
    if actor.roles & STAFF and actor.department_id is not None:
        if table in SHARED:
            return None
        if table in OWN:
            return actor.department_id
    raise RuleViolation(f"{actor.name}（{actor.login}）不能导出{kind.label}",
                        _WHOM.get(table, _WHOM_ELSE))


def _notes(table: str, written: Written) -> str:
    """Return what whoever opens the file should know."""
    notes = []
    if table == "targets":
        notes.append("不含法定代表人，它不出登记库；改后再导入，登记库里的仍在")
    if len(written.sheets) > 1:
        notes.append(f"一张表放不下，分在{len(written.sheets)}张表中")
    if written.cut:
        notes.append(f"有{written.cut}格内容过长，已截断，完整内容请导出为 .csv")
    return "；".join(notes)


def _told(table: str, rows: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows with codes as Chinese words and moments in Beijing's time."""
    tell = _TELLERS.get(table)
    return rows if tell is None else (tell({k: _local(v) for k, v in row.items()}) for row in rows)


def _local(value: Any) -> Any:
    """Return a moment as the clock of the city showed it: a workbook knows no time zones."""
    if isinstance(value, datetime):
        return value.astimezone(settings.SHANGHAI).replace(tzinfo=None)
    return value


def _scheme(row: dict[str, Any]) -> dict[str, Any]:
    modes = kinds()["items"].field("mode").official
    return {**row, "stage": stages.label("scheme", row["stage"]),
            "draw_kind": DRAW_KINDS[row["draw_kind"]], "mode": modes.get(row["mode"], row["mode"])}


def _visit(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "stage": stages.label("visit", row["stage"]),
            "stratum": stratum_name(row["stratum"]), "half": HALF_LABELS.get(row["half"]),
            "replacement_reason": REASONS.get(row["replacement_reason"])}


def _check(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "stage": stages.label("check", row["stage"]),
            "half": HALF_LABELS.get(row["half"])}


def _result(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "category": settings.results().category(row["category"]).label,
            "answers": "；".join(f"{item}：{said}" for item, said in row["answers"].items()),
            "verdict": _VERDICTS.get(row["verdict"], "待审核")}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    kind = stages.KINDS[row["thing"]]
    exact = row["at"].replace(tzinfo=settings.SHANGHAI).astimezone(UTC)
    return {**row, "thing_label": kind.label, "source_label": kind.stages.get(row["source"]),
            "target_label": kind.stages[row["target"]],
            "role_label": stages.ROLE_LABELS[Role(row["role"])],
            "at_exact": exact.isoformat(timespec="microseconds"),
            "details": canonical_json(row["details"]).decode()}


def _figure(row: dict[str, Any]) -> dict[str, Any]:
    labels = {one.key: one.label for one in method().indicators.values()}
    return {**row, "stage": stages.label("appraisal", row["stage"]),
            "indicator": labels.get(row["indicator"], row["indicator"]),
            "county": settings.COUNTIES.get(row["county"], row["county"])}


_TELLERS = {"schemes": _scheme, "visits": _visit, "checks": _check, "results": _result,
            "trail": _line, "appraisals": _figure}
