"""P12: what one inspection costs the engine: runs of flows and tasks, beside a run for each check.

People act through the same functions as the portal; whatever they make due is started as the triggers
do it, once for each line of the outbox that wakes a flow. The flows run here, on a real Prefect server,
which then counts. Sweeps, which come by the clock, are not of the inspection and are not counted.
"""

import csv
import json
import os
import random
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import httpx
from sqlalchemy import select

from blocks import settings
from blocks.actions import assignments, checks, draws, intake, schemes
from blocks.local.processes import free_port, spawn, wait_until
from blocks.register.database import transaction
from blocks.register.trail import OutboxLine
from tests import people
from tests.bench.benchmark import Benchmark
from tests.bench.p6 import HEADINGS, a_city, business, use

DEPARTMENTS = ("gaj", "xfjy", "wjj", "scjg", "wgltj")
ITEM = ("事项编码", "抽查领域", "事项名称", "事项类别", "检查部门代码", "检查对象", "检查方式", "检查依据", "依据条文",
        "配合部门代码", "生效日期", "失效日期", "是否公布")
INSPECTOR = ("执法证号", "姓名", "部门代码", "所在区县", "证件起始日期", "证件截止日期", "可任组长", "可检事项编码")
ACCOUNT = ("登录名", "姓名", "部门代码", "角色", "执法证号")
TEAMS = 24  # a department's inspectors: enough for 300 visits in twenty workdays
PREFECT = Path(sys.executable).parent / "prefect"


class Cost(Benchmark):
    """Ours: the runs that the server has counted; the peer: as many as there are checks."""

    id = "P12"
    work = "runs of flows and tasks for 300 targets × 5 departments; ≤ 30"
    peer_name = "a run for each check (counted, not run)"
    goal, limit, clock = 0.02, "constant", "runs"
    bounds = {"runs": 30}  # noqa: RUF012
    sizes = {"toy": 2, "city": 60, "full": 300}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        with a_city(folder, _people_and_businesses) as told, _server(folder) as api:
            yield json.dumps(json.loads(told) | {"PREFECT_API_URL": api, "CHOUCHA_EVENTS": "off"})

    def make(self, size, shared):
        self.size, self.counted = size, 0
        self.told = json.loads(shared)
        use(self.told)

    def ours(self):
        if not self.counted:
            _inspect(self.size)
            with httpx.Client(base_url=self.told["PREFECT_API_URL"], timeout=10) as api:
                self.counted = sum(api.post(f"/{kind}/count", json={}).raise_for_status().json()
                                   for kind in ("flow_runs", "task_runs"))
        return {"runs": self.counted}

    def peer(self):
        return {"runs": self.size * len(DEPARTMENTS)}


def _inspect(size: int) -> None:
    """Carry one inspection from the draft to the publication of every result."""
    code = people.drafted(participants=list(DEPARTMENTS[1:]), scope={"all": True}, lead_items=["LG-01"],
                          sampling={"mode": "number", "number": size})
    schemes.submit("gaj.jingban", code)
    _wake()
    schemes.approve("gaj.shenpi", code)
    _wake()
    secrets = {one: draws.commit(f"{one}.jingban", code).ids["secret"] for one in DEPARTMENTS}
    _wake()
    people.wait_for_the_figure()
    for one, secret in secrets.items():
        draws.reveal(f"{one}.jingban", code, secret)
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    _wake()
    for one in DEPARTMENTS[1:]:
        assignments.accept(f"{one}.jingban", code)
        _wake()
    for one in DEPARTMENTS:
        for check, team in people.teams(code, one):
            people.inspected(check, team)
            checks.review(f"{one}.shenpi", check)
            _wake()
    assert people.stage(code) == "publicised", people.stage(code)


def _wake() -> None:
    """Start what the outbox says is woken, as the triggers do, until nothing is."""
    while True:
        with transaction() as session:
            lines = list(session.scalars(select(OutboxLine).where(
                OutboxLine.wakes.is_not(None), OutboxLine.done_at.is_(None)).order_by(OutboxLine.trail_number)))
            woken = [(line.wakes, line.payload["scheme_id"]) for line in lines]
            for line in lines:
                line.done_at = settings.now()
        if not woken:
            return
        for flow, scheme in woken:
            getattr(import_module(f"flows.{flow}"), flow)(str(scheme))


@contextmanager
def _server(folder: Path):
    """Start a Prefect server of its own; yield the address of its API."""
    port = free_port()
    env = os.environ | {"PREFECT_HOME": str(folder / "prefect"), "DO_NOT_TRACK": "1",
                        "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    server = spawn("Prefect", [str(PREFECT), "server", "start", "--host", "127.0.0.1", "--port", str(port)],
                   folder / "prefect.log", env=env, cwd=settings.ROOT)
    try:
        assert wait_until(lambda: _is_up(port), 120), (folder / "prefect.log").read_text("utf-8")[-2000:]
        yield f"http://127.0.0.1:{port}/api"
    finally:
        server.stop()


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _people_and_businesses(folder: Path) -> None:
    """Add to the sample's city: a fifth department's item, inspectors with accounts, hotels."""
    dice, hotels = random.Random(12), []
    for number in range(1200):
        row = business(number, dice)
        hotels.append([*row[:4], "旅馆", *row[5:]])
    staff = [(f"YLP12{number:03d}{one}", f"样例·检查员{number}", one, f"{one}.p{number:03d}")
             for one in DEPARTMENTS for number in range(TEAMS)]
    _take(folder, "items", ITEM, [["LG-05", "旅馆业", "旅馆文化经营检查", "一般", "wgltj", "旅馆", "实地", "《旅游法》",
                                   "", "gaj、xfjy、wjj、scjg", "2024-01-01", "", "是"]])
    _take(folder, "inspectors", INSPECTOR, [[number, name, one, "", "2024-01-01", "2029-12-31", "是", ""]
                                            for number, name, one, _ in staff])
    _take(folder, "accounts", ACCOUNT, [[login, name, one, "执法检查人员", number]
                                        for number, name, one, login in staff])
    _take(folder, "targets", HEADINGS, hotels, directory="gaj")


def _take(folder: Path, kind: str, headings: Sequence[str], rows: list[list[str]], **into: str) -> None:
    file = folder / f"{kind}.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([headings, *rows])
    report = intake.take("bangong", kind, file, **into)
    assert report.taken == len(rows), report


BENCHMARK = Cost()
