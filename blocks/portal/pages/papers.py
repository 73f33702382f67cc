"""What can be taken away: notices, the scheme in official form, photos, papers that ground a scheme."""

from blocks import documents
from blocks.actions import visits
from blocks.errors import NotFound, StageError
from blocks.portal.access import EVERYBODY
from blocks.portal.routes import At, Shown, page
from blocks.register import attachments, views
from blocks.register.attachments import Attachment

PAPER = "text/html; charset=utf-8"


@page("/schemes/{code}/document", name="scheme-document")
def document(at: At) -> Shown:
    """Show the scheme in official form, as its last review found it."""
    scheme = views.scheme(at.session, at.visitor.actor, at.params["code"])
    review = views.review(at.session, scheme)
    if review is None:
        raise StageError(f"{scheme.title}还没有公文", "提交审批、系统审查之后生成")
    path = documents.scheme_document(at.session, scheme, review.findings)
    return Shown("", {}, (path.name, PAPER, path.read_bytes()))


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


@page("/visits/{visit_id}/notice", name="notice", rule=EVERYBODY)
def notice(at: At) -> Shown:
    """Show the notice that the visited business gets."""
    name, content = visits.notice(at.visitor.login, at.params["visit_id"])
    return Shown("", {}, (name, PAPER, content))


def _shown(at: At, among: list[Attachment], id_: str) -> Shown:
    found = next((one for one in among if str(one.id) == id_), None)
    if found is None:
        raise NotFound(f"没有附件 {id_}", "请从方案或检查的页面打开")
    return Shown("", {}, (found.name, found.kind, attachments.content(at.session, found)))
