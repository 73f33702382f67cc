"""平台交换: tell the provincial platform what was approved, drawn, staffed, found and published (art. 5).

Woken by whatever prepares an exchange; what the platform did not take, the sweep comes back to. The
platform being away delays nothing but itself.
"""

from prefect import flow, task
from prefect.tasks import exponential_backoff

from blocks.rules.stages import Actor
from blocks.steps import exchanging
from blocks.story import TOLD, actor, is_outside, run_name, show, take

STEPS = (exchanging.hand_over,)


@task(name="报送平台", retries=3, retry_delay_seconds=exponential_backoff(10), retry_jitter_factor=0.5,
      retry_condition_fn=is_outside)
def hand_over(scheme_id: int, who: Actor) -> str | None:
    """Hand over; an answer that was lost is asked about by the next run."""
    return take(STEPS, scheme_id, who)


@flow(name="平台交换", flow_run_name=run_name("平台交换"), **TOLD)
def exchange(scheme_id: int) -> str:
    """Hand over one scheme's exchanges; harmless to repeat."""
    return show(scheme_id, hand_over(scheme_id, actor("exchange", "平台交换")))
