"""What a run says of itself in the Prefect UI, without a server: tests/flows and `make engine` have one."""

import pytest

from blocks import progress, story
from blocks.engine import DEPLOYMENTS
from blocks.errors import InspectionError
from blocks.register.database import transaction
from blocks.register.schemes import scheme as find_scheme
from blocks.steps import publishing
from tests import people
from tests.scenes import refused


@pytest.mark.parametrize("typed", ["2026-001", "揭双随机〔2026〕1号", "(２０２６)第1号", "{id}"])
def test_a_run_finds_its_scheme_by_number_or_by_the_id_of_an_event(look, typed):
    code = look("drafted")
    with transaction() as session:
        wanted = find_scheme(session, code).id
    assert story.found(typed.format(id=wanted)) == wanted


@pytest.mark.parametrize(("typed", "said"), [
    ("揭双随机〔2026〕99号", "没有方案「2026-099」"), ("汕双随机〔2026〕1号", "不是本市的方案编号"),
    ("旅馆", "不是方案编号"), ("999999", "没有方案「999999」")])
def test_a_number_without_a_scheme_is_refused_and_nothing_changes(look, typed, said):
    look("drafted")
    with refused(said, InspectionError):
        story.found(typed)


def test_every_deployment_tells_in_chinese_when_it_runs_and_what_a_person_may_do():
    for name in DEPLOYMENTS.values():
        about = story.about(name.partition("/")[0])
        assert "**人工运行**" in about and len(about) > 60


def test_publishing_tells_how_far_it_is(open_scene, carry_on):
    code = open_scene("in_field")
    for party in (people.LEAD, *people.PARTICIPANTS):
        for check, team in people.teams(code, party):
            people.inspected(check, team)
            people.checks.review(f"{party}.shenpi", check)
    heard = []
    with transaction() as session:
        scheme_id = find_scheme(session, code).id
    with progress.heard_by(lambda *said: heard.append(said)):
        assert publishing.publish(scheme_id, story.actor("publicity", "公示"))
    assert heard == [("登记已公示的结果", number, 9) for number in range(9)]
