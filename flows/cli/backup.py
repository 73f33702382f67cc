"""`choucha backup` and `choucha restore` (G21): a restore ends with the check of everything."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from blocks import settings
from flows.cli.checking import everything
from flows.cli.telling import console


def backup(into: Annotated[Path, typer.Argument(help="备份写在这里，每次一个子文件夹", metavar="文件夹")]) -> None:
    """备份登记库和生成的文书，系统运行时也可以；没有写完的不会被当成备份。"""
    from blocks.local.backup import back_up

    made = back_up(into, settings.now())
    size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    console.print(f"[green]✓[/] 已备份到 {escape(str(made))}（{size / 1e6:.1f} MB）")
    console.print("  接下来：把它复制到别的机器上妥善保管（其中有个人信息）；恢复用 choucha restore")


def restore(
    folder: Annotated[Path, typer.Argument(help="choucha backup 写成的文件夹", metavar="备份")],
    over: Annotated[str | None, typer.Option(
        help="登记库已有内容时：写出它的数据库名，以备份代替；原来的改名保留", metavar="数据库名")] = None,
) -> None:
    """从备份恢复：先核对备份，再恢复到新库，比对无误才换上；重写公示网站，最后全面核对。先停下 choucha up。"""
    from blocks.local.restoring import restore as put_in_place
    from blocks.local.restoring import standing_still
    from blocks.steps import publishing

    with standing_still() as url:
        done = put_in_place(folder, url, settings.now(), over=over)
        console.print(f"[green]✓[/] 已恢复 {done.made_at} 的备份：留痕{done.held.trail[0]}条，"
                      f"{sum(done.held.rows.values())}行与清单相符；各人须重新登录")
        if done.before:
            console.print(f"  原来的登记库改名为 {done.before}，确认无误后可以删除")
        console.print(f"[green]✓[/] 公示网站已重写，共{publishing.rebuild()}个文件")
        everything()
