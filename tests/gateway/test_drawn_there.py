"""Who draws: a list that the platform drew is checked before it counts, and says so in public."""

import pytest

from blocks import settings
from blocks.actions import exchanging
from blocks.errors import RosterError, StageError
from blocks.gateway import mapping, workbooks
from blocks.public_site import paths
from blocks.register.database import transaction
from blocks.steps import publishing
from tests import people
from tests.gateway.conftest import rows
from tests.scenes import SECRETS, draws, everything, refused

TICKETS = ("SELECT t.uscc, t.name, k.stratum FROM draw_tickets k JOIN targets t ON t.id = k.target_id "
           "WHERE k.is_reserve = {} ORDER BY k.stratum, k.rank")


@pytest.fixture
def rehearsed(open_scene, told, carry_on):
    """Our own draw has come out; the city lets the platform decide. Returns the scheme's code."""
    code = open_scene("sealed")
    told(draws="theirs")
    for party in (people.LEAD, *people.PARTICIPANTS):
        draws.reveal(f"{party}.jingban", code, SECRETS[party])
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    carry_on()
    assert rows("SELECT stage FROM draws") == [("drawn",)]
    assert rows("SELECT count(*) FROM visits") == [(0,)]  # it waits for their list, and is not due
    return code


def listed(tmp_path, code, businesses, certificates=()):
    path = tmp_path / "名单.xlsx"
    workbooks.write(mapping.layout("drawn"), [
        {"key": "", "scheme_code": code, "uscc": uscc, "name": name, "certificates": list(certificates)}
        for uscc, name, *_ in businesses], path)
    return path


def theirs() -> list[tuple]:
    """Return a list other than ours, of the same shape: reserves in place of who was drawn."""
    ours, reserves = rows(TICKETS.format("false")), rows(TICKETS.format("true"))
    taken = []
    for one in ours:
        other = next(r for r in reserves if r[2] == one[2] and r not in taken)
        taken.append(other)
    return taken


def test_their_list_decides_who_is_visited_and_the_public_is_told_so(rehearsed, tmp_path, carry_on):
    wanted = theirs()
    said = exchanging.drawn("bangong", rehearsed, listed(tmp_path, rehearsed, wanted))
    assert "3家已收下" in said.sentence
    carry_on()
    assert people.stage(rehearsed) == "dispatched"
    assert rows("SELECT t.uscc FROM visits v JOIN targets t ON t.id = v.target_id ORDER BY 1") == sorted(
        (uscc,) for uscc, *_ in wanted)
    publishing.show_scheme(rows("SELECT id FROM schemes")[0][0])
    page = settings.state_dir() / "public" / paths.of_scheme(rehearsed)
    assert "在省级平台抽取：3家" in page.read_text("utf-8") and "演练" in page.read_text("utf-8")
    assert rows("SELECT count(*) FROM trail WHERE label = '收下平台抽取的名单'") == [(1,)]
    with refused("还没有到收名单的时候", StageError):
        exchanging.drawn("bangong", rehearsed, listed(tmp_path, rehearsed, wanted))


def test_a_list_against_the_rules_is_listed_fault_by_fault_and_not_taken(rehearsed, tmp_path):
    first, second, *_ = theirs()
    outside, = rows("SELECT uscc, name FROM targets WHERE uscc NOT IN (SELECT t.uscc FROM draw_tickets k JOIN targets "
                    "t ON t.id = k.target_id) AND kind <> (SELECT kind FROM targets WHERE uscc = :one) LIMIT 1",
                    one=first[0])
    own, = rows("SELECT certificate_no, id FROM inspectors WHERE department_id = (SELECT id FROM departments "
                "WHERE code = 'gaj') AND active ORDER BY id LIMIT 1")
    with transaction() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO interests (inspector_id, target_id, reason) SELECT %s, id, 'x' FROM targets WHERE uscc = %s",
            (own[1], first[0]))
    path = listed(tmp_path, rehearsed, [first, (second[0], "样例·别的名字"), outside], [own[0], "无此证号1"])
    before = everything()
    with pytest.raises(RosterError) as caught:
        exchanging.drawn("bangong", rehearsed, path)
    said = "；".join(problem.wrong for problem in caught.value.problems)
    for fault in ("不在封存的待抽库里", "名单写的是「样例·别的名字」", "家，名单有", "不能去", "应不少于2人",
                  "不是本次各部门的检查人员"):
        assert fault in said
    assert everything() == before


def test_where_both_draw_ours_decides_and_the_difference_is_listed(open_scene, told, tmp_path):
    code = open_scene("dispatched")
    told(draws="both")
    ours = rows(TICKETS.format("false"))
    said = exchanging.drawn("bangong", code, listed(tmp_path, code, [*ours[:2], theirs()[2]]))
    assert "差异2处（新2处）" in said.sentence
    assert people.stage(code) == "dispatched"
    assert rows("SELECT decides FROM drawn_there") == [(False,)]


def test_a_city_that_draws_itself_takes_no_list(open_scene, tmp_path):
    code = open_scene("dispatched")
    path = listed(tmp_path, code, rows(TICKETS.format("false")))
    with refused("由我方抽取", StageError):
        exchanging.drawn("bangong", code, path)
