"""接收配员: draw the inspectors of who has accepted, fill empty seats, fix the visits (art. 9).

Woken by an accepted or withdrawn assignment, a granted recusal, a confirmed replacement.
"""

from prefect import flow

from blocks.steps import staffing
from blocks.story import SchemeNumber, WakingEvent, actor, found, show, stage, take

STEPS = (staffing.staff_assignments, staffing.bring_in_successors, staffing.fill_seats,
         staffing.fix_visits)


@flow(**stage("接收配员"))
def acceptance(scheme: SchemeNumber, event: WakingEvent = None) -> str:
    """Staff what can be staffed in one scheme; when all is, fix when each visit takes place."""
    scheme_id = found(scheme)
    return show(scheme_id, take(STEPS, scheme_id, actor("acceptance", "接收配员"), event))
