"""The draw's ceremony beyond the usual: void, beacons, dice, withheld lines, slips."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import text

from blocks import settings
from blocks.actions import draws, schemes
from blocks.draw import merkle, verifier
from blocks.draw.beacon import QUICKNET
from blocks.errors import NotFound, RuleViolation, StageError
from blocks.public_site import building
from blocks.register.database import transaction
from blocks.register.draws import chain, open_draw, public_files
from blocks.register.schemes import scheme as find_scheme
from tests import people
from tests.scenes import PARTIES, SECRETS, SMALL, on_day, refused, run

# Round 123 of quicknet, as its network publishes it.
SIGNATURE = ("b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482"
             "e26cd02df835d3546d23c4b13e0dfc92")
MADE = datetime(2023, 8, 23, 15, 15, 33, tzinfo=UTC)
SEALED = MADE - timedelta(minutes=5, seconds=2)
BEACON = {"kind": "drand", "locator": "quicknet"}
REVEAL = {"kind": "reveal"}


def at(moment: datetime, **more: str):
    """Let time stand still at a moment, with some settings."""
    return setting(CHOUCHA_NOW=moment.isoformat(), **more)


@contextmanager
def setting(**changed: str) -> Iterator[None]:
    """Let some settings be others."""
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    settings.get.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        settings.get.cache_clear()


class Relay(BaseHTTPRequestHandler):
    """A relay of drand that knows one round."""

    def do_GET(self) -> None:
        known = self.path == f"/{QUICKNET.hash}/public/123"
        body = json.dumps({"round": 123, "signature": SIGNATURE,
                           "randomness": sha256(bytes.fromhex(SIGNATURE)).hexdigest()}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def relay() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def files_of(code: str, number: int = 1) -> dict[str, bytes]:
    with transaction() as session:
        draw_id = session.scalar(text(
            "SELECT d.id FROM draws d JOIN schemes s ON s.id = d.scheme_id "
            "WHERE s.code = :code AND d.number = :number"), {"code": code, "number": number})
        return public_files(session, draw_id)


def published(code: str):
    """Publish a scheme's draws; return their folder and the page's text."""
    with transaction() as session:
        building.show_scheme(session, find_scheme(session, code).id)
    public = settings.state_dir() / "public"
    return public / "draws", (public / "schemes" / f"{code}.html").read_text("utf-8")


def failing(folder) -> list:
    return [row for row in verifier.verify(folder) if not row[2]]


def sealed_with(code: str, carry_on) -> str:
    """Carry a drafted scheme through approval and commitments to the seal."""
    schemes.submit("gaj.jingban", code)
    carry_on()
    schemes.approve("gaj.shenpi", code)
    carry_on()
    for party in PARTIES:
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    carry_on()
    return code


def drawn(code: str, carry_on) -> None:
    """Let everybody contribute to a sealed draw, and draw."""
    people.wait_for_the_figure()
    for party in PARTIES:
        draws.reveal(f"{party}.jingban", code, SECRETS[party])
    for login in ("bangong", "gaj.jingban"):
        draws.type_figure(login, code, people.FIGURE)
    carry_on()


def test_a_void_draw_stays_public_with_its_reason_and_the_next_is_announced(open_scene, carry_on):
    code = open_scene("sealed")
    draws.ask_void("bangong", code, "待抽库导入有误")
    draws.void("gaj.shenpi", code, "待抽库导入有误，重新抽取")
    carry_on()
    told = json.loads(files_of(code)["void.json"])
    assert told["reason"] == "待抽库导入有误，重新抽取" and told["persons"] == 2
    with transaction() as session:
        assert [line["kind"] for line in chain(session)] == ["sealed", "void"]
        again = open_draw(session, find_scheme(session, code).id)
        assert (again.number, again.stage) == (2, "announced")
    folder, page = published(code)
    assert "已经作废，理由：待抽库导入有误，重新抽取" in page
    assert failing(folder / f"{code}-1") == []


def test_the_second_draw_of_a_scheme_has_its_own_seal_and_both_hold(open_scene, carry_on):
    code = open_scene("sealed")
    draws.ask_void("bangong", code, "来源无法产生")
    draws.void("bangong2", code, "来源无法产生")
    carry_on()
    for party in PARTIES:
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    carry_on()
    drawn(code, carry_on)
    folder, _ = published(code)
    assert failing(folder / f"{code}-1") == failing(folder / f"{code}-2") == []
    assert failing(folder) == []


def test_who_asked_for_the_void_does_not_approve_it(look):
    code = look("sealed")
    with refused("没有人申请作废", StageError):
        draws.void("gaj.shenpi", code, "有误")
    with refused("须写明理由", RuleViolation):
        draws.ask_void("bangong", code, " ")
    with refused("只能由", RuleViolation):
        draws.ask_void("gaj.jingban", code, "有误")


def test_a_void_is_approved_by_another_person(open_scene):
    code = open_scene("sealed")
    draws.ask_void("bangong", code, "有误")
    with refused("须由另一人办理", RuleViolation):
        draws.void("bangong", code, "有误")
    with refused("只能由", RuleViolation):
        draws.void("gaj.jingban", code, "有误")
    with refused("个人信息", RuleViolation):
        draws.void("gaj.shenpi", code, "请联系 13912345678")


@pytest.mark.parametrize(("scene", "said"), [
    ("approved", "还没有封存"), ("dispatched", "不能再作废"), ("submitted", "还没有开始抽取")])
def test_a_draw_is_voided_between_its_seal_and_what_follows_from_it(look, scene, said):
    code = look(scene)
    with refused(said, StageError):
        draws.ask_void("bangong", code, "有误")


@pytest.fixture
def in_2023(open_scene):
    """The sample city while round 123 of quicknet was still to come."""
    with at(SEALED):
        open_scene("sample")
        with transaction() as session:
            session.execute(text("UPDATE inspection_items SET effective_from = '2020-01-01'"))
            session.execute(text("UPDATE inspectors SET certificate_from = '2020-01-01'"))
        yield


@pytest.mark.usefixtures("in_2023")
def test_a_beacon_is_fetched_when_due_and_its_signature_is_published(carry_on, relay):
    code = sealed_with(people.drafted(**SMALL, randomness=[REVEAL, BEACON]), carry_on)
    seal = json.loads(files_of(code)["seal.json"])
    assert seal["randomness"][-1] == {
        "kind": "drand", "locator": "quicknet/123", "due_at": "2023-08-23T15:15:33Z"}
    with at(MADE - timedelta(seconds=1), CHOUCHA_BEACON_URLS=relay):
        assert run("draw", code) == []
    with at(MADE, CHOUCHA_BEACON_URLS=relay):
        assert "已取得，签名有效" in run("draw", code)[0]
        for party in PARTIES:
            draws.reveal(f"{party}.jingban", code, SECRETS[party])
        assert "已抽取3家" in run("draw", code)[0]
        evidence = json.loads(files_of(code)["result.json"])["evidence"][-1]
        assert evidence["signature"] == SIGNATURE
        folder, _ = published(code)
        assert failing(folder / f"{code}-1") == []


@pytest.mark.usefixtures("in_2023")
def test_a_silent_beacon_is_asked_again_later_and_skipped_when_its_day_is_over(carry_on, relay):
    code = sealed_with(people.drafted(
        **SMALL, randomness=[REVEAL, BEACON, {"kind": "dice", "locator": "现场/26"}]), carry_on)
    away = "http://127.0.0.1:9"
    with at(MADE, CHOUCHA_BEACON_URLS=away):
        assert "稍后再取" in run("draw", code)[0]
        assert run("draw", code) == []
    with at(MADE + timedelta(minutes=11), CHOUCHA_BEACON_URLS=f"{away} {relay}/other"):
        assert "稍后再取" in run("draw", code)[0]
        for party in PARTIES:
            draws.reveal(f"{party}.jingban", code, SECRETS[party])
        for login in ("bangong", "gaj.jingban"):
            draws.type_figure(login, code, "13" * 13)
        assert run("draw", code) == []
    with at(MADE + timedelta(days=14), CHOUCHA_BEACON_URLS=away):
        said = "；".join(run("draw", code))
        assert "quicknet/123未取得，已公开记载" in said
        assert b"\ndrand:quicknet/123=missing\n" in files_of(code)["seed.txt"]
        folder, _ = published(code)
        assert failing(folder / f"{code}-1") == []


@pytest.mark.usefixtures("in_2023")
def test_without_anything_the_departments_do_not_control_it_says_once_that_only_a_void_is_left(
        carry_on):
    code = sealed_with(people.drafted(**SMALL, randomness=[REVEAL, BEACON]), carry_on)
    with at(MADE, CHOUCHA_BEACON_URLS="http://127.0.0.1:9"):
        for party in PARTIES:
            draws.reveal(f"{party}.jingban", code, SECRETS[party])
    with at(MADE + timedelta(days=14), CHOUCHA_BEACON_URLS="http://127.0.0.1:9"):
        assert "不能出签" in "；".join(run("draw", code))
        assert "不能出签" not in "；".join(run("draw", code))
        with transaction() as session:
            assert session.scalar(text("SELECT count(*) FROM notices WHERE key LIKE 'stuck:%'")) == 1
        draws.ask_void("bangong", code, "信标到期没有取到")
        draws.void("bangong2", code, "信标到期没有取到")


@pytest.mark.usefixtures("in_2023")
def test_dice_are_typed_by_two_and_named_where_several_figures_are_awaited(carry_on):
    code = sealed_with(people.drafted(**SMALL, randomness=[
        REVEAL, {"kind": "dice", "locator": "现场/4"}, {"kind": "typed", "locator": "沪指"}],
    ), carry_on)
    with at(MADE):
        with refused("须写明是哪一个", StageError):
            draws.type_figure("bangong", code, "1664")
        with refused("", Exception):
            draws.type_figure("bangong", code, "1670", "现场/4")
        draws.type_figure("bangong", code, "1664", "现场/4")
        draws.type_figure("gaj.jingban", code, "1664", "现场/4")
        with refused("没有等待录入", StageError):
            draws.type_figure("bangong", code, "1664", "现场/4")
        draws.type_figure("bangong", code, "3,871.24")
        draws.type_figure("bangong2", code, "3,871.24")


def test_withheld_lines_are_public_as_hashes_and_each_business_has_its_own(
        open_scene, carry_on):
    code = open_scene("approved")
    for party in PARTIES:
        draws.commit(f"{party}.jingban", code, SECRETS[party])
    with setting(CHOUCHA_SALTED_POOL="true"):
        carry_on()
    drawn(code, carry_on)
    files = files_of(code)
    assert "leaves.txt" in files and "pool.tsv" not in files
    folder, _ = published(code)
    assert failing(folder / f"{code}-1") == []
    assert not (folder / f"{code}-1" / "pool.tsv").exists()
    whole = draws.pool_of("bangong", code).decode().splitlines()
    salts = {line.split("\t")[5] for line in whole}
    assert len(salts) == len(whole) == len(files["leaves.txt"].split())
    name, content = draws.slip("gaj.jingban", code, whole[7].split("\t")[1].lower())
    slip, seal = json.loads(content), json.loads(files["seal.json"])
    assert slip["line"] == whole[7] and name == f"{whole[7].split(chr(9))[1]}.proof.json"
    assert merkle.verify(slip["line"].encode(), slip["proof"], seal["pool"]["root"], seal["hash"])
    with refused("不在", NotFound):
        draws.slip("gaj.jingban", code, "91445200000000000X")
    with refused("只提供给监督人员和办公室", RuleViolation):
        draws.pool_of("gaj.jingban", code)


def test_a_slip_is_for_the_sealed_and_not_given_by_an_inspector(look):
    code = look("approved")
    with refused("还没有封存", StageError):
        draws.slip("gaj.jingban", code, "91445200000000000X")
    code = look("dispatched")
    with refused("由办公室或牵头部门出具", RuleViolation):
        draws.slip("wjj.01", code, "91445200000000000X")


def test_a_draw_takes_more_than_one_part_of_the_register_and_comes_back_whole(city):
    from blocks.register import draws as register

    with transaction() as session:
        session.execute(text("SET session_replication_role = replica"))  # a draw of no scheme
        content = os.urandom(2 * register.PART + 5)
        register.put_file(session, 1, "pool.tsv", content)
        register.put_file(session, 1, "empty", b"")
        assert register.file_bytes(session, 1, "pool.tsv") == content
        register.put_file(session, 1, "pool.tsv", b"shorter")
        assert register.public_files(session, 1) == {"pool.tsv": b"shorter", "empty": b""}
        session.rollback()


def test_the_day_is_over_for_a_beacon_as_for_a_reveal(open_scene):
    code = open_scene("sealed")
    with on_day(settings.today() + timedelta(days=14)):
        assert "不能出签" not in "；".join(run("draw", code))
