"""A document as PDF, by typst in the official form (templates/documents/official.typ).

The same blocks give the same bytes: no date is written, only our faces (and the office's own, where
`CHOUCHA_DOCUMENTS` has any) are used, never those of the machine.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock

import segno
import typst

from blocks.documents import apart, faces
from blocks.documents.description import Block
from blocks.documents.loading import OURS
from blocks.errors import NotAnswering

MANY = 2  # papers in one file, from which on only the papers are bookmarks
LARGE = 200_000  # characters of data, some sixty sheets: from there on in a process of its own
PATIENCE = 600  # seconds; a thousand sheets take five
SOURCE = OURS / "official.typ"
_one_small, _one_large = Lock(), Lock()


@lru_cache(maxsize=2)
def _compiler(fonts: tuple[Path, ...]) -> typst.Compiler:
    return typst.Compiler(SOURCE, font_paths=list(fonts), ignore_system_fonts=True)


def pdf(title: str, blocks: Sequence[Block]) -> bytes:
    """Return a document as PDF.

    Raises:
        DocumentError: no face has a character of it.
        NotAnswering: the faces were not installed, or it is larger than this machine can set.
    """
    faces.check(_texts(blocks))
    papers = sum(one.kind == "page" for one in blocks)
    paper = {"title": title, "many": papers >= MANY, "blocks": [_with_picture(one) for one in blocks]}
    data = json.dumps(paper, ensure_ascii=False)
    if len(data) > LARGE:
        with _one_large:
            return _apart(data)
    with _one_small:
        return _compiler(faces.folders()).compile(format="pdf", sys_inputs={"paper": data})


def _apart(data: str) -> bytes:
    """Return the PDF of a large document, set in a process of its own."""
    told = {"source": str(SOURCE), "fonts": [str(one) for one in faces.folders()], "paper": data}
    try:
        return subprocess.run([sys.executable, "-I", apart.__file__], input=json.dumps(told).encode(),
                              capture_output=True, timeout=PATIENCE, check=True).stdout
    except subprocess.SubprocessError:  # out of time, or the machine out of memory
        raise NotAnswering("这份文件太大，没有排成", "请分部门或分次打印；仍不行，请把这句话告诉管理员") from None


def _texts(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        yield block.text
        for row in block.rows:
            yield from row


def _with_picture(block: Block) -> dict:
    """Return a block as data; a QR code's address becomes its picture."""
    return block.as_data() | ({"image": qr_svg(block.rows[0][0])} if block.kind == "qr" else {})


def qr_svg(address: str) -> str:
    """Return a QR code as SVG; "" where there is no address."""
    if not address:
        return ""
    out = BytesIO()
    segno.make_qr(address, error="m").save(out, kind="svg", xmldecl=False, border=0)
    return out.getvalue().decode()
