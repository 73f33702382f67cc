"""A scheme as a whole: the six contents, the parties, the items (art. 2, 7, 8, 13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from blocks.draw.beacon import CHAINS
from blocks.errors import RuleViolation
from blocks.rules.regulation import Regulation
from blocks.rules.sampling import RISK_CLASSES, check_sampling

MODES = {"on_site": "实地检查", "written": "书面检查", "online": "网络监测", "testing": "检验检测",
         "expert": "委托专业机构"}
DRAW_KINDS = {"targeted": "定向", "untargeted": "不定向"}
SCOPE_KEYS = {"kinds": "行业或类型", "counties": "县（市、区）", "status": "登记状态",
              "risk_classes": "信用风险类别", "all": "本部门名录库全部"}
SOURCE_KINDS = {"reveal": "各部门先承诺后揭示", "typed": "封存后公布的公开数字",
                "drand": "公共随机信标", "dice": "当众掷骰"}
BEACONS = tuple(chain.name for chain in CHAINS)
OUTSIDE_KINDS = ("typed", "drand", "dice")  # what no department controls


class Item(Protocol):
    """What the legality gate needs to know of a catalogued item."""

    code: str
    name: str
    department_code: str
    target_kinds: Sequence[str]
    legal_basis: str
    effective_from: date
    effective_to: date | None
    published: bool


@dataclass(frozen=True)
class SchemeDraft:
    """A scheme as its drafter wrote it. Departments and items by code."""

    name: str
    draw_kind: str
    lead: str
    participants: tuple[str, ...]
    grounds: str
    scope: Mapping[str, Any]
    sampling: Mapping[str, Any]
    window_start: date
    window_end: date
    mode: str
    lead_items: tuple[str, ...]
    randomness: tuple[Mapping[str, Any], ...]


def check_items(codes: Sequence[str], department: str, items: Mapping[str, Item], first: date,
                last: date | None = None) -> list[RuleViolation]:
    """The legality gate: return every item that `department` may not inspect from first to last.

    What the catalogue does not list, does not publish, or what has no legal basis in force, is
    not inspected (art. 7, 13).
    """
    wrong: list[RuleViolation] = []
    if not codes:
        wrong.append(RuleViolation("没有选定检查事项", "请从联合抽查事项清单中选择", article=8))
    for code in codes:
        item = items.get(code)
        if item is None:
            own = "、".join(c for c, i in items.items() if i.department_code == department)
            wrong.append(RuleViolation(
                f"「{code}」不在联合抽查事项清单内，清单之外不得检查",
                f"本部门的事项：{own or '（清单中没有）'}", article=13))
            continue
        reason = _item_problem(item, department, first, last or first)
        if reason:
            wrong.append(RuleViolation(f"事项「{code} {item.name}」{reason}", "请另选事项",
                                       article=13))
    return wrong


def _item_problem(item: Item, department: str, first: date, last: date) -> str | None:
    if item.department_code != department:
        return "不属于本部门"
    if not item.legal_basis.strip():
        return "没有法律法规规章依据"
    for day, out in ((first, item.effective_from > first),
                     (last, item.effective_to and item.effective_to < last)):
        if out:
            return f"的依据在{day}不在有效期内"
    return None if item.published else "尚未公布"


def check_scheme(draft: SchemeDraft, items: Mapping[str, Item], today: date,
                 regulation: Regulation) -> list[RuleViolation]:
    """Return everything that keeps a scheme from being submitted, each with its article.

    The six contents of art. 8: scope, ratio or number, time, mode, participants, the lead's items;
    and its grounds.
    """
    wrong: list[RuleViolation] = []
    for value, what in ((draft.name, "名称"), (draft.grounds, "开展抽查的依据和缘由")):
        if not str(value or "").strip():
            wrong.append(RuleViolation(f"没有写明{what}", "请补充", article=8))
    wrong += _check_parties(draft, regulation)
    wrong += _check_scope(draft.scope)
    wrong += check_sampling(draft.sampling)
    wrong += _check_time_and_mode(draft, today)
    wrong += check_items(draft.lead_items, draft.lead, items, draft.window_start,
                         draft.window_end)
    wrong += _check_fitting(draft, items)
    wrong += _check_randomness(draft.randomness)
    return wrong


def _check_fitting(draft: SchemeDraft, items: Mapping[str, Item]) -> list[RuleViolation]:
    """Return the items that the catalogue foresees for other businesses than the scheme's."""
    kinds = draft.scope.get("kinds") or ()
    return [RuleViolation(
        f"事项「{code} {items[code].name}」的检查对象是{'、'.join(items[code].target_kinds)}，"
        f"方案的对象是{'、'.join(map(str, kinds))}", "请改正对象范围，或另选事项", article=13)
        for code in draft.lead_items if code in items and kinds and items[code].target_kinds
        and not set(items[code].target_kinds) & set(kinds)]


def _check_parties(draft: SchemeDraft, regulation: Regulation) -> list[RuleViolation]:
    wrong = []
    if len({draft.lead, *draft.participants}) < regulation.min_departments:
        wrong.append(RuleViolation("联合抽查须有两个以上部门参加，此方案只有牵头部门",
                                   "请在 participants 写明参与部门", article=2))
    if draft.lead in draft.participants or len(set(draft.participants)) < len(draft.participants):
        wrong.append(RuleViolation("参与部门有重复，或与牵头部门相同", "请改正 participants",
                                   article=6))
    return wrong


def _check_scope(scope: Mapping[str, Any]) -> list[RuleViolation]:
    wrong = []
    if not any(scope.get(key) for key in ("kinds", "counties", "risk_classes", "all")):
        wrong.append(RuleViolation("没有写明抽查对象范围",
                                   "scope 请写 kinds、counties 或 risk_classes；"
                                   "确要本部门名录库全部时写 all: true", article=8))
    for key in scope:
        if key not in SCOPE_KEYS:
            wrong.append(RuleViolation(f"抽查对象范围中的「{key}」看不懂",
                                       f"可用：{'、'.join(SCOPE_KEYS)}", article=8))
    for risk_class in scope.get("risk_classes") or ():
        if risk_class not in RISK_CLASSES:
            wrong.append(RuleViolation(f"没有信用风险类别「{risk_class}」", "类别为 A、B、C、D"))
    return wrong


def _check_time_and_mode(draft: SchemeDraft, today: date) -> list[RuleViolation]:
    wrong = []
    if draft.window_end < draft.window_start:
        wrong.append(RuleViolation(
            f"抽查时间的结束（{draft.window_end}）早于开始（{draft.window_start}）",
            "请改正 window", article=8))
    elif draft.window_end < today:
        wrong.append(RuleViolation(f"抽查时间在{draft.window_end}已经结束", "请改正 window",
                                   article=8))
    if draft.mode not in MODES:
        wrong.append(RuleViolation(f"检查方式「{draft.mode}」看不懂", f"可用：{'、'.join(MODES)}",
                                   article=10))
    if draft.draw_kind not in DRAW_KINDS:
        wrong.append(RuleViolation(f"抽查类型「{draft.draw_kind}」看不懂", "可用：targeted 定向、"
                                   "untargeted 不定向"))
    return wrong


def publication_time(source: Mapping[str, Any]) -> datetime | None:
    """Return when a public figure is announced (`announced: 2026-12-01 21:30`, local), if said.

    Raises:
        RuleViolation: it is not such a time.
    """
    text = source.get("announced")
    if text is None:
        return None
    try:
        return datetime.strptime(f"{text} +0800", "%Y-%m-%d %H:%M %z")
    except ValueError:
        raise RuleViolation(f"公开数字的公布时间「{text}」看不懂", "请写成 2026-12-01 21:30",
                            article=3) from None


def _check_randomness(randomness: Sequence[Mapping[str, Any]]) -> list[RuleViolation]:
    """Something no department controls, and enough of it to be unforeseeable (art. 3; draw.md)."""
    wrong = [violation for source in randomness for violation in _source_problems(source)]
    kinds = {source.get("kind") for source in randomness}
    if not kinds & {"reveal", "drand"}:
        wrong.append(RuleViolation("随机数来源不足以防止预测",
                                   "请加入 reveal：各部门先承诺后揭示，或 drand：公共随机信标",
                                   article=3))
    if not kinds & set(OUTSIDE_KINDS):
        wrong.append(RuleViolation(
            "随机数来源中没有任何部门都不能左右的一种",
            "请加入 typed：封存之后才公布的公开数字（在 locator 写明哪一期），或 drand、dice",
            article=3))
    named = [(s.get("kind"), s.get("locator")) for s in randomness]
    if len(set(named)) < len(named):
        wrong.append(RuleViolation("同一个随机数来源写了两次", "请删去重复的一个", article=3))
    return wrong


def _source_problems(source: Mapping[str, Any]) -> list[RuleViolation]:
    kind, locator = source.get("kind"), source.get("locator")
    wrong = []
    try:
        publication_time(source)
    except RuleViolation as error:
        wrong.append(error)
    if kind not in SOURCE_KINDS:
        known = "、".join(f"{name} {label}" for name, label in SOURCE_KINDS.items())
        wrong.append(RuleViolation(f"随机数来源「{kind}」看不懂", f"可用：{known}", article=3))
    if kind in ("typed", "dice") and not locator:
        wrong.append(RuleViolation("公开数字没有写明是哪一个、哪一期", "请写明 locator", article=3))
    if kind == "drand" and locator not in BEACONS:
        wrong.append(RuleViolation(f"不认识随机信标「{locator}」",
                                   f"locator 可写：{'、'.join(BEACONS)}", article=3))
    return wrong
