"""Jinja2, set up once: autoescape for pages, strict about names, Chinese dates and labels."""

from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from blocks import settings
from blocks.rules import stages

# The line of stages as people see it: the stop's name, and the stages at which it is done.
STOPS = (
    ("草拟", "submitted"), ("审批", "approved"), ("抽取", "drawn"), ("派发", "dispatched"),
    ("接收", "staffed"), ("检查", "concluded"), ("公示", "publicised"),
)
ORDER = ("drafted", "submitted", "approved", "drawn", "dispatched", "staffed", "in_field",
         "concluded", "publicised")


def chinese_date(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "未定"


def chinese_moment(at: datetime | None) -> str:
    return f"{at.astimezone(settings.SHANGHAI):%Y年%m月%d日 %H:%M}" if at else "未定"


def stratum_name(code: str) -> str:
    """Return a stratum as people read it: `C+2` → `C类（提高频次的企业，2倍）`."""
    risk_class, _, factor = code.partition("+")
    return f"{risk_class}类（提高频次的企业，{factor}倍）" if factor else f"{risk_class}类"


def stops(stage: str) -> list[tuple[str, str]]:
    """Return the line of stages as (name, "done" | "now" | "to come")."""
    if stage == "cancelled":
        return [("已取消", "now")]
    reached = ORDER.index(stage)
    line, now_seen = [], False
    for name, done_at in STOPS:
        state = "done" if reached >= ORDER.index(done_at) else "to come" if now_seen else "now"
        now_seen = now_seen or state == "now"
        line.append((name, state))
    return line


def stage_line(stage: str) -> str:
    """Return the line of stages as text: `✓草拟 — ✓审批 — ●抽取 — ○派发`."""
    marks = {"done": "✓", "now": "●", "to come": "○"}
    return " — ".join(f"{marks[state]}{name}" for name, state in stops(stage))


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(settings.ROOT / "templates"), undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2", "html", "atom.j2", "xml.j2")),
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, auto_reload=False)
    env.filters |= {"day": chinese_date, "stratum": stratum_name, "moment": chinese_moment}
    env.globals.update(stops=stops, stage_line=stage_line, stage_label=stages.label,
                       pairs=lambda values: [(one, one) for one in values])
    return env


def render(template: str, **values: Any) -> str:
    """Render a template of `templates/`; a name it does not find is an error, never a blank."""
    return environment().get_template(template).render(**values)


def page(template: str, **values: Any) -> bytes:
    """Return a page of the public site, made from a template of `templates/public`."""
    return render(f"public/{template}", **values).encode()
