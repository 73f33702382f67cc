"""What the administrator reads in the Prefect UI: run names and artifacts, in Chinese."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from prefect import Flow, State, Task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas import FlowRun, TaskRun
from prefect.runtime import flow_run

from blocks import settings
from blocks.errors import NotAnswering
from blocks.messages import write
from blocks.register import notices, waking
from blocks.register.database import transaction
from blocks.register.directories import account, service_account
from blocks.register.oversight import late
from blocks.register.overview import scheme_story
from blocks.register.schemes import scheme as find_scheme
from blocks.rules.stages import Actor
from blocks.templating import render

FAILED = {"Crashed": "中断", "TimedOut": "超时"}
REPEATED = "同一事件已由先前的运行受理，本次不重复办理"
Step = Callable[[int, Actor], str | None]


async def is_outside(task: Task, run: TaskRun, state: State) -> bool:
    """Retry only what the outside world did (a full disk, a mail server away); a bug fails at once."""
    try:
        await state.aresult()
    except (OSError, NotAnswering):
        return True
    except Exception:
        return False
    return False


def run_name(stage: str) -> Callable[[], str]:
    """Return what names a run: `抽取 2026-001 宾馆旅店联合抽查`."""

    def name() -> str:
        scheme_id = flow_run.parameters.get("scheme_id")
        if scheme_id is None:
            return stage
        with transaction() as session:
            return f"{stage} {find_scheme(session, int(scheme_id)).title}"

    return name


def actor(flow: str, label: str) -> Actor:
    """Return the service account a flow acts under, with the name of its run."""
    with transaction() as session:
        return service_account(session, flow, label).as_actor(run=flow_run.name or "直接调用")


def take(steps: Iterable[Step], scheme_id: int, who: Actor, event: int | None = None) -> str | None:
    """Take the steps of a stage in order; return what was done, or None where nothing was due.

    `event`: the trail number of the event that woke this run; if another run has taken it up, nothing
    is done and REPEATED returned.
    """
    try:
        with waking.woken_by(flow_run.flow_name or "直接调用", event, str(flow_run.id or uuid4())):
            said = [sentence for step in steps if (sentence := step(scheme_id, who))]
    except waking.Taken:
        return REPEATED
    return "；".join(said) or None


def tell_operator(flow: Flow, run: FlowRun, state: State) -> None:
    """Tell the operator of a run that failed or crashed: once a flow and day, by the usual channels."""
    wanted = settings.get().operator
    with transaction() as session:
        subject, body = write("failed_run", flow=flow.name, run=run.name, state=FAILED.get(state.name, "失败"))
        notices.queue(session, f"failed-run:{flow.name}:{settings.today()}", "failed_run", subject, body,
                      account_id=account(session, wanted).id if wanted else None)


# What every flow is declared with.
TOLD: dict[str, Any] = {"on_failure": [tell_operator], "on_crashed": [tell_operator]}


def late_table() -> list[dict[str, str]]:
    """Return who is late today with what: the table in the Prefect UI, without names of persons."""
    with transaction() as session:
        rows = late(session)
    return [{"方案": f"{one['scheme_code']} {one['scheme']}", "事项": one["clock"], "部门": one["department"],
             "件数": str(one["count"]), "逾期": one["left"]} for one in rows] or [{"方案": "没有逾期的事"}]


def show(scheme_id: int, sentence: str | None) -> str:
    """Write what was done and how the scheme stands as an artifact; return the sentence.

    Where nothing was due (another run was quicker) no artifact is written.
    """
    if sentence is None:
        return "没有到期的事：已由别的运行办理，或条件尚未具备"
    if sentence == REPEATED:
        return sentence
    with transaction() as session:
        story = scheme_story(session, find_scheme(session, scheme_id))
    create_markdown_artifact(key=f"scheme-{scheme_id}", description=story["title"],
                             markdown=render("documents/artifact.md.j2", sentence=sentence, **story))
    return sentence
