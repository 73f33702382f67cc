"""Take a document, or the template of one (公文)."""

from blocks import documents
from blocks.register.database import transaction
from blocks.register.directories import account


def take(login: str, name: str, key: str | int, form: str = "pdf") -> tuple[str, bytes]:
    """Return a document's file name and bytes (`documents.made` says which there are).

    Raises:
        InspectionError: there is none, or not for this person, or its template cannot be used.
    """
    with transaction() as session:
        return documents.made(session, account(session, login).as_actor(), name, str(key), form)


def template(name: str, form: str = "docx") -> tuple[str, bytes]:
    """Return the template of a document for an office to change: Word (docx) or description (txt).

    Raises:
        InspectionError: no document is called so, or the office's own template is broken.
    """
    wanted = documents.declared(name)
    if form == "docx":
        return f"{wanted.template}.docx", documents.word_template(wanted)
    return f"{wanted.template}.txt.j2", documents.description(wanted.template, wanted.kind).text.encode()
