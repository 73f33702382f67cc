"""Every page of the portal, at a desk and on a phone, under axe: no serious fault for anybody (WCAG 2 AA)."""

import re

import pytest
from playwright.sync_api import Browser

from blocks import settings
from blocks.portal.routes import PAGES
from tests.browser.portal import DESK, PHONE
from tests.portal.conftest import server  # noqa: F401  (a fixture)
from tests.portal.roles import everybody
from tests.portal.test_authorisation import attached, fits, ids_of, wanted
from tests.scenes import first_check

AXE = settings.ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCENES = ("drafted", "submitted", "sealed", "dispatched", "in_field", "publicised")
APART = {"/n/look"}  # shows /n/{code}
NO_PAGES = {"feed", "follow-scheme", "follow-check", "pool", "photo", "scheme-paper"}  # data, a part, a picture


def faults(page) -> list[str]:
    """Return what axe finds that keeps people out."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{page.url} {one['id']}: {one['help']} — {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found["violations"] if one["impact"] in ("serious", "critical")]


def tried(scene: str, code: str, seen: set[str]):
    """Yield (page, address, cookie) for each page that this scene shows somebody for the first time."""
    people = everybody(code)
    ids = ids_of(code, scene)
    ids |= attached(code, scene, ids)
    seated = set(first_check(code)[1]) if "check_id" in ids else set()
    for path, page in PAGES.items():
        if path in seen | APART or page.name in NO_PAGES or not fits(page, scene, ids):
            continue
        who = next((one for one in people.values() if wanted(page, one, scene, seated) == 200), None)
        if who is not None:
            yield page, path.format_map({**ids, "code": ids["notice"]} if page.name == "business" else ids), who.cookie


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nobody_is_kept_out_of_any_page(size, browser: Browser, server, scenes, carry_on):  # noqa: F811
    seen, wrong = set(APART), []
    for scene in SCENES:
        code = scenes.open(scene, carry_on)
        for page, address, cookie in tried(scene, code, seen):
            if not re.fullmatch(r"/(schemes/\{code\}(/draw)?|checks/\{check_id\}|)", page.path):
                seen.add(page.path)  # these show something else in every scene
            context = browser.new_context(viewport=size, locale="zh-CN", bypass_csp=True,
                                          reduced_motion="reduce")
            context.add_cookies([{"name": "choucha", "value": cookie, "url": server}])
            tab = context.new_page()
            tab.goto(server + address)
            wrong += faults(tab)
            context.close()
            seen.add(f"done {page.path}")
    assert wrong == []
    missed = {path for path, page in PAGES.items() if page.name not in NO_PAGES} - APART - {
        one.removeprefix("done ") for one in seen}
    assert missed == set()


def test_nor_of_signing_in_nor_of_an_error(browser: Browser, server, city):  # noqa: F811
    tab = browser.new_context(viewport=PHONE, bypass_csp=True).new_page()
    wrong = []
    for address in ("/sign-in", "/nowhere", "/n", "/n/NOSUCHNOTICE"):
        tab.goto(server + address)
        wrong += faults(tab)
    assert wrong == []
