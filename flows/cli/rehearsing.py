"""`choucha draw rehearse`: a draw without a register, from a CSV to a folder anybody can check."""

import json
from pathlib import Path
from typing import Annotated

import typer

from blocks import settings
from blocks.draw.rehearsal import SEALED_AT, rehearse
from blocks.errors import RuleViolation
from blocks.public_site.tools import tools
from blocks.rosters.candidates import read_pool, rules_for
from blocks.rules.sampling import parse_rate
from flows.cli.telling import console


def draw_rehearse(
    pool: Annotated[Path, typer.Option(help="CSV，列 id，可以有 stratum")],
    out: Annotated[Path, typer.Option(help="写到这个文件夹")],
    randomness: Annotated[list[str], typer.Option(
        default_factory=list,
        help="种类:名称=数值，可写多个，如 typed:双色球2026134期/14=03111722283109")],
    rate: Annotated[str | None, typer.Option(help="每层的比例，如 5%")] = None,
    count: Annotated[int | None, typer.Option(help="总共抽几户，按各层户数分配")] = None,
    strata: Annotated[Path | None, typer.Option(help="各层的比例或数量（YAML 或 CSV）")] = None,
    weights: Annotated[str | None, typer.Option(help="权重所在的列")] = None,
    hash_name: Annotated[str, typer.Option("--hash", help="sm3 或 sha256")] = "sm3",
    reserves: Annotated[str, typer.Option(help="备选占抽取数的比例")] = "20%",
    scheme: Annotated[str, typer.Option(help="写入封存文件的方案名称")] = "REHEARSAL",
    sealed_at: Annotated[str, typer.Option(help="封存时间（世界时）")] = SEALED_AT,
) -> None:
    """试抽：不用登记库，从 CSV 抽取，结果任何人可以核验；同样的输入得到同样的文件。"""
    found = read_pool(pool, hash_name, weights)
    rules = rules_for(found.sizes, parse_rate(reserves), rate=rate, count=count, strata=strata,
                      weighted=weights is not None)
    files = rehearse(found, rules, randomness, method=settings.method(), hash_name=hash_name,
                     scheme=scheme, sealed_at=sealed_at)
    _write(out, files | tools())
    drawn = sum(stratum["count"] for stratum in json.loads(files["seal.json"])["strata"])
    console.print(f"[green]✓[/] 已试抽：待抽库{len(found)}户，抽中{drawn}户，文件在 {out}\n"
                  f"  接下来：choucha verify {out}，或在浏览器打开 {out}/verify.html")


def _write(out: Path, files: dict[str, bytes]) -> None:
    """Write the folder, or write it anew; a folder with anything else in it is not touched."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in out.iterdir() if path.name not in files)
        if others:
            raise RuleViolation(f"文件夹 {out} 里已有别的文件（{'、'.join(others[:3])}），什么都没有写",
                                "请换一个空的文件夹")
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise RuleViolation(f"写不了文件夹 {out}：{error.strerror}", "请换一个可以写的地方") from None
