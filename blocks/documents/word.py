"""A document as a Word file (.docx) that an office can go on writing in: docxtpl fills in its template."""

import zipfile
from dataclasses import fields, is_dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import segno
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import TemplateError

from blocks.documents.description import parse
from blocks.documents.loading import QR, environment
from blocks.documents.word_template import word_template
from blocks.errors import DocumentError

EPOCH = (1980, 1, 1, 0, 0, 0)  # when every part of the file says it was made: same input, same bytes


@lru_cache(maxsize=64)
def template_of(title: str, text: str) -> bytes:
    """Return the Word template of a description, with the same bytes every time."""
    return _settled(word_template(title, parse(text)))


def word(template: bytes, data: Any) -> bytes:
    """Return a Word template filled in with the fields of a dataclass.

    Raises:
        DocumentError: the office's own template cannot be filled in.
    """
    made = DocxTemplate(BytesIO(template))
    context = {one.name: getattr(data, one.name) for one in fields(data)} if is_dataclass(data) else {}
    try:
        made.render({**context, QR: lambda address: _picture(made, address)}, environment(word=True))
    except TemplateError as error:
        raise DocumentError(f"Word 模板填不进去：{error.message}",
                            "请用 choucha document template 另取一份来改") from None
    out = BytesIO()
    made.save(out)
    return _settled(out.getvalue())


def _picture(made: DocxTemplate, address: str) -> InlineImage | str:
    if not address:
        return ""
    out = BytesIO()
    segno.make_qr(address, error="m").save(out, kind="png", scale=8, border=0)
    out.seek(0)
    return InlineImage(made, out, width=Mm(22))


def _settled(content: bytes) -> bytes:
    """Return a .docx with its parts in order and without the time at which it was made."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in sorted(before.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            part = zipfile.ZipInfo(name, EPOCH)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            after.writestr(part, before.read(name), compresslevel=6)
    return out.getvalue()
