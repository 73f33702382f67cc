"""The clocks (期限): which period each move starts, whom it awaits, and when to remind (art. 5, 11).

Lengths are in `config/regulation.yaml`. Only publicity is law; the others are the city's choice.
"""

from dataclasses import dataclass
from datetime import date

from blocks.rules.regulation import Regulation
from blocks.rules.roles import Role
from blocks.workdays import Due, WorkCalendar

LOCAL = "local setting"
DRAFTERS, HEAD, OFFICE = (Role.DRAFTER,), (Role.APPROVER,), (Role.OFFICE,)
EITHER = DRAFTERS + HEAD


@dataclass(frozen=True)
class Clock:
    """A period in workdays. `attribute` names its length in Regulation.

    `source`: the article, or `local setting`. `awaited`: who must act, in Chinese; `roles`: who that
    is in the department (recording: whoever sits in the check).
    """

    label: str
    attribute: str
    source: str
    awaited: str
    roles: tuple[Role, ...]


CLOCKS: dict[str, Clock] = {
    "approval": Clock("方案审批", "approval_workdays", LOCAL, "牵头部门审批人", HEAD),
    "contribution": Clock("提交随机数", "contribution_workdays", LOCAL, "各部门经办人", DRAFTERS),
    "acceptance": Clock("接收任务", "acceptance_workdays", LOCAL, "参与部门", DRAFTERS),
    "staffing": Clock("配齐检查人员", "staffing_workdays", LOCAL, "参与部门", DRAFTERS),
    "recording": Clock("填报检查记录", "recording_workdays", LOCAL, "检查人员", DRAFTERS),
    "review": Clock("审核检查记录", "review_workdays", LOCAL, "检查部门审核人", EITHER),
    "recusal": Clock("决定回避", "recusal_workdays", LOCAL, "检查部门审批人", HEAD),
    "absence": Clock("决定换人", "recusal_workdays", LOCAL, "检查部门审批人", HEAD),
    "publicity": Clock("公示检查结果", "publicity_workdays", "art. 11", "检查部门", DRAFTERS),
    "follow_up": Clock("后续处置", "follow_up_workdays", LOCAL, "检查部门", DRAFTERS),  # or its own due date
    "objection": Clock("答复异议", "objection_workdays", LOCAL, "检查部门审批人", HEAD),
    "letter": Clock("回复督办", "letter_workdays", LOCAL, "被督办部门", EITHER),
}


def due(clock: str, started_on: date, calendar: WorkCalendar, regulation: Regulation) -> Due:
    """Return the last day of a clock that started on a day; that day is not counted.

    Provisional and as early as possible where it crosses a year without an official schedule.

    Source: art. 11 for publicity; local settings for the others.
    """
    return calendar.add(started_on, getattr(regulation, CLOCKS[clock].attribute))


def reminder_rung(due_on: date, today: date, calendar: WorkCalendar, regulation: Regulation, *,
                  started_on: date | None = None) -> int | None:
    """Return the rung of the ladder (提醒) that is due today, or None.

    10, 5, 3, 1: so many workdays are left; 0: the day itself; -1, -2, …: so many workdays late,
    every workday. None between the rungs and on days that are not worked. From
    `-supervision_letter_after_days_late` on, a letter of supervision (督办函) is due.

    With `started_on` a rung whose day went by since then unused (nothing ran that day) is due
    still, until the next one; whoever asks sees to it that none is told twice.

    Source: art. 5 (the conference urges); local setting `reminder_workdays`.
    """
    if not calendar.is_workday(today):
        return None
    left = calendar.between(today, due_on)
    if left < 0 or left in regulation.reminder_workdays or started_on is None:
        return left if left < 0 or left in regulation.reminder_workdays else None
    length = calendar.between(started_on, due_on)
    return min((rung for rung in regulation.reminder_workdays if left < rung < length), default=None)


def circles(rung: int) -> tuple[str, ...]:
    """Return who is told on a rung: the person; late, the head of department too; then the office.

    Source: art. 5; the city's own order of escalation.
    """
    if rung >= 0:
        return ("person",)
    return ("person", "head") if rung == -1 else ("person", "head", "office")
