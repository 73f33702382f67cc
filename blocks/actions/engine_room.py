"""What the engine's own automations tell by the API: a run that failed, crashed or never began."""

from typing import Literal

from blocks import alarm
from blocks.actions import Done

STATES = {"failed": "失败", "crashed": "中断", "late": "迟迟没有开始（没有工作进程来取，或队列已满）"}


def tell_run(login: str, flow: str, run: str, state: Literal["failed", "crashed", "late"]) -> Done:
    """Let the operator be told of a run, once a flow and day; no worker is needed for it."""
    first = alarm.tell_operator(flow, run, STATES[state])
    return Done("已通知运维人员" if first else "今天已经通知过")
