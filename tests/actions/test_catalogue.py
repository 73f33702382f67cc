"""The catalogue in editions: changes are dated, an old scheme shows what it was approved under (art. 13)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from blocks import documents, settings
from blocks.actions import intake, schemes
from blocks.errors import RuleViolation
from blocks.register import catalogue, views
from blocks.register.database import transaction
from blocks.register.schemes import scheme as find_scheme
from tests import people
from tests.scenes import refused

HEAD = ("事项编码,抽查领域,事项名称,事项类别,检查部门代码,检查对象,检查方式,检查依据,依据条文,配合部门代码,"
        "生效日期,失效日期,是否公布\n")
HOTELS = ("LG-01,旅馆业,{name},一般,gaj,{targets},实地,《旅馆业治安管理办法》第六条,,{partners},"
          "{first},{last},{published}\n")
FRONT = "2024-01-01"


@pytest.fixture
def change(tmp_path):
    """Return a function that imports LG-01 anew with some of its cells changed."""
    def write(**cells: str) -> intake.Intake:
        path = tmp_path / f"清单{len(list(tmp_path.iterdir()))}.csv"
        told = {"name": "旅馆业治安管理情况检查", "targets": "旅馆", "partners": "", "first": FRONT,
                "last": "", "published": "是"} | cells
        path.write_text(HEAD + HOTELS.format(**told), "utf-8")
        return intake.take("bangong", "items", path)
    return write


def editions() -> list[int]:
    with transaction() as session:
        return [number for number, *_ in catalogue.editions(session)]


def shown(code: str) -> list[str]:
    with transaction() as session:
        scheme = find_scheme(session, code)
        return [item.name for item in catalogue.items(session, scheme.lead_items, scheme)]


def test_an_import_that_changes_items_makes_an_edition_and_another_none(city, change):
    assert editions() == [1]
    change(name="旅馆治安检查")
    assert editions() == [2, 1]
    change(name="旅馆治安检查", partners="")
    assert editions() == [2, 1]
    with transaction() as session:
        (_, _, _, first), (_, _, who, second) = catalogue.history(session, "LG-01")
    assert first == ["列入清单"] and who == "样例·办公室甲"
    assert "事项名称由「旅馆业治安管理情况检查」改为「旅馆治安检查」" in second


def test_a_rehearsal_makes_no_edition(city, tmp_path):
    path = tmp_path / "清单.csv"
    path.write_text(HEAD + HOTELS.format(name="另名", targets="旅馆", partners="", first=FRONT, last="",
                                         published="是"), "utf-8")
    intake.take("bangong", "items", path, rehearse=True)
    assert editions() == [1]


def test_an_old_scheme_shows_its_items_as_they_were_and_a_new_one_as_they_are(city, change, carry_on):
    old = people.approved(carry_on)
    change(name="旅馆治安检查")
    new = people.approved(carry_on)
    assert shown(old) == ["旅馆业治安管理情况检查"] and shown(new) == ["旅馆治安检查"]
    with transaction() as session:
        scheme = find_scheme(session, old)
        path = documents.scheme_document(session, scheme, views.review(session, scheme).findings)
    assert "旅馆业治安管理情况检查" in path.read_text("utf-8")


def test_an_item_withdrawn_after_the_review_keeps_the_scheme_from_approval(city, change, carry_on):
    code = people.drafted()
    schemes.submit("gaj.jingban", code)
    carry_on()
    change(published="否")
    with refused("尚未公布", RuleViolation):
        schemes.approve("gaj.shenpi", code)


@pytest.mark.parametrize(("first", "last", "is_lawful"), [
    (0, 0, True), (1, 0, False), (0, -1, False), (-1, 1, True)])
def test_an_item_must_be_in_force_on_the_first_and_the_last_day(city, change, first, last, is_lawful):
    start, end = settings.today() + timedelta(3), settings.today() + timedelta(30)
    change(first=str(start + timedelta(first)), last=str(end + timedelta(last)))
    window = {"window": {"start": str(start), "end": str(end)}}
    if is_lawful:
        assert people.drafted(**window)
    else:
        with refused("不在有效期内", RuleViolation):
            people.drafted(**window)


def test_an_item_for_other_businesses_cannot_be_in_a_scheme(city, change):
    change(targets="网吧")
    with refused("检查对象是网吧，方案的对象是旅馆", RuleViolation):
        people.drafted()
    change(targets="网吧、旅馆")
    assert people.drafted()


def test_the_approver_is_told_when_the_lists_partners_stay_away(city, change, carry_on):
    change(partners="zjj")
    code = people.drafted()
    schemes.submit("gaj.jingban", code)
    carry_on()
    with transaction() as session:
        said = session.scalar(text("SELECT findings->>'remarks' FROM scheme_reviews"))
    assert "配合部门没有参加：市住房和城乡建设局" in said


def test_a_version_is_never_changed_or_removed(city):
    for statement in ("UPDATE item_versions SET code = 'x'", "DELETE FROM catalogue_editions",
                      "TRUNCATE item_versions"):
        with pytest.raises(Exception, match="insert-only"), transaction() as session:
            session.execute(text(statement))


def test_the_list_is_public_with_the_dates_of_its_editions(city, change):
    change(name="旅馆治安检查", partners="xfjy、wjj")
    page = (settings.state_dir() / "public" / "catalogue.html").read_text("utf-8")
    assert "旅馆治安检查" in page and "配合：市" in page and "第2版" in page
    change(published="否")
    assert "LG-01" not in (settings.state_dir() / "public" / "catalogue.html").read_text("utf-8")


def test_an_edition_is_listed_as_it_was(city, change):
    change(name="旅馆治安检查")
    with transaction() as session:
        names = [{one.code: one for one in catalogue.listed(session, edition)}["LG-01"].name
                 for edition in (1, 2)]
        one = {one.code: one for one in catalogue.listed(session)}["LG-01"]
    assert names == ["旅馆业治安管理情况检查", "旅馆治安检查"]
    assert one.effective_from == date(2024, 1, 1) and one.effective_to is None
