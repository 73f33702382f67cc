"""Very many businesses are found in the browser from the files of the index; `NAMES=1000000` for a million."""

import os
import time

import pytest
from playwright.sync_api import Browser

from blocks import settings
from blocks.public_site import front, search
from blocks.public_site.files import tree
from blocks.public_site.pages import batched
from blocks.register import published
from blocks.register.database import transaction
from blocks.templating import page
from tests.site.large import code

NAMES = int(os.environ.get("NAMES", "8000"))


def name(n: int) -> str:
    place = ("揭阳市", "普宁市", "惠来县", "揭西县", "榕城区", "揭东区")[n % 6]
    own = chr(19968 + n % 3001) + chr(20500 + n * 7 % 2999) + chr(21000 + n // 5 * 13 % 2003)
    return f"{place}{own}{('旅馆', '餐饮', '贸易', '检测')[n % 4]}有限公司"


@pytest.fixture
def many(register: str) -> int:
    """A site with nothing but a front page and an index of so many businesses."""
    names = {code(n): [name(n)] for n in range(1, NAMES + 1)}
    index: dict[str, list[int]] = {}
    for number, (uscc, said) in enumerate(names.items(), 1):
        for gram in {search.code_gram(uscc)} | search.grams(said[0]):
            index.setdefault(gram, []).append(number)
    with transaction() as session:
        published.fill_search(session, names, [
            (gram, search.shard(gram), numbers[:search.MOST], len(numbers)) for gram, numbers in index.items()])
        tree().change(front.static() | {"index.html": page(
            "index.html.j2", depth="", schemes=[], newest=[], plans=[], has_catalogue=False, years=[], late=[],
            names={}, has_more=False, path_of=None, area_name=None)})
        for some in batched(search.every_shard(), 256):
            tree().change(search.of_shards(session, some))
        for some in batched(search.every_stretch(session), 1000):
            tree().change(search.of_stretches(session, some))
    return NAMES


def test_each_is_found_among_very_many(browser: Browser, many: int):
    took, tab = [], browser.new_context(locale="zh-CN").new_page()
    for n in (1, 2, 3, many // 3, many // 2, many - 1, many):
        for words in (name(n), name(n)[3:7], name(n)[3:6], code(n)):
            tab.goto("about:blank")
            tab.goto(f"{(settings.state_dir() / 'public').as_uri()}/index.html")
            begun = time.perf_counter()
            tab.fill("#words", words)
            tab.press("#words", "Enter")
            tab.locator("#heard:has-text('找到')").wait_for()
            took.append(time.perf_counter() - begun)
            assert code(n) in tab.inner_text("#found"), words
    tab.fill("#words", "有限公司")
    tab.press("#words", "Enter")
    tab.locator("#heard:has-text('请再多打几个字')").wait_for()
    files = [len(tree().read(path)) for path in tree().files() if path.startswith("search/")]
    print(f"\n{many:,} businesses: {len(files):,} files, {sum(files) / 1e6:.0f} MB, largest {max(files) / 1e3:.0f} kB; "
          f"first answer {1000 * sorted(took)[len(took) // 2]:.0f} ms, slowest {1000 * max(took):.0f} ms")


def test_python_and_the_page_count_the_same(browser: Browser, many: int):
    """Rare characters beyond 16 bits, full width, lower case: the gram stands in the same shard."""
    assert search.grams("Ａb（𬭩）厂") == {"AB", "B𬭩", "𬭩厂"}
    tab = browser.new_page()
    for gram in ("AB", "B𬭩", "𬭩厂", "宾馆", "#123456"):
        told = tab.evaluate("gram => { let n = 0; for (const c of gram) n = (n * 31 + c.codePointAt(0)) % 65521;"
                            " return n % 1024; }", gram)
        assert told == search.shard(gram)
