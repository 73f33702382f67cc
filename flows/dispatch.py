"""派发: an assignment and a notice for every participating department (art. 9).

Woken by `choucha.scheme.drawn`.
"""

from prefect import flow

from blocks.steps import dispatching
from blocks.story import SchemeNumber, WakingEvent, actor, found, show, stage, take

STEPS = (dispatching.dispatch,)


@flow(**stage("派发"))
def dispatch(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Dispatch one scheme; harmless to repeat."""
    scheme_id = found(scheme)
    return show(scheme_id, take(STEPS, scheme_id, actor("dispatch", "派发"), event))
