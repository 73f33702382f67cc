"""方案审查: check a submitted scheme as a whole, write its document, tell the approver (art. 8).

Woken by `choucha.scheme.submitted`. The approver then decides; no run waits for that.
"""

from prefect import flow

from blocks.steps import reviewing
from blocks.story import SchemeNumber, WakingEvent, actor, found, show, stage, take

STEPS = (reviewing.review,)


@flow(**stage("方案审查"))
def plan_approval(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Review one scheme; harmless to repeat."""
    scheme_id = found(scheme)
    return show(scheme_id, take(STEPS, scheme_id, actor("plan_approval", "方案审查"), event))
