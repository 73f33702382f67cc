"""A document as a page: what the portal shows before anybody prints (templates/documents/paper.html.j2)."""

from collections.abc import Sequence

import segno

from blocks.documents.description import Block
from blocks.templating import render


def page(title: str, blocks: Sequence[Block]) -> bytes:
    """Return a document as one page of HTML; names in it are shown as they are."""
    return render("documents/paper.html.j2", title=title,
                  blocks=[_with_picture(one) for one in blocks]).encode()


def _with_picture(block: Block) -> dict:
    address = block.rows[0][0] if block.kind == "qr" else ""
    image = segno.make_qr(address, error="m").svg_data_uri(scale=4, border=2) if address else ""
    return block.as_data() | {"image": image}
