"""Say in Chinese why a whole file is not read, and what to do."""

from pathlib import Path
from typing import NoReturn

from blocks.errors import Problem, RosterError

SAVE_AS = "请在 Excel 或 WPS 中打开，另存为 .xlsx 或“CSV UTF-8”后重新上传"


def refuse(path: Path, wrong: str, remedy: str) -> NoReturn:
    """Raise the RosterError of a file that cannot be read at all."""
    problem = Problem(row=0, column="文件", value=path.name, wrong=wrong, remedy=remedy)
    raise RosterError(f"名单文件“{path.name}”无法读取：{wrong}。", [problem], remedy)
