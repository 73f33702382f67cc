"""Every deed of the portal in a scene where somebody may do it: what is sent, who may, whose it is."""

import os
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text

from blocks import settings
from blocks.actions import (
    absences,
    accounts,
    appraising,
    assignments,
    cancelling,
    checks,
    contacts,
    draws,
    follow_ups,
    letters,
    objections,
    plans,
    recusals,
    visits,
    withholding,
)
from blocks.register import differences
from blocks.register.database import transaction
from blocks.register.directories import account
from blocks.register.exchanges import Exchange
from blocks.register.visits import Visit
from blocks.rules.stages import MOVES, Move
from tests import people
from tests.conftest import SAMPLE
from tests.portal.roles import LEADER, SECOND, Somebody
from tests.portal.test_whole_inspection import SCHEME
from tests.scenes import SECRETS, first_check, visit_of

OLD, NEW = "原来的口令一二三四", "新的口令五六七八九十"
PARTIES = ("lead", "participating")


@dataclass
class Ground:
    """Where a case is tried: the scene's scheme, its first check and that one's team."""

    code: str
    carry_on: Callable[[], list[str]]
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def check(self) -> int:
        return first_check(self.code)[0]

    @property
    def team(self) -> list[str]:
        return first_check(self.code)[1]

    def certificate(self) -> str:
        from blocks.register.visits import Inspector
        with transaction() as session:
            return session.get_one(Inspector, account(session, self.team[0]).inspector_id).certificate_no


@dataclass(frozen=True)
class Case:
    """`moves`: (thing, labels) of the table of moves, or none where the route's rule alone decides.
    `owners`: sides whose people may (where a move is not `anywhere`, its owner); `only`: by name."""

    scene: str
    moves: tuple[str, ...] = ()
    owners: tuple[str, ...] = ("lead",)
    only: tuple[str, ...] = ()
    prepare: Callable[[Ground], object] = lambda ground: None
    furnish: Callable[[Ground], object] = lambda ground: None  # once everybody is there
    params: Callable[[Ground], dict[str, Any]] = lambda ground: {"code": ground.code}
    form: Callable[[Ground, Somebody], dict[str, Any]] = lambda ground, who: {}
    files: dict[str, tuple[str, bytes]] | None = None
    json: Callable[[Ground, Somebody], dict[str, Any]] | None = None
    public: bool = False

    def table(self) -> list[Move]:
        thing, *labels = self.moves or ("",)
        return [move for move in MOVES if move.thing == thing and move.label in labels]

    def may(self, who: Somebody, roles: frozenset) -> bool:
        """Tell whether this person may, by the table of moves (or the rule's roles) and the facts."""
        if self.public:
            return True
        by = frozenset().union(*(move.by for move in self.table())) if self.moves else roles
        return who.role in by and who.side in self.owners and (not self.only or who.name in self.only)


ALL = ("lead", "participating", "foreign")
INSPECTED = {"category": "no_problem"}
DECIDES = ("office-lead", "office-participating", "office-foreign", "approver-lead")


def _check(ground: Ground) -> dict[str, Any]:
    return {"check_id": ground.check}


def _visit(ground: Ground) -> dict[str, Any]:
    return {"visit_id": visit_of(ground.check)}


def _answers(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {**INSPECTED, "answers.LG-01": "是", "reason": "样例理由"}


def _answers_json(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {**INSPECTED, "answers": {"LG-01": "是"}, "reason": "样例理由"}


def _without_reason(make: Callable) -> Callable:
    return lambda ground, who: {name: value for name, value in make(ground, who).items()
                                if name != "reason"}


def _reason(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {"reason": "样例理由"}


def _named(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {"reason": "样例理由", "certificate": ground.certificate()}


def _with(**values: Any) -> Callable:
    return lambda ground, who: values


def _claimed(ground: Ground) -> None:
    ground.ids |= recusals.claim(ground.team[0], ground.check, "亲属在该企业任职").ids


def _refused(ground: Ground) -> None:
    _claimed(ground)
    recusals.decide("gaj.shenpi", ground.ids["recusal"], grant=False, reason="查无此事")


def _reported(ground: Ground) -> None:
    ground.ids |= absences.report(ground.team[0], ground.check, "ill").ids


def _asked_down(ground: Ground) -> None:
    withholding.ask("bangong", ground.check, "trade_secret", "含工艺参数")


def _withheld(ground: Ground) -> None:
    _inspected(ground)
    checks.review("gaj.shenpi", ground.check)
    _asked_down(ground)
    withholding.confirm("gaj.shenpi", ground.check, "属实")


def _recorded(ground: Ground) -> None:
    checks.record(ground.team[0], ground.check, "no_problem", {"*": "是"})


def _inspected(ground: Ground) -> None:
    people.inspected(ground.check, ground.team)


def _planned(ground: Ground) -> None:
    plans.take("bangong", SAMPLE / "plan.csv", 2026, accept_valid=True)


def _notice(ground: Ground) -> dict[str, Any]:
    with transaction() as session:
        return {"code": session.get_one(Visit, visit_of(ground.check)).notice_code}


def _scheme(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {**SCHEME, "lead": "gaj"}


def _scheme_json(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {"data": people.contents(lead="gaj")}


def _figure(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {"value": people.FIGURE}


def _sent_back(ground: Ground) -> None:
    assignments.send_back("xfjy.shenpi", ground.code, "人手不足")


def _late(ground: Ground) -> None:
    with transaction() as session:
        session.execute(text("UPDATE dues SET started_on = started_on - 60, due_on = due_on - 60"))


def _to_xfjy(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {"reason": "已商定", "department_code": "xfjy"}


def _passwords(ground: Ground) -> None:
    for login in (f"{role}-{side}" for role in ("office", "drafter", "approver", "auditor") for side in ALL):
        accounts.set_password(login, OLD)


def _found(ground: Ground) -> None:
    """A problem was found and confirmed."""
    checks.record(ground.team[0], ground.check, "problem_pending", {"*": "否"}, "样例：消防通道堵塞")
    checks.confirm(ground.team[1], ground.check)


def _ordered(ground: Ground) -> None:
    _found(ground)
    ground.ids |= follow_ups.order("gaj.jingban", ground.check, "ordered_to_rectify", "清理通道").ids


def _objected(ground: Ground) -> None:
    ground.ids |= objections.object_by_notice(_notice(ground)["code"], ground.check, "当天已改正").ids


def _written(ground: Ground) -> None:
    _late(ground)
    ground.ids |= letters.issue("bangong", ground.code, "xfjy", "请三日内办结").ids


def _undelivered(ground: Ground) -> None:
    with transaction() as session:
        ground.ids["notice"] = session.scalar(text("UPDATE notices SET stage = 'failed' WHERE id = "
                                                   "(SELECT min(id) FROM notices) RETURNING id"))


def _reachable(ground: Ground) -> None:
    ground.ids |= contacts.add("gaj.jingban", "mail", "ju@example.gov.cn", whole_department=True).ids


def _in_vain(ground: Ground) -> None:
    with transaction() as session:
        session.execute(text("INSERT INTO attempts VALUES ('draw:1:2', 'draw', NULL, 5, now(), 'x')"))


def _last_year(ground: Ground) -> dict[str, Any]:
    return {"period": str(settings.today().year - 1)}


def _frozen(ground: Ground) -> None:
    appraising.freeze("bangong", **_last_year(ground))


def _appealed(ground: Ground) -> None:
    _frozen(ground)
    appraising.appeal("gaj.shenpi", reason="台风停业", **_last_year(ground))


def _given_up(ground: Ground) -> None:
    with transaction() as session:
        ground.ids["event"] = session.scalar(text("UPDATE outbox SET tries = 5, done_at = NULL WHERE trail_number = "
                                                  "(SELECT min(trail_number) FROM outbox) RETURNING trail_number"))


def _paper(ground: Ground, who: Somebody) -> dict[str, Any]:
    return {"files": [{"name": "依据.pdf", "content": b64encode(b"%PDF-1.7 sample").decode()}]}


THEIR_CHECK = ("drafter-lead", "approver-lead", LEADER, SECOND)
RATING = {"showed_certificate": "true", "only_what_was_listed": "true", "asked_for_money": "false",
          "satisfaction": "5"}

def _told(ground: Ground) -> None:
    """The platform was told something by a file, and both sides differ about it."""
    os.environ["CHOUCHA_PLATFORM"] = "files"
    settings.get.cache_clear()
    try:
        assignments.accept("wjj.jingban", ground.code)
        ground.carry_on()
        with transaction() as session:
            one = session.scalar(select(Exchange).order_by(Exchange.id).limit(1))
            office = account(session, "bangong").as_actor()
            differences.compare(session, "exchanges", {"k": {"name": "甲"}}, {}, "样例", office, {"k": one.id})
            ground.ids |= {"exchange": one.id, "difference": differences.open_ones(session)[0].id}
    finally:
        del os.environ["CHOUCHA_PLATFORM"]
        settings.get.cache_clear()


def _of_told(thing: str) -> Callable:
    return lambda ground: {f"{thing}_id": ground.ids[thing]}


CASES: dict[str, Case] = {
    "/exchanges/{exchange_id}/resend": Case("dispatched", owners=ALL, prepare=_told, params=_of_told("exchange")),
    "/exchanges/{exchange_id}/receipt": Case("dispatched", owners=ALL, prepare=_told, params=_of_told("exchange"),
                                             form=_with(receipt="HZ-1")),
    "/differences/{difference_id}/accept": Case("dispatched", ("difference", "认可差异"), ALL, prepare=_told,
                                                params=_of_told("difference"), form=_reason),
    "/differences/{difference_id}/resend": Case("dispatched", ("difference", "按我方重新报送"), ALL, prepare=_told,
                                                params=_of_told("difference")),
    "/schemes": Case("drafted", ("scheme", "起草"), form=_scheme, json=_scheme_json,
                     params=lambda ground: {}),
    "/schemes/{code}/edit": Case("drafted", ("scheme", "修改"), form=_scheme, json=_scheme_json),
    "/schemes/{code}/submit": Case("drafted", ("scheme", "提交审批")),
    "/schemes/{code}/approve": Case("submitted", ("scheme", "批准"),
                                    prepare=lambda ground: ground.carry_on()),
    "/schemes/{code}/return": Case("submitted", ("scheme", "退回修改"), form=_reason),
    "/schemes/{code}/draw/commit": Case("approved", ("draw", "提交随机数承诺"), PARTIES),
    "/schemes/{code}/draw/reveal": Case(
        "sealed", ("draw", "提交随机数"), PARTIES, only=tuple(
            f"{role}-{side}" for role in ("drafter", "approver") for side in PARTIES),
        form=lambda ground, who: {"secret": SECRETS.get(who.department, "00" * 32)}),
    "/schemes/{code}/draw/type": Case("sealed", ("draw", "提交随机数"), ALL, only=(
        "office-lead", "office-participating", "office-foreign", "drafter-lead", "approver-lead",
        "drafter-participating", "approver-participating"), form=_figure),
    "/schemes/{code}/draw/ask-void": Case("sealed", ("draw", "申请作废"), ALL, form=_reason),
    "/schemes/{code}/draw/void": Case(
        "sealed", ("draw", "作废"), ALL, only=("office-lead", "office-participating", "office-foreign",
                                             "approver-lead", "approver-participating"),
        prepare=lambda ground: draws.ask_void("bangong", ground.code, "名单漏了一个镇"), form=_reason),
    "/schemes/{code}/accept": Case("dispatched", ("assignment", "接收任务"), ("participating",)),
    "/schemes/{code}/send-back": Case("dispatched", ("assignment", "退回任务"), ("participating",),
                                      form=_reason),
    "/schemes/{code}/resend": Case("dispatched", ("assignment", "再次派发"), ALL, prepare=_sent_back,
                                   form=_to_xfjy),
    "/schemes/{code}/withdraw": Case("dispatched", ("assignment", "撤回任务"), ALL, prepare=_sent_back,
                                     form=_to_xfjy),
    "/schemes/{code}/urge": Case("dispatched", owners=ALL, prepare=_late),
    "/checks/{check_id}/record": Case(
        "in_field", ("check", "填报记录"), only=(LEADER,), params=_check,
        form=_without_reason(_answers), json=_without_reason(_answers_json)),
    "/checks/{check_id}/confirm": Case("in_field", ("check", "确认记录"), only=(SECOND,),
                                       prepare=_recorded, params=_check),
    "/checks/{check_id}/review": Case("in_field", ("check", "审核通过"), prepare=_inspected, params=_check),
    "/checks/{check_id}/correct": Case(
        "publicised", ("check", "提出更正"), only=("drafter-lead", "approver-lead", LEADER, SECOND),
        params=_check, form=_answers, json=_answers_json),
    "/checks/{check_id}/withhold": Case(
        "publicised", ("check", "申请撤下"), ALL, only=DECIDES, params=_check,
        form=_with(ground="trade_secret", reason="含工艺参数")),
    "/checks/{check_id}/withhold/confirm": Case(
        "publicised", ("check", "确认撤下"), ALL, only=DECIDES, params=_check, prepare=_asked_down, form=_reason),
    "/checks/{check_id}/withhold/refuse": Case(
        "publicised", ("check", "退回撤下申请"), ALL, only=DECIDES, params=_check, prepare=_asked_down,
        form=_reason),
    "/checks/{check_id}/withhold/lift": Case(
        "in_field", ("check", "恢复公示"), ALL, only=DECIDES, params=_check, prepare=_withheld, form=_reason),
    "/checks/{check_id}/recuse": Case("in_field", ("recusal", "申请回避"), params=_check, form=_named,
                                      only=("drafter-lead", LEADER, SECOND)),
    "/checks/{check_id}/absence": Case(
        "in_field", ("absence", "申请换人"), params=_check, only=("drafter-lead", LEADER, SECOND),
        form=lambda ground, who: {"why": "ill", "certificate": ground.certificate()}),
    "/recusals/{recusal_id}/decide": Case(
        "in_field", ("recusal", "同意回避", "不予回避"), prepare=_claimed,
        params=lambda ground: {"recusal_id": ground.ids["recusal"]},
        form=_with(grant="true", reason="属实"), json=_with(grant=True, reason="属实")),
    "/recusals/{recusal_id}/appeal": Case(
        "in_field", ("recusal", "申请复核"), only=(LEADER,), prepare=_refused, form=_reason,
        params=lambda ground: {"recusal_id": ground.ids["recusal"]}),
    "/absences/{absence_id}/decide": Case(
        "in_field", ("absence", "同意换人", "不予换人"), prepare=_reported,
        params=lambda ground: {"absence_id": ground.ids["absence"]},
        form=_with(grant="true"), json=_with(grant=True)),
    "/visits/{visit_id}/replace": Case("in_field", ("visit", "申请递补"), PARTIES,
                                       only=(LEADER, SECOND, "inspector-participating"),
                                       params=_visit, form=_with(reason="closed", note="大门紧锁")),
    "/visits/{visit_id}/confirm": Case(
        "in_field", ("visit", "确认递补"), params=_visit, form=_reason,
        prepare=lambda ground: visits.ask_replacement(
            ground.team[0], visit_of(ground.check), "closed")),
    "/plans/{year}/{county}/publish": Case(
        "drafted", ("plan", "公布年度计划"), ALL, prepare=_planned,
        params=lambda ground: {"year": 2026, "county": "445200"}),
    "/plans/{year}/{county}/{entry}/answer": Case(
        "drafted", ("plan", "修改年度计划"), ALL, prepare=_planned,
        only=("office-lead", "office-participating", "office-foreign", "drafter-lead"),
        params=lambda ground: {"year": 2026, "county": "445200", "entry": 1},
        form=_with(**{"cells.share": "8%"}), json=_with(cells={"share": "8%"})),
    "/password": Case("drafted", owners=ALL, params=lambda ground: {}, furnish=_passwords,
                      only=tuple(f"{role}-{side}" for role in ("office", "drafter", "approver", "auditor")
                                 for side in ALL),
                      form=_with(old=OLD, new=NEW, again=NEW)),
    "/accounts": Case("drafted", owners=ALL, params=lambda ground: {}, form=_with(
        login="xin", name="样例·新人", roles=["drafter"], department_code="gaj")),
    "/accounts/{login}/password": Case("drafted", owners=ALL,
                                       params=lambda ground: {"login": "gaj.jingban"}),
    "/engine/runs": Case("drafted", owners=("",), params=lambda ground: {}, form=_with(
        flow="公示", run="公示 · 2026-001 样例", state="failed")),
    "/sign-out-everywhere": Case("drafted", owners=ALL, params=lambda ground: {}),
    "/n/{code}/recuse": Case("in_field", params=_notice, form=_named, public=True),
    "/n/{code}/recusals/{recusal_id}/appeal": Case(
        "in_field", public=True, form=_reason,
        prepare=lambda ground: ground.ids.update(recusals.claim_by_notice(
            _notice(ground)["code"], ground.certificate(), "亲属").ids) or recusals.decide(
            "gaj.shenpi", ground.ids["recusal"], grant=False, reason="查无此事"),
        params=lambda ground: {**_notice(ground), "recusal_id": ground.ids["recusal"]}),
    "/n/{code}/checks/{check_id}/object": Case(
        "publicised", public=True, form=_reason,
        params=lambda ground: {**_notice(ground), "check_id": ground.check}),
    "/n/{code}/evaluate": Case("publicised", public=True, form=_with(**RATING), params=_notice),
    "/schemes/{code}/attach": Case("drafted", ("scheme", "修改"), json=_paper,
                                   files={"files": ("依据.pdf", b"%PDF-1.7 sample")}),
    "/schemes/{code}/cancel": Case("approved", ("scheme", "取消"), ALL, form=_reason),
    "/schemes/{code}/cancel/confirm": Case(
        "dispatched", ("scheme", "确认取消"), ALL, form=_reason,
        prepare=lambda ground: cancelling.cancel("bangong", ground.code, "专项行动已查过")),
    "/schemes/{code}/letter": Case("dispatched", ("letter", "发督办函"), ALL, prepare=_late, form=_to_xfjy),
    "/letters/{letter_id}/answer": Case(
        "dispatched", ("letter", "回复督办"), ("participating",), prepare=_written, form=_reason,
        params=lambda ground: {"letter_id": ground.ids["letter"]}),
    "/notices/{notice_id}/again": Case("dispatched", owners=ALL, prepare=_undelivered,
                                       params=lambda ground: {"notice_id": ground.ids["notice"]}),
    "/works/{key}/retry": Case("dispatched", owners=ALL, prepare=_in_vain,
                               params=lambda ground: {"key": "draw:1:2"}),
    **{f"/events/{{number}}/{what}": Case("dispatched", owners=ALL, prepare=_given_up,
                                         params=lambda ground: {"number": ground.ids["event"]})
       for what in ("again", "drop")},
    "/checks/{check_id}/follow-up": Case(
        "in_field", ("follow_up", "提出后续处置"), only=THEIR_CHECK, prepare=_found, params=_check,
        form=_with(kind="ordered_to_rectify", instructions="清理通道")),
    "/follow-ups/{follow_up_id}/postpone": Case(
        "in_field", ("follow_up", "改期"), prepare=_ordered,
        params=lambda ground: {"follow_up_id": ground.ids["follow_up"]},
        form=_with(due_on="2099-01-08", reason="设备未到货")),
    "/follow-ups/{follow_up_id}/close": Case(
        "in_field", ("follow_up", "办结"), only=THEIR_CHECK, prepare=_ordered, form=_reason,
        params=lambda ground: {"follow_up_id": ground.ids["follow_up"]}),
    "/appraisal/{period}/freeze": Case("drafted", owners=ALL, params=_last_year),
    "/appraisal/{period}/comment": Case("drafted", ("appraisal", "部门意见"), ALL, prepare=_frozen, params=_last_year,
                                        form=_reason),
    "/appraisal/{period}/appeal": Case("drafted", ("appraisal", "申诉"), ALL, prepare=_frozen, params=_last_year,
                                       form=_reason),
    "/appraisal/{period}/decide": Case(
        "drafted", ("appraisal", "驳回申诉"), ALL, prepare=_appealed, params=_last_year,
        form=_with(uphold="false", reason="记录属实"), json=_with(uphold=False, reason="记录属实")),
    "/contacts": Case("drafted", owners=ALL, params=lambda ground: {},
                      form=_with(channel="mail", address="li@example.gov.cn")),
    "/contacts/{contact_id}/drop": Case(
        "drafted", only=("drafter-lead", "approver-lead", "office-lead"), prepare=_reachable,
        params=lambda ground: {"contact_id": ground.ids["contact"]}),
    "/feeds": Case("drafted", owners=ALL, params=lambda ground: {}),
    "/objections/{objection_id}/decide": Case(
        "publicised", ("objection", "异议成立"), prepare=_objected,
        params=lambda ground: {"objection_id": ground.ids["objection"]},
        form=_with(uphold="true", reason="属实"), json=_with(uphold=True, reason="属实")),
}
