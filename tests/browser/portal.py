"""People who use the portal in a real browser, at a desk or with a phone; what they see is kept."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from blocks import settings
from blocks.actions import accounts
from tests.portal.conftest import PASSWORD

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SCREENSHOTS = settings.ROOT / ".choucha" / "screenshots"


class User:
    """Somebody in front of a browser; every page is looked at as it goes by."""

    def __init__(self, context: BrowserContext, base: str, name: str, folder: Path) -> None:
        self.page: Page = context.new_page()
        self.base, self.name, self.folder, self.failures = base, name, folder, []
        self.page.on("pageerror", lambda error: self.failures.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._hear)

    def _hear(self, message) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.failures.append(f"{self.page.url}: {message.text}")

    def sign_in(self, login: str) -> "User":
        accounts.set_password(login, PASSWORD)
        self.goes("/")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button:has-text('登录')")
        self.page.wait_for_selector("header .who")
        return self

    def goes(self, path: str) -> "User":
        self.page.goto(self.base + path)
        return self

    def clicks(self, words: str) -> "User":
        """Follow a link, open what is folded, or press a button, by its words."""
        with self.page.expect_navigation():
            self.page.locator(f"main a:has-text('{words}'), main button:has-text('{words}')").first.click()
        return self

    def fills(self, **fields: str) -> "User":
        for name, value in fields.items():
            self.page.fill(f"main [name='{name}']:visible", value)
        return self

    def sees(self, *words: str) -> "User":
        shown = self.page.inner_text("main")
        missing = [one for one in words if one not in shown]
        assert not missing, (missing, self.page.url, shown)
        return self

    def looks(self, what: str) -> "User":
        """Keep a screenshot; nothing may be wider than the screen."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.folder / f"{what}-{self.name}.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px ({self.name})"
        return self


@pytest.fixture
def user(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., User]]:
    """Return a function that sits somebody at a desk or gives a phone; without a login, no account."""
    contexts, users = [], []
    folder = SCREENSHOTS / request.node.name.removeprefix("test_")[:60]
    shutil.rmtree(folder, ignore_errors=True)

    def sit(login: str = "", *, phone: bool = False, **options: object) -> User:
        context = browser.new_context(viewport=PHONE if phone else DESK, has_touch=phone, is_mobile=phone,
                                      locale="zh-CN", timezone_id="Asia/Shanghai", **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        one = User(context, server, f"{login or 'anybody'}{'-phone' if phone else ''}", folder)
        users.append(one)
        return one.sign_in(login) if login else one

    yield sit
    for context in contexts:
        context.close()
    assert [failure for one in users for failure in one.failures] == []
