"""The Word template of a document, made of its description: paragraphs with Jinja in them.

An office can take it, change it in Word (wording, order, spacing) and give it back
(`choucha document template`); docxtpl then fills it in. The form is GB/T 9704-2012's: A4, type area
156 × 225 mm, a grid of 22 lines of 28 characters, 仿宋 3号, titles in 小标宋 2号; where an office has not
these faces, Word takes what `altName` names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from blocks.documents.description import TABLES, Block, is_control
from blocks.documents.loading import QR

FANG, HEI, KAI, SONG = "仿宋_GB2312", "黑体", "楷体_GB2312", "方正小标宋简体"
FALLBACKS = {FANG: "仿宋", HEI: "SimHei", KAI: "楷体", SONG: "宋体"}
RED = RGBColor(0xD7, 0x00, 0x0F)
BODY = 16
LINE, CHARACTER = Pt(28.95), Pt(15.8)  # one line, one character of the grid
CLOSER = -4  # twentieths of a point: 28 characters of 16 pt in 156 mm
TITLE_LINE = Pt(36)
ORDER = {
    "w:pPr": ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "pBdr", "snapToGrid",
              "spacing", "ind", "jc", "outlineLvl", "rPr", "sectPr"),
    "w:rPr": ("rStyle", "rFonts", "b", "bCs", "i", "color", "spacing", "sz", "szCs", "lang"),
}
MANY_COLUMNS = 6  # from which on a table is set smaller


@dataclass(frozen=True)
class Look:
    """How a kind of paragraph looks: face, size, where it stands, indents in characters."""

    face: str = FANG
    size: float = BODY
    align: ALIGN = ALIGN.JUSTIFY
    bold: bool = False
    red: bool = False
    first: int = 0
    right: int = 0
    line: Pt = LINE
    before: float = 0
    after: float = 0


LOOKS = {
    "text": Look(first=2), "to": Look(align=ALIGN.LEFT), "left": Look(align=ALIGN.LEFT),
    "right": Look(align=ALIGN.RIGHT), "note": Look(size=12, line=Pt(17)),
    "head": Look(SONG, 40, ALIGN.CENTER, red=True, line=Pt(56), before=60),
    "letter": Look(SONG, 20, ALIGN.CENTER, red=True, line=TITLE_LINE),
    "number": Look(align=ALIGN.CENTER, before=14, after=14),
    "title": Look(SONG, 22, ALIGN.CENTER, line=TITLE_LINE, before=14, after=14),
    "h1": Look(HEI, first=2), "h2": Look(KAI, first=2),
    "sign": Look(align=ALIGN.RIGHT, right=3, before=58), "date": Look(align=ALIGN.RIGHT, right=4),
    "qr": Look(size=10.5, align=ALIGN.RIGHT, line=Pt(0)), "page": Look(size=9, line=Pt(12)),
    "control": Look(), "gap": Look(size=5, line=Pt(6)),
}


def word_template(title: str, blocks: Sequence[Block]) -> bytes:
    """Return the Word template of an unfilled description."""
    document = Document()
    document.core_properties.title, document.core_properties.author = title, ""
    document.core_properties.comments = ""
    _lay_out(document)
    is_letter = any(one.kind == "letter" for one in blocks)
    for block in blocks:
        if block.kind in TABLES:
            _table(document, block)
        else:
            _paragraph(document.add_paragraph(), block, is_letter)
    _in_order(document)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _in_order(document: Word) -> None:
    """Put properties into the order that Word insists on (ECMA-376, CT_PPr and CT_RPr)."""
    section = document.sections[0]
    for root in (document.element.body, section.footer._element, section.even_page_footer._element):
        for name, order in ORDER.items():
            for properties in root.iter(qn(name)):
                properties[:] = sorted(properties, key=lambda one: order.index(one.tag.rpartition("}")[2]))


def _lay_out(document: Word) -> None:
    """Set page, grid, page numbers outside, and the faces that stand in for missing ones."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    grid = section._sectPr.find(qn("w:docGrid"))
    grid.set(qn("w:type"), "lines")  # characters are spaced one by one: a grid of them splits 16 pt in two
    grid.set(qn("w:linePitch"), "579")
    document.settings.odd_and_even_pages_header_footer = True
    for footer, look in ((section.footer, Look(size=14, align=ALIGN.RIGHT, right=1)),
                         (section.even_page_footer, Look(size=14, align=ALIGN.LEFT, first=1))):
        _page_number(footer.paragraphs[0], look)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FANG, Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FANG)
    _name_fallbacks(document)


def _name_fallbacks(document: Word) -> None:
    part = next(one for one in document.part.package.iter_parts() if one.partname.endswith("fontTable.xml"))
    fonts = "".join(f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
                    for name, other in FALLBACKS.items())
    part._blob = part.blob.replace(b"</w:fonts>", fonts.encode() + b"</w:fonts>")


def _page_number(paragraph: Paragraph, look: Look) -> None:
    _set(paragraph, look)
    _write(paragraph, "— ", look)
    run = _write(paragraph, "", look)
    for kind in ("begin", None, "end"):
        run._r.append(parse_xml(f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>' if kind else
                                f'<w:instrText {nsdecls("w")}>PAGE</w:instrText>'))
    _write(paragraph, " —", look)


def _paragraph(paragraph: Paragraph, block: Block, is_letter: bool) -> None:
    look = LOOKS[block.kind]
    _set(paragraph, look)
    if block.kind == "control":
        _write(paragraph, _tag(block.text, "p"), look)
    elif block.kind == "qr":
        expression = block.rows[0][0].removeprefix("{{").removesuffix("}}").strip()
        _write(paragraph, f"{{{{ {QR}({expression}) }}}}", look).add_break()
        _write(paragraph, block.text, look)
    else:
        _write(paragraph, block.text, look)
    if block.kind == "number" and is_letter:
        paragraph.alignment = ALIGN.RIGHT
    elif block.kind in ("number", "letter"):
        _red_line(paragraph, "single" if block.kind == "number" else "thickThinSmallGap")
    elif block.kind == "sign":
        paragraph.paragraph_format.keep_with_next = True
    elif block.kind == "page":
        paragraph.paragraph_format.page_break_before = True
    if block.kind in ("title", "h1", "h2", "page"):
        level = {"page": 0, "title": 0, "h1": 1, "h2": 2}[block.kind]
        paragraph._p.get_or_add_pPr().append(parse_xml(
            f'<w:outlineLvl {nsdecls("w")} w:val="{level}"/>'))


def _tag(control: str, where: str) -> str:
    """Return Jinja's own line as docxtpl wants it: a paragraph (p) or a table's row (tr) that goes."""
    return re.sub(r"^{%\s*", f"{{%{where} ", control.strip())


def _table(document: Word, block: Block) -> None:
    table = document.add_table(rows=0, cols=len(block.widths))
    table.style, table.autofit = "Table Grid", False
    widths = [Mm(156 * width / sum(block.widths)) for width in block.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    small = 10.5 if len(widths) >= MANY_COLUMNS else 12
    for number, row in enumerate(block.rows):
        is_head = block.kind == "table" and number == 0
        look = Look(size=small, align=ALIGN.CENTER if is_head else ALIGN.LEFT, bold=is_head, line=Pt(1.5 * small))
        _row(table, row, widths, look)
    _set(document.add_paragraph(), LOOKS["gap"])  # or Word would join two tables


def _row(table: Table, row: tuple[str, ...], widths: Sequence[Any], look: Look) -> None:
    added = table.add_row()
    properties = added._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if look.bold:
        properties.append(OxmlElement("w:tblHeader"))
    texts = (_tag(row[0], "tr"),) if is_control(row) else row
    for cell, text, width in zip(added.cells, (*texts, *[""] * (len(widths) - len(texts))), widths, strict=True):
        cell.width = width
        _set(cell.paragraphs[0], look)
        _write(cell.paragraphs[0], text, look)


def _set(paragraph: Paragraph, look: Look) -> None:
    form = paragraph.paragraph_format
    paragraph.alignment, form.space_before, form.space_after = look.align, Pt(look.before), Pt(look.after)
    if look.line:
        form.line_spacing = look.line
    if look.size != BODY:  # the grid is the body's
        paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:snapToGrid {nsdecls("w")} w:val="0"/>'))
    if look.first:
        form.first_line_indent = int(CHARACTER * look.first)
    if look.right:
        form.right_indent = int(CHARACTER * look.right)


def _write(paragraph: Paragraph, text: str, look: Look) -> Run:
    run = paragraph.add_run(text)
    run.font.name, run.font.size, run.font.bold = look.face, Pt(look.size), look.bold
    run._r.rPr.rFonts.set(qn("w:eastAsia"), look.face)
    if look.size == BODY:
        run._r.rPr.append(parse_xml(f'<w:spacing {nsdecls("w")} w:val="{CLOSER}"/>'))
    if look.red:
        run.font.color.rgb = RED
    return run


def _red_line(paragraph: Paragraph, kind: str) -> None:
    width = 12 if kind == "single" else 24
    paragraph._p.get_or_add_pPr().append(parse_xml(
        f'<w:pBdr {nsdecls("w")}><w:bottom w:val="{kind}" w:sz="{width}" w:space="6" w:color="D7000F"/></w:pBdr>'))
