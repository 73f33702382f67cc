"""What the administrator sees in the Prefect UI, in Chinese: forms, run names, tags, artifacts.

Whatever is written there names schemes and departments, never persons or businesses (G19).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any
from uuid import uuid4

import httpx
from prefect import Flow, State, Task, get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun, TaskRun
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run
from pydantic import BeforeValidator, Field

from blocks import alarm, progress, settings
from blocks.connections import PublicSite
from blocks.errors import InspectionError, NotAnswering
from blocks.register import waking
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.oversight import late
from blocks.register.overview import scheme_story
from blocks.register.schemes import departments_of
from blocks.register.schemes import scheme as find_scheme
from blocks.rules import numbering
from blocks.rules.stages import Actor
from blocks.templating import render

FAILED = {"Crashed": "中断", "TimedOut": "超时"}
NO_SCHEME = "没有这个方案"
REPEATED = "同一事件已由先前的运行受理，本次不重复办理"
NOTHING = "没有到期的事：已由别的运行办理，或条件尚未具备"
SHOWN_AFTER = 2.0
Step = Callable[[int, Actor], str | None]

# The fields of a stage's form. Prefect names a field after its parameter unless the schema says otherwise.
SchemeNumber = Annotated[str, BeforeValidator(str), Field(json_schema_extra={
    "title": "方案编号",
    "description": f"要办理的工作方案，例如 {numbering.say('2026-003', settings.get().number_prefix)} 或 2026-003。"
                   "括号用〔〕[]()【】都可以。重复运行没有害处：只办登记库里该办的事。",
    "examples": [numbering.say("2026-003", settings.get().number_prefix)]})]
WakingEvent = Annotated[int | None, Field(json_schema_extra={
    "title": "唤醒事件", "description": "由事件填写，人工运行时留空"})]


def about(name: str) -> str:
    """Return what prefect.yaml says of a deployment (Chinese, Markdown); its flow says the same."""
    return next(one["description"] for one in settings.deployments() if one["name"] == name)


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
    """Return what names a run: `抽取 · 2026-001 宾馆旅店联合抽查 · 公安局` (stage, scheme, lead department)."""

    def name() -> str:
        try:
            with transaction() as session:
                scheme = find_scheme(session, _code(str(flow_run.parameters.get("scheme", ""))))
                return f"{stage} · {scheme.title} · {scheme.lead.short_name}"
        except InspectionError:  # the run itself says why
            return f"{stage} · {NO_SCHEME}"

    return name


def _code(number: str) -> str:
    return numbering.read(number, settings.get().number_prefix)


def found(number: str) -> int:
    """Return the id of the scheme with this number, and tag the run with its code and departments.

    Raises:
        InspectionError: it is no number of a scheme, or there is no such scheme.
    """
    with transaction() as session:
        scheme = find_scheme(session, _code(number))
        tags = [scheme.code, *(one.short_name for one in departments_of(session, scheme))]
    with suppress(httpx.HTTPError, PrefectException):  # a label keeps no work from being done
        if flow_run.id:
            with get_client(sync_client=True) as client:
                client.update_flow_run(flow_run.id, tags={*flow_run.tags, *tags})
    return scheme.id


def actor(flow: str, label: str) -> Actor:
    """Return the service account a flow acts under, with the name of its run."""
    with transaction() as session:
        return service_account(session, flow, label).as_actor(run=flow_run.name or "直接调用")


def take(steps: Sequence[Step], scheme_id: int, who: Actor, event: int | None = None) -> str | None:
    """Take the steps of a stage in order; return what was done, or None where nothing was due.

    `event`: the trail number of the event that woke this run; if another run has taken it up, nothing
    is done and REPEATED returned.
    """
    said = []
    try:
        with (waking.woken_by(flow_run.flow_name or "直接调用", event, str(flow_run.id or uuid4())),
              shown_progress(f"scheme-{scheme_id}-progress")):
            for number, step in enumerate(steps):
                progress.tell(f"第{number + 1}步，共{len(steps)}步", number, len(steps))
                said.append(step(scheme_id, who))
    except waking.Taken:
        return REPEATED
    return "；".join(filter(None, said)) or None


@contextmanager
def shown_progress(key: str, after: float = SHOWN_AFTER) -> Iterator[None]:
    """Show the progress of the work inside as an artifact of this run, if it takes longer than
    a moment (seconds), which is also the pause between two tellings."""
    told = time.monotonic()
    made = None

    def hear(what: str, done: int, total: int) -> None:
        nonlocal told, made
        if time.monotonic() - told < after:
            return
        share = 100 * done / total
        if made is None:
            made = create_progress_artifact(share, key=key, description=what)
        else:
            update_progress_artifact(made, share, description=f"{what}：{done}/{total}")
        told = time.monotonic()

    with progress.heard_by(hear):
        yield
    if made is not None:
        update_progress_artifact(made, 100.0, description="已办完")


def tell_operator(flow: Flow, run: FlowRun, state: State) -> None:
    """Tell the operator of a run that failed or crashed: once a flow and day, by the usual channels."""
    alarm.tell_operator(flow.name, run.name, FAILED.get(state.name, "失败"))


# What every flow is declared with.
TOLD: dict[str, Any] = {"on_failure": [tell_operator], "on_crashed": [tell_operator]}


def stage(name: str) -> dict[str, Any]:
    """Return what the flow of a stage is declared with."""
    return {"name": name, "description": about(name), "flow_run_name": run_name(name), **TOLD}


def late_table() -> list[dict[str, str]]:
    """Return who is late today with what: the table in the Prefect UI, without names of persons."""
    with transaction() as session:
        rows = late(session)
    return [{"方案": f"{one['scheme_code']} {one['scheme']}", "事项": one["clock"], "部门": one["department"],
             "件数": str(one["count"]), "逾期": one["left"]} for one in rows] or [{"方案": "没有逾期的事"}]


def show(scheme_id: int, sentence: str | None) -> str:
    """Write what was done and how the scheme stands as an artifact; return the sentence, which is logged too.

    Where nothing was due (another run was quicker) no artifact is written.
    """
    log = get_run_logger()
    if sentence is None:
        log.info(NOTHING)
        return NOTHING
    log.info(sentence)
    if sentence == REPEATED:
        return sentence
    with transaction() as session:
        story = scheme_story(session, find_scheme(session, scheme_id))
    number = numbering.say(story["scheme_code"], settings.get().number_prefix)
    create_markdown_artifact(key=f"scheme-{scheme_id}", description=f"{number} {story['title']}",
                             markdown=render("documents/artifact.md.j2", sentence=sentence, number=number,
                                             portal_url=settings.portal_url(),
                                             public_url=PublicSite.in_use().of_scheme(story["scheme_code"]), **story))
    return sentence
