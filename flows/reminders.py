"""提醒: today's reminders by the ladder of config/regulation.yaml, and every queued notice (art. 5).

Scheduled every workday morning; the sweep starts it when notices wait.
"""

from prefect import flow, task
from prefect.tasks import exponential_backoff

from blocks.messenger import Messenger
from blocks.steps import reminding
from blocks.story import is_outside


@task(name="发送通知", retries=3, retry_delay_seconds=exponential_backoff(10),
      retry_jitter_factor=0.5, retry_condition_fn=is_outside)
def send_waiting() -> int:
    """Send what is queued; a mail server that is away is tried again, later ones first counted."""
    messenger = Messenger.in_use()
    waiting = reminding.waiting()
    sent = sum(reminding.send(notice, messenger.send) for notice in waiting)
    if waiting and not sent:
        raise ConnectionError(f"{len(waiting)}份通知都没有发出，稍后再试")
    return sent


@flow(name="提醒", flow_run_name="提醒")
def reminders() -> str:
    """Queue today's reminders once, send what waits."""
    return f"新增提醒{reminding.queue_reminders()}份，发出通知{send_waiting()}份"
