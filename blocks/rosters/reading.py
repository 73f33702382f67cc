"""Open a roster (名单文件) and return its sheets as text, or say in Chinese why it cannot be read.

Accepted: .csv, .csv.gz (BOM, then UTF-8, then GB18030: plain GBK loses the rare characters of
names), .xlsx and .xls. A wrong ending is refused, not guessed at: whoever renamed the file should
know. Nothing here knows what the columns mean.
"""

import csv
import gzip
import io
import json
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from blocks.errors import Problem, RosterError

Row = tuple[int, list[str]]

SECONDS = 60
MAX_BYTES = 200 * 1024**2  # a roster of 100,000 firms is about 40 MB
MAX_UNPACKED = 1024**3

_ZIP, _OLE, _GZIP, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b", b"%PDF"
_SAVE_AS = "请在 Excel 或 WPS 中打开，另存为 .xlsx 或“CSV UTF-8”后重新上传"
_CHILD_ERRORS = {
    "password": ("工作簿设有密码，无法读取", "请取消密码后另存，再上传"),
    "large": ("工作簿过大（行、列或解压后的内容超限）", "请删去表尾空白行和空白列，另存后再上传"),
    "broken": ("工作簿已损坏，或不是真正的 Excel 文件", _SAVE_AS),
}


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name (empty for CSV) and its rows that are not blank.

    `rows` are pairs of the row number as Excel shows it (1-based) and the texts of its cells.
    """

    name: str
    rows: list[Row]


def read_table(path: str | Path) -> list[Sheet]:
    """Read a file into sheets of text.

    Raises:
        RosterError: missing, empty, of another kind than its ending says, protected, too large,
            damaged, or in no known encoding. The message and the remedy are Chinese.
    """
    path = Path(path)
    ending = _ending(path)
    head = _head(path)
    if ending in ("csv", "csv.gz"):
        found = [Sheet("", _csv_rows(path, _bytes(path, ending, head)))]
    else:
        _check_workbook(path, ending, head)
        found = _workbook(path)
    if not any(sheet.rows for sheet in found):
        _refuse(path, "文件里没有任何内容", "请确认选对了文件，填好后再上传")
    return found


def _refuse(path: Path, wrong: str, remedy: str) -> NoReturn:
    problem = Problem(row=0, column="文件", value=path.name, wrong=wrong, remedy=remedy)
    raise RosterError(f"名单文件“{path.name}”无法读取：{wrong}。", [problem], remedy)


def _ending(path: Path) -> str:
    name = path.name.lower()
    for ending in ("csv.gz", "csv", "xlsx", "xls"):
        if name.endswith("." + ending):
            return ending
    _refuse(path, "文件类型不对，只接受 .xlsx、.xls、.csv 和 .csv.gz", _SAVE_AS)


def _head(path: Path) -> bytes:
    if not path.is_file():
        _refuse(path, "文件不存在", "请检查文件名和所在目录")
    try:
        if path.stat().st_size > MAX_BYTES:
            _refuse(path, "文件超过 200 MB", "请确认选对了文件，或按区县拆分后分次上传")
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        _refuse(path, "没有读取该文件的权限，或磁盘出错", "请检查文件权限后重试")
    if not head:
        _refuse(path, "文件是空的（0 字节）", "请确认选对了文件，填好后再上传")
    return head


def _bytes(path: Path, ending: str, head: bytes) -> bytes:
    """Return the unpacked bytes of a CSV, never more than MAX_BYTES."""
    if ending == "csv" and head.startswith((_ZIP, _OLE, _GZIP, _PDF)):
        _refuse(path, "内容不是 CSV，文件的扩展名被改过", "请改回原来的扩展名；" + _SAVE_AS)
    if ending == "csv":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        _refuse(path, "压缩文件已损坏，或不是 gzip 压缩", "请重新压缩，或直接上传 .csv")
    if len(data) > MAX_BYTES:
        _refuse(path, "解压后超过 200 MB", "请确认选对了文件，或按区县拆分后分次上传")
    return data


def _decode(path: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(path, "文件是 UTF-16 编码（Excel 的“Unicode 文本”）", _SAVE_AS)
    if b"\0" in data:
        _refuse(path, "文件里有空字符（NUL），不是文本文件或已损坏", _SAVE_AS)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    _refuse(path, "文字编码无法识别（既不是 UTF-8，也不是 GB18030）", _SAVE_AS)


def _csv_rows(path: Path, data: bytes) -> list[Row]:
    """Return the records; strict, since an open quotation mark would swallow the rest unseen."""
    reader = csv.reader(io.StringIO(_decode(path, data), newline=""), strict=True)
    rows: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                rows.append((number, cells))
    except csv.Error:
        wrong = f"第{number + 1}行（文件第{reader.line_num}行附近）的引号或内容不合 CSV 格式"
        _refuse(path, wrong, "请检查该处的英文双引号是否成对；或" + _SAVE_AS.removeprefix("请"))
    return rows


def _check_workbook(path: Path, ending: str, head: bytes) -> None:
    """Compare the ending with the first bytes, and an .xlsx with what a workbook contains."""
    if ending == "xlsx" and head == _OLE:
        _refuse(path, "工作簿设有密码，或是改了扩展名的 .xls", "请取消密码或改回扩展名；" + _SAVE_AS)
    if (ending == "xls") != (head == _OLE) or (ending == "xlsx" and not head.startswith(_ZIP)):
        wrong = f"内容不是 .{ending} 工作簿，文件的扩展名被改过"
        _refuse(path, wrong, "请改回原来的扩展名；" + _SAVE_AS)
    if ending == "xls":
        return
    try:
        with zipfile.ZipFile(path) as book:
            members = book.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        _refuse(path, *_CHILD_ERRORS["broken"])
    if "xl/workbook.xml" not in {member.filename for member in members}:
        _refuse(path, "这是普通压缩包或其他文档，不是 Excel 工作簿", _SAVE_AS)
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        _refuse(path, *_CHILD_ERRORS["large"])


def _workbook(path: Path) -> list[Sheet]:
    """Read by a child process with limits (see `workbook`)."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("workbook.py")), str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        _refuse(path, *_CHILD_ERRORS["large"])
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        # Killed by its limits (memory, seconds) or by a fault inside the reader.
        answer = {"error": "large" if done.returncode < 0 else "broken"}
    if "error" in answer:
        _refuse(path, *_CHILD_ERRORS[answer["error"]])
    return [Sheet(one["name"], [(n, row) for n, row in one["rows"]]) for one in answer["sheets"]]
