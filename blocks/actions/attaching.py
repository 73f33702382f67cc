"""Files that come with what a person does: photos of a record, grounds of a scheme."""

from collections.abc import Sequence

from pydantic import Base64Bytes, BaseModel
from sqlalchemy.orm import Session

from blocks import pictures
from blocks.draw.hashing import hexdigest
from blocks.errors import InspectionError
from blocks.register import attachments
from blocks.register.attachments import HASH, Attachment
from blocks.register.schemes import Scheme
from blocks.register.visits import Check
from blocks.rules.stages import Actor

MOST_PHOTOS = 20  # of one version of a record
LONGEST_NAME = 120


class Upload(BaseModel):
    """A file that is sent in; as JSON its content is Base64."""

    name: str
    content: Base64Bytes


Ready = Sequence[tuple[Upload, pictures.Photo]]


def made_ready(photos: Sequence[Upload]) -> Ready:
    """Return photos made smaller, before any transaction is opened.

    Raises:
        InspectionError: one is no photo, or they are too many.
    """
    if len(photos) > MOST_PHOTOS:
        raise InspectionError(f"照片有{len(photos)}张，最多{MOST_PHOTOS}张", "请挑选最能说明问题的；其余内容都保留着")
    return [(one, pictures.photo(one.name, one.content)) for one in photos]


def photograph(session: Session, check: Check, actor: Actor, number: int, ready: Ready,
               drop: Sequence[int] = ()) -> list[str]:
    """Attach photos to a version of a check's record, take others out; return the hashes of all."""
    attachments.drop(attachments.of_check(session, check.id, number), drop)
    for upload, photo in ready:
        attachments.keep(session, Attachment(
            check_id=check.id, record_number=number, name=upload.name[-LONGEST_NAME:],
            kind="image/jpeg", original=hexdigest(HASH, upload.content), taken_at=photo.taken_at,
            place=photo.place, added_by_id=actor.id), photo.content)
    session.flush()
    kept = attachments.of_check(session, check.id, number)
    if len(kept) > MOST_PHOTOS:
        raise InspectionError(f"这份记录已有{len(kept)}张照片，最多{MOST_PHOTOS}张", "请去掉几张；其余内容都保留着")
    return [one.sha256 for one in kept]


def ground(session: Session, scheme: Scheme, actor: Actor, files: Sequence[Upload]) -> list[str]:
    """Attach papers to a scheme; return the hashes of all that it has."""
    for one in files:
        attachments.keep(session, Attachment(
            scheme_id=scheme.id, name=one.name[-LONGEST_NAME:], original=hexdigest(HASH, one.content),
            kind=pictures.paper(one.name, one.content), added_by_id=actor.id), one.content)
    session.flush()
    return [one.sha256 for one in attachments.of_scheme(session, scheme.id)]
