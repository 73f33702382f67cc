"""Official documents (公文): declared once, written as PDF, Word and page from the same fields.

`made` is the one way to any of them: it asks who wants it, takes the fields from the register, and
writes the form that is wanted. A document is declared in `of_schemes`, `of_visits`, `of_results`,
`of_years` or `of_appraisals`; what stands on it is templates/documents/NAME.txt.j2 (`description` says in which words).
"""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from blocks import settings
from blocks.documents import of_appraisals, of_results, of_schemes, of_visits, of_years  # noqa: F401  (they declare)
from blocks.documents.declaring import DOCUMENTS, Document, Paper, cleaned
from blocks.documents.description import Block, filled
from blocks.documents.loading import description, own_word_template
from blocks.documents.page import page
from blocks.documents.pdf import pdf
from blocks.documents.word import template_of, word
from blocks.errors import NotFound
from blocks.register.schemes import Scheme
from blocks.rules.stages import Actor

FORMS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html; charset=utf-8",
}


def made(session: Session, actor: Actor, name: str, key: str, form: str) -> tuple[str, bytes]:
    """Return a document's file name and bytes, for somebody who may have it.

    Args:
        name: which document, a key of DOCUMENTS.
        key: of what: a scheme's code, a visit's id, a year.
        form: a key of FORMS.

    Raises:
        InspectionError: there is none, or not for this person, or its template cannot be used.
    """
    wanted = declared(name)
    if form not in FORMS:
        raise NotFound(f"没有「{form}」这种格式", f"可用：{'、'.join(FORMS)}")
    paper = cleaned(wanted.fill(session, wanted.find(session, actor, key)))
    return f"{paper.file}.{form}", written(wanted, paper, form)


def declared(name: str) -> Document:
    """Return a document by its name.

    Raises:
        NotFound: none is called so; says which there are.
    """
    if name not in DOCUMENTS:
        known = "、".join(f"{one.name}（{one.label}）" for one in DOCUMENTS.values())
        raise NotFound(f"没有「{name}」这种公文", f"可用：{known}")
    return DOCUMENTS[name]


def written(wanted: Document, paper: Paper, form: str) -> bytes:
    """Return a document in one form; the same fields give the same bytes."""
    if form == "docx":
        return word(word_template(wanted), paper)
    text = description(wanted.template, wanted.kind).template.render(_fields(paper))
    blocks = filled(text)
    return (pdf if form == "pdf" else page)(_title(wanted, blocks), blocks)


def word_template(wanted: Document) -> bytes:
    """Return a document's Word template: the office's own, else the one made of its description."""
    own = own_word_template(wanted.template, wanted.kind)
    return own or template_of(wanted.label, description(wanted.template, wanted.kind).text)


def _fields(paper: Paper) -> dict[str, Any]:
    return {name: getattr(paper, name) for name in paper.__dataclass_fields__}


def _title(wanted: Document, blocks: list[Block]) -> str:
    titles = [one.text for one in blocks if one.kind == "title"]
    return titles[0] if len(titles) == 1 else wanted.label


def scheme_document(session: Session, scheme: Scheme, findings: dict) -> Path:
    """Write the scheme as a page into the state directory, whole or not at all; return where it stands."""
    wanted = DOCUMENTS["scheme"]
    paper = cleaned(wanted.fill(session, (scheme, findings)))
    path = settings.state_dir() / "documents" / f"{paper.file}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(written(wanted, paper, "html"))
    part.replace(path)
    return path
