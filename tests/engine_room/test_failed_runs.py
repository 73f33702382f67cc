"""A run that failed is told to the operator: once a flow and day, by the usual channels."""

import uuid

from prefect.client.schemas import FlowRun
from prefect.states import Crashed, Failed
from sqlalchemy import select

from blocks.register.database import transaction
from blocks.register.notices import Notice
from blocks.story import late_table, tell_operator
from flows.nightly import nightly
from flows.sweep import sweep


def test_a_failed_run_is_told_once_a_flow_and_day(register):
    for flow, state in ((nightly, Failed()), (nightly, Crashed()), (sweep, Crashed())):
        tell_operator(flow, FlowRun(flow_id=uuid.uuid4(), name=flow.name), state)
    with transaction() as session:
        subjects = session.scalars(select(Notice.subject).order_by(Notice.id)).all()
    assert subjects == ["流程没有办成：夜间任务", "流程没有办成：巡查"]
    assert late_table() == [{"方案": "没有逾期的事"}]
