"""What the public sees once results are published: whole, linked, checkable, and of nobody private."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from blocks import settings
from blocks.actions import draws
from blocks.draw import pairing_verifier, verifier
from blocks.draw.sealing import seal_hash
from blocks.public_site import data, paths
from blocks.public_site.tools import PAGE, tools
from blocks.rules.disclosure import PUBLIC_FIELDS, PUBLIC_ITEM_FIELDS, scan
from blocks.steps import publishing
from tests.site.conftest import ODD_NAME, Published, files, steps


class Page(HTMLParser):
    """The words, the tags and the links of a page, as a browser takes them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.words, self.tags, self.links = "", [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.words += data


POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
POLICY_OF_SEARCH = POLICY.replace("base-uri", "script-src 'self'; base-uri")


def policy_of_the_tool(path: Path) -> str:
    """The page is one file, which may ask for those beside it alone: its policy names its own script and
    style by their hashes."""
    text = path.read_text("utf-8")
    style, script = (base64.b64encode(hashlib.sha256(re.search(
        f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1].encode()).digest()).decode() for tag in ("style", "script"))
    return (f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'")


def pages(published: Published) -> list[Path]:
    return [path for path in files(published.folder) if path.suffix == ".html"]


def drawn(published: Published) -> Path:
    """Return the folder of the scheme's first draw."""
    return published.folder / "draws" / f"{published.code}-1"


def results(published: Published) -> list[dict]:
    return [json.loads(path.read_text("utf-8")) for path in files(published.folder)
            if path.is_relative_to(published.folder / "results")]


def page_of(published: Published, uscc: str) -> Path:
    return published.folder / paths.of_business(uscc)


def test_there_is_a_front_page_a_page_a_scheme_a_page_a_business_and_the_draw(published):
    codes = {r["uscc"] for r in results(published)}
    day = date.fromisoformat(results(published)[0]["public_on"])
    there = {str(p.relative_to(published.folder)) for p in pages(published)}
    assert len(codes) > 5
    assert there == {"index.html", "catalogue.html", "withheld.html", "schemes/index.html",
                     "data/index.html", f"figures/{day.year}.html", f"days/{day.year}/index.html",
                     paths.of_day(day), f"schemes/{published.code}.html",
                     f"draws/{published.code}-1/{PAGE}", *map(paths.of_business, codes)}
    assert {"pairing.json", "pool.tsv", "result.json", "seal.json", "seed.txt"} <= {
        p.name for p in drawn(published).iterdir()}
    assert (published.folder / "draws" / "chain.jsonl").read_bytes().count(b"\n") >= 2


def test_every_result_is_in_the_open_data_and_on_its_business_page(published):
    told = results(published)
    day = told[0]["public_on"]
    rows = json.loads((published.folder / "data" / f"{day}.json").read_text("utf-8"))
    table = list(csv.DictReader(io.StringIO(
        (published.folder / "data" / f"{day}.csv").read_text("utf-8-sig"))))
    assert [list(row) for row in (rows[0], table[0])] == [sorted(data.FIELDS), list(data.FIELDS)]
    assert [row["raninsItemName"] for row in rows] == [row["raninsItemName"] for row in table]
    assert len(rows) == sum(len(result["items"]) for result in told)
    assert {(row["uniscid"], row["insAuth"], row["raninsCheckResName"], row["insDate"]) for row in rows} == {
        (one["uscc"], one["authority"], one["result"], one["inspected_on"]) for one in told}
    for result in told:
        words = Page(page_of(published, result["uscc"])).words
        for shown in (result["business"], result["authority"], result["result"],
                      result["inspected_on"], *(item["name"] for item in result["items"])):
            assert shown in words


def test_only_fields_of_the_allow_list_are_public(published):
    fields = {name for r in results(published) for name in r}
    assert fields == set(PUBLIC_FIELDS)
    assert {n for r in results(published) for item in r["items"] for n in item} == set(
        PUBLIC_ITEM_FIELDS)


def test_the_result_that_found_something_is_public_without_its_free_text(published):
    found = [r for r in results(published) if r["category"] == "problem_rectified"]
    assert len(found) == 1
    assert found[0]["result"] == settings.results().category("problem_rectified").label


def test_nothing_private_is_in_any_public_byte(published):
    """Neither names of people, nor addresses, nor the free text, nor the planted numbers."""
    assert len(published.private) > 60
    for path in files(published.folder):
        data = path.read_bytes().decode("utf-8")
        assert "\\u" not in data or path.name in tools(), "no text hides behind escapes"
        assert [word for word in published.private if word in data] == [], path
        if "draws" not in path.relative_to(published.folder).parts:
            assert scan(data) == [], path


def test_the_scanner_would_have_seen_what_was_planted(published):
    """The check above can fail: the same words, put into a page, are found."""
    page = (published.folder / "index.html").read_text("utf-8")
    assert [leak.kind for leak in scan(page + " ".join(published.private[:2]))] == [
        "mobile", "identity"]


def test_a_name_with_markup_is_text_and_nothing_else(published):
    odd = [r["uscc"] for r in results(published) if r["business"] == ODD_NAME]
    assert odd
    for path in (page_of(published, odd[0]),
                 published.folder / "index.html",
                 published.folder / "schemes" / f"{published.code}.html"):
        page = Page(path)
        assert ODD_NAME in page.words
        assert "<script>" not in path.read_text("utf-8")
        assert {tag for tag, _ in page.tags} & {"iframe", "object"} == set()
        assert [attrs for tag, attrs in page.tags if tag == "script"] == (
            [{"src": "search.js", "defer": None}] if path.name == "index.html" else [])
        assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)


def leads_to(page: Path, link: str) -> Path:
    """Return the file a link leads to, as a browser finds it."""
    return Path(os.path.normpath(page.parent / unquote(link.split("#")[0] or page.name)))


def broken_links(folder: Path) -> list[str]:
    """Return the links of a site's pages that leave it or lead nowhere."""
    return [f"{path}: {link}" for path in files(folder) if path.suffix == ".html" for link in Page(path).links
            if re.match(r"[a-z]+:|//|/", link) or not leads_to(path, link).is_file()]


def test_every_link_leads_to_a_file_that_is_there(published):
    assert broken_links(published.folder) == []


def test_no_link_is_broken_before_the_first_night_nor_before_the_first_result(ready):
    folder = settings.state_dir() / "public"
    for act in (publishing.make_site, steps):
        act()
        assert broken_links(folder) == []


def test_every_page_can_be_reached_from_the_front_page(published):
    front = published.folder / "index.html"
    reached, edge = set(), {front}
    while edge:
        reached |= edge
        edge = {leads_to(page, link) for page in edge if page.suffix == ".html"
                for link in Page(page).links} - reached
    assert set(pages(published)) - reached == set()


def test_every_page_is_chinese_titled_and_closed_to_foreign_code(published):
    for path in pages(published):
        page = Page(path)
        attributes = dict(page.tags)
        assert attributes["html"]["lang"] == "zh-CN"
        assert any(tag == "h1" for tag, _ in page.tags)
        policy = [a["content"] for tag, a in page.tags
                  if a.get("http-equiv") == "Content-Security-Policy"]
        assert policy == [policy_of_the_tool(path) if path.name == PAGE else
                          POLICY_OF_SEARCH if path.name == "index.html" and path.parent == published.folder
                          else POLICY]
        assert "unsafe" not in policy[0]
        assert "None" not in page.words and "{{" not in page.words
        assert not any("style" in a for _, a in page.tags), "the policy forbids inline style"


def test_the_scheme_page_shows_the_whole_line_of_stages_as_done(published):
    page = Page(published.folder / "schemes" / f"{published.code}.html")
    stops = [a["class"] for tag, a in page.tags if tag == "li" and "class" in a]
    assert stops == ["done"] * 7
    assert seal_hash((drawn(published) / "seal.json").read_bytes()) in page.words
    assert f"../draws/{published.code}-1/{PAGE}" in page.links


def test_a_stranger_with_python_alone_can_check_the_draw(published, tmp_path):
    alone = tmp_path / "verifier.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    done = subprocess.run([sys.executable, "-I", "-S", alone, drawn(published)],
                          capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(verifier.NAMES)
    assert "未核验" not in done.stdout, "the chain is found beside the draws and checked too"


def test_a_stranger_checks_the_pairing_with_the_program_beside_it(published, tmp_path):
    program = drawn(published) / "pairing_verifier.py"
    done = subprocess.run([sys.executable, program, program.parent], capture_output=True,
                          text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(pairing_verifier.NAMES)
    assert "由监督人员核对" in done.stdout
    for name in draws.LISTS:
        assert not (program.parent / name).exists(), "people and interests are not public"


@pytest.mark.parametrize("name", ["seal.json", "pool.tsv", "seed.txt", "result.json",
                                  "../chain.jsonl"])
def test_a_changed_public_file_is_found_out(published, tmp_path, name):
    shutil.copytree(published.folder / "draws", tmp_path / "draws")
    folder = tmp_path / "draws" / drawn(published).name
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    done = subprocess.run([sys.executable, "-I", verifier.__file__, folder], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert "不通过" in done.stdout
    assert "Traceback" not in done.stderr
