"""The moves (阶段与移动): who may move what, from where to where, and what follows.

The table (`rules.moves`) is the contract between people's actions, flows, sweep and clocks.
`register.trail` asks it here before every change; the sweep's questions, the commands' refusals and
the diagrams follow it. Nothing else in the code decides whether a move is lawful.

Source: the city's rules, articles 4, 6, 8 to 11; the city's own clocks in config/regulation.yaml.
"""

from collections.abc import Mapping
from typing import Any

from blocks.errors import RuleViolation, StageError
from blocks.rules.moves import KINDS, MOVES, Kind, Move
from blocks.rules.roles import ROLE_LABELS, Actor, Role

__all__ = ["KINDS", "MOVES", "Actor", "Kind", "Move", "Role"]

FLOWS_WOKEN = frozenset(m.wakes for m in MOVES if m.wakes)
CORRECTABLE_CHECKS = ("public", "withdrawn")
SETTLED_CHECKS = ("public", "withheld", "withdrawn")  # art. 11 asks nothing more of them
ENDS_WITH_SCHEME = ("assignment", "visit", "recusal", "absence")  # nothing of these moves where it was cancelled
FIRST_STAGE = {m.thing: m.target for m in MOVES if m.source is None}


def label(thing: str, stage: str) -> str:
    """Return the Chinese label of a stage."""
    return KINDS[thing].stages[stage]


def find(thing: str, source: str | None, target: str, verb: str | None = None) -> Move:
    """Return the one move from `source` to `target` (of that Chinese `verb`, where several).

    Raises:
        StageError: no such move; says where the thing stands and what can be done from there.
    """
    for move in MOVES:
        if (move.thing, move.source, move.target) == (thing, source, target) and (
            verb is None or move.label == verb
        ):
            return move
    kind = KINDS[thing]
    here = kind.stages.get(source or "", "尚未建立")
    wanted = verb or kind.stages.get(target, target)
    onward = "、".join(sorted({m.label for m in MOVES if (m.thing, m.source) == (thing, source)}))
    raise StageError(
        f"{kind.label}现在处于「{here}」，不能「{wanted}」",
        f"此阶段可以：{onward}。请看最新进展" if onward else
        "此事已办结，无需再办。请看最新进展",
    )


def permit(move: Move, actor: Actor, *, owner_department_id: int | None,
           facts: Mapping[str, Any], reason: str) -> None:
    """Refuse the move unless this actor may make it, for this department, with a reason if due.

    `facts` maps each column of `move.other_than` to an account id or None.

    Raises:
        RuleViolation: the role, the department or the separation of duties forbids it (art. 4, 6).
    """
    if not move.by & actor.roles:
        who = "或".join(ROLE_LABELS[r] for r in sorted(move.by))
        raise RuleViolation(f"「{move.label}」只能由{who}办理，{actor.name}（{actor.login}）不是",
                            "请换有权限的账号（--as）", article=6)
    if not (actor.is_of_no_department or move.anywhere) and owner_department_id != actor.department_id:
        raise RuleViolation(f"「{move.label}」只能由本部门的人办理，{actor.name}属于其他部门",
                            "请由该部门的账号办理", article=6)
    for column in move.other_than:
        if facts.get(column) == actor.id:
            raise RuleViolation(
                f"「{move.label}」须由另一人办理：{actor.name}已经办过前一步，不能自己办自己审",
                "请由本部门另一位有权限的人办理", article=4)
    if move.needs_reason and not reason.strip():
        raise RuleViolation(f"「{move.label}」须写明理由", "请用 --reason 写明理由")
