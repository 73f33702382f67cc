"""Letters of supervision (督办函): the office writes to a department that is late, it answers (art. 5)."""

from blocks import engine, supervising
from blocks.actions import Done
from blocks.errors import StageError
from blocks.register.aftermath import Letter
from blocks.register.directories import account, department
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import advance
from blocks.register.visits import get


def issue(login: str, code: str, department_code: str, reason: str) -> Done:
    """Issue a letter about everything a department is late with in a scheme; `reason`: what is asked.

    Raises:
        StageError: the department is not late, or has not answered the last letter.
    """
    with engine.change() as session:
        actor = account(session, login).as_actor()
        scheme = find_scheme(session, code, lock=True)
        addressed = department(session, department_code)
        about = supervising.matters(session, scheme, addressed)
        if not about:
            raise StageError(f"{addressed.short_name}在{scheme.title}没有逾期的事", "没有逾期的不发督办函")
        if supervising.is_open(session, scheme, addressed):
            raise StageError(f"给{addressed.short_name}的督办函还没有回复", "等回复之后再发，或者催办")
        letter = supervising.write(session, scheme, addressed, about, actor, reason)
        return Done(f"{letter.title}已发出（编号{letter.id}）", "通知随即发出，请该部门3个工作日内回复",
                    {"letter": letter.id})


def answer(login: str, letter_id: int | str, reason: str) -> Done:
    """Answer a letter: why it is late, and until when it will be done."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        letter = get(session, Letter, letter_id)
        advance(session, letter, "answered", actor, reason=reason, answer=reason.strip())
        return Done(f"{letter.title}：已回复", "办公室在总览里看到")

