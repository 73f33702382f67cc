"""平台交换: tell the provincial platform what was approved, drawn, staffed, found and published (art. 5).

Woken by whatever prepares an exchange; what the platform did not take, the sweep comes back to. The
platform being away delays nothing but itself.
"""

from prefect import flow, task
from prefect.tasks import exponential_backoff

from blocks.rules.stages import Actor
from blocks.steps import exchanging
from blocks.story import SchemeNumber, WakingEvent, actor, found, is_outside, show, stage, take

STEPS = (exchanging.hand_over,)


@task(name="报送平台", retries=3, retry_delay_seconds=exponential_backoff(10), retry_jitter_factor=0.5,
      retry_condition_fn=is_outside)
def hand_over(scheme_id: int, who: Actor, event: int | None) -> str | None:
    """Hand over; an answer that was lost is asked about by the next run."""
    return take(STEPS, scheme_id, who, event)


@flow(**stage("平台交换"))
def exchange(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Hand over one scheme's exchanges; harmless to repeat."""
    scheme_id = found(scheme)
    return show(scheme_id, hand_over(scheme_id, actor("exchange", "平台交换"), event))
