"""Events that Prefect refused five times (发不出的事件): the office sends them again or lets them be."""

from sqlalchemy.orm import Session

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import RuleViolation, StageError
from blocks.register import outbox
from blocks.register.directories import account
from blocks.register.trail import OutboxLine
from blocks.rules.stages import Role


def resend(login: str, number: int) -> Done:
    """Let the relay try an event again.

    Raises:
        RuleViolation: not the office.
        StageError: the event is not among those that were given up.
    """
    with engine.change() as session:
        line = _given_up(session, login, number)
        line.tries, line.leased_until = 0, None
        outbox.notify(session)
        return Done(f"事件将重新发出：{line.event}（留痕第{number}条）", "仍被拒绝的，几分钟后再次列在这里")


def let_be(login: str, number: int) -> Done:
    """Send an event no more; the move itself stands, and the sweep does what it should have woken."""
    with engine.change() as session:
        line = _given_up(session, login, number)
        line.done_at = settings.now()
        return Done(f"事件不再发送：{line.event}（留痕第{number}条）", "已办的事不受影响；该办的流程由巡查启动")


def _given_up(session: Session, login: str, number: int) -> OutboxLine:
    who = account(session, login)
    if Role.OFFICE not in who.as_actor().roles:
        raise RuleViolation("由联席会议办公室办理", "请联系办公室", article=5)
    line = session.get(OutboxLine, number, with_for_update=True)
    if line is None or line.done_at is not None or line.tries < outbox.MOST_TRIES:
        raise StageError(f"留痕第{number}条的事件不在发不出之列", "请刷新页面查看最新情况")
    line.decided_by_id = who.id
    return line
