"""Commands of official documents: which there are, one written to a file, a template to change."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from blocks import documents
from blocks.actions import papers
from flows.cli.people import As
from flows.cli.telling import add_row, console, save, show

document = typer.Typer(no_args_is_help=True, help="公文：方案、通知书、检查表、函、公示表、证明、报告")

Name = Annotated[str, typer.Argument(help="哪一种，见 choucha document list", metavar="公文")]
Key = Annotated[str, typer.Argument(help="方案编号、检查编号或年度，见 choucha document list", metavar="编号")]
Form = Annotated[str, typer.Option("--form", help="pdf | docx（Word）| html")]
Out = Annotated[Path, typer.Option(help="写到这个文件夹")]


@document.command("list")
def list_all() -> None:
    """有哪些公文，各按什么编号取用；同时检查每一份模板（包括单位自己的）。"""
    table = Table("公文", "名称", "按什么取用")
    for one in documents.DOCUMENTS.values():
        papers.template(one.name)
        add_row(table, one.name, one.label, one.of)
    show(table)
    console.print("全部模板都能用")


@document.command("write")
def write(name: Name, key: Key, login: As, form: Form = "pdf", out: Out = Path()) -> None:
    """写出一份公文：PDF 打印，Word 接着改。"""
    file, content = papers.take(login, name, key, form)
    save(out / file, content)


@document.command("template")
def template(name: Name, form: Annotated[str, typer.Option(
        "--form", help="docx（只改 Word 的样子）| txt（文字和结构，PDF 和 Word 都跟着变）")] = "docx",
             out: Out = Path()) -> None:
    """取一份模板来改；改好放进 CHOUCHA_DOCUMENTS 指的文件夹就生效，写错了会指出哪一行。"""
    file, content = papers.template(name, form)
    save(out / file, content)
