"""The description of a document: a line a paragraph, as an office would read it out.

    @head 市公安局              letterhead of a decree (发文机关标志): red, over a red line
    @letter 市公安局            letterhead of a letter (信函格式): red, over a red double line
    @number 联抽〔2026〕1号     its number (发文字号), written after the letterhead
    # 检查通知书                the title
    @to 样例·宾馆：             to whom it goes (主送机关)
    ## 一、时间                 headings of two levels (黑体, 楷体)
    any other line              a paragraph, indented by two characters
    @left …  @right …  @note …  a line without indent, one at the right, one in small print
    @qr ADDRESS | CAPTION       a QR code at the top right, where there is an address
    @table 3 6 3                a table whose first row is its head, repeated on every page; widths
    | 部门 | 事项 | 人员 |
    @grid 3 6                   a form: a table without a head
    @end
    @sign 市公安局              the place of the seal (印章), and below it
    @date 2026年11月28日        the date (成文日期), four characters from the right
    @page 样例·宾馆             a new paper begins; the PDF has a bookmark of this text

Jinja writes the rest. What it fills in is marked as data (`mark`), so that no name can become a
directive; a line that holds nothing but `{% … %}` is Jinja's own and leaves no line behind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from blocks.errors import DocumentError

DIRECTIVES = ("head", "letter", "number", "to", "left", "right", "note", "qr", "sign", "date", "page")
TABLES = ("table", "grid")
MARKS = {"# ": "title", "## ": "h1", "### ": "h2"}
_BEGIN, _END = "\x02", "\x03"
_HIDDEN = str.maketrans({"\n": "\x0b", "|": "\x1f", "{": "\x1d", "}": "\x1e"})
_SHOWN = str.maketrans({"\x0b": "\n", "\x1f": "|", "\x1d": "{", "\x1e": "}", _BEGIN: "", _END: ""})
_CONTROL = re.compile(r"{%.*%}\s*")
_COMMENT = re.compile(r"{#.*?#}", re.S)
_BAR = re.compile(r"\|(?![^{]*[}%]})")  # not that of a filter in {{ … }}


@dataclass(frozen=True)
class Block:
    """One paragraph, heading or table. `rows`: of a table; in an unfilled description (`control` lines
    among them) a row of one text that begins with {% is Jinja's. Of a QR code: its address."""

    kind: str
    text: str = ""
    line: int = 0
    widths: tuple[int, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return what a page or typst needs of it."""
        return {"kind": self.kind, "text": self.text, "widths": self.widths, "rows": self.rows}


def mark(value: Any) -> str:
    """Return a value as data: Jinja's `finalize` of every description."""
    return f"{_BEGIN}{'' if value is None else value}{_END}".translate(_HIDDEN)


def plain(text: str) -> str:
    """Return a text with data as people wrote them."""
    return text.translate(_SHOWN)


def parse(text: str) -> list[Block]:
    """Return the blocks of a description, filled or not.

    Raises:
        DocumentError: a line that is none; names it.
    """
    lines = iter(enumerate(_COMMENT.sub(lambda m: "\n" * m[0].count("\n"), text).split("\n"), 1))
    return [block for number, line in lines if (block := _block(number, line.strip(" "), lines))]


def filled(text: str) -> list[Block]:
    """Return the blocks of a description that Jinja has filled, with data as they are."""
    return [replace(one, text=plain(one.text),
                    rows=tuple(tuple(plain(cell) for cell in row) for row in one.rows))
            for one in parse(text)]


def _block(number: int, line: str, rest: Iterator[tuple[int, str]]) -> Block | None:
    if not line:
        return None
    if _CONTROL.fullmatch(line):
        return Block("control", line, number)
    for begins, kind in MARKS.items():
        if line.startswith(begins):
            return Block(kind, line.removeprefix(begins).strip(), number)
    if line.startswith("|"):
        raise fault(number, line, "表格的行应在 @table 与 @end 之间")
    if not line.startswith("@"):
        return Block("text", line, number)
    name, _, words = line[1:].partition(" ")
    if name == "qr":
        address, *caption = (part.strip() for part in _BAR.split(words))
        return Block(name, "".join(caption), number, rows=((address,),))
    if name in TABLES:
        return _table(name, number, line, words, rest)
    if name not in DIRECTIVES:
        raise fault(number, line, f"没有「@{name}」，可用：{'、'.join(f'@{one}' for one in (*DIRECTIVES, *TABLES))}")
    return Block(name, words.strip(), number)


def _table(kind: str, number: int, line: str, words: str, rest: Iterator[tuple[int, str]]) -> Block:
    widths = tuple(int(one) for one in words.split() if one.isdecimal())
    if not widths or len(widths) < len(words.split()):
        raise fault(number, line, f"@{kind} 之后应写各列的宽度，如 @{kind} 3 6 3")
    rows: list[tuple[str, ...]] = []
    for at, each in rest:
        row = each.strip(" ")
        if row == "@end":
            return Block(kind, "", number, widths, tuple(rows))
        if _CONTROL.fullmatch(row):
            rows.append((row,))
        elif row:
            rows.append(_row(at, row, len(widths)))
    raise fault(number, line, f"@{kind} 没有以 @end 结束")


def _row(number: int, line: str, columns: int) -> tuple[str, ...]:
    begin, *cells, end = _BAR.split(line)
    if begin or end or not cells:
        raise fault(number, line, "表格的行应以 | 开头、以 | 结尾")
    if len(cells) != columns:
        raise fault(number, line, f"这一行有{len(cells)}格，表格是{columns}列")
    return tuple(cell.strip() for cell in cells)


def is_control(row: tuple[str, ...]) -> bool:
    """Tell whether a row of an unfilled table is Jinja's own."""
    return len(row) == 1 and row[0].startswith("{%")


def fault(number: int, line: str, what: str) -> DocumentError:
    shown = plain(line)
    return DocumentError(f"第{number}行「{shown[:40]}{'…' if len(shown) > 40 else ''}」：{what}",
                         "请改正模板的这一行")
