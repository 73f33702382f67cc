"""A document as PDF, by typst in the official form (templates/documents/official.typ).

The same blocks give the same bytes: no date is written, only our faces (and the office's own, where
`CHOUCHA_DOCUMENTS` has any) are used, never those of the machine.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock

import segno
import typst

from blocks import settings
from blocks.documents.description import Block
from blocks.documents.loading import OURS, own
from blocks.errors import NotAnswering

FACES = settings.ROOT / "node_modules" / "@expo-google-fonts" / "noto-serif-sc"
WEIGHTS = ("400Regular", "700Bold")
MANY = 2  # papers in one file, from which on only the papers are bookmarks
_one_at_a_time = Lock()


@lru_cache(maxsize=2)
def _compiler(fonts: tuple[Path, ...]) -> typst.Compiler:
    return typst.Compiler(OURS / "official.typ", font_paths=list(fonts), ignore_system_fonts=True)


def _fonts() -> tuple[Path, ...]:
    ours = tuple(FACES / weight for weight in WEIGHTS)
    if not all(folder.is_dir() for folder in ours):
        raise NotAnswering("公文用的字体还没有安装", "请运行 make setup（npm ci 会装上）")
    fonts = own("fonts")
    return (*((fonts,) if fonts else ()), *ours)


def pdf(title: str, blocks: Sequence[Block]) -> bytes:
    """Return a document as PDF.

    Raises:
        NotAnswering: the faces were not installed.
    """
    papers = sum(one.kind == "page" for one in blocks)
    paper = {"title": title, "many": papers >= MANY, "blocks": [_with_picture(one) for one in blocks]}
    compiler = _compiler(_fonts())
    with _one_at_a_time:
        return compiler.compile(format="pdf", sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)})


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
