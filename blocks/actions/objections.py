"""What the business says by the code on its notice: it disputes a result, it rates the visit."""

from sqlalchemy import select

from blocks import engine
from blocks.actions import Done
from blocks.actions.recusals import visit_noticed
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.register import aftermath, notices
from blocks.register.aftermath import Evaluation, Objection
from blocks.register.directories import account, business_account
from blocks.register.trail import advance, begin
from blocks.register.visits import Check, Visit, get
from blocks.rules.stages import label


def object_by_notice(code: str, check_id: int | str, reason: str) -> Done:
    """Dispute, as the business, a published result of the noticed visit.

    Raises:
        StageError: it is not public, or an objection to it waits already.
    """
    if not reason.strip():
        raise RuleViolation("提出异议须写明理由", "请写明哪一项结果与事实不符、有什么凭据", article=11)
    with engine.change() as session:
        actor = business_account(session).as_actor()
        visit = visit_noticed(session, code)
        check = get(session, Check, check_id)
        if check.visit_id != visit.id:
            raise NotFound("这份通知书没有这项检查", "请从通知书的页面提出")
        if check.stage not in ("public", "corrected"):
            raise StageError(f"{check.department.short_name}的检查结果还没有公示",
                             "结果公示之后可以提出异议")
        if any(one.stage == "filed" for one in aftermath.objections(session, check)):
            raise StageError("对这项结果的异议已经登记，正在办理", "答复之后仍不服的可以再次提出")
        objection = Objection(check=check, check_id=check.id, record_number=check.record_number,
                              reason=reason.strip())
        begin(session, objection, actor, reason=reason)
        notices.queue(session, f"objection:{objection.id}", "objection", f"请答复企业异议：{check.title}",
                      reason.strip(), department_id=check.department_id, scheme_id=visit.scheme_id)
        return Done(f"异议已登记（编号{objection.id}）", "由该部门审批人在15个工作日内答复，答复会出现在本页",
                    {"objection": objection.id})


def decide(login: str, objection_id: int | str, *, uphold: bool, reason: str) -> Done:
    """Uphold or dismiss an objection with reasons; upheld, the department proposes a correction."""
    with engine.change() as session:
        actor = account(session, login).as_actor()
        objection = get(session, Objection, objection_id)
        entry = objection.check.latest
        target = "upheld" if uphold else "dismissed"
        advance(session, objection, target, actor, reason=reason, answer=reason.strip(), facts={
            "recorded_by_id": entry.recorded_by_id, "confirmed_by_id": entry.confirmed_by_id})
        return Done(f"{objection.title}：{label('objection', target)}",
                    "请本部门提出更正，审核后两个版本都会公示" if uphold else "答复已出现在企业的页面上")


def evaluate_by_notice(code: str, showed_certificate: bool, only_what_was_listed: bool,
                       asked_for_money: bool, satisfaction: int, comment: str = "") -> Done:
    """Rate a visit, as the business, once; that money was asked for is told to the office at once."""
    if not 1 <= satisfaction <= 5:
        raise RuleViolation("满意程度应为1到5", "请选择")
    with engine.change() as session:
        actor = business_account(session).as_actor()
        visit = get(session, Visit, visit_noticed(session, code).id)
        if session.scalar(select(Check.id).where(
                Check.visit_id == visit.id, Check.stage != "planned").limit(1)) is None:
            raise StageError("检查还没有进行", "检查之后再评价")
        if aftermath.evaluation(session, visit) is not None:
            raise StageError("这次检查已经评价过", "有新的情况请向联席会议办公室反映")
        given = Evaluation(visit=visit, visit_id=visit.id, showed_certificate=showed_certificate,
                           only_what_was_listed=only_what_was_listed, asked_for_money=asked_for_money,
                           satisfaction=satisfaction, comment=comment.strip())
        begin(session, given, actor)
        if asked_for_money or not showed_certificate:
            what = "收取费用或索要财物" if asked_for_money else "没有出示执法证"
            notices.queue(session, f"evaluation:{given.id}", "evaluation", f"企业反映检查人员{what}：{visit.title}",
                          comment.strip() or "（没有说明）", scheme_id=visit.scheme_id)
        return Done("评价已登记，谢谢", "评价给联席会议办公室和监督人员看，检查人员看不到")
