"""Commands of drafters, approvers and the office: scheme, draw, assignment."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from blocks.actions import assignments, draws, schemes
from blocks.errors import NotFound, RuleViolation
from blocks.register import outlook
from flows.cli import rehearsing
from flows.cli.telling import done, forecast, save

As = Annotated[str, typer.Option("--as", help="办理人的账号", metavar="账号")]
Reason = Annotated[str, typer.Option("--reason", help="理由")]
SchemeCode = Annotated[str, typer.Argument(help="方案编号，如 2026-001", metavar="方案编号")]
Department = Annotated[str, typer.Argument(help="部门代码", metavar="部门代码")]

scheme = typer.Typer(no_args_is_help=True, help="抽查工作方案：起草、提交、批准、退回")
draw = typer.Typer(no_args_is_help=True, help="抽取：随机数的承诺、揭示、录入，作废，证明，试抽")
assignment = typer.Typer(no_args_is_help=True, help="派发的任务：接收、退回、再次派发、撤回")


def read_yaml(path: Path) -> Any:
    """Read a scheme's file, or say in plain words why not."""
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(f"找不到文件 {path}", "请核对路径") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleViolation(f"{path} 不是能读的 YAML 文件：{error}",
                            "请按 config/sample/scheme.yaml 的样子写，存为 UTF-8") from None


@scheme.command("new")
def scheme_new(file: Path, login: As) -> None:
    """按文件起草方案（样子见 config/sample/scheme.yaml）。"""
    said = schemes.new(login, read_yaml(file))
    done(said, f"choucha scheme submit {said.ids['scheme']} --as {login}")


@scheme.command("edit")
def scheme_edit(code: SchemeCode, file: Path, login: As) -> None:
    """修改草拟中或被退回的方案。"""
    done(schemes.edit(login, code, read_yaml(file)))


@scheme.command("preview")
def scheme_preview(code: SchemeCode) -> None:
    """测算：各层各县预计抽多少家，各部门需要多少人、有多少人，会不会排不开。不抽取，不写入。"""
    told = schemes.preview(code)
    forecast(told, outlook.verdicts(told))


@scheme.command("submit")
def scheme_submit(code: SchemeCode, login: As) -> None:
    """提交审批。"""
    done(schemes.submit(login, code))


@scheme.command("approve")
def scheme_approve(code: SchemeCode, login: As) -> None:
    """批准（不能批准自己起草的方案）。"""
    done(schemes.approve(login, code))


@scheme.command("return")
def scheme_return(code: SchemeCode, login: As, reason: Reason = "") -> None:
    """退回修改，须写明理由。"""
    done(schemes.return_(login, code, reason))


@draw.command("commit")
def draw_commit(code: SchemeCode, login: As, secret: Annotated[
        str | None, typer.Option(help="64位十六进制密数；不写则代为生成")] = None) -> None:
    """封存之前：提交本部门随机数的承诺。"""
    said = draws.commit(login, code, secret)
    done(said)
    if secret is None:
        typer.echo(f"本部门的密数（请妥善保管，系统不保存）：\n{said.ids['secret']}")


@draw.command("reveal")
def draw_reveal(code: SchemeCode, secret: str, login: As) -> None:
    """封存之后：揭示本部门的密数。"""
    done(draws.reveal(login, code, secret))


@draw.command("type")
def draw_type(code: SchemeCode, value: str, login: As, source: Annotated[
        str | None, typer.Option(help="是哪一个数字（等待录入的有几个时）")] = None) -> None:
    """封存之后：录入公开数字或当众掷出的骰子（两人分别录入）。"""
    done(draws.type_figure(login, code, value, source))


@draw.command("ask-void")
def draw_ask_void(code: SchemeCode, login: As, reason: Reason = "") -> None:
    """办公室：申请作废一次抽取，理由会一直公开。"""
    done(draws.ask_void(login, code, reason))


@draw.command("void")
def draw_void(code: SchemeCode, login: As, reason: Reason = "") -> None:
    """另一人：批准作废；系统随即预告下一次抽取。"""
    done(draws.void(login, code, reason))


@draw.command("slip")
def draw_slip(code: SchemeCode, uscc: str, login: As, out: Annotated[
        Path, typer.Option(help="写到这个文件夹")] = Path()) -> None:
    """给一家企业出具证明：它在待抽库中的一行和到封存根值的路径。"""
    name, content = draws.slip(login, code, uscc)
    save(out / name, content)


@draw.command("pool")
def draw_pool(code: SchemeCode, login: As, out: Annotated[
        Path, typer.Option(help="写到这个文件")] = Path("pool.tsv")) -> None:
    """监督人员、办公室：取得封存的完整待抽库。"""
    save(out, draws.pool_of(login, code))


@draw.command("lists")
def draw_lists(code: SchemeCode, login: As, out: Annotated[
        Path, typer.Option(help="写到这个文件夹")] = Path()) -> None:
    """监督人员、办公室：取得封存的排除、人员、利害关系名单，和各人不能入选的原因。"""
    for name, content in draws.lists_of(login, code).items():
        save(out / name, content)


draw.command("rehearse")(rehearsing.draw_rehearse)


@assignment.command("accept")
def assignment_accept(code: SchemeCode, login: As, items: Annotated[
        str, typer.Option(help="检查事项编号，逗号分隔；不写则为系统建议的事项")] = "") -> None:
    """接收派发给本部门的任务。"""
    done(assignments.accept(login, code, [i for i in items.split(",") if i]))


@assignment.command("send-back")
def assignment_send_back(code: SchemeCode, login: As, reason: Reason = "") -> None:
    """退回任务，须写明理由。"""
    done(assignments.send_back(login, code, reason))


@assignment.command("resend")
def assignment_resend(code: SchemeCode, department: Department, login: As,
                      reason: Reason = "") -> None:
    """办公室：再次派发被退回的任务。"""
    done(assignments.resend(login, code, department, reason))


@assignment.command("withdraw")
def assignment_withdraw(code: SchemeCode, department: Department, login: As,
                        reason: Reason = "") -> None:
    """办公室：撤回被退回的任务。"""
    done(assignments.withdraw(login, code, department, reason))
