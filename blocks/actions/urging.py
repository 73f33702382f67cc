"""The office urges who is late (art. 5): one notice a department, scheme and day."""

from sqlalchemy import select

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import RuleViolation, StageError
from blocks.register import notices
from blocks.register.directories import Department, account
from blocks.register.oversight import late
from blocks.register.schemes import scheme as find_scheme
from blocks.rules.stages import Role


def urge(login: str, code: str) -> Done:
    """Urge every department that is late with something in a scheme.

    Raises:
        RuleViolation: not the office.
        StageError: nobody is late, or all were urged today.
    """
    with engine.change() as session:
        actor = account(session, login).as_actor()
        if Role.OFFICE not in actor.roles:
            raise RuleViolation("催办由联席会议办公室办理", "请联系办公室", article=5)
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
