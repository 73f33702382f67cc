"""Open a roster (名单文件) and return its sheets as text, or say in Chinese why it cannot be read.

Accepted: .csv and .csv.gz (`csv_file`), .xlsx, .xls and .parquet (in a child with limits:
`workbook`), and tables copied from a page or a document as text (.txt: `text_table`). A wrong
ending is refused, not guessed at: whoever renamed the file should know.
Nothing here knows what the columns mean.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from blocks.rosters import child, csv_file, text_table
from blocks.rosters.batches import Batch, Row, Sheet, Stream
from blocks.rosters.refusal import SAVE_AS, refuse

__all__ = ["Batch", "Row", "Sheet", "Stream", "read_table", "streams"]

MAX_BYTES = csv_file.MAX_BYTES
MAX_UNPACKED = 500 * 1024**2
GROWTH = 20  # a workbook of a million rows unfolds to twelve times its size, a bomb to a thousand
MAX_UNPACKED_EVER = 2 * 1024**3

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_ENDINGS = ("csv.gz", "csv", "txt", "xlsx", "xls", "parquet")
_HEADS = {"xlsx": _ZIP, "xls": _OLE, "parquet": _PARQUET}


def streams(path: str | Path) -> Iterator[Stream]:
    """Yield the sheets of a file as they come; read each to its end before the next.

    Raises:
        RosterError: missing, empty, of another kind than its ending says, protected, with macros,
            too large, damaged, or in no known encoding. The message and the remedy are Chinese.
    """
    path = Path(path)
    ending = _ending(path)
    head = _head(path)
    if ending in ("csv", "csv.gz"):
        coming = iter([Stream("", csv_file.read(path, packed=ending == "csv.gz"))])
    elif ending == "txt":
        coming = iter([Stream("", text_table.read(path))])
    else:
        _check_head(path, ending, head)
        coming = child.sheets(path)
    yield from _not_empty(path, coming)


def read_table(path: str | Path) -> list[Sheet]:
    """Read a whole file of moderate size into sheets; raises as `streams` does."""
    return [Sheet(one.name, [row for batch in one.batches() for row in batch.rows()], one.merged)
            for one in streams(path)]


def _not_empty(path: Path, coming: Iterator[Stream]) -> Iterator[Stream]:
    rows = 0

    def counted(sheet: Stream) -> Iterator[Batch]:
        nonlocal rows
        for batch in sheet.batches():
            rows += len(batch.numbers)
            yield batch

    for sheet in coming:
        yield Stream(sheet.name, counted(sheet), sheet.merged)
    if not rows:
        refuse(path, "文件里没有任何内容", "请确认选对了文件，填好后再上传")


def _ending(path: Path) -> str:
    name = path.name.lower()
    for ending in _ENDINGS:
        if name.endswith("." + ending):
            return ending
    if name.endswith((".xlsm", ".xltm", ".xlam")):
        refuse(path, "工作簿带有宏，不予读取", "请在 Excel 或 WPS 中另存为不带宏的 .xlsx 后重新上传")
    refuse(path, "文件类型不对，只接受 .xlsx、.xls、.csv、.csv.gz、.txt 和 .parquet", SAVE_AS)


def _head(path: Path) -> bytes:
    if not path.is_file():
        refuse(path, "文件不存在", "请检查文件名和所在目录")
    try:
        if path.stat().st_size > MAX_BYTES:
            refuse(path, "文件超过 500 MB", "请确认选对了文件，或按区县拆分后分次上传")
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        refuse(path, "没有读取该文件的权限，或磁盘出错", "请检查文件权限后重试")
    if not head:
        refuse(path, "文件是空的（0 字节）", "请确认选对了文件，填好后再上传")
    return head


def _check_head(path: Path, ending: str, head: bytes) -> None:
    """Compare the ending with the first bytes, and an .xlsx with what a workbook contains."""
    if ending == "xlsx" and head == _OLE:
        refuse(path, "工作簿设有密码，或是改了扩展名的 .xls", "请取消密码或改回扩展名；" + SAVE_AS)
    if not head.startswith(_HEADS[ending]):
        refuse(path, f"内容不是 .{ending} 文件，扩展名被改过", "请改回原来的扩展名；" + SAVE_AS)
    if ending == "xlsx":
        _check_members(path)


def _check_members(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as book:
            members = {one.filename: one.file_size for one in book.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        refuse(path, *child.ERRORS["broken"])
    if "xl/workbook.xml" not in members:
        refuse(path, "这是普通压缩包或其他文档，不是 Excel 工作簿", SAVE_AS)
    if any(name.lower().endswith("vbaproject.bin") for name in members):
        refuse(path, "工作簿带有宏，不予读取", "请在 Excel 或 WPS 中另存为不带宏的 .xlsx 后重新上传")
    allowed = min(max(MAX_UNPACKED, GROWTH * path.stat().st_size), MAX_UNPACKED_EVER)
    if sum(members.values()) > allowed:
        refuse(path, *child.ERRORS["large"])
