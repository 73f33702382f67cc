"""prefect.yaml, the table of moves and the engine speak of the same flows and the same events."""

from importlib import import_module
from typing import Any

import jinja2
import pytest
from prefect import Flow

from blocks import engine, settings
from blocks.rules.stages import FLOWS_WOKEN, MOVES

DEPLOYMENTS = settings.deployments()
TRIGGERS = [(d, t) for d in DEPLOYMENTS for t in d.get("triggers", [])]
PRODUCED = {f"choucha.{m.thing}.{m.target}" for m in MOVES}
WAKING = sorted({(f"choucha.{m.thing}.{m.target}", m.wakes) for m in MOVES if m.wakes})


QUEUES = {"巡查": "watch", "提醒": "watch", "夜间任务": "routine", "考核统计": "routine"}


def name_of(deployment: dict[str, Any]) -> str:
    """Return the engine's name of a deployment: the file of its flow."""
    _, stage, _ = deployment["entrypoint"].split(".")
    return stage


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d["name"])
def test_every_entrypoint_is_a_flow_of_the_deployments_name(deployment):
    module, _, attribute = deployment["entrypoint"].rpartition(".")
    flow = getattr(import_module(module), attribute)
    assert isinstance(flow, Flow)
    assert flow.name == deployment["name"]
    assert engine.DEPLOYMENTS[name_of(deployment)] == f"{flow.name}/{deployment['name']}"
    queue = "urgent" if deployment.get("triggers") else QUEUES[deployment["name"]]
    assert deployment["work_pool"] == {"name": settings.get().work_pool, "work_queue_name": queue}
    assert flow.description == deployment["description"]
    assert deployment["tags"] == [flow.name]


def test_the_engine_knows_every_deployment_and_no_other():
    assert {name_of(d) for d in DEPLOYMENTS} == set(engine.DEPLOYMENTS)
    assert len(DEPLOYMENTS) == len(engine.DEPLOYMENTS) == 11


def test_every_flow_file_is_deployed():
    stages = {p.stem for p in (settings.ROOT / "flows").glob("*.py")} - {"__init__"}
    assert stages == set(engine.DEPLOYMENTS)


@pytest.mark.parametrize(("deployment", "trigger"), TRIGGERS, ids=lambda x: x.get("name", ""))
def test_every_trigger_waits_for_events_that_a_move_produces(deployment, trigger):
    assert trigger["expect"]
    assert set(trigger["expect"]) <= PRODUCED
    assert trigger["match"] == {"prefect.resource.id": "choucha.*",
                                "choucha.wakes": name_of(deployment)}
    said = {name: jinja2.Template(one["value"]["template"]).render(event={"payload": {"scheme_id": 7, "trail": 12}})
            for name, one in trigger["parameters"].items()}
    assert said == {"scheme": '"7"', "event": "12"}
    assert trigger["enabled"]


@pytest.mark.parametrize(("event", "wakes"), WAKING)
def test_every_move_that_wakes_a_flow_has_its_trigger(event, wakes):
    assert any(event in t["expect"] and t["match"]["choucha.wakes"] == wakes for _, t in TRIGGERS)


def test_no_trigger_waits_for_an_event_that_never_carries_its_label():
    never = [(d["name"], event) for d, t in TRIGGERS for event in t["expect"]
             if (event, t["match"]["choucha.wakes"]) not in WAKING]
    assert never == []


def test_every_flow_is_woken_by_an_event_or_by_the_clock():
    by_event = {t["match"]["choucha.wakes"] for _, t in TRIGGERS}
    by_clock = {name_of(d) for d in DEPLOYMENTS if d.get("schedules")}
    assert by_event == FLOWS_WOKEN
    assert by_clock == {"reminders", "sweep", "nightly", "appraisal"}
    assert by_event | by_clock == set(engine.DEPLOYMENTS)


def test_every_schedule_is_told_in_the_citys_own_time():
    schedules = {name_of(d): s for d in DEPLOYMENTS for s in d.get("schedules", [])}
    assert {s["timezone"] for s in schedules.values()} == {"Asia/Shanghai"}
    assert all(s["active"] for s in schedules.values())
    assert schedules["sweep"]["cron"] == "*/5 * * * *"
    assert schedules["nightly"]["cron"] == "0 2 * * *"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d["name"])
def test_a_stages_form_asks_in_chinese_for_the_number_of_a_scheme_and_the_others_for_nothing(deployment):
    module, _, attribute = deployment["entrypoint"].rpartition(".")
    parameters = getattr(import_module(module), attribute).parameters
    if not deployment.get("triggers"):
        assert parameters.properties == {}
        return
    scheme, event = parameters.properties["scheme"], parameters.properties["event"]
    assert parameters.required == ["scheme"]
    assert (scheme["title"], scheme["type"]) == ("方案编号", "string")
    assert "揭双随机〔2026〕3号" in scheme["description"]
    assert scheme["examples"] == ["揭双随机〔2026〕3号"]
    assert (event["title"], event["description"]) == ("唤醒事件", "由事件填写，人工运行时留空")
