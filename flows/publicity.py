"""公示: write the results that are reviewed, read them back, and only then call them public (art. 11).

Woken when a scheme is concluded and by each reviewed correction; the nightly run publishes what is
reviewed before that.
"""

from prefect import flow, task
from prefect.tasks import exponential_backoff

from blocks.rules.stages import Actor
from blocks.steps import publishing
from blocks.story import SchemeNumber, WakingEvent, actor, found, is_outside, show, stage, take

STEPS = (publishing.publish,)


@task(name="写出并核对公示页", retries=4, retry_delay_seconds=exponential_backoff(5),
      retry_jitter_factor=0.5, retry_condition_fn=is_outside)
def publish(scheme_id: int, who: Actor, event: int | None) -> str | None:
    """The outside world is a disk here; it may be full for a while."""
    return take(STEPS, scheme_id, who, event)


@flow(**stage("公示"))
def publicity(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Publish one scheme's results; harmless to repeat."""
    scheme_id = found(scheme)
    return show(scheme_id, publish(scheme_id, actor("publicity", "公示"), event))
