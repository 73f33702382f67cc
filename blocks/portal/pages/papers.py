"""What can be taken away: official documents, photos, papers that ground a scheme."""

from blocks import documents
from blocks.errors import NotFound
from blocks.portal.routes import At, Shown, page
from blocks.register import attachments, views
from blocks.register.attachments import Attachment


@page("/documents/{document}/{key}/{form}", name="document")
def document(at: At) -> Shown:
    """Show an official document as a page, PDF or Word; it says itself for whom it is."""
    form = at.params["form"]
    name, content = documents.made(at.session, at.visitor.actor, at.params["document"], at.params["key"], form)
    return Shown("", {}, (name, documents.FORMS[form], content))


@page("/schemes/{code}/papers/{paper_id}", name="scheme-paper")
def paper(at: At) -> Shown:
    """Show a paper that grounds a scheme."""
    scheme = views.scheme(at.session, at.visitor.actor, at.params["code"])
    return _shown(at, attachments.of_scheme(at.session, scheme.id), at.params["paper_id"])


@page("/checks/{check_id}/photos/{photo_id}", name="photo")
def photo(at: At) -> Shown:
    """Show a photo of a record to whom may see the check."""
    check = views.check(at.session, at.visitor.actor, at.params["check_id"])
    return _shown(at, attachments.of_check(at.session, check.id), at.params["photo_id"])


def _shown(at: At, among: list[Attachment], id_: str) -> Shown:
    found = next((one for one in among if str(one.id) == id_), None)
    if found is None:
        raise NotFound(f"没有附件 {id_}", "请从方案或检查的页面打开")
    return Shown("", {}, (found.name, found.kind, attachments.content(at.session, found)))
