"""The demo: one joint inspection by three departments, from roster to published result.

Everything that flows do is done by the real deployments on the real worker; people's decisions are
the same functions that the commands call, each shown as its command.
"""

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from blocks import engine, settings
from blocks.actions import (
    Done,
    assignments,
    checks,
    draws,
    exchanging,
    intake,
    recusals,
    schemes,
    visits,
)
from blocks.errors import InspectionError
from blocks.local.up import System
from blocks.register import exchanges, standing
from blocks.register.database import transaction
from flows.cli import importing, proof, telling
from flows.cli.people import read_yaml

SAMPLE = settings.CONFIG / "sample"
LEAD, SECOND, THIRD = "gaj", "wjj", "xfjy"
PATIENCE = 240  # seconds
NUDGE, NUDGE_ALONE = 25, 3  # seconds before the sweep is called; with events off it does all


class Demo:
    """The story, scene by scene. `code` is the scheme's, once it is written."""

    def __init__(self, system: System, console: Console, targets: Path | None) -> None:
        self.system, self.console, self.targets = system, console, targets
        self.code = self.sweep = ""
        self.secrets: dict[str, str] = {}

    def play(self) -> None:
        """Play every scene, then prove that what was published is what was recorded."""
        for title, scene in (
            ("一、导入名录", self.rosters), ("二、方案", self.scheme), ("三、抽取", self.draw),
            ("四、派发与接收", self.assignments), ("五、回避", self.recusal),
            ("六、查无下落与递补", self.replacement), ("七、检查与审核", self.inspect),
            ("八、公示与更正", self.publicity),
        ):
            self.console.print(f"\n[bold]{title}[/]")
            scene()
        if settings.get().platform != "off":
            self.console.print("\n[bold]省级平台[/]")
            self.platform()
        self.console.print("\n[bold]九、核对[/]")
        proof.prove(self.console, self.code)

    # ---- how people and the system take turns

    def person(self, command: str, said: Done) -> Done:
        self.console.print(f"[dim]$ choucha {command}[/]")
        telling.done(said)
        return said

    def until(self, what: str, question: Callable[[Any], bool]) -> None:
        """Wait for the flows; after a while call the sweep, as its schedule would."""
        begun = nudged = time.monotonic()
        nudge = NUDGE_ALONE if settings.get().events == "off" else NUDGE
        while True:
            with transaction() as session:
                if question(session):
                    break
            for name in self.system.revive():
                self.console.print(f"[yellow]![/] {name}意外停止，已重新启动")
            now = time.monotonic()
            if now - nudged > nudge:
                nudged = now
                self._sweep()
            if now - begun > PATIENCE:
                raise InspectionError(f"等了{PATIENCE}秒：{what}没有发生",
                                      f"请看 {self.system.state / 'logs'} 和 Prefect 界面")
            time.sleep(0.3)
        self.console.print(f"[cyan]⟳[/] {what} [dim]{time.monotonic() - begun:.1f} 秒[/]")

    def _sweep(self) -> None:
        """Call the sweep, unless the last one called has not ended yet."""
        try:
            if self.sweep:
                _, state = engine.start("sweep", {}, self.sweep)
                if state not in engine.ENDED:
                    return
            self.sweep = f"demo:{uuid.uuid4()}"
            engine.start("sweep", {}, self.sweep)
        except InspectionError as error:
            self.console.print(f"[yellow]![/] {error.message}")

    def until_stage(self, stage: str, what: str) -> None:
        self.until(what, lambda session: standing.stage(session, self.code) == stage)

    # ---- the scenes

    def rosters(self) -> None:
        for kind in ("departments", "items", "inspectors", "accounts"):
            importing.intake_report(intake.take(None, kind,
                                              SAMPLE / f"{kind}.csv"))
        if self.targets is None:
            importing.intake_report(intake.take("bangong", "targets", SAMPLE / "targets.csv"))
            importing.intake_report(intake.take("bangong", "interests", SAMPLE / "interests.csv"))
        else:
            importing.intake_report(intake.take("bangong", "targets", self.targets,
                                              directory=LEAD, accept_valid=True))

    def scheme(self) -> None:
        contents = read_yaml(SAMPLE / "scheme.yaml")
        if self.targets is not None:  # its companies have neither kind nor risk class
            contents |= {"title": "企业经营场所联合抽查（演示）", "scope": {"all": True},
                         "sampling": {"mode": "number", "number": 12}}
        drafter, approver = f"{LEAD}.jingban", f"{LEAD}.shenpi"
        said = self.person(f"scheme new config/sample/scheme.yaml --as {drafter}",
                           schemes.new(drafter, contents))
        self.code = said.ids["scheme"]
        self.person(f"scheme submit {self.code} --as {drafter}",
                    schemes.submit(drafter, self.code))
        self.until("系统审查了方案", lambda s: standing.is_reviewed(s, self.code))
        self.person(f"scheme approve {self.code} --as {approver}",
                    schemes.approve(approver, self.code))

    def draw(self) -> None:
        self.until("抽取已预告", lambda s: standing.draw_stage(s, self.code) == "announced")
        for department in (LEAD, SECOND, THIRD):
            login = f"{department}.jingban"
            said = self.person(f"draw commit {self.code} --as {login}",
                               draws.commit(login, self.code))
            self.secrets[login] = said.ids["secret"]
        self.until("待抽库、规则、人员已封存",
                   lambda s: standing.draw_stage(s, self.code) == "sealed")
        for login, secret in self.secrets.items():
            self.person(f"draw reveal {self.code} {secret[:8]}… --as {login}",
                        draws.reveal(login, self.code, secret))
        self.until("公开数字已经公布", lambda s: standing.is_figure_out(s, self.code))
        figure = "03,11,17,22,28,31-09"
        for login in ("bangong", f"{LEAD}.jingban"):
            self.person(f"draw type {self.code} {figure} --as {login}",
                        draws.type_figure(login, self.code, figure))
        self.until_stage("dispatched", "已出签、配好牵头部门人员、派发任务")

    def assignments(self) -> None:
        self.person(f"assignment accept {self.code} --as {SECOND}.jingban",
                    assignments.accept(f"{SECOND}.jingban", self.code))
        why = "本周有重大活动保障，请顺延"
        self.person(f"assignment send-back {self.code} --as {THIRD}.shenpi --reason {why}",
                    assignments.send_back(f"{THIRD}.shenpi", self.code, why))
        again = "已与牵头部门商定，按原时间进行"
        self.person(f"assignment resend {self.code} {THIRD} --as bangong --reason {again}",
                    assignments.resend("bangong", self.code, THIRD, again))
        self.person(f"assignment accept {self.code} --as {THIRD}.jingban",
                    assignments.accept(f"{THIRD}.jingban", self.code))
        self.until_stage("in_field", "各部门人员抽定、检查时间确定、检查开始")

    def recusal(self) -> None:
        with transaction() as session:
            check, people = standing.teams(session, self.code, SECOND)[0]
        login = people[-1]
        why = "法定代表人是本人近亲属"
        said = self.person(f"recusal claim {check} --as {login} --reason {why}",
                           recusals.claim(login, check, why))
        number = said.ids["recusal"]
        self.person(f"recusal decide {number} --grant --as {SECOND}.shenpi --reason 情况属实",
                    recusals.decide(f"{SECOND}.shenpi", number, grant=True, reason="情况属实"))
        self.until("空出的席位已从封存名单重新抽定", lambda s: len(next(
            team for c, team in standing.teams(s, self.code, SECOND) if c == check)) == 2)

    def replacement(self) -> None:
        with transaction() as session:
            visit, login = standing.a_visit_to_replace(session, self.code)
        self.person(f"visit replace {visit} --why not_found --as {login}",
                    visits.ask_replacement(login, visit, "not_found"))
        self.person(f"visit confirm {visit} --as {LEAD}.shenpi",
                    visits.confirm_replacement(f"{LEAD}.shenpi", visit))
        self.until("下一家备选已递补并配好人员",
                   lambda s: standing.is_replaced_and_staffed(s, self.code, visit))

    def inspect(self) -> None:
        with transaction() as session:
            todo = [(d, *team) for d in (LEAD, SECOND, THIRD)
                    for team in standing.teams(session, self.code, d)]
        for number, (department, check, people) in enumerate(
                track(todo, "填报、确认、审核", console=self.console)):
            found = number % 5 == 2
            checks.record(people[0], check, "problem_rectified" if found else "no_problem",
                          {"*": "是"}, "现场责令改正，已当场改正" if found else "")
            checks.confirm(people[1], check)
            checks.review(f"{department}.shenpi", check)
        self.console.print(f"[green]✓[/] {len(todo)}份分口检查：主检填报、另一人确认、审批人审核")

    def platform(self) -> None:
        """Everything was told to the platform; both sides say the same."""
        self.until("全部报送，平台都已接收", lambda s: exchanges.counts(s).keys() == {"acknowledged"})
        self.person("platform reconcile --as bangong", exchanging.reconcile("bangong"))

    def publicity(self) -> None:
        self.until_stage("publicised", "检查结束，结果已公示")
        with transaction() as session:
            check = standing.teams(session, self.code, LEAD)[0][0]
        why = "复核发现登记簿当日已补全"
        self.person(f"check correct {check} --result problem_rectified --as {LEAD}.jingban",
                    checks.correct(f"{LEAD}.jingban", check, "problem_rectified", {"*": "是"},
                                   why, "登记不全，已当场补正"))
        self.person(f"check review {check} --as {LEAD}.shenpi",
                    checks.review(f"{LEAD}.shenpi", check))
        self.until("更正后的第2版已公示", lambda s: standing.public_versions(s, check) == [1, 2])
        self._sweep()
        self.until("通知已全部发出", lambda s: not standing.are_notices_waiting(s))
