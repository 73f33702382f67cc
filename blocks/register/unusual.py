"""What is out of the ordinary in a scheme, for who approves it: nothing here is forbidden (art. 8)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import RuleViolation
from blocks.register.bench import regulation_of
from blocks.register.schemes import Scheme
from blocks.rules.sampling import RAISES, parse_rate

SHORT, LONG = 10, 120  # workdays of an ordinary window lie between
SOON = 5  # workdays from submission to the window's first day
MUCH = 0.2  # share of the scope that is left out


def unusual(session: Session, scheme: Scheme, findings: dict[str, Any] | None) -> list[str]:
    """Return what an approver should look at twice, as sentences.

    `findings`: what the system found in the present version, once it has looked.
    """
    return [*_sampling(scheme), *_window(scheme), *_others(session, scheme),
            *(_pool(findings["pool"]) if findings else ())]


def _sampling(scheme: Scheme) -> Iterator[str]:
    usual = regulation_of(scheme)
    for name, rate in (scheme.sampling.get("rates") or {}).items():
        try:
            if parse_rate(rate) != usual.sampling_rate(name):
                yield f"{name}类按{rate}抽取，本市一般是{float(usual.sampling_rate(name)):.2%}"
        except RuleViolation:
            continue  # the gate says so
    for name, factor in (scheme.sampling.get("raise") or {}).items():
        yield f"{RAISES[name]}的抽查频次提高到{factor}倍"
    if scheme.scope.get("all"):
        yield "范围是本部门名录库全部，没有按行业限定"


def _window(scheme: Scheme) -> Iterator[str]:
    calendar = settings.calendar()
    days = calendar.between(scheme.window_start, scheme.window_end) + 1
    if not SHORT <= days <= LONG:
        yield f"抽查时间只有{days}个工作日" if days < SHORT else f"抽查时间长达{days}个工作日"
    left = calendar.between(settings.today(), scheme.window_start)
    if left < SOON and scheme.stage in ("drafted", "submitted"):
        yield f"离开始检查{f'还有{left}个工作日' if left > 0 else '已经没有时间'}，抽取、派发、配员可能来不及"


def _others(session: Session, scheme: Scheme) -> Iterator[str]:
    if scheme.plan_key is None:
        yield "不是由年度计划开出的"
    kinds = set(scheme.scope.get("kinds") or [])
    for other in session.scalars(select(Scheme).where(
            Scheme.id != scheme.id, Scheme.lead_id == scheme.lead_id, Scheme.stage != "cancelled",
            Scheme.window_end >= scheme.window_start.replace(month=1, day=1)).order_by(Scheme.id)):
        shared = kinds & set(other.scope.get("kinds") or [])
        if shared:
            yield f"同一部门今年已有{other.title}，也查{'、'.join(sorted(shared))}，可考虑合并"


def _pool(pool: dict[str, Any]) -> Iterator[str]:
    out = sum(pool.get("excluded", {}).values())
    if out > MUCH * (pool["size"] + out):
        yield f"范围内{pool['size'] + out}家中有{out}家未列入"
    whole = [code for code, (size, drawn) in pool["strata"].items() if 1 < size == drawn]
    if whole:
        yield f"{'、'.join(whole)}层全部抽中，等于没有随机"
