"""Commands that write workbooks: a table out of the register, the empty form of a roster."""

from pathlib import Path
from typing import Annotated

import typer

from blocks.actions import exporting
from flows.cli.people import As
from flows.cli.telling import done

Table = Annotated[str, typer.Argument(
    help="departments 部门 | accounts 账号 | items 事项 | inspectors 检查人员 | targets 检查对象 | "
         "interests 利害关系 | ties 回避线索 | leave 请假 | abnormal 经营异常名录 | "
         "serious 严重违法失信名单 | complaints 投诉举报 | penalties 行政处罚 | schemes 方案 | "
         "visits 检查 | checks 分口检查 | results 检查结果 | trail 留痕", metavar="表")]
Roster = Annotated[str, typer.Argument(
    help="departments 部门 | accounts 账号 | items 事项 | inspectors 检查人员 | targets 检查对象 | "
         "interests 利害关系 | ties 回避线索 | leave 请假 | abnormal 经营异常名录 | "
         "serious 严重违法失信名单 | complaints 投诉举报 | penalties 行政处罚 | plans 年度计划",
    metavar="名录")]


def export(table: Table, login: As, out: Annotated[
        Path, typer.Option(help="写到这个文件，以 .xlsx 或 .csv 结尾")]) -> None:
    """导出一张表；名录导出后可以修改，再用 choucha import 导入。"""
    done(exporting.export(login, table, out))


def template(kind: Roster, out: Annotated[
        Path, typer.Option(help="写到这个文件，以 .xlsx 结尾")]) -> None:
    """空白的名录模板，带下拉选项和填写说明，发给各部门填写。"""
    done(exporting.template(kind, out))
