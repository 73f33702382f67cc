"""What a person can get wrong, and what may be missing.

Each is an `InspectionError`: a Chinese sentence that says what happened, and one that says what to
do next. Anything else that escapes is a bug and may crash, loudly, with nothing half-written.
"""

from dataclasses import dataclass


class InspectionError(Exception):
    """Something a person can put right. `remedy` (Chinese) says how."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class RuleViolation(InspectionError):
    """A rule forbids it. `article` is the number of the article of the city's rules, if one."""

    def __init__(self, message: str, remedy: str = "", *, article: int | None = None) -> None:
        super().__init__(f"{message}（细则第{article}条）" if article else message, remedy)
        self.article = article


class StageError(InspectionError):
    """The thing no longer stands where this move begins, or this person may not move it."""


class NotFound(InspectionError):
    """No such id, code or login."""


class DrawError(InspectionError):
    """A draw cannot be made, or its files do not hold together."""


class StaffingError(InspectionError):
    """No lawful pairing exists; the message names the smallest group that fails."""


class CalendarGap(InspectionError):
    """The official holiday schedule of a year is missing."""


class DocumentError(InspectionError):
    """A template of a document cannot be used; the message names its line."""


class NotAnswering(InspectionError):
    """PostgreSQL, Prefect or another part outside this process does not answer."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a roster: where (1-based row as Excel shows it), what, and what to do."""

    row: int
    column: str
    value: str
    wrong: str
    remedy: str
    sheet: str = ""

    def __str__(self) -> str:
        place = f"{self.sheet}第{self.row}行" if self.row else self.sheet or "整个文件"
        return f"{place}「{self.column}」＝{self.value or '（空）'}：{self.wrong}；{self.remedy}"


class RosterError(InspectionError):
    """A roster was not taken in. `problems` lists every fault, not only the first."""

    def __init__(self, message: str, problems: list[Problem], remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.problems = problems


class NotTaken(Exception):
    """A message was not taken by its channel now: it is tried again."""


class Refused(NotTaken):
    """It was refused for good: an address that does not exist, a wrong key. A person must look."""


class Unsure(NotTaken):
    """It was handed over and the answer was lost: it may have arrived (G6)."""
