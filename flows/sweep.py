"""巡查: every five minutes, what is due in the register and nobody woke (G2).

It starts the flow of each due work once, again only when that run has ended or gone quiet, and
after five tries shows it as waiting for a person (G17).
"""

from prefect import flow

from blocks.steps import publishing, sweeping
from blocks.story import TOLD, about


@flow(name="巡查", description=about("巡查"), flow_run_name="巡查", **TOLD)
def sweep() -> str:
    """Start whatever is due; of two sweeps at once the second ends at once."""
    return "；".join(filter(None, (publishing.show_missing(), sweeping.sweep())))
