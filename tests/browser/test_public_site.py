"""The public site from its files alone, no server: search, open, verify a draw; on a desk and a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from blocks.public_site.tree import Tree
from tests.browser.conftest import Verifying
from tests.browser.portal import DESK, PHONE, SCREENSHOTS
from tests.browser.test_accessible import faults
from tests.site.conftest import Published, published, reviewed  # noqa: F401  (fixtures)
from tests.site.test_public_pages import results

SIZES = {"desk": DESK, "phone": PHONE}


@pytest.fixture(params=SIZES)
def tab(request, browser: Browser) -> Iterator[Page]:
    """A tab of that size; no script may fail, no policy may be broken, nothing may be loaded from elsewhere."""
    context, wrong = browser.new_context(viewport=SIZES[request.param], locale="zh-CN"), []
    page = context.new_page()
    page.size = request.param
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith("file:") else wrong.append(asked.url))
    yield page
    context.close()
    assert wrong == []


def opened(tab: Page, folder: Path, path: str) -> Page:
    tab.goto(f"{folder.as_uri()}/{path}")
    return tab


def shot(tab: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"site-{name}-{tab.size}.png", full_page=True)


def asked(tab: Page, words: str) -> str:
    tab.fill("#words", words)
    tab.press("#words", "Enter")
    tab.locator("#heard", has_text=re.compile("找到|没有找到|请至少")).wait_for()
    return tab.inner_text("#heard")


def test_a_business_is_found_by_its_name_by_a_part_of_it_and_by_its_code(tab, published: Published):  # noqa: F811
    one = results(published)[-1]
    opened(tab, published.folder, "index.html")
    shot(tab, "front")
    for words in (one["business"], one["business"][3:7], one["uscc"], one["uscc"].lower()):
        assert asked(tab, words).startswith("找到")
        assert one["business"] in tab.inner_text("#found")
    shot(tab, "found")
    tab.click(f"#found a:text-is('{one['business']}')")
    tab.wait_for_load_state()
    assert tab.inner_text("h1") == one["business"]
    assert one["result"] in tab.inner_text("main")
    shot(tab, "business")
    tab.click("main table a >> nth=-1")
    tab.wait_for_load_state()
    assert "抽取" in tab.inner_text("main")
    shot(tab, "scheme")


def test_nobody_is_found_where_there_is_nobody_and_it_is_said(tab, published: Published):  # noqa: F811
    opened(tab, published.folder, "index.html")
    assert "没有找到“没有这家企业”" in asked(tab, "没有这家企业")
    assert "没有找到" in asked(tab, "91445200YL00000X0X")
    assert asked(tab, "某") == "请至少输入两个字。"
    assert "没有找到" in asked(tab, "<img src=x onerror=alert(1)>")


def test_a_found_page_can_be_sent_to_somebody(tab, published: Published):  # noqa: F811
    name = results(published)[0]["business"]
    opened(tab, published.folder, "index.html")
    asked(tab, name)
    address = tab.url
    tab.goto("about:blank")
    tab.goto(address)
    tab.locator("#found a").wait_for()
    assert name in tab.inner_text("#found")


def test_a_draw_is_verified_from_its_files_alone(tab, published: Published):  # noqa: F811
    where = f"draws/{published.code}-1"
    opened(tab, published.folder, f"{where}/verify.html")
    files = [published.folder / path for path in Tree(published.folder).files() if path.startswith(f"{where}/")
             and Path(path).suffix in (".json", ".tsv", ".txt", ".jsonl")]
    tab.click("#local summary")
    tab.set_input_files("#choose", [*files, published.folder / "draws" / "chain.jsonl"])
    words = Verifying(tab).run()
    assert set(words.values()) == {"通过"}, words
    shot(tab, "verified")


def test_every_page_is_open_to_everybody_and_nothing_scrolls_sideways(browser, published: Published):  # noqa: F811
    wrong = []
    for name, size in SIZES.items():
        tab = browser.new_context(viewport=size, bypass_csp=True, reduced_motion="reduce").new_page()
        tab.size = name
        kinds = {}
        for path in sorted(Tree(published.folder).files()):
            if path.endswith(".html"):
                kinds.setdefault(path.split("/")[0], path)
                if path.count("/") == 2 and path.endswith("index.html"):
                    kinds["days of a year"] = path
        for kind, path in kinds.items():
            opened(tab, published.folder, path)
            wrong += faults(tab)
            shot(tab, kind.removesuffix(".html").replace(" ", "-"))
            if tab.evaluate("document.documentElement.scrollWidth") > size["width"]:
                wrong.append(f"{path} is wider than {size['width']}")
        tab.context.close()
    assert len(kinds) > 8
    assert wrong == []


def test_without_scripts_every_result_can_be_reached(browser, published: Published):  # noqa: F811
    tab = browser.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    opened(tab, published.folder, "index.html")
    assert "按公示日期" in tab.inner_text("main")
    tab.click("#days a >> nth=0")
    tab.click("ul.days a >> nth=0")
    assert results(published)[0]["business"] in tab.inner_text("main")
    tab.context.close()
