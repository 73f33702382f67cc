"""现场检查: begin on the first day, conclude when every check is reviewed (art. 10).

Woken by the first record and by the last review, so its runs do not grow with the targets.
"""

from prefect import flow

from blocks.steps import field
from blocks.story import TOLD, actor, run_name, show, take

STEPS = (field.begin_field, field.conclude)


@flow(name="现场检查", flow_run_name=run_name("现场检查"), **TOLD)
def field_check(scheme_id: int, event: int | None = None) -> str:
    """Move one scheme into the field, and out of it when all is reviewed."""
    return show(scheme_id, take(STEPS, scheme_id, actor("field_check", "现场检查"), event))
