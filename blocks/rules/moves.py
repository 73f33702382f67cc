"""The table of moves (阶段与移动): every kind of moving thing, and every lawful change of its stage.

Data only; `rules.stages` asks it. The diagrams, the portal's buttons, the sweep's questions and the
tests of illegal moves all follow it.

Source: the city's rules, articles 4, 6, 8 to 11; the city's own clocks in config/regulation.yaml.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from blocks.rules.roles import Role


@dataclass(frozen=True)
class Move:
    """One lawful change of stage.

    `source` None: the thing comes into being. `other_than`: columns naming accounts who may not be
    the actor (four eyes, art. 4). `wakes`: the flow that may now be due. `starts`, `meets`: clocks.
    `anywhere`: the actor need not belong to the department that owns the thing. `reports`: what the
    provincial platform is told of it, where a city has one (`register.reports`).
    """

    thing: str
    source: str | None
    target: str
    label: str
    by: frozenset[Role]
    other_than: tuple[str, ...] = ()
    needs_reason: bool = False
    anywhere: bool = False
    wakes: str | None = None
    reports: str | None = None
    starts: tuple[str, ...] = ()
    meets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of moving thing: its Chinese name and the Chinese label of each of its stages."""

    label: str
    stages: Mapping[str, str] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    "scheme": Kind("抽查工作方案", {
        "drafted": "草拟", "submitted": "待审批", "approved": "已批准", "drawn": "已抽取",
        "dispatched": "已派发", "staffed": "人员已配齐", "in_field": "检查中",
        "concluded": "检查结束", "publicised": "已公示", "cancelled": "已取消",
    }),
    "plan": Kind("年度抽查计划", {
        "drafted": "草拟", "published": "已公布", "changed": "已被新版取代",
    }),
    "draw": Kind("抽取", {
        "announced": "已预告", "sealed": "已封存", "drawn": "已抽取", "void": "已作废",
    }),
    "assignment": Kind("派发任务", {
        "sent": "待接收", "accepted": "已接收", "sent_back": "已退回", "staffed": "人员已配齐",
        "withdrawn": "已撤回",
    }),
    "recusal": Kind("回避申请", {
        "claimed": "待决定", "granted": "同意回避", "refused": "不予回避", "reconsidered": "复核中",
    }),
    "absence": Kind("换人申请", {
        "reported": "待确认", "confirmed": "已换人", "refused": "不换人",
    }),
    "visit": Kind("检查（一次上门）", {
        "planned": "待检查", "done": "已检查", "replaced": "已递补",
    }),
    "check": Kind("分口检查", {
        "planned": "待检查", "recorded": "待审核", "reviewed": "待公示", "public": "已公示",
        "corrected": "更正待公示", "withdrawn": "已撤下", "withheld": "不予公示",
    }),
    "follow_up": Kind("后续处置", {"open": "办理中", "closed": "已办结"}),
    "objection": Kind("企业异议", {
        "filed": "待答复", "upheld": "异议成立", "dismissed": "异议不成立",
    }),
    "evaluation": Kind("企业评价", {"given": "已评价"}),
    "letter": Kind("督办函", {"issued": "待回复", "answered": "已回复"}),
    "holiday_notice": Kind("放假安排", {"issued": "已采用", "replaced": "已被取代"}),
    "recount": Kind("期限重算", {"counted": "已重算"}),
    "appraisal": Kind("考核", {"frozen": "已定稿", "appealed": "申诉待决定", "replaced": "已被新版取代"}),
    "exchange": Kind("平台交换", {
        "prepared": "待报送", "sent": "已报送", "acknowledged": "平台已接收", "refused": "平台退回",
        "unknown": "不确定",
    }),
    "difference": Kind("平台差异", {
        "found": "待处理", "resent": "已重新报送", "accepted": "已认可", "gone": "已消除",
    }),
}

_D, _A, _I, _O, _B, _S = (frozenset({r}) for r in (
    Role.DRAFTER, Role.APPROVER, Role.INSPECTOR, Role.OFFICE, Role.BUSINESS, Role.SYSTEM))
_REVIEWERS = _D | _A


def _cancellations() -> tuple[Move, ...]:
    """Before the draw one person of the office cancels; after it a second one confirms."""
    early = ("drafted", "submitted", "approved")
    late = ("drawn", "dispatched", "staffed", "in_field")
    return (
        *(Move("scheme", stage, "cancelled", "取消", _O, needs_reason=True, anywhere=True,
               reports="schemes" if stage == "approved" else None, meets=("approval",)) for stage in early),
        *(Move("scheme", stage, stage, "申请取消", _O, needs_reason=True, anywhere=True)
          for stage in late),
        *(Move("scheme", stage, "cancelled", "确认取消", _O, needs_reason=True, anywhere=True,
               reports="schemes", other_than=("cancel_asked_by_id",)) for stage in late),
    )


def _corrections(stage: str) -> tuple[Move, ...]:
    """A public result, or one that was taken down, is corrected: one proposes, another reviews."""
    people = ("recorded_by_id", "confirmed_by_id")
    return (
        Move("check", stage, stage, "提出更正", _I | _REVIEWERS, needs_reason=True, starts=("review",)),
        Move("check", stage, stage, "退回更正", _REVIEWERS, needs_reason=True, other_than=people, meets=("review",)),
        Move("check", stage, "corrected", "审核更正", _REVIEWERS, wakes="publicity", reports="results",
             other_than=people, meets=("review",), starts=("publicity",)),
    )


def _withholdings(source: str, target: str, what: str) -> tuple[Move, ...]:
    """Not to publish, or to take down, on a lawful ground: one asks, another confirms or refuses."""
    both = {"needs_reason": True, "anywhere": True}
    second = {**both, "other_than": ("withholding_asked_by_id",), "wakes": "publicity"}
    return (
        Move("check", source, source, f"申请{what}", _O | _A, **both),
        Move("check", source, source, f"退回{what}申请", _O | _A, **second),
        Move("check", source, target, f"确认{what}", _O | _A, **second, meets=("publicity",)),
    )


MOVES: tuple[Move, ...] = (
    Move("scheme", None, "drafted", "起草", _D | _O | _S),
    Move("scheme", "drafted", "drafted", "修改", _D),
    Move("scheme", "drafted", "submitted", "提交审批", _D, wakes="plan_approval",
         starts=("approval",)),
    Move("scheme", "submitted", "drafted", "退回修改", _A, needs_reason=True, meets=("approval",)),
    Move("scheme", "submitted", "approved", "批准", _A, other_than=("drafter_id",), wakes="draw",
         reports="schemes", meets=("approval",)),
    Move("scheme", "approved", "drawn", "完成抽取", _S, wakes="dispatch"),
    Move("scheme", "drawn", "dispatched", "派发", _S),
    Move("scheme", "dispatched", "staffed", "人员配齐", _S, wakes="field_check"),
    Move("scheme", "staffed", "in_field", "开始检查", _S),
    Move("scheme", "in_field", "concluded", "检查结束", _S, wakes="publicity"),
    Move("scheme", "concluded", "publicised", "公示完毕", _S),
    *_cancellations(),

    Move("plan", None, "drafted", "登记年度计划", _O | _D, anywhere=True),
    Move("plan", "drafted", "drafted", "修改年度计划", _O | _D, anywhere=True),
    Move("plan", "drafted", "published", "公布年度计划", _O, anywhere=True),
    Move("plan", "published", "changed", "公布新版计划", _O, anywhere=True),

    Move("draw", None, "announced", "预告抽取", _S, starts=("contribution",)),
    Move("draw", "announced", "announced", "提交随机数承诺", _D | _A, anywhere=True, wakes="draw"),
    Move("draw", "announced", "sealed", "封存", _S, meets=("contribution",),
         reports="pools", starts=("contribution",)),
    Move("draw", "sealed", "sealed", "提交随机数", _D | _A | _O, anywhere=True, wakes="draw"),
    Move("draw", "sealed", "sealed", "取得随机信标", _S),
    Move("draw", "sealed", "drawn", "出签", _S, reports="draws", meets=("contribution",)),
    Move("draw", "sealed", "sealed", "申请作废", _O, needs_reason=True, anywhere=True),
    Move("draw", "drawn", "drawn", "申请作废", _O, needs_reason=True, anywhere=True),
    Move("draw", "drawn", "drawn", "收下平台抽取的名单", _O, anywhere=True, wakes="draw"),
    Move("draw", "sealed", "void", "作废", _O | _A, needs_reason=True, anywhere=True,
         other_than=("void_asked_by_id",), wakes="draw", reports="pools", meets=("contribution",)),
    Move("draw", "drawn", "void", "作废", _O | _A, needs_reason=True, anywhere=True,
         other_than=("void_asked_by_id",), wakes="draw", reports="pools"),

    Move("assignment", None, "sent", "派发", _S, reports="assignments", starts=("acceptance",)),
    Move("assignment", "sent", "accepted", "接收任务", _D | _A, wakes="acceptance",
         reports="assignments", meets=("acceptance",), starts=("staffing",)),
    Move("assignment", "sent", "sent_back", "退回任务", _A, needs_reason=True,
         reports="assignments", meets=("acceptance",)),
    Move("assignment", "sent_back", "sent", "再次派发", _O, needs_reason=True, anywhere=True,
         reports="assignments", starts=("acceptance",)),
    Move("assignment", "sent_back", "withdrawn", "撤回任务", _O, needs_reason=True, anywhere=True,
         reports="assignments", wakes="acceptance"),
    Move("assignment", "accepted", "accepted", "报告人员不足", _S),
    Move("assignment", "accepted", "staffed", "配齐人员", _S, meets=("staffing",)),

    Move("recusal", None, "claimed", "申请回避", _I | _D | _B, needs_reason=True,
         starts=("recusal",)),
    Move("recusal", "claimed", "granted", "同意回避", _A, needs_reason=True, wakes="acceptance",
         other_than=("claimed_by_id", "concerned_id"), meets=("recusal",)),
    Move("recusal", "claimed", "refused", "不予回避", _A, needs_reason=True,
         other_than=("claimed_by_id", "concerned_id"), meets=("recusal",)),
    Move("recusal", "refused", "reconsidered", "申请复核", _I | _D | _B, needs_reason=True,
         starts=("recusal",)),
    Move("recusal", "reconsidered", "granted", "复核同意回避", _A, needs_reason=True,
         wakes="acceptance", meets=("recusal",),
         other_than=("claimed_by_id", "concerned_id", "decided_by_id")),
    Move("recusal", "reconsidered", "refused", "复核维持不予回避", _A, needs_reason=True,
         meets=("recusal",), other_than=("claimed_by_id", "concerned_id", "decided_by_id")),

    Move("absence", None, "reported", "申请换人", _I | _D, needs_reason=True, starts=("absence",)),
    Move("absence", "reported", "confirmed", "同意换人", _A, wakes="acceptance",
         other_than=("reported_by_id", "concerned_id"), meets=("absence",)),
    Move("absence", "reported", "refused", "不予换人", _A, needs_reason=True,
         other_than=("reported_by_id", "concerned_id"), meets=("absence",)),

    Move("visit", None, "planned", "列入检查", _S),
    Move("visit", "planned", "planned", "确定检查时间", _S),
    Move("visit", "planned", "planned", "申请递补", _I, needs_reason=True, anywhere=True),
    Move("visit", "planned", "replaced", "确认递补", _A | _D, needs_reason=True,
         other_than=("replacement_asked_by_id",), wakes="acceptance", reports="replacements"),
    Move("visit", "planned", "done", "检查完成", _S | _I, anywhere=True),

    Move("check", None, "planned", "列入检查", _S, reports="pairings"),  # recording counts from the visit's day
    Move("check", "planned", "planned", "抽定检查人员", _S, reports="pairings"),
    Move("check", "planned", "planned", "填报记录", _I),
    Move("check", "planned", "recorded", "确认记录", _I, other_than=("recorded_by_id",),
         wakes="field_check", meets=("recording",), starts=("review", "publicity")),
    Move("check", "recorded", "planned", "退回补正", _REVIEWERS, needs_reason=True,
         other_than=("recorded_by_id", "confirmed_by_id"), meets=("review", "publicity"),
         starts=("recording",)),
    Move("check", "recorded", "reviewed", "审核通过", _REVIEWERS, wakes="field_check", reports="results",
         other_than=("recorded_by_id", "confirmed_by_id"), meets=("review",)),
    Move("check", "reviewed", "public", "公示", _S, reports="publications", meets=("publicity",)),
    Move("check", "corrected", "public", "公示更正", _S, reports="publications", meets=("publicity",)),
    *_corrections("public"), *_corrections("withdrawn"),
    *_withholdings("reviewed", "withheld", "不予公示"),
    *_withholdings("corrected", "withheld", "不予公示"),
    *_withholdings("public", "withdrawn", "撤下"),
    Move("check", "withheld", "withheld", "列出不予公示", _S, reports="publications"),
    Move("check", "withdrawn", "withdrawn", "撤下公示", _S, reports="publications"),
    Move("check", "withheld", "reviewed", "恢复公示", _O | _A, needs_reason=True, anywhere=True,
         wakes="publicity", starts=("publicity",)),

    Move("follow_up", None, "open", "提出后续处置", _I | _REVIEWERS, starts=("follow_up",)),
    Move("follow_up", "open", "open", "改期", _A, needs_reason=True, starts=("follow_up",)),
    Move("follow_up", "open", "closed", "办结", _I | _REVIEWERS, needs_reason=True,
         meets=("follow_up",)),

    Move("objection", None, "filed", "提出异议", _B, needs_reason=True, starts=("objection",)),
    *(Move("objection", "filed", target, label, _A, needs_reason=True, meets=("objection",),
           other_than=("recorded_by_id", "confirmed_by_id"))
      for target, label in (("upheld", "异议成立"), ("dismissed", "异议不成立"))),

    Move("evaluation", None, "given", "评价", _B),

    Move("letter", None, "issued", "发督办函", _O | _S, needs_reason=True, anywhere=True,
         starts=("letter",)),
    Move("letter", "issued", "answered", "回复督办", _REVIEWERS, needs_reason=True,
         meets=("letter",)),

    Move("holiday_notice", None, "issued", "采用放假安排", _O, needs_reason=True, anywhere=True),
    Move("holiday_notice", "issued", "replaced", "取代放假安排", _O, needs_reason=True, anywhere=True),
    Move("recount", None, "counted", "重算期限", _O | _S, needs_reason=True, anywhere=True),

    Move("appraisal", None, "frozen", "考核定稿", _O | _S, anywhere=True),
    Move("appraisal", "frozen", "frozen", "部门意见", _REVIEWERS, needs_reason=True, anywhere=True),
    Move("appraisal", "frozen", "appealed", "申诉", _A, needs_reason=True, anywhere=True),
    *(Move("appraisal", "appealed", target, label, _O, needs_reason=True, anywhere=True, other_than=("appealed_by_id",))
      for target, label in (("frozen", "驳回申诉"), ("replaced", "申诉成立"))),

    Move("exchange", None, "prepared", "准备报送", _S, wakes="exchange"),
    Move("exchange", "prepared", "sent", "报送", _S),
    Move("exchange", "sent", "prepared", "平台未收，稍后再报", _S),
    Move("exchange", "sent", "unknown", "没有等到回执", _S),
    Move("exchange", "unknown", "prepared", "平台查无此件", _S, wakes="exchange"),
    *(Move("exchange", source, "acknowledged", "登记回执", _S | _O, anywhere=True)
      for source in ("sent", "unknown", "refused")),
    *(Move("exchange", source, "refused", "登记退回", _S | _O, needs_reason=True, anywhere=True)
      for source in ("sent", "unknown")),
    *(Move("exchange", source, "prepared", "重新报送", _O, anywhere=True, wakes="exchange")
      for source in ("refused", "acknowledged", "unknown", "sent")),
    Move("difference", None, "found", "发现差异", _S | _O, anywhere=True),
    Move("difference", "found", "found", "差异有变", _S | _O, anywhere=True),
    Move("difference", "found", "resent", "按我方重新报送", _O, anywhere=True),
    Move("difference", "found", "accepted", "认可差异", _O, needs_reason=True, anywhere=True),
    Move("difference", "found", "gone", "差异已消除", _S | _O, anywhere=True),
)
