"""The demo's last word: what is published is what was recorded, and everything can be checked."""

import httpx
from rich.console import Console

from blocks import prefect_api, settings
from blocks.draw import verifier
from blocks.draw.hashing import hexdigest
from blocks.errors import InspectionError
from blocks.register import overview, published, standing, trail
from blocks.register.database import transaction
from blocks.register.draws import open_draw
from blocks.register.schemes import scheme as find_scheme
from flows.cli.telling import show, timeline_table


def prove(console: Console, code: str) -> None:
    """Check everything, tell the timeline and where to look.

    Raises:
        InspectionError: something published is not what was recorded, or a check fails.
    """
    site, public = settings.site_url(), settings.state_dir() / "public"
    with transaction() as session:
        scheme = find_scheme(session, code)
        acts = published.acts(session, published.Publication.scheme_id == scheme.id)
        reviewed = standing.reviewed_versions(session, scheme.id)
        draw = open_draw(session, scheme.id)
        lines, wrong = trail.verify(session)
        entries = overview.timeline(session, scheme.id)
        number = draw.number
    shown = [httpx.get(f"{site}/{act.path}", timeout=10).raise_for_status().content for act in acts]
    _must([hexdigest("sha256", one) for one in shown] == [act.sha256 for act in acts],
          "公示的结果与登记的结果不一致")
    _must({(act.check_id, act.record_number) for act in acts} == reviewed, "有审核通过的结果没有公示")
    console.print(f"[green]✓[/] 公示网站上的{len(shown)}份结果（含更正）与登记一致")
    _must(not wrong, "留痕校验不符：" + "；".join(wrong[:3]))
    console.print(f"[green]✓[/] 留痕{lines}条，逐条校验相符")
    folder = public / "draws" / f"{code}-{number}"
    failed = [name for _, name, ok, _ in verifier.verify(folder) if not ok]
    _must(not failed, f"抽取核对不符：{'、'.join(failed)}")
    console.print("[green]✓[/] 只用公开文件重新计算抽取，结果相同")
    flows, sweeps, tasks = _count("flow_runs"), _count("flow_runs", "巡查"), _count("task_runs")
    console.print(f"[green]✓[/] 全程流程运行{flows}次（其中巡查{sweeps}次）、任务运行{tasks}次")
    show(timeline_table(entries), console)
    console.print(f"  Prefect 界面  {settings.running()['ui_url']}\n"
                  f"  公示页面      {site}/schemes/{code}.html\n  抽取文件      {folder}\n"
                  f"  自己核对      .venv/bin/choucha verify {folder}")


def _must(ok: bool, sentence: str) -> None:
    if not ok:
        raise InspectionError(sentence, "演示没有通过")


def _count(kind: str, flow: str | None = None) -> int:
    """Count the runs that began, of one flow or of all."""
    body = {kind: {"state": {"type": {"any_": ["COMPLETED", "RUNNING", "FAILED", "CRASHED"]}}}}
    if flow:
        body["flows"] = {"name": {"any_": [flow]}}
    with prefect_api.client(timeout=10) as api:
        return api.post(f"/{kind}/count", json=body).json()
