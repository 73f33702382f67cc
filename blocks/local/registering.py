"""What Prefect's server is told once it runs: the pool and its queues, the types of blocks, deployments,
and the automations of config/automations.yaml. Everything is brought up to date; nothing is doubled.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from blocks import settings
from blocks.errors import NotAnswering
from blocks.register import sessions
from blocks.register.database import transaction
from blocks.register.directories import service_account

# the last is the server's own, but it remembers beside a wiped database that it had written it
BLOCKS = ("blocks.messenger", "blocks.connections", "blocks.gateway.block", "prefect.blocks.webhook")
RUNS_AT_ONCE = 6  # of one worker, each a process of some 150 MB
# What somebody waits for goes first; what the clock brings and takes long never fills a worker. A limit of the
# server's own counts runs whose process is gone, until the sweep has marked them: so the sweep has none above it.
QUEUES: dict[str, dict[str, Any]] = {
    "urgent": {"priority": 1, "description": "有人在等的：各阶段流程，由人的办理唤醒"},
    "watch": {"priority": 2, "description": "值守：巡查、提醒"},
    "routine": {"priority": 3, "concurrency_limit": 2, "description": "按时来的：夜间任务、考核统计"},
}
PAYLOAD = '{"flow": {{ flow.name | tojson }}, "run": {{ flow_run.name | tojson }}, "state": "%s"}'


def stamp() -> str:
    """Return a hash of everything that deployments are made of."""
    files = [settings.ROOT / "prefect.yaml", *sorted((settings.ROOT / "flows").glob("*.py")),
             *(settings.ROOT / "blocks" / name for name in ("story.py", "connections.py", "messenger/__init__.py",
                                                    "gateway/block.py"))]
    told = f"{settings.ROOT} {settings.get().number_prefix}"
    return hashlib.sha256(b"".join(f.read_bytes() for f in files) + told.encode()).hexdigest()


def is_registered(api: httpx.Client) -> bool:
    """Tell whether Prefect knows every deployment and automation; it does not where its database is new, or
    where it was told of them and died in the middle.

    Raises:
        NotAnswering: it does not say.
    """
    deployments = settings.deployments()
    triggers = [trigger for one in deployments for trigger in one.get("triggers", ())]
    for things, told in ("deployments", deployments), ("automations", triggers + settings.config("automations.yaml")):
        names = {one["name"] for one in told}
        there = _told(api.post(f"/{things}/filter", json={things: {"name": {"any_": sorted(names)}}}))
        if {one["name"] for one in there} != names:
            return False
    return True


def make_pool(api: httpx.Client) -> None:
    """Make the work pool and its queues, or bring them up to date."""
    address = f"/work_pools/{settings.get().work_pool}"
    wanted = {"description": "流程都在这里运行", "concurrency_limit": None}
    found = api.get(address)
    if found.status_code == 404:
        _told(api.post("/work_pools/", json={"name": settings.get().work_pool, "type": "process", **wanted}))
    elif not wanted.items() <= _told(found).items():
        _told(api.patch(address, json=wanted))
    there = {one["name"]: one for one in _told(api.post(f"{address}/queues/filter", json={}))}
    for name, queue in QUEUES.items():
        if name not in there:
            _told(api.post(f"{address}/queues", json={"name": name}))
        if not queue.items() <= there.get(name, {}).items():
            _told(api.patch(f"{address}/queues/{name}", json=queue))  # which lets the others move down


def deploy(log: Path, env: dict[str, str]) -> None:
    """Register the types of blocks and deploy every flow of prefect.yaml."""
    for name in BLOCKS:
        _prefect(log, env, "block", "register", "-m", name)
    _prefect(log, env, "deploy", "--all")


def _prefect(log: Path, env: dict[str, str], *args: str) -> None:
    done = subprocess.run([str(Path(sys.executable).parent / "prefect"), "--no-prompt", *args], env=env,
                          cwd=settings.ROOT, capture_output=True, text=True, check=False)
    with log.open("a") as file:
        file.write(done.stdout + done.stderr)
    if done.returncode:
        raise NotAnswering(f"prefect {' '.join(args)} 没有成功", (done.stdout + done.stderr).strip()[-800:])


def make_automations(api: httpx.Client, portal_url: str) -> None:
    """Make the automations, or bring them up to date; they speak to the portal by a token of their own.

    The token is new each time, and those before it end.
    """
    with transaction() as session:
        token = sessions.give_token(session, service_account(session, "engine", "流程引擎"))
    webhook = _webhook(api, f"{portal_url}/api/v1/engine/runs", token)
    for one in settings.config("automations.yaml"):
        wanted = {name: one[name] for name in ("name", "description", "trigger")} | {"enabled": True, "actions": [
            {"type": "call-webhook", "block_document_id": webhook, "payload": PAYLOAD % one["tells"]}]}
        known = _told(api.post("/automations/filter", json={
            "automations": {"name": {"any_": [one["name"]]}}}))
        if known:
            _told(api.put(f"/automations/{known[0]['id']}", json=wanted))
        else:
            _told(api.post("/automations/", json=wanted))


def _webhook(api: httpx.Client, url: str, token: str) -> str:
    """Return the id of the block by which the automations call the portal."""
    data = {"method": "POST", "url": url, "allow_private_urls": True, "verify": True,
            "headers": {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}}
    known = api.get("/block_types/slug/webhook/block_documents/name/choucha-portal")
    if known.status_code == 200:
        _told(api.patch(f"/block_documents/{known.json()['id']}", json={"data": data}))
        return known.json()["id"]
    kind = _told(api.get("/block_types/slug/webhook"))["id"]
    schema = _told(api.post("/block_schemas/filter", json={
        "block_schemas": {"block_type_id": {"any_": [kind]}}}))[0]["id"]
    return _told(api.post("/block_documents/", json={
        "name": "choucha-portal", "data": data, "block_type_id": kind, "block_schema_id": schema}))["id"]


def _told(answer: httpx.Response) -> Any:
    """Return what Prefect answered.

    Raises:
        NotAnswering: it refused.
    """
    if not answer.is_success:  # a redirect has done nothing either
        raise NotAnswering(f"Prefect 没有接受登记：{answer.request.url.path}", answer.text[:800])
    return json.loads(answer.text) if answer.text else None
