"""提醒: today's reminders by the ladder of config/regulation.yaml, the letters it ends in, and every
queued notice (art. 5).

Scheduled in working hours; the sweep starts it when notices wait. The nightly run queues once more;
what is queued at night leaves in the morning, for reminders keep to working hours.
"""

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.tasks import exponential_backoff

from blocks.messenger import Messenger
from blocks.steps import reminding
from blocks.story import TOLD, about, actor, is_outside, late_table


@task(name="发送通知", retries=3, retry_delay_seconds=exponential_backoff(10),
      retry_jitter_factor=0.5, retry_condition_fn=is_outside)
def send_waiting() -> int:
    """Send what is queued; a channel that is away is tried again, later ones first counted."""
    messenger = Messenger.in_use()
    waiting = reminding.waiting()
    sent = sum(reminding.send(delivery, messenger.send) for delivery in waiting)
    if waiting and not sent:
        raise ConnectionError(f"{len(waiting)}份通知都没有发出，稍后再试")
    return sent


@flow(name="提醒", description=about("提醒"), flow_run_name="提醒", **TOLD)
def reminders() -> str:
    """Queue today's reminders and letters once, show who is late, send what waits."""
    letters = reminding.issue_letters(actor("reminders", "提醒"))
    queued = reminding.queue_reminders()
    create_table_artifact(key="late-today", table=late_table(), description="今天逾期的事")
    return f"督办函{letters}份，新增提醒{queued}份，发出通知{send_waiting()}份"
