"""Descriptions and Word templates, read from the office's own folder or from ours, checked at once.

`CHOUCHA_DOCUMENTS` names a folder of the office: `notice.txt.j2` there replaces our description (PDF,
page and Word follow), `notice.docx`, edited in Word, replaces the Word form alone, and `fonts/` holds
faces that are not ours to ship. Both are checked when they are read: what a template asks for and the
document does not have is refused with its line, before anything is written.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from blocks import settings
from blocks.documents.description import fault, mark, parse
from blocks.documents.fields import unknown
from blocks.errors import DocumentError
from blocks.templating import environment as pages

OURS = settings.ROOT / "templates" / "documents"
QR = "qr_picture"  # in Word, a function that puts a QR code into the line


@dataclass(frozen=True)
class Description:
    """A description that has been checked: its text, and Jinja's template of it."""

    text: str
    template: Template


@cache
def environment(*, word: bool = False) -> SandboxedEnvironment:
    """Return Jinja for documents: strict about names; what it fills in is data, in Word escaped XML."""
    env = SandboxedEnvironment(undefined=StrictUndefined, autoescape=word,
                               finalize=None if word else mark)
    env.filters |= {name: pages().filters[name] for name in ("day", "moment")}
    return env


def own(name: str) -> Path | None:
    """Return the file of the office's own folder, if it has one of this name."""
    folder = settings.get().documents
    path = folder / name if folder else None
    return path if path and path.exists() else None


def description(name: str, kind: type) -> Description:
    """Return a document's description; `kind`: the dataclass of its fields.

    Raises:
        DocumentError: broken syntax, or a field that the document does not have; names the line.
    """
    path = own(f"{name}.txt.j2") or OURS / f"{name}.txt.j2"
    return _read(path, path.stat().st_mtime_ns, kind)


@lru_cache(maxsize=64)
def _read(path: Path, _: int, kind: type) -> Description:
    text = _text(path)
    try:
        parse(text)
        tree = environment().parse(text)
        template = environment().from_string(text)
    except TemplateSyntaxError as error:
        raise _of(path, _broken(error.lineno, text.split("\n"))) from None
    except DocumentError as error:
        raise _of(path, error) from None
    _check_fields(path, unknown(tree, kind), text.split("\n"))
    return Description(text, template)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise DocumentError(f"模板 {path.name} 不是 UTF-8 文字", "请另存为 UTF-8") from None


def _broken(number: int, lines: list[str]) -> DocumentError:
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return fault(number, line, "{{ }} 或 {% %} 的写法不对，或没有配对")


def _check_fields(path: Path, wrong: list[tuple[int, str, list[str]]], lines: list[str]) -> None:
    if wrong:
        number, name, there = wrong[0]
        raise _of(path, fault(number, lines[number - 1].strip(),
                              f"没有「{name}」这个字段，可用：{'、'.join(there)}"))


def _of(path: Path, error: DocumentError) -> DocumentError:
    return DocumentError(f"模板 {path.name} 不能用，{error.message}", error.remedy)


def own_word_template(name: str, kind: type) -> bytes | None:
    """Return the office's own Word template, if it has one.

    Raises:
        DocumentError: it is no Word file, its syntax is broken, or it asks for an unknown field;
            names the paragraph.
    """
    path = own(f"{name}.docx")
    return _read_word(path, path.stat().st_mtime_ns, kind) if path else None


@lru_cache(maxsize=64)
def _read_word(path: Path, _: int, kind: type) -> bytes:
    content = path.read_bytes()
    try:
        template = DocxTemplate(BytesIO(content))
        template.init_docx()
        xml = template.patch_xml(template.get_xml())
    except (BadZipFile, KeyError, ValueError, SyntaxError):  # no zip, no parts, another kind, no XML
        raise DocumentError(f"模板 {path.name} 不是 Word 文件（.docx）",
                            "请用 choucha document template 另取一份来改") from None
    lines = re.sub(r"<w:p[ >]", r"\n\g<0>", xml.replace("\n", " ")).split("\n")
    shown = [re.sub(r"<[^>]+>", "", line) for line in lines]
    try:
        tree = environment(word=True).parse("\n".join(lines))
        environment(word=True).from_string("\n".join(lines))
    except TemplateSyntaxError as error:
        raise _of(path, _broken(error.lineno, shown)) from None
    _check_fields(path, unknown(tree, kind, (QR,)), shown)
    return content
