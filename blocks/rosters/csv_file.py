"""Read a CSV row by row: BOM, then UTF-8, then GB18030; `.csv.gz` is unpacked beside it first."""

import codecs
import csv
import gzip
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from blocks.rosters.batches import Batch, numbered
from blocks.rosters.refusal import SAVE_AS, refuse

MAX_BYTES = 500 * 1024**2  # a roster of 1,000,000 firms is about 150 to 300 MB
STRETCH = 1 << 20
_FOREIGN = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF")


def read(path: Path, *, packed: bool) -> Iterator[Batch]:
    """Yield the records; strict, since an open quotation mark would swallow the rest unseen.

    Raises:
        RosterError: of another kind, too large, damaged, or in no known encoding.
    """
    with as_text(path, packed=packed) as text:
        yield from numbered(_records(path, text))


@contextmanager
def as_text(path: Path, *, packed: bool = False) -> Iterator[io.TextIOWrapper]:
    """Open a text file of whatever known encoding; raises as `read` does."""
    with _opened(path, packed) as file:
        encoding = _encoding(path, file)
        file.seek(0)
        text = io.TextIOWrapper(file, encoding, newline="")
        try:
            yield text
        finally:
            text.detach()


def _records(path: Path, text: io.TextIOWrapper) -> Iterator[list[str]]:
    reader = csv.reader(text, strict=True)
    read = 0
    try:
        for cells in reader:
            read += 1
            yield cells
    except csv.Error:
        wrong = f"第{read + 1}行（文件第{reader.line_num}行附近）的引号或内容不合 CSV 格式"
        refuse(path, wrong, "请检查该处的英文双引号是否成对；或" + SAVE_AS.removeprefix("请"))


@contextmanager
def _opened(path: Path, packed: bool) -> Iterator[BinaryIO]:
    """Open the text: the file itself, or what a .gz holds, never more than MAX_BYTES."""
    with path.open("rb") as file:
        if not packed:
            if file.peek(4).startswith(_FOREIGN):
                refuse(path, "内容不是 CSV，文件的扩展名被改过", "请改回原来的扩展名；" + SAVE_AS)
            yield file
            return
        with tempfile.TemporaryFile() as unpacked:
            _unpack(path, file, unpacked)
            yield unpacked


def _unpack(path: Path, file: BinaryIO, unpacked: BinaryIO) -> None:
    size = 0
    try:
        with gzip.open(file) as stretches:
            while stretch := stretches.read(STRETCH):
                size += len(stretch)
                if size > MAX_BYTES:
                    refuse(path, "解压后超过 500 MB", "请确认选对了文件，或按区县拆分后分次上传")
                unpacked.write(stretch)
    except (OSError, EOFError, zlib.error):
        refuse(path, "压缩文件已损坏，或不是 gzip 压缩", "请重新压缩，或直接上传 .csv")


def _encoding(path: Path, file: BinaryIO) -> str:
    """Return the first encoding that fits the whole file; none is guessed from a part of it."""
    file.seek(0)
    if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
        refuse(path, "文件是 UTF-16 编码（Excel 的“Unicode 文本”）", SAVE_AS)
    for encoding in ("utf-8-sig", "gb18030"):
        if _fits(path, file, encoding):
            return encoding
    refuse(path, "文字编码无法识别（既不是 UTF-8，也不是 GB18030）", SAVE_AS)


def _fits(path: Path, file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while stretch := file.read(STRETCH):
            if b"\0" in stretch:
                refuse(path, "文件里有空字符（NUL），不是文本文件或已损坏", SAVE_AS)
            decoder.decode(stretch)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
