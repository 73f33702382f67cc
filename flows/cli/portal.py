"""`choucha portal` and `choucha account`: serve the portal alone, make its accounts."""

from typing import Annotated

import typer
from rich.markup import escape

from blocks.actions import accounts
from blocks.rules.stages import ROLE_LABELS
from flows.cli.people import As
from flows.cli.telling import console, done

account = typer.Typer(no_args_is_help=True, help="门户账号：开设、重设密码、接口令牌")
ROLES = "、".join(f"{role} {ROLE_LABELS[role]}" for role in accounts.PEOPLE)


def portal(
    port: Annotated[int, typer.Option(help="端口")] = 8000,
    host: Annotated[str, typer.Option(help="监听的地址；对外服务请放在反向代理之后")] = "127.0.0.1",
) -> None:
    """单独启动门户（放在反向代理之后；choucha up 会自己启动一个）。"""
    import uvicorn

    console.print(f"门户：http://{host}:{port}/　按 Ctrl-C 停止。")
    uvicorn.run("blocks.portal.app:create_app", factory=True, host=host, port=port,
                log_level="warning", proxy_headers=True, server_header=False)


@account.command("new")
def account_new(
    login: Annotated[str, typer.Argument(help="账号", metavar="账号")],
    name: Annotated[str, typer.Option(help="姓名")],
    role: Annotated[list[str], typer.Option("--role", help=f"角色，可写多个：{ROLES}")],
    department: Annotated[str | None, typer.Option(help="部门代码")] = None,
    certificate: Annotated[str | None, typer.Option(help="执法证号（检查人员）")] = None,
    by: Annotated[str | None, typer.Option(
        "--as", help="办公室的账号；第一个账号不写", metavar="账号")] = None,
) -> None:
    """开设账号，打印首次密码；第一个账号须是办公室的。"""
    _tell(accounts.new(by, login, name, role, department_code=department, certificate=certificate))


@account.command("password")
def account_password(login: Annotated[str, typer.Argument(help="账号", metavar="账号")], by: As) -> None:
    """设一个临时密码（首次登录、忘记密码）；登录后须先改。"""
    _tell(accounts.give_password(by, login))


@account.command("token")
def account_token(login: Annotated[str, typer.Argument(help="账号", metavar="账号")], by: As) -> None:
    """给机器账号生成接口令牌；此前的失效。"""
    _tell(accounts.give_token(by, login))


def _tell(said: accounts.Done) -> None:
    done(said)
    secret = said.ids.get("password") or said.ids.get("token")
    console.print(f"  [bold]{escape(secret)}[/]（请现在抄下，系统不保存）")
