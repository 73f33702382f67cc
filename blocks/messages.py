"""Texts of messages (消息模板): Jinja2 in templates/messages, the first line is the subject.

A template is checked when it is loaded: what it names must be a field of its kind, and it must be
made of the sample without a fault. What is wrong is told in Chinese with its line. A city puts its
own versions into the folder named by CHOUCHA_MESSAGES.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from blocks import settings
from blocks.errors import InspectionError, NotFound
from blocks.register.notices import Notice

FOLDER = settings.ROOT / "templates" / "messages"
_MATTER = {"clock": "接收任务", "awaited": "参与部门", "about": "2026-001 宾馆旅店联合抽查", "count": 1,
           "left": "还剩 1 个工作日（11月26日 周四）", "provisional": False,
           "explained": "自11月23日起第3个工作日"}
SAMPLES: dict[str, dict[str, Any]] = {
    "notice": {"subject": "请接收任务：2026-001 宾馆旅店联合抽查", "body": "请在3个工作日内接收或退回。",
               "portal": "https://choucha.example.gov.cn"},
    "reminder": {"matters": [_MATTER, {**_MATTER, "clock": "审核检查记录", "count": 3}], "late": 1},
    "letter": {"about": "2026-001 宾馆旅店联合抽查",
               "matters": ["接收任务1件，应于2026年11月26日前办结，已逾期 3 个工作日"],
               "request": "请即办理，并在3个工作日内书面回复。"},
    "failed_run": {"flow": "公示", "run": "公示 2026-001 宾馆旅店联合抽查", "state": "失败"},
    "missed_night": {"what": "夜间任务没有运行：应于11月28日2:00开始，至今没有"},
}


def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                                keep_trailing_newline=True)


def _path(kind: str) -> Path:
    if kind not in SAMPLES:
        raise NotFound(f"没有「{kind}」这种消息", f"有：{'、'.join(SAMPLES)}")
    own = settings.get().messages
    path = own / f"{kind}.txt.j2" if own else FOLDER / f"{kind}.txt.j2"
    return path if path.exists() else FOLDER / f"{kind}.txt.j2"


def template(kind: str) -> Template:
    """Return a template that names only what it is given.

    Raises:
        InspectionError: broken syntax, an unknown field, or a fault with the sample; the line is named.
    """
    path = _path(kind)
    return _checked(kind, path, path.read_text("utf-8"))


@lru_cache(maxsize=32)
def _checked(kind: str, path: Path, text: str) -> Template:
    env = _environment()
    try:
        tree = env.parse(text)
        unknown = meta.find_undeclared_variables(tree) - SAMPLES[kind].keys()
        made = env.from_string(text)
    except TemplateSyntaxError as error:
        raise _fault(path, error.lineno, f"写法有误：{error.message}") from None
    if unknown:
        line, name = min((one.lineno, one.name) for one in tree.find_all(nodes.Name) if one.name in unknown)
        raise _fault(path, line, f"没有「{name}」这个字段，可用的有：{'、'.join(SAMPLES[kind])}")
    try:
        made.render(**SAMPLES[kind])
    except (TemplateError, TypeError, ValueError, ZeroDivisionError) as error:
        raise _fault(path, _line(error), f"按样例写不出来：{error}") from None
    return made


def _line(error: Exception) -> int:
    """Return the line of the template that failed: the last frame that is the template's."""
    frame, line = error.__traceback__, 1
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _fault(path: Path, line: int, what: str) -> InspectionError:
    return InspectionError(f"消息模板 {path.name} 第{line}行{what}", "请改正模板；改正之前消息不会发出，也不会丢失")


def write(kind: str, **values: Any) -> tuple[str, str]:
    """Return subject and body of a message."""
    subject, _, body = template(kind).render(**values).partition("\n")
    return subject.strip(), body.strip("\n") + "\n"


def preview(kind: str) -> tuple[str, str]:
    """Return a message as it would be with sample values."""
    return write(kind, **SAMPLES[kind]) if kind in SAMPLES else write(kind)


def outgoing(notice: Notice) -> tuple[str, str]:
    """Return subject and body of a notice as it leaves the house."""
    subject = " ".join(notice.subject.split())
    return write("notice", subject=subject, body=notice.body, portal=settings.portal_url())
