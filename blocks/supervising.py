"""The letter of supervision itself (督办函): what it is about, and its writing by whoever may (art. 5)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.messages import write as text_of
from blocks.register import notices
from blocks.register.aftermath import Letter
from blocks.register.directories import Department
from blocks.register.oversight import late
from blocks.register.schemes import Scheme
from blocks.register.trail import begin
from blocks.rules.stages import Actor


def matters(session: Session, scheme: Scheme, addressed: Department) -> list[str]:
    """Return, a line each, what a department is late with in a scheme."""
    return [f"{one['clock']}{one['count']}件，应于{one['due_on']:%Y年%m月%d日}前办结，{one['left']}"
            for one in late(session) if one["scheme_code"] == scheme.code
            and one["department"] == addressed.short_name]


def is_open(session: Session, scheme: Scheme, addressed: Department) -> bool:
    """Tell whether a letter to this department about this scheme waits for its answer."""
    return session.scalar(select(Letter.id).where(
        Letter.scheme_id == scheme.id, Letter.department_id == addressed.id,
        Letter.stage == "issued")) is not None


def write(session: Session, scheme: Scheme, addressed: Department, about: list[str], actor: Actor,
          reason: str) -> Letter:
    """Issue a letter and queue it for the department."""
    letter = Letter(scheme=scheme, scheme_id=scheme.id, department=addressed,
                    department_id=addressed.id, matters=about, request=reason.strip())
    begin(session, letter, actor, reason=reason)
    subject, body = text_of("letter", about=scheme.title, matters=about, request=reason.strip())
    notices.queue(session, f"letter:{letter.id}", "letter", subject, body,
                  department_id=addressed.id, scheme_id=scheme.id)
    return letter


def request(days: int) -> str:
    """Return what a letter that the rule brings about asks for."""
    workdays = settings.regulation(settings.today()).letter_workdays
    return f"上列事项已逾期满{days}个工作日。请即办理，并在{workdays}个工作日内书面回复原因和办结时间。"
