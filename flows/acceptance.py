"""接收配员: draw the inspectors of who has accepted, fill empty seats, fix the visits (art. 9).

Woken by an accepted or withdrawn assignment, a granted recusal, a confirmed replacement.
"""

from prefect import flow

from blocks.steps import staffing
from blocks.story import TOLD, actor, run_name, show, take

STEPS = (staffing.staff_assignments, staffing.bring_in_successors, staffing.fill_seats,
         staffing.fix_visits)


@flow(name="接收配员", flow_run_name=run_name("接收配员"), **TOLD)
def acceptance(scheme_id: int, event: int | None = None) -> str:
    """Staff what can be staffed in one scheme; when all is, fix when each visit takes place."""
    return show(scheme_id, take(STEPS, scheme_id, actor("acceptance", "接收配员"), event))
