"""Photos and papers: told by their content, made smaller, rid of what the camera added."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from blocks import pictures
from blocks.actions import checks, schemes
from blocks.actions.attaching import Upload
from blocks.errors import InspectionError, NotFound, RuleViolation
from blocks.register import attachments
from blocks.register.attachments import Attachment
from blocks.register.database import transaction
from blocks.register.trail import TrailLine
from tests.pictures import picture
from tests.scenes import first_check, refused


def upload(content: bytes, name: str = "现场.jpg") -> Upload:
    return Upload.model_construct(name=name, content=content)


def test_a_photo_is_kept_upright_and_small_and_where_and_when_stand_apart():
    made = pictures.photo("x.jpg", picture(3000, 2000, camera=True))
    with Image.open(io.BytesIO(made.content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (1365, 2048))
        assert dict(kept.getexif()) == {}
    assert made.taken_at == "2031:01:01 08:00:00"
    assert made.place == {"lat": 23.55, "lon": 116.37}
    assert b"2031" not in made.content


def test_a_photo_of_fifty_megapixels_is_taken():
    made = pictures.photo("x.jpg", picture(8660, 5774))
    with Image.open(io.BytesIO(made.content)) as kept:
        assert max(kept.size) == 2048


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_of_photos_become_jpeg(kind):
    assert pictures.photo("x", picture(40, 30, kind)).content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(("content", "saying"), [
    (b"", "是空的"),
    (b"<html><script>alert(1)</script>", "不是照片"),
    (b"%PDF-1.7 not a photo", "不是照片"),
    (b"GIF89a" + b"\x00" * 40, "不是照片"),
    (picture(400, 300)[:900], "已损坏"),
    (picture(5000, 5000, "PNG"), "百万像素"),
    (b"\xff\xd8\xff" + b"x" * pictures.MOST_BYTES, "超过20 MB"),
])
def test_what_is_no_photo_is_refused_and_says_why(register, content, saying):
    with refused(saying, InspectionError):
        pictures.photo("现场.jpg", content)


@pytest.mark.parametrize(("content", "kind"), [
    (b"%PDF-1.7", "application/pdf"), (picture(4, 3), "image/jpeg"), (picture(4, 3, "PNG"), "image/png")])
def test_a_paper_is_told_by_its_content_not_by_its_name(register, content, kind):
    assert pictures.paper("依据.docx", content) == kind
    with refused("不是 PDF", InspectionError):
        pictures.paper("依据.pdf", b"PK\x03\x04 a workbook")


def photos(check: int) -> list[Attachment]:
    with transaction() as session:
        return attachments.of_check(session, check)


def test_photos_stand_with_the_version_of_the_record_and_their_hashes_on_the_trail(open_scene):
    code = open_scene("in_field")
    check, team = first_check(code)
    sent = picture(300, 200, camera=True)
    checks.record(team[0], check, "no_problem", {"*": "是"}, photos=[upload(sent), upload(picture(30, 20))])
    first, second = photos(check)
    assert first.taken_at and first.place and first.original != first.sha256
    checks.record(team[0], check, "no_problem", {"*": "是"}, photos=[upload(picture(50, 40))], drop=[second.id])
    kept = photos(check)
    assert [one.id for one in kept] != [first.id, second.id] and len(kept) == 2
    with transaction() as session:
        line = session.scalars(select(TrailLine).where(TrailLine.label == "填报记录").order_by(
            TrailLine.number.desc())).first()
        assert line.details["photos"] == [one.sha256 for one in kept]
        assert attachments.content(session, session.merge(first)).startswith(b"\xff\xd8\xff")


def test_one_bad_photo_keeps_the_whole_record_out_and_no_photo_is_left(open_scene):
    check, team = first_check(open_scene("in_field"))
    with refused("不是照片", InspectionError):
        checks.record(team[0], check, "no_problem", {"*": "是"}, photos=[upload(picture(9, 9)), upload(b"x")])
    with refused("主检", RuleViolation):
        checks.record(team[1], check, "no_problem", {"*": "是"}, photos=[upload(picture(9, 9))])
    assert photos(check) == []


def test_a_photo_of_another_check_cannot_be_taken_out(open_scene):
    check, team = first_check(open_scene("in_field"))
    with refused("不在这里", NotFound):
        checks.record(team[0], check, "no_problem", {"*": "是"}, drop=[1])


def test_no_more_photos_than_somebody_will_look_at(open_scene):
    check, team = first_check(open_scene("in_field"))
    few = [upload(picture(9 + n, 9)) for n in range(12)]
    checks.record(team[0], check, "no_problem", {"*": "是"}, photos=few)
    with refused("最多20张", InspectionError):
        checks.record(team[0], check, "no_problem", {"*": "是"}, photos=few)


def test_papers_ground_a_drafted_scheme_until_it_is_submitted(open_scene):
    code = open_scene("drafted")
    schemes.attach("gaj.jingban", code, [upload(b"%PDF-1.7", "通知.pdf")])
    with transaction() as session:
        paper = session.scalar(select(Attachment))
    schemes.attach("gaj.jingban", code, drop=[paper.id])
    with refused("没有选择", RuleViolation):
        schemes.attach("gaj.jingban", code)
    schemes.submit("gaj.jingban", code)
    with refused("待审批", InspectionError):
        schemes.attach("gaj.jingban", code, [upload(b"%PDF-1.7")])
