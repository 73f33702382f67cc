"""Commands that run the system: up, demo."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from blocks import settings
from blocks.errors import InspectionError
from flows.cli.simulated import beside_platform
from flows.cli.telling import console

DEMO_PASSWORD = "yanshi-2026"  # of invented people, on loopback
SIGN_INS = {"bangong": "联席会议办公室", "gaj.jingban": "牵头部门经办", "gaj.shenpi": "牵头部门审批",
            "wjj.jingban": "参与部门经办", "gaj.01": "检查人员", "jiandu": "监督人员"}


def say(sentence: str, seconds: float) -> None:
    console.print(f"[green]✓[/] {sentence}" + (f" [dim]{seconds:.1f} 秒[/]" if seconds else ""))


def tell_addresses(facts: dict) -> None:
    console.print(f"\n  门户          {facts['portal_url']}\n"
                  f"  Prefect 界面  {facts['ui_url']}（登录口令在状态目录的 prefect.password 里）\n"
                  f"  公示网站      {facts['site_url']}\n"
                  f"  状态目录      {settings.state_dir()}\n")


def up() -> None:
    """启动全部：PostgreSQL、Prefect 服务器、工作进程、公示网站；Ctrl-C 全部停止。"""
    import signal

    from blocks.local.up import running

    for stop in (signal.SIGTERM, signal.SIGINT):  # also where a shell started us with & and ignores it
        signal.signal(stop, _as_interrupt)
    try:
        with running(say, _cancel_the_heap) as system:
            _make_site()
            tell_addresses(system.facts)
            console.print("正在运行。按 Ctrl-C 停止。")
            while True:
                time.sleep(1)
                for name in system.revive():
                    console.print(f"[yellow]![/] {name}意外停止，已重新启动")
    except KeyboardInterrupt:
        console.print("\n已停止本次启动的全部进程，数据都在状态目录里。")


def deploy() -> None:
    """登记库升级到最新版本，向流程引擎登记队列、自动化和流程（多台机器时用；choucha up 自己会做）。"""
    from blocks import prefect_api
    from blocks.local import registering
    from blocks.register.upgrade import upgrade

    portal_url = settings.portal_url()
    if not portal_url:
        raise InspectionError("不知道门户的地址，流程引擎无法向门户报告失败的运行",
                              "请设置 CHOUCHA_PORTAL_URL 后再运行")
    upgrade(settings.database_url())
    say("登记库已是最新版本", 0)
    with prefect_api.client(timeout=30) as api:
        registering.make_pool(api)
        registering.deploy(settings.state_dir() / "deploy.log", dict(os.environ))
        registering.make_automations(api, portal_url)
    say("工作池、流程与自动化已登记", 0)


def _cancel_the_heap() -> None:
    """Run the newest of what the clock scheduled while we were down, not each missed one."""
    from blocks.steps import stale_runs

    if cancelled := stale_runs.clear_heap():
        say(f"停机期间积压的定时运行只补最近一次，取消{cancelled}个", 0)


def _make_site() -> None:
    """Let there be a front page from the first moment on."""
    from blocks.steps import publishing

    publishing.make_site()


def tell_sign_ins(portal_url: str) -> None:
    """Give the people of the sample city a password and say who may sign in as what."""
    from blocks.actions import accounts

    console.print(f"\n  登录门户 {portal_url} 看看（密码都是 {DEMO_PASSWORD}）：")
    for login, who in SIGN_INS.items():
        accounts.set_password(login, DEMO_PASSWORD)
        console.print(f"    {login:<14}{who}")


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def demo(
    targets: Annotated[Path | None, typer.Option(
        envvar="TARGETS", help="检查对象名录（列名同样例），不写则用样例城市")] = None,
    keep: Annotated[bool, typer.Option(envvar="KEEP", help="结束后继续运行")] = False,
) -> None:
    """从名录到公示，走完一次三部门联合抽查（样例城市，三分钟左右）。"""
    import signal

    from blocks.local.up import running
    from flows.cli.demo import Demo

    if targets is not None and not targets.is_file():
        raise InspectionError(f"找不到检查对象名录 {targets}", "请核对 TARGETS 的路径")
    _fresh_state()
    begun = time.monotonic()
    for stop in (signal.SIGTERM, signal.SIGINT):  # also where a shell started us with & and ignores it
        signal.signal(stop, _as_interrupt)
    try:
        with beside_platform(os.environ.get("PLATFORM", "")), running(say) as system:
            _make_site()
            tell_addresses(system.facts)
            story = Demo(system, console, targets)
            story.play()
            console.print(f"\n[bold green]演示完成[/]，用时 {time.monotonic() - begun:.0f} 秒")
            if keep:
                tell_sign_ins(system.facts["portal_url"])
            while keep:
                time.sleep(1)
                system.revive()
    except KeyboardInterrupt:
        console.print("\n已停止本次启动的全部进程。")
        if not keep:
            raise typer.Exit(130) from None
    finally:
        state = os.environ["CHOUCHA_STATE"]
        console.print(f"[dim]再看一遍：CHOUCHA_STATE={state} .venv/bin/choucha up，"
                      "另一窗口同样设置后 choucha status[/]")


def _fresh_state() -> None:
    """Give the demo a state directory of its own, emptied; never one with real data in it."""
    state = Path(os.environ.get("CHOUCHA_STATE") or settings.ROOT / ".choucha" / "demo")
    mark = state / "demo"
    if state.exists() and any(state.iterdir()) and not mark.exists():
        raise InspectionError(f"状态目录 {state} 里有数据，演示不会覆盖它",
                              "请为演示另设 CHOUCHA_STATE")
    lock = state / "up.lock"
    if mark.exists() and (state / "up.json").exists() and _is_held(lock):
        raise InspectionError("另一次演示还在运行", "请先停止它，或另设 CHOUCHA_STATE")
    _end_leftovers(state)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    mark.touch()
    os.environ["CHOUCHA_STATE"] = str(state)
    settings.get.cache_clear()


def _is_held(lock: Path) -> bool:
    import fcntl

    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _end_leftovers(state: Path) -> None:
    """End what a killed demo left running before its files are removed."""
    import json

    from blocks.local.processes import end_leftovers

    with suppress(FileNotFoundError):
        end_leftovers(json.loads((state / "up.json").read_text()).get("processes", []))
