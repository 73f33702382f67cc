"""派发: an assignment and a notice for every participating department (art. 9).

Woken by `choucha.scheme.drawn`.
"""

from prefect import flow

from blocks.steps import dispatching
from blocks.story import TOLD, actor, run_name, show, take

STEPS = (dispatching.dispatch,)


@flow(name="派发", flow_run_name=run_name("派发"), **TOLD)
def dispatch(scheme_id: int, event: int | None = None) -> str:
    """Dispatch one scheme; harmless to repeat."""
    return show(scheme_id, take(STEPS, scheme_id, actor("dispatch", "派发"), event))
