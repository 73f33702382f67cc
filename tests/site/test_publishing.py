"""Publication (公示) when things go wrong: personal data, a disk, a death between file and commit."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from blocks import settings
from blocks.actions import checks
from blocks.errors import InspectionError, NotAnswering, RuleViolation
from blocks.register import standing, trail
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import Publication, live_checks
from blocks.steps import publishing
from tests.people import LEAD, stage, teams
from tests.site.conftest import MOBILE, steps

DIES = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER dies_at_commit AFTER INSERT ON publications
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
"""


def execute(statement: str, **values: str) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


def publish(code: str) -> str | None:
    """Publish once, as the flow does."""
    with transaction() as session:
        scheme_id = find_scheme(session, code).id
        who = service_account(session, "publicity", "公示").as_actor(run="test publicity")
    return publishing.publish(scheme_id, who)


def stands(code: str) -> tuple[set[str], int]:
    """Return the stages of the scheme's checks and how many versions are public."""
    with transaction() as session:
        return ({c.stage for c in live_checks(session, find_scheme(session, code).id)},
                len(session.scalars(select(Publication)).all()))


def is_right(code: str) -> None:
    """The oracle: all public once, every file as the register says it is, the trail whole."""
    assert stage(code) == "publicised"
    stages, number = stands(code)
    assert stages == {"public"}
    folder = settings.state_dir() / "public"
    with transaction() as session:
        published = session.scalars(select(Publication)).all()
        assert trail.verify(session)[1] == []
    assert len({(p.check_id, p.record_number) for p in published}) == number > 0
    assert {p.path for p in published} == {
        str(p.relative_to(folder)) for p in (folder / "results").glob("*")}
    for one in published:
        assert hashlib.sha256((folder / one.path).read_bytes()).hexdigest() == one.sha256
    assert len(json.loads((folder / "results.json").read_text("utf-8"))) == number
    assert [p for p in folder.rglob(".*")] == []


def test_publishing_again_changes_no_byte_and_no_date(ready, snapshot):
    steps()
    before = snapshot()
    is_right(ready)
    assert publish(ready) is None
    with transaction() as session:
        scheme_id = find_scheme(session, ready).id
    publishing.refresh_site(scheme_id)
    assert len(before) > 50
    assert snapshot() == before


def test_a_deleted_public_folder_is_written_again_the_same(ready, snapshot):
    steps()
    before = {name: content for name, (content, _) in snapshot().items()}
    folder = settings.state_dir() / "public"
    shutil.rmtree(folder)
    publish(ready)
    after = {name: content for name, (content, _) in snapshot().items()}
    assert after == before
    is_right(ready)


def test_a_business_renamed_later_keeps_the_results_as_they_were_published(ready, snapshot):
    steps()
    before = snapshot()
    execute("UPDATE targets SET name = '样例·新名' WHERE id = (SELECT min(target_id) FROM visits)")
    publish(ready)
    after = snapshot()
    assert "样例·新名" in after["index.html"][0].decode()
    assert {n: c for n, c in after.items() if n.startswith("results/")} == {
        n: c for n, c in before.items() if n.startswith("results/")}
    is_right(ready)


def test_a_correction_keeps_both_versions_visible(ready, snapshot):
    steps()
    check = teams(ready, LEAD)[0][0]
    before = snapshot()
    checks.correct(f"{LEAD}.jingban", check, "problem_rectified", {"*": "是"}, "登记簿当日已补全",
                   f"登记不全，电话{MOBILE}")
    checks.review(f"{LEAD}.shenpi", check)
    steps()
    is_right(ready)
    after = snapshot()
    assert after[f"results/{check}-1.json"] == before[f"results/{check}-1.json"]
    with transaction() as session:
        assert standing.public_versions(session, check) == [1, 2]
    first, second = (json.loads(after[f"results/{check}-{n}.json"][0]) for n in (1, 2))
    assert (first["version"], second["version"]) == (1, 2)
    page = after[f"businesses/{first['uscc']}.html"][0].decode()
    assert (f"首次公示 {first['made_on']}：{first['result']} · "
            f"更正 {second['made_on']}：{second['result']}</div>") in page
    assert "（有更正）" in after["index.html"][0].decode()
    assert not any(MOBILE.encode() in content for content, _ in after.values())
    assert "登记簿当日已补全" not in page


def test_a_returned_correction_leaves_the_public_site_alone(ready, snapshot):
    steps()
    check = teams(ready, LEAD)[0][0]
    before = snapshot()
    checks.correct(f"{LEAD}.jingban", check, "problem_rectified", {"*": "是"}, "有误", "登记不全")
    checks.review(f"{LEAD}.shenpi", check, approve=False, reason="依据不足")
    steps()
    assert snapshot() == before
    is_right(ready)


@pytest.mark.parametrize("where", ["the last business", "the first business", "a department",
                                   "the scheme"])
def test_a_personal_number_in_a_name_stops_everything_and_leaves_nothing_half_public(
        ready, snapshot, where):
    plant, cure = {
        "the last business": ("targets SET name = name || :said WHERE id = "
                              "(SELECT max(target_id) FROM visits)",
                              "targets SET name = replace(name, :said, '')"),
        "the first business": ("targets SET name = name || :said WHERE id = "
                               "(SELECT min(target_id) FROM visits)",
                               "targets SET name = replace(name, :said, '')"),
        "a department": ("departments SET name = name || :said WHERE code = 'xfjy'",
                         "departments SET name = replace(name, :said, '')"),
        "the scheme": ("schemes SET name = name || :said",
                       "schemes SET name = replace(name, :said, '')"),
    }[where]
    said = f"（电话{MOBILE}）"
    execute(f"UPDATE {plant}", said=said)
    with pytest.raises(RuleViolation, match=r"手机号码（13\*+78）"):
        steps()
    assert snapshot() == {}
    assert stands(ready) == ({"reviewed"}, 0)
    execute(f"UPDATE {cure}", said=said)
    steps()
    is_right(ready)


def a_file_where_the_site_should_be(public: Path) -> Path:
    public.touch()
    return public


def a_file_where_a_folder_should_be(public: Path) -> Path:
    public.mkdir(exist_ok=True)
    (public / "schemes").touch()
    return public / "schemes"


def a_folder_where_a_page_should_be(public: Path) -> Path:
    (public / "index.html").mkdir(parents=True)
    return public / "index.html"


@pytest.mark.parametrize("spoil", [a_file_where_the_site_should_be, a_file_where_a_folder_should_be,
                                   a_folder_where_a_page_should_be], ids=lambda f: f.__name__)
def test_what_the_disk_refuses_stays_unpublished_until_a_later_run(
        ready, spoil: Callable[[Path], Path]):
    wrong = spoil(settings.state_dir() / "public")
    for _ in range(2):
        with pytest.raises((OSError, InspectionError)):
            steps()
        assert stands(ready) == ({"reviewed"}, 0)
    assert stage(ready) == "concluded"
    wrong.rmdir() if wrong.is_dir() else wrong.unlink()
    steps()
    is_right(ready)


def test_a_death_between_files_and_commit_is_healed_by_the_next_run(ready, snapshot):
    execute(DIES)
    with pytest.raises(NotAnswering):
        steps()
    written = snapshot()
    assert len(written) > 50, "the files came first"
    assert stands(ready) == ({"reviewed"}, 0)
    execute("DROP TRIGGER dies_at_commit ON publications")
    steps()
    is_right(ready)
    assert snapshot() == written, "the next run wrote the same"


def test_the_seal_is_public_before_anything_is_found(ready, snapshot):
    """Draws go to the public site at once, without any result."""
    with transaction() as session:
        scheme_id = find_scheme(session, ready).id
    publishing.refresh_site(scheme_id)
    there = snapshot()
    assert f"draws/{ready}-1/seal.json" in there
    assert json.loads(there["results.json"][0]) == []
    assert not any(name.startswith(("businesses/", "results/")) for name in there)
    assert "检查还没有结束" in there[f"schemes/{ready}.html"][0].decode()
