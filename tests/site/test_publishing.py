"""Publication (公示) when things go wrong: personal data, a disk, a death between file and commit."""

import hashlib
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from blocks import settings
from blocks.actions import checks, draws, withholding
from blocks.errors import NotAnswering, RuleViolation
from blocks.public_site import paths
from blocks.public_site.tree import Tree
from blocks.register import standing, trail
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.draws import open_draw, public_files
from blocks.register.published import Publication
from blocks.register.schemes import scheme as find_scheme
from blocks.register.visits import live_checks
from blocks.steps import publishing
from tests import people
from tests.people import LEAD, stage, teams
from tests.scenes import on_day
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


def shown_and_died(code: str) -> Tree:
    """Let a run show a scheme's results and die before its commit; return the site."""
    publishing.make_site()
    execute(DIES)
    with pytest.raises(NotAnswering):
        publish(code)
    execute("DROP TRIGGER dies_at_commit ON publications")
    return Tree(settings.state_dir() / "public")


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
    site = Tree(settings.state_dir() / "public")
    with transaction() as session:
        published = session.scalars(select(Publication)).all()
        assert trail.verify(session)[1] == []
    assert len({(p.check_id, p.record_number) for p in published}) == number > 0
    assert {p.path for p in published} == {p for p in site.files() if p.startswith("results/")}
    for one in published:
        assert hashlib.sha256(site.read(one.path)).hexdigest() == one.sha256
    rows = [row for path in site.files() if path.startswith("data/") and path.endswith(".json")
            for row in json.loads(site.read(path))]
    assert {row["resultFile"] for row in rows} == {p.path for p in published}
    assert not [p for p in site.files() if Path(p).name.startswith(".")]


def rows_of(name: str) -> list[dict]:
    return json.loads(Tree(settings.state_dir() / "public").read(f"data/{name}.json") or b"[]")


def test_the_open_data_of_a_day_joins_its_month_in_the_night_and_a_rebuild_says_the_same(ready, snapshot):
    day = settings.today()
    month, before = f"{day:%Y-%m}", rows_of(f"{day:%Y-%m}")
    steps()
    told, index = rows_of(f"{day}"), Tree(settings.state_dir() / "public").read("data/index.html").decode()
    assert told and before == []
    assert f'href="{day}.csv"' in index
    with on_day(day + timedelta(1)):
        publishing.make_figures()
        assert rows_of(month) == told
        assert {Path(path).name for path in Tree(settings.state_dir() / "public").files() if path.startswith("data/")
                } == {"index.html", f"{month}.csv", f"{month}.json"}
        night = {path: content for path, (content, _) in snapshot().items()}
        publishing.rebuild()
        assert {path: content for path, (content, _) in snapshot().items()} == night


def test_publishing_again_changes_no_byte_and_no_date(ready, snapshot):
    steps()
    before = snapshot()
    is_right(ready)
    assert publish(ready) is None
    with transaction() as session:
        scheme_id = find_scheme(session, ready).id
    publishing.show_scheme(scheme_id)
    assert len(before) > 50
    assert snapshot() == before


def test_a_deleted_public_folder_is_written_again_the_same(ready, snapshot):
    steps()
    before = {name: content for name, (content, _) in snapshot().items()}
    (settings.state_dir() / "public").unlink()
    shutil.rmtree(settings.state_dir() / "site")
    publish(ready)
    after = {name: content for name, (content, _) in snapshot().items()}
    assert after == before
    is_right(ready)


def test_a_business_renamed_or_struck_off_later_keeps_what_was_published(ready, snapshot):
    steps()
    before = snapshot()
    execute("UPDATE targets SET name = '样例·新名', status = '注销' "
            "WHERE id = (SELECT min(target_id) FROM visits)")
    publish(ready)
    assert snapshot() == before
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
    one = paths.of_result(check, 1)
    assert after[one] == before[one], "not even its time"
    with transaction() as session:
        assert standing.public_versions(session, check) == [1, 2]
    first, second = (json.loads(after[paths.of_result(check, n)][0]) for n in (1, 2))
    assert (first["version"], second["version"]) == (1, 2)
    page = after[paths.of_business(first["uscc"])][0].decode()
    told = re.sub("<[^>]*>", "", page)
    assert (f"首次公示 {first['public_on']}：{first['result']} · "
            f"更正 {second['public_on']}：{second['result']}") in told
    assert f"更正：{second['result']}" in after["index.html"][0].decode()
    assert "更正：" + first["business"] in after["feed.atom"][0].decode()
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


PHONE = f"（电话{MOBILE}）"


@pytest.mark.parametrize(("table", "which"), [("departments", "code = 'xfjy'"), ("schemes", "true")])
def test_a_personal_number_in_what_every_page_names_stops_all_and_leaves_nothing_half_public(
        ready, snapshot, table, which):
    execute(f"UPDATE {table} SET name = name || :said WHERE {which}", said=PHONE)
    with pytest.raises(RuleViolation, match=r"手机号码（13\*+78）"):
        publish(ready)
    assert snapshot() == {}
    assert stands(ready) == ({"reviewed"}, 0)
    execute(f"UPDATE {table} SET name = replace(name, :said, '')", said=PHONE)
    steps()
    is_right(ready)


@pytest.mark.parametrize("which", ["min", "max"])
def test_a_personal_number_in_a_business_name_keeps_back_its_results_alone(ready, snapshot, which):
    execute(f"UPDATE targets SET name = name || :said WHERE id = (SELECT {which}(target_id) FROM visits)",
            said=PHONE)
    assert "3份不能公示，已通知其部门" in publish(ready)
    assert stands(ready)[0] == {"public", "reviewed"}
    assert not any(MOBILE.encode() in content for content, _ in snapshot().values())
    assert publish(ready) == "3份不能公示，已通知其部门"
    with transaction() as session:
        told = session.execute(text("SELECT subject, body FROM notices WHERE kind = 'refused'")).all()
    assert len(told) == 6, "each department and the office once, however often it is tried"
    assert all("手机号码（13*******78）" in body and "请删去后再公示" in body for _, body in told)
    execute("UPDATE targets SET name = replace(name, :said, '')", said=PHONE)
    steps()
    is_right(ready)


def test_a_category_without_a_label_keeps_back_its_results_alone(ready, snapshot):
    check = teams(ready, LEAD)[0][0]
    execute("UPDATE check_records SET category = 'no_longer_there' WHERE check_id = :check", check=str(check))
    assert "1份不能公示" in publish(ready)
    assert paths.of_result(check, 1) not in snapshot()
    execute("UPDATE check_records SET category = 'no_problem' WHERE check_id = :check", check=str(check))
    steps()
    is_right(ready)


def test_a_check_without_a_result_is_told_and_holds_up_no_other(ready):
    check = teams(ready, LEAD)[0][0]
    execute("UPDATE check_records SET verdict = 'returned' WHERE check_id = :check", check=str(check))
    assert "1份不能公示" in publish(ready)
    assert stands(ready)[0] == {"public", "reviewed"}
    execute("UPDATE check_records SET verdict = 'reviewed' WHERE check_id = :check", check=str(check))
    steps()
    is_right(ready)


def test_what_the_disk_refuses_stays_unpublished_until_a_later_run(ready):
    wrong = settings.state_dir() / "site"
    wrong.touch()
    for _ in range(2):
        with pytest.raises(NotAnswering, match="公示网站没有写成"):
            steps()
        assert stands(ready) == ({"reviewed"}, 0)
    assert stage(ready) == "concluded"
    wrong.unlink()
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
    after = snapshot()
    assert {n for n in after if after[n] != written.get(n)} <= {"feed.atom", "public-next"}
    assert set(after) == set(written), "the next run wrote the same"


def test_the_seal_is_public_before_anything_is_found(ready, snapshot):
    """Draws go to the public site at once, without any result."""
    with transaction() as session:
        scheme_id = find_scheme(session, ready).id
    publishing.show_scheme(scheme_id)
    there = snapshot()
    assert f"draws/{ready}-1/seal.json" in there
    assert not any(name.startswith(("businesses/", "results/")) for name in there)
    assert "检查还没有结束" in there[f"schemes/{ready}.html"][0].decode()


def test_a_seal_whose_run_died_before_showing_it_is_public_after_the_next_sweep(city, carry_on):
    code = people.approved(carry_on)
    publishing.make_site()
    for party in (LEAD, *people.PARTICIPANTS):
        draws.commit(f"{party}.jingban", code)
    carry_on()  # the steps alone: the run died before its last task
    site = Tree(settings.state_dir() / "public")
    with transaction() as session:
        draw = open_draw(session, find_scheme(session, code).id)
        sealed = public_files(session, draw.id)
    assert draw.stage == "sealed" and f"draws/{code}-1/seal.json" not in site
    assert publishing.show_missing() == "补写1个方案的抽取文件"
    assert {name: site.read(f"draws/{code}-1/{name}") for name in sealed} == sealed
    assert publishing.show_missing() is None


def test_a_result_shown_by_a_run_that_died_is_taken_down_when_somebody_asks_to_withhold_it(city, carry_on):
    code = people.in_field(carry_on)
    check, team = teams(code)[0]
    people.inspected(check, team)
    checks.review("gaj.shenpi", check)
    site, where = shown_and_died(code), paths.of_result(check, 1)
    assert where in site, "it was shown before the register could say so"
    withholding.ask("gaj.shenpi", check, "trade_secret", "含有工艺参数")
    assert "公示网站已按登记库重写" in publishing.show_missing()
    assert where not in site and publishing.show_missing() is None


def test_what_a_run_that_died_had_shown_goes_with_the_next_publication_of_others(city, carry_on):
    """Its note outlives the note of the next run (found by the campaign, seed 8517)."""
    code = people.in_field(carry_on)
    (first, first_team), (second, second_team) = teams(code)[:2]
    for check, team in ((first, first_team), (second, second_team)):
        people.inspected(check, team)
        checks.review("gaj.shenpi", check)
    site = shown_and_died(code)
    assert paths.of_result(first, 1) in site and paths.of_result(second, 1) in site
    withholding.ask("gaj.shenpi", first, "trade_secret", "含有工艺参数")
    publish(code)
    assert paths.of_result(first, 1) not in site and paths.of_result(second, 1) in site
    assert publishing.show_missing() is None, "nothing is left to settle"
