"""What anybody may try on anything: the real action, and the moves of the table that it would be."""

from collections.abc import Callable
from dataclasses import dataclass

from blocks.actions import (
    absences,
    assignments,
    cancelling,
    checks,
    draws,
    recusals,
    schemes,
    visits,
    withholding,
)
from tests import people
from tests.scenes import SECRETS, SMALL

REASON = "情况属实"
ANSWERS = {"*": "是"}


@dataclass(frozen=True)
class Act:
    """`labels`: the moves of `kind` that it may be; `do(login, code, thing)`; `on`: what it is tried on,
    where the move brings something else into being or the thing follows from who acts."""

    kind: str
    labels: tuple[str, ...]
    do: Callable[[str, str, int], object]
    on: str = ""

    @property
    def name(self) -> str:
        return self.labels[0]


def _secret(login: str) -> str:
    return SECRETS.get(login.split(".")[0], "ab" * 32)


def _other(login: str, thing: int) -> str:
    """Return a participant's code, by the thing's number: for whom the office resends or withdraws."""
    return people.PARTICIPANTS[thing % len(people.PARTICIPANTS)]


ACTS = (
    Act("scheme", ("修改",), lambda who, code, _: schemes.edit(who, code, people.contents(**SMALL))),
    Act("scheme", ("提交审批",), lambda who, code, _: schemes.submit(who, code)),
    Act("scheme", ("退回修改",), lambda who, code, _: schemes.return_(who, code, REASON)),
    Act("scheme", ("批准",), lambda who, code, _: schemes.approve(who, code)),
    Act("scheme", ("取消", "申请取消"), lambda who, code, _: cancelling.cancel(who, code, REASON)),
    Act("scheme", ("确认取消",), lambda who, code, _: cancelling.confirm(who, code, REASON)),
    Act("draw", ("提交随机数承诺",), lambda who, code, _: draws.commit(who, code, _secret(who))),
    Act("draw", ("提交随机数",), lambda who, code, _: draws.reveal(who, code, _secret(who))),
    Act("draw", ("提交随机数",), lambda who, code, _: draws.type_figure(who, code, people.FIGURE)),
    Act("draw", ("申请作废",), lambda who, code, _: draws.ask_void(who, code, REASON)),
    Act("draw", ("作废",), lambda who, code, _: draws.void(who, code, REASON)),
    Act("assignment", ("接收任务",), lambda who, code, _: assignments.accept(who, code), on="own"),
    Act("assignment", ("退回任务",), lambda who, code, _: assignments.send_back(who, code, REASON), on="own"),
    Act("assignment", ("再次派发",), lambda who, code, id_: assignments.resend(who, code, _other(who, id_), REASON),
        on="named"),
    Act("assignment", ("撤回任务",), lambda who, code, id_: assignments.withdraw(who, code, _other(who, id_), REASON),
        on="named"),
    Act("recusal", ("申请回避",), lambda who, _, id_: recusals.claim(who, id_, REASON), on="check"),
    Act("recusal", ("同意回避", "复核同意回避"), lambda who, _, id_: recusals.decide(
        who, id_, grant=True, reason=REASON)),
    Act("recusal", ("不予回避", "复核维持不予回避"), lambda who, _, id_: recusals.decide(
        who, id_, grant=False, reason=REASON)),
    Act("recusal", ("申请复核",), lambda who, _, id_: recusals.appeal(who, id_, REASON)),
    Act("absence", ("申请换人",), lambda who, _, id_: absences.report(who, id_, "ill"), on="check"),
    Act("absence", ("同意换人",), lambda who, _, id_: absences.decide(who, id_, grant=True, reason=REASON)),
    Act("absence", ("不予换人",), lambda who, _, id_: absences.decide(who, id_, grant=False, reason=REASON)),
    Act("visit", ("申请递补",), lambda who, _, id_: visits.ask_replacement(who, id_, "closed")),
    Act("visit", ("确认递补",), lambda who, _, id_: visits.confirm_replacement(who, id_)),
    Act("check", ("填报记录",), lambda who, _, id_: checks.record(who, id_, "no_problem", ANSWERS)),
    Act("check", ("确认记录",), lambda who, _, id_: checks.confirm(who, id_)),
    Act("check", ("审核通过", "审核更正"), lambda who, _, id_: checks.review(who, id_)),
    Act("check", ("退回补正", "退回更正"), lambda who, _, id_: checks.review(who, id_, approve=False, reason=REASON)),
    Act("check", ("提出更正",), lambda who, _, id_: checks.correct(who, id_, "no_problem", ANSWERS, REASON)),
    Act("check", ("申请不予公示", "申请撤下"), lambda who, _, id_: withholding.ask(who, id_, "trade_secret", REASON)),
    Act("check", ("确认不予公示", "确认撤下"), lambda who, _, id_: withholding.confirm(who, id_, REASON)),
    Act("check", ("退回不予公示申请", "退回撤下申请"), lambda who, _, id_: withholding.refuse(who, id_, REASON)),
    Act("check", ("恢复公示",), lambda who, _, id_: withholding.lift(who, id_, REASON)),
)
