"""Telling the operator of a run of the engine that came to nothing: once a flow and day (G18)."""

from blocks import settings
from blocks.messages import write
from blocks.register import notices
from blocks.register.database import transaction
from blocks.register.directories import account


def tell_operator(flow: str, run: str, state: str) -> bool:
    """Queue a notice of a run that failed, crashed or never began; return whether it is the day's first."""
    wanted = settings.get().operator
    subject, body = write("failed_run", flow=flow, run=run, state=state)
    with transaction() as session:
        return notices.queue(session, f"failed-run:{flow}:{settings.today()}", "failed_run", subject, body,
                             account_id=account(session, wanted).id if wanted else None)
