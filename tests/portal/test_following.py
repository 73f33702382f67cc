"""What an open page asks every few seconds is answered by a short query: it must know what the page knows."""

import pytest
from sqlalchemy import select

from blocks.actions import accounts
from blocks.errors import NotFound
from blocks.register import views
from blocks.register.database import reading, transaction
from blocks.register.directories import Account
from blocks.register.visits import Check, Seat
from tests import people


def _or_none(ask, *given):
    try:
        return ask(*given)
    except NotFound as error:
        return str(error)


def test_the_marks_are_those_of_the_page_for_everybody_and_nobody_else_gets_one(open_scene):
    code = open_scene("in_field")
    with transaction() as session:  # somebody who claims recusal sees nothing of the check any more
        session.scalars(select(Seat).order_by(Seat.id)).first().suspended = True
    with reading() as session:
        actors = [one.as_actor() for one in session.scalars(select(Account))]
        checks = [str(one) for one in session.scalars(select(Check.id))][:12]
        told = set()
        for actor in actors:
            for id_ in (*checks, "0", "x", "9" * 30):
                page = _or_none(lambda *a: str(views.check(*a).version), session, actor, id_)
                assert _or_none(views.check_mark, session, actor, id_) == page
                told.add(page)
            for which in (code, "2026-999", "1"):
                page = _or_none(lambda *a: views.mark(session, views.scheme(*a)), session, actor, which)
                assert _or_none(views.scheme_mark, session, actor, which) == page
        assert len(told) > 3


def test_the_mark_of_a_check_changes_when_it_moves_and_that_of_its_scheme_too(open_scene, person):
    code = open_scene("in_field")
    check, team = people.teams(code)[0]
    leader, drafter = person(team[0]), person("gaj.jingban")
    before = leader.sees(f"/follow/checks/{check}"), drafter.sees(f"/follow/schemes/{code}")
    people.inspected(check, team)
    assert leader.sees(f"/follow/checks/{check}") != before[0]
    assert drafter.sees(f"/follow/schemes/{code}") != before[1]


def test_a_session_that_was_ended_follows_nothing_from_the_next_question_on(open_scene, person):
    code = open_scene("in_field")
    drafter = person("gaj.jingban")
    drafter.sees(f"/follow/schemes/{code}")
    accounts.sign_out_everywhere("gaj.jingban")
    assert drafter.http.get(f"/follow/schemes/{code}").status_code == 303


@pytest.mark.parametrize("path", ["/follow/schemes/{code}", "/schemes/{code}"])
def test_roles_taken_away_count_from_the_next_question_on(open_scene, person, path):
    code = open_scene("in_field")
    drafter = person("gaj.jingban")
    drafter.sees(path.format(code=code))
    with transaction() as session:
        session.scalars(select(Account).where(Account.login == "gaj.jingban")).one().roles = ["inspector"]
    assert drafter.http.get(path.format(code=code)).status_code == 404
