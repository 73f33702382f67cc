"""The office urges who is late (art. 5): one notice a department, scheme and day."""

from sqlalchemy import select

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import RuleViolation, StageError
from blocks.register import deliveries, notices
from blocks.register.directories import Department, account
from blocks.register.oversight import late
from blocks.register.schemes import Attempt
from blocks.register.schemes import scheme as find_scheme
from blocks.rules.stages import Actor, Role


def urge(login: str, code: str) -> Done:
    """Urge every department that is late with something in a scheme.

    Raises:
        RuleViolation: not the office.
        StageError: nobody is late, or all were urged today.
    """
    with engine.change() as session:
        _office(account(session, login).as_actor())
        scheme = find_scheme(session, code, lock=True)
        ids = dict(session.execute(select(Department.short_name, Department.id)).all())
        told: dict[str, list[str]] = {}
        for one in late(session):
            if one["scheme_code"] == scheme.code:
                told.setdefault(one["department"], []).append(
                    f"{one['clock']}{one['count']}件，{one['left']}")
        new = [name for name, lines in told.items() if notices.queue(
            session, f"urge:{scheme.id}:{ids.get(name, 0)}:{settings.today()}", "urge",
            f"催办：{scheme.title}", "联席会议办公室提醒贵部门：\n" + "\n".join(lines) + "\n请尽快办理。",
            department_id=ids.get(name), scheme_id=scheme.id)]
        if not new:
            raise StageError(f"{scheme.title}{'今天已经催办过' if told else '没有逾期的事'}", "明天仍未办的可以再催")
        return Done(f"已催办{'、'.join(name or '办公室' for name in new)}", "通知随即发出")


def again(login: str, notice_id: int) -> Done:
    """Send a notice again that nobody took."""
    with engine.change() as session:
        _office(account(session, login).as_actor())
        notice = session.get(notices.Notice, notice_id, with_for_update=True)
        if notice is None or notice.stage != "failed":
            raise StageError("这份通知不在未发出之列", "请刷新页面查看最新情况")
        deliveries.again(session, notice)
        return Done(f"通知将重新发出：{notice.subject}", "系统几分钟内再发")


def retry(login: str, key: str) -> Done:
    """Let the sweep start a work again that was started five times in vain."""
    with engine.change() as session:
        _office(account(session, login).as_actor())
        attempt = session.get(Attempt, key, with_for_update=True)
        if attempt is None:
            raise StageError("没有这项待办的流程", "请刷新页面查看最新情况")
        attempt.tries = 0
        return Done(f"流程 {attempt.flow} 将重新启动", "系统几分钟内再试；仍不成的会再次列在这里")


def _office(actor: Actor) -> None:
    if Role.OFFICE not in actor.roles:
        raise RuleViolation("由联席会议办公室办理", "请联系办公室", article=5)
