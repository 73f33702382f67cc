"""Double clicks, old pages, forged forms, sessions that end, a register that is away: nothing is lost
and nothing happens twice (G1, G14)."""

import socket
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from blocks import settings
from blocks.actions import accounts, schemes
from blocks.register.database import transaction
from blocks.register.directories import Inspector, account
from blocks.register.guard import Submission
from blocks.register.schemes import Scheme
from blocks.register.sessions import WebSession
from blocks.register.trail import TrailLine
from blocks.register.visits import CheckRecord
from blocks.steps import nightshift, relaying
from tests.portal.conftest import PASSWORD, Person
from tests.portal.test_whole_inspection import SCHEME
from tests.scenes import first_check


def count(model) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model))


def filled(drafter: Person, **fields: object) -> dict:
    return {**drafter.form("/schemes/new", "/schemes"), **SCHEME, **fields}


def test_a_double_click_has_one_effect_and_the_second_sees_the_first(city, person):
    drafter = person("gaj.jingban")
    fields = filled(drafter)
    first, second = (drafter.sends("/schemes", fields, 200) for _ in range(2))
    assert count(Scheme) == 1
    assert "已起草" in first and "已起草" in second


def test_two_clicks_at_once_have_one_effect(city, person):
    drafter = person("gaj.jingban")
    fields = filled(drafter)
    clicks = [threading.Thread(target=drafter.http.post, args=("/schemes",), kwargs={"data": fields})
              for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert count(Scheme) == 1


def test_a_page_from_before_cannot_act_and_says_so(open_scene, person):
    code = open_scene("submitted")
    approver = person("gaj.shenpi")
    old = approver.form(f"/schemes/{code}", f"/schemes/{code}/return")
    schemes.return_("gaj.shenpi", code, "请改")
    schemes.submit("gaj.jingban", code)
    before = count(TrailLine)
    said = approver.sends(f"/schemes/{code}/return", {**old, "reason": "我的理由"}, 409)
    assert "在您打开页面之后已被办理过" in said and "我的理由" in said
    assert count(TrailLine) == before


@pytest.mark.parametrize("csrf", ["", "x", None])
def test_a_form_of_another_site_is_refused(city, person, csrf):
    drafter = person("gaj.jingban")
    fields = filled(drafter, csrf=csrf)
    if csrf is None:
        del fields["csrf"]
    said = drafter.sends("/schemes", fields, 403)
    assert "不是从本次登录的页面提交的" in said and SCHEME["title"] in said and count(Scheme) == 0


def test_what_was_typed_when_the_session_ended_comes_back_after_signing_in(city, person):
    drafter = person("gaj.jingban")
    fields = filled(drafter, title="样例·写了很久的方案")
    accounts.sign_out_everywhere("gaj.jingban")
    said = drafter.sends("/schemes", fields, 401)
    assert "您填写的内容还在" in said and "样例·写了很久的方案" in said
    kept = {f"kept.{name}": value for name, value in fields.items() if name not in ("csrf", "once")}
    answer = drafter.http.post("/sign-in", data={
        "login": "gaj.jingban", "password": PASSWORD, "next": "/schemes", **kept})
    assert answer.status_code == 200 and 'value="样例·写了很久的方案"' in answer.text
    assert count(Scheme) == 0


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(city, person, monkeypatch):
    accounts.set_password("gaj.jingban", PASSWORD)
    guest = person()

    def tries(password: str) -> str:
        return guest.http.post("/sign-in", data={"login": "gaj.jingban", "password": password},
                               follow_redirects=True).text
    for _ in range(5):
        assert "账号或密码不对" in tries("错")
    assert "账号已锁定" in tries(PASSWORD)
    later = datetime.now().astimezone() + timedelta(minutes=16)
    monkeypatch.setenv("CHOUCHA_NOW", later.isoformat())
    settings.get.cache_clear()
    try:
        assert "我的待办" in tries(PASSWORD)
    finally:
        monkeypatch.delenv("CHOUCHA_NOW")
        settings.get.cache_clear()


def test_whether_there_is_an_account_is_not_told(city, person):
    guest = person()
    there, not_there = (guest.http.post("/sign-in", data={"login": login, "password": "错"}).text
                        for login in ("bangong", "meiyou"))
    assert there.replace("bangong", "") == not_there.replace("meiyou", "")


def test_a_first_password_works_for_a_change_only(city, person):
    first = accounts.give_password("bangong", "gaj.jingban").ids["password"]
    guest = person()
    guest.http.post("/sign-in", data={"login": "gaj.jingban", "password": first})
    assert "先设定您自己的密码" in guest.sees("/schemes")
    assert "密码已修改" in guest.does("/password", "/password", old=first, new=PASSWORD, again=PASSWORD)
    assert "起草方案" in guest.sees("/schemes")


@pytest.mark.parametrize("path", ["/schemes/9999-999", "/checks/0", "/checks/-1", "/checks/abc",
                                  "/checks/99999999999999999999999", "/visits/1", "/plans/26/445200",
                                  "/nothing", "/n/XXXXXXXXXXXX", "/schemes/%00", "/plans/2026/火星"])
def test_addresses_that_lead_nowhere_say_so(city, person, path):
    said = person("bangong").sees(path, 404)
    assert "没有" in said and "<main" in said


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "x"])
def test_signing_in_leads_nowhere_else(city, person, target):
    accounts.set_password("bangong", PASSWORD)
    answer = person().http.post("/sign-in", data={"login": "bangong", "password": PASSWORD,
                                                  "next": target})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("text", ['<script>alert(1)</script>', "𬭩䶮🏨", "\u202e反写", "'; DROP TABLE x;--"])
def test_odd_texts_are_shown_as_they_are_written(city, person, text):
    drafter = person("gaj.jingban")
    said = drafter.sends("/schemes", filled(drafter, title=text), 200)
    assert "<script>alert" not in said and "已起草" in said


@pytest.mark.parametrize("fields", [{"title": "a\x00b"}, {"start": "明天"}, {"number": "很多"},
                                    {"title": "长" * 30_000}, {"lead": "jyj"}, {"sampling": "x"}])
def test_what_cannot_be_is_refused_in_chinese_and_kept(city, person, fields):
    drafter = person("gaj.jingban")
    answer = drafter.http.post("/schemes", data=filled(drafter, **fields))
    assert answer.status_code in (404, 422), answer.text
    assert 'role="alert"' in answer.text and SCHEME["grounds"] in answer.text and count(Scheme) == 0


@pytest.mark.parametrize(("header", "status", "saying"), [
    ("Content-Length: 1073741824", 413, "超过 40 MB"), ("Transfer-Encoding: chunked", 411, "没有写明长度"),
    ("Content-Length: -5", 400, ""), ("Content-Length: 1e9", 400, "")])
def test_what_is_far_too_large_is_refused_before_it_is_read(city, server, header, status, saying):
    """A file of 1 GB is announced, and not one byte of it is waited for."""
    with socket.create_connection(("127.0.0.1", int(server.rpartition(":")[2])), timeout=20) as wire:
        wire.sendall(f"POST /accounts HTTP/1.1\r\nHost: x\r\n{header}\r\nConnection: close\r\n\r\n".encode())
        told = wire.makefile("rb").read().decode()
    assert f"HTTP/1.1 {status}" in told and saying in told and ("role=\"alert\"" in told) == bool(saying)


@pytest.mark.parametrize(("content", "saying"), [
    (b"", "是空的"), (b"<script>alert(1)</script>", "不是照片"), (b"\xff\xd8\xff\xe0 half", "已损坏")])
def test_a_photo_that_is_none_is_refused_and_what_was_typed_comes_back(open_scene, person, content, saying):
    check, team = first_check(open_scene("in_field"))
    leader, page = person(team[0]), f"/checks/{check}"
    fields = leader.form(page, f"{page}/record") | {
        "answers.LG-01": "否", "category": "problem_pending", "finding": "消防通道堵塞🚧𠮷"}
    answer = leader.http.post(f"{page}/record", data=fields, files={"photos": ("<b>现场</b>.jpg", content)})
    assert answer.status_code == 422 and saying in answer.text and "消防通道堵塞🚧𠮷" in answer.text
    assert "<b>现场" not in answer.text and count(CheckRecord) == 0


def test_a_form_that_takes_no_files_takes_none(city, person):
    drafter = person("gaj.jingban")
    answer = drafter.http.post("/schemes", data=filled(drafter), files={"photos": ("x.jpg", b"x")})
    assert answer.status_code == 422 and count(Scheme) == 0


def test_a_register_that_is_away_is_told_and_what_was_typed_is_kept(city, person, monkeypatch):
    drafter = person("gaj.jingban")
    fields = filled(drafter)
    monkeypatch.setenv("CHOUCHA_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    settings.get.cache_clear()
    try:
        said = drafter.sends("/schemes", fields, 503)
    finally:
        monkeypatch.undo()
        settings.get.cache_clear()
    assert "choucha up" in said and SCHEME["title"] in said


def test_an_engine_that_is_away_is_told_and_what_was_done_stands(open_scene, person, monkeypatch):
    code = open_scene("drafted")
    here = f"/schemes/{code}"
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert "流程引擎" not in person("gaj.jingban").does(here, f"{here}/submit"), "nobody has tried yet"
    assert relaying.relay_rest() == 0
    assert "流程引擎暂时没有应答" in person("gaj.shenpi").does(here, f"{here}/return", reason="请改")
    monkeypatch.setenv("CHOUCHA_EVENTS", "off")  # where the sweep alone drives everything, nothing is amiss
    settings.get.cache_clear()
    assert "流程引擎" not in person("gaj.jingban").does(here, f"{here}/submit")
    monkeypatch.undo()
    settings.get.cache_clear()


def test_every_answer_has_the_headers_that_keep_it_in_its_place(city, person):
    guest = person()
    accounts.set_password("bangong", PASSWORD)
    answer = guest.http.post("/sign-in", data={"login": "bangong", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    headers = guest.http.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"


def test_a_call_is_carried_out_once_per_key_and_refused_without_a_token(city, person):
    from tests import people
    token = accounts.give_token("bangong", "gaj.jingban").ids["token"]
    http, body = person().http, {"data": people.contents()}
    bearer = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}
    first, second = (http.post("/api/v1/schemes", json=body, headers=bearer) for _ in range(2))
    assert first.status_code == second.status_code == 200 and first.json() == second.json()
    assert count(Scheme) == 1
    code = first.json()["ids"]["scheme"]
    stale = http.post(f"/api/v1/schemes/{code}/submit", headers={**bearer, "Idempotency-Key": "k-2",
                                                                 "If-Match": "scheme:1:9"})
    assert stale.status_code == 409 and "已被办理过" in stale.json()["message"]
    assert http.post("/api/v1/schemes", json=body).status_code == 401
    assert http.post("/api/v1/schemes", json={"date": 1}, headers=bearer).status_code == 422
    assert http.get("/api/openapi.json").json()["paths"]["/api/v1/schemes/{code}/approve"]


def test_what_is_sent_again_because_its_answer_was_lost_is_answered_as_done_though_the_thing_has_moved(city, person):
    from tests import people
    token = accounts.give_token("bangong", "gaj.jingban").ids["token"]
    http, code = person().http, people.drafted()
    sent = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1", "If-Match": "scheme:1:1"}
    first, again = (http.post(f"/api/v1/schemes/{code}/submit", headers=sent) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (200, again.json())
    other = http.post(f"/api/v1/schemes/{code}/submit", headers={**sent, "Idempotency-Key": "k-2"})
    assert other.status_code == 409, "another submission of a page that is not of this moment"


@pytest.mark.parametrize(("sent", "named"), [
    ({"content": b"\xcf"}, "请求没有被接受"), ({"content": b"{"}, "body"), ({"json": 561}, "body"),
    ({"json": {"date": 1}}, "data"), ({"json": {"data": {}}, "headers": {"Idempotency-Key": "k" * 81}},
                                     "Idempotency-Key")])
def test_a_call_that_cannot_be_read_is_refused_as_the_document_says(city, person, sent, named):
    token = accounts.give_token("bangong", "gaj.jingban").ids["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json",
               **sent.pop("headers", {})}
    answer = person().http.post("/api/v1/schemes", headers=headers, **sent)
    assert answer.status_code == 422 and answer.json().keys() == {"message", "remedy", "article"}
    assert named in answer.json()["message"], answer.text


def test_an_inspector_has_one_account_and_a_second_is_refused_in_words(city, person):
    with transaction() as session:
        holder = session.get_one(Inspector, account(session, "gaj.01").inspector_id)
    body = {"login": "xin", "name": "样例·新人", "roles": ["inspector"],
            "certificate": holder.certificate_no}
    token = accounts.give_token("bangong", "bangong").ids["token"]
    answer = person().http.post("/api/v1/accounts", json=body,
                                headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 422 and "已经有账号" in answer.json()["message"], answer.text


def test_the_night_forgets_what_is_a_month_old_and_nothing_younger(city, person, monkeypatch):
    drafter = person("gaj.jingban")
    drafter.sends("/schemes", filled(drafter), 200)
    now = datetime.now().astimezone()
    for days, left in ((29, 1), (31, 0)):
        monkeypatch.setenv("CHOUCHA_NOW", (now + timedelta(days=days)).isoformat())
        settings.get.cache_clear()
        nightshift.tidy()
        assert (count(Submission), count(WebSession)) == (left, left)
    monkeypatch.delenv("CHOUCHA_NOW")
    settings.get.cache_clear()
