"""方案审查: check a submitted scheme as a whole, write its document, tell the approver (art. 8).

Woken by `choucha.scheme.submitted`. The approver then decides; no run waits for that.
"""

from prefect import flow

from blocks.steps import reviewing
from blocks.story import TOLD, actor, run_name, show, take

STEPS = (reviewing.review,)


@flow(name="方案审查", flow_run_name=run_name("方案审查"), **TOLD)
def plan_approval(scheme_id: int, event: int | None = None) -> str:
    """Review one scheme; harmless to repeat."""
    return show(scheme_id, take(STEPS, scheme_id, actor("plan_approval", "方案审查"), event))
