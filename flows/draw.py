"""抽取: announce, seal, take the randomness, draw the targets, pair the lead's inspectors (art. 3, 9).

Woken by `choucha.scheme.approved` and by what departments contribute. Each step is committed in
the register before the next, so that a run that dies goes on where it stood and never draws twice.
"""

from prefect import flow, task
from prefect.tasks import exponential_backoff

from blocks.steps import ceremony, publishing, sealing, staffing
from blocks.story import (
    REPEATED,
    SchemeNumber,
    WakingEvent,
    actor,
    found,
    is_outside,
    show,
    stage,
    take,
)

STEPS = (ceremony.announce, sealing.seal, ceremony.gather, ceremony.cast_lots, staffing.staff_lead)


@task(name="公布抽取文件", retries=3, retry_delay_seconds=exponential_backoff(2),
      retry_jitter_factor=0.5, retry_condition_fn=is_outside)
def publish_files(scheme_id: int) -> None:
    """Put the seal, and later the result, on the public site at once."""
    publishing.show_scheme(scheme_id)


@flow(**stage("抽取"))
def draw(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Take the draw of one scheme as far as it can go now."""
    scheme_id = found(scheme)
    said = take(STEPS, scheme_id, actor("draw", "抽取"), event)
    if said and said != REPEATED:
        publish_files(scheme_id)
    return show(scheme_id, said)
