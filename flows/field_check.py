"""现场检查: begin on the first day, conclude when every check is reviewed (art. 10).

Woken by the first record and by the last review, so its runs do not grow with the targets.
"""

from prefect import flow

from blocks.steps import field
from blocks.story import SchemeNumber, WakingEvent, actor, found, show, stage, take

STEPS = (field.begin_field, field.conclude)


@flow(**stage("现场检查"))
def field_check(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Move one scheme into the field, and out of it when all is reviewed."""
    scheme_id = found(scheme)
    return show(scheme_id, take(STEPS, scheme_id, actor("field_check", "现场检查"), event))
