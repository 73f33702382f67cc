"""Who may use what: every route × every role × own or another's, in pages and in the API (G7).

What is expected is computed from the routes' rules and the table of moves; whoever may not, gets
403, 404 or 422, and not one row of the register changes.
"""

import re
from base64 import b64encode

import httpx
import pytest
from starlette.routing import Mount

from blocks import settings
from blocks.actions import checks, contacts, schemes
from blocks.actions.attaching import Upload
from blocks.portal.api import PREFIX
from blocks.portal.app import create_app
from blocks.portal.routes import DEEDS, PAGES
from blocks.register import database
from blocks.register.database import transaction
from blocks.register.visits import Visit
from blocks.rules.stages import Role
from tests.pictures import picture
from tests.portal.cases import CASES, PARTIES, Ground
from tests.portal.roles import everybody, register
from tests.scenes import first_check, visit_of

REFUSED = (403, 404, 422)
WITHOUT_RULE = {"/sign-in", "/sign-out", "/api/openapi.json", "/static", "/vendor"}
SCENES = ("drafted", "submitted", "approved", "sealed", "dispatched", "in_field", "publicised")


def test_every_route_of_the_app_has_a_rule():
    for route in create_app().routes:
        path = getattr(route, "path", None)
        if path is None:  # the router of signing in and out
            assert {one.path for one in route.original_router.routes} <= WITHOUT_RULE
            continue
        if path in WITHOUT_RULE:
            continue
        assert not isinstance(route, Mount), path
        for method in route.methods - {"HEAD"}:
            table = PAGES if method == "GET" else DEEDS
            assert method in ("GET", "POST"), path
            declared = table.get(path.removeprefix(PREFIX) if method == "POST" else path)
            assert declared is not None, f"{method} {path} has no rule"
            assert declared.rule.public or declared.rule.roles, path


def test_every_deed_is_tried():
    assert set(CASES) == set(DEEDS)


class Trying:
    """A prepared scene that is copied anew for everybody who may change it."""

    def __init__(self, scenes, carry_on, http, path: str) -> None:
        self.scenes, self.http, self.path = scenes, http, path
        self.case, self.deed = CASES[path], DEEDS[path]
        self.ground = Ground(scenes.open(self.case.scene, carry_on), carry_on)
        self.case.prepare(self.ground)
        self.everybody = everybody(self.ground.code)
        self.case.furnish(self.ground)
        self.address = path.format_map(self.case.params(self.ground))
        self.template = scenes.copies[-1]

    def anew(self) -> None:
        """Enter a copy of the prepared scene."""
        database.engine(settings.database_url()).dispose()
        name = f"{self.template}_{len(self.scenes.copies)}"
        self.scenes.copies.append(name)
        self.scenes._tell(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" STRATEGY file_copy')
        self.scenes._enter(name)

    def by_form(self, who):
        return self.http.post(self.address, headers=who.headers, files=self.case.files,
                              data={"csrf": who.csrf, **self.case.form(self.ground, who)})

    def by_call(self, who):
        body = (self.case.json or self.case.form)(self.ground, who)
        return self.http.post(PREFIX + self.address, headers=who.headers, json=body)


@pytest.fixture(scope="module")
def http(server):
    """One client for all: cookies are sent by hand."""
    with httpx.Client(base_url=server, timeout=60, cookies=None) as client:
        yield client


@pytest.fixture
def trying(scenes, carry_on, http):
    with scenes.for_a_while():
        yield lambda path: Trying(scenes, carry_on, http, path)


@pytest.mark.parametrize("path", DEEDS)
def test_a_deed_is_done_by_whom_the_table_of_moves_allows_and_by_nobody_else(path, trying):
    """… and who is refused leaves the register as it was."""
    here = trying(path)
    roles = here.deed.rule.roles
    allowed = [who for who in here.everybody.values() if here.case.may(who, roles)]
    before = register()
    for who in here.everybody.values():
        if who in allowed:
            continue
        answers = [here.by_form(who), *([] if here.deed.rule.public else [here.by_call(who)])]
        if who.role is None:
            wanted: tuple = (401,)
        else:
            wanted = REFUSED if who.role in roles else (403,)
        assert all(one.status_code in wanted for one in answers), (who.name, answers, answers[-1].text[-300:])
    assert register() == before
    assert allowed, "nobody could be seen doing it"
    for number, who in enumerate(allowed):
        ways = [here.by_form, here.by_call]
        for way in ways[:1] if here.deed.rule.public else ways if number == 0 else [ways[number % 2]]:
            here.anew()
            answer = way(who)
            assert answer.status_code in (200, 303), (who.name, answer.status_code, answer.text)
            if path not in ("/sign-out-everywhere", "/password", "/accounts/{login}/password"):
                assert register() != before, who.name


def sees(who, page: str, party: bool, seated: bool) -> bool:
    """Tell who may see a scheme, its draw, a check or a visit of the lead (art. 4, 5)."""
    if who.role in (Role.OFFICE, Role.AUDITOR):
        return True
    if who.role in (Role.DRAFTER, Role.APPROVER):
        return party
    return "{code}" not in page and seated


def fits(page, scene: str, ids: dict) -> bool:
    """Tell whether a page can be tried in a scene: its ids are there."""
    named = set(re.findall(r"{(\w+)}", page.path)) | ({"notice"} if page.name == "business" else set())
    return page.path != "/n/look" and named <= set(ids) and (
        scene == "drafted" or not page.path.startswith("/plans/"))



def wanted(page, who, scene: str, seated: set[str]) -> int:
    """Return the status that a person gets for a page."""
    if page.rule.public:
        return 200
    if who.role is None:
        return 303
    if who.role not in page.rule.roles:
        return 403
    if "{code}" not in page.path and "_id}" not in page.path and page.name != "document":
        return 200
    of_the_visit = "visit" in page.path or page.name == "document"
    sits = who.login in seated or (of_the_visit and who.name == "inspector-participating")
    party = who.side in ({"lead"} if "check" in page.path else PARTIES)
    if page.name == "document":  # the notice of a visit; each by each role: test_documents.py
        handles = who.role in (Role.DRAFTER, Role.APPROVER) and who.side in PARTIES
        return 200 if who.role in (Role.OFFICE, Role.AUDITOR) or handles or sits else 422
    if not sees(who, page.path, party, sits):
        return 404
    if page.name == "edit-scheme":
        return 200 if who.side == "lead" and scene == "drafted" else 422
    return 422 if page.name == "preview" and scene not in ("drafted", "submitted") else 200


def ids_of(code: str, scene: str) -> dict[str, str]:
    """Return what the addresses of a scene's pages are made of."""
    ids = {"code": code, "year": "2026", "county": "445200", "period": "2019"}
    if scene == "drafted":
        CASES["/plans/{year}/{county}/publish"].prepare(Ground(code, lambda: []))
    if scene in ("in_field", "publicised"):
        check, _ = first_check(code)
        with transaction() as session:
            ids |= {"check_id": str(check), "visit_id": str(visit_of(check)),
                    "document": "notice", "key": str(visit_of(check)), "form": "html",
                    "notice": session.get_one(Visit, visit_of(check)).notice_code}
    return ids


def attached(code: str, scene: str, ids: dict) -> dict[str, str]:
    """Make what pages of their own show: a photo, a paper; return their ids."""
    ground, made = Ground(code, lambda: []), {}
    if scene == "drafted":
        schemes.attach("gaj.jingban", code, [Upload(name="依据.pdf", content=b64encode(b"%PDF-1.7"))])
        made["paper_id"] = "1"
        made["token"] = contacts.subscribe("gaj.jingban").ids["secret"].rpartition("/")[2].removesuffix(".ics")
    if scene == "in_field":
        photo = Upload(name="现场.jpg", content=b64encode(picture(40, 30)))
        checks.record(ground.team[0], ground.check, "problem_pending", {"*": "否"}, "样例：通道堵塞", photos=[photo])
        checks.confirm(ground.team[1], ground.check)
        made |= {"photo_id": "1"}
    if scene == "publicised":
        made["number"] = "1"
    return made


def test_every_page_is_tried_in_some_scene():
    given = {"code", "year", "county", "check_id", "visit_id", "paper_id", "photo_id", "number",
             "document", "key", "form", "token", "period"}
    assert {name for path in PAGES for name in re.findall(r"{(\w+)}", path)} <= given


@pytest.mark.parametrize("scene", SCENES)
def test_a_page_is_seen_by_whom_it_concerns_and_by_nobody_else(scene, scenes, carry_on, http):
    code = scenes.open(scene, carry_on)
    ids = ids_of(code, scene)
    seated = set(first_check(code)[1]) if "check_id" in ids else set()
    here = everybody(code)
    ids |= attached(code, scene, ids)
    before = register()
    for path, page in PAGES.items():
        if not fits(page, scene, ids):
            continue
        address = path.format_map({**ids, "code": ids["notice"]} if page.name == "business" else ids)
        for who in here.values():
            answer = http.get(address, headers=who.headers)
            assert answer.status_code == wanted(page, who, scene, seated), (
                path, who.name, answer.status_code, answer.text)
            assert who.role or page.rule.public or answer.headers["location"].startswith("/sign-in?")
    assert register() == before
    database.engine(settings.database_url()).dispose()
