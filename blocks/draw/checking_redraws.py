"""Checks the seats drawn again: that each went to whom the rule gives it, by the file alone."""

from collections import Counter
from collections.abc import Collection

from blocks.draw.candidates import Tickets
from blocks.draw.pairing_file import Department
from blocks.draw.redraw import LEFT, Redraw
from blocks.errors import DrawError

REMEDY = "公布的补抽记录与规则不符，请停止派发并查明原因。"
REASONS = ("recusal", "absence", "replacement", LEFT)


def check_redraws(seed: str, department: Department, hash_name: str) -> dict[str, tuple[str, ...]]:
    """Check every redraw in its turn; return who sits at which visit after all of them, by id.

    Raises:
        DrawError: naming the first thing that fails.
    """
    people = {one.id: one for one in department.inspectors}
    tickets = Tickets(seed, hash_name, department.pairing.suffix)
    seated = {visit: set(team) for visit, team in department.pairing.seats.items()}
    loads = Counter(one for team in seated.values() for one in team)
    for number, redraw in enumerate(department.redraws, 1):
        where = f"第 {number} 条补抽记录（{redraw.visit}）"
        staying = seated.setdefault(redraw.visit, set())
        if redraw.leaving:
            _need(redraw.leaving in staying, f"{where}：「{redraw.leaving}」不在检查组中")
            staying.remove(redraw.leaving)
        _check_form(redraw, where, len(department.pools))
        if redraw.pool is not None:
            pool = department.pools[redraw.pool]
            _need(pool <= people.keys(), f"{where}：有人不在封存的名单中")
            _need(redraw.leaving not in pool, f"{where}：离开的人仍列为候选")
            right = _due(redraw.visit, pool, staying, people, loads, tickets)
            given = (redraw.load, redraw.ticket, redraw.coming)
            _need(given == right, f"{where}：应为 {right}，公布的是 {given}")
            staying.add(redraw.coming)
            loads[redraw.coming] += 1
        if redraw.leaving:
            loads[redraw.leaving] -= 1
    for visit, team in seated.items():
        may_lead = not team or any(people[one].may_lead for one in team)
        _need(may_lead, f"「{visit}」没有人能担任组长")
    return {visit: tuple(sorted(team)) for visit, team in seated.items() if team}


def _due(visit: str, pool: Collection[str], staying, people, loads, tickets: Tickets):
    """The least (load, ticket32, id) of those who may take the seat; None where nobody may."""
    led = any(people[one].may_lead for one in staying)
    return min(
        (
            (loads[one], tickets.of(one, visit), one)
            for one in pool
            if one not in staying
            and loads[one] < people[one].max_load
            and (led or people[one].may_lead)
        ),
        default=None,
    )


def _check_form(redraw: Redraw, where: str, pools: int) -> None:
    """Somebody comes by a pool, or nobody comes because the visit went away."""
    _need(redraw.reason in REASONS, f"{where}：原因「{redraw.reason}」不在规定之列")
    if redraw.reason == LEFT:
        nobody = (redraw.coming, redraw.load, redraw.ticket, redraw.pool) == ("", 0, 0, None)
        _need(nobody and bool(redraw.leaving), f"{where}：撤销的席位不应再补人")
    else:
        _need(redraw.pool is not None and 0 <= redraw.pool < pools, f"{where}：没有候选名单")
        opened = redraw.reason == "replacement"
        _need(opened != bool(redraw.leaving), f"{where}：离开的人与原因不符")


def _need(holds: bool, wrong: str) -> None:
    if not holds:
        raise DrawError(f"人员补抽核验不通过：{wrong}", REMEDY)
