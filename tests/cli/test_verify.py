"""`choucha verify`: a folder, a city or an address; the signatures of drand; one business's part."""

import hashlib
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from blocks.errors import DrawError, NotAnswering
from blocks.public_site import fetching
from tests.cli.conftest import real, refusal
from tests.draw.conftest import make
from tests.draw.third_hand import canonical, read, remake, voided

# Round 123 of quicknet, made on 23 August 2023; see tests/draw/test_beacon.py.
QUICK = ("b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482"
         "e26cd02df835d3546d23c4b13e0dfc92")  # fmt: skip


@pytest.fixture(scope="module")
def draws():
    return {name: make(name) for name in ("sm3", "sha256")}


@pytest.fixture(params=["sm3", "sha256"])
def folder(request, draws, tmp_path) -> Path:
    """A draw in the folder of all draws, under its name, the chain beside it."""
    (tmp_path / "draws").mkdir()
    folder = draws[request.param].write(tmp_path / "draws" / "FA-2026-001-1")
    (folder / "chain.jsonl").rename(folder.parent / "chain.jsonl")
    return folder


class Site(SimpleHTTPRequestHandler):
    """A static site as a city may have one; it remembers what it was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith("/broken/seal.json"):
            self.send_error(500)
        elif self.path.endswith("/endless/seal.json"):
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 40))
            self.end_headers()
            self.wfile.write(b"{" * 1000)
        elif self.path.endswith("/page/seal.json"):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<html>nothing here</html>")
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(folder) -> Iterator[str]:
    """The address of the folder of all draws."""
    def handler(*of, **more):
        return Site(*of, directory=str(folder.parent.parent), **more)

    Site.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/draws"
        server.shutdown()


def lines_of(said: str) -> list[str]:
    return re.findall(r"✓ (\d+)\. ", said)


def business(folder, stratum=0, part="drawn", at=0) -> str:
    return read(folder, "result.json")["strata"][stratum][part][at]["id"]


def not_drawn(folder, stratum=0) -> str:
    """Return a business of the stratum that is neither drawn nor a reserve."""
    told = read(folder, "result.json")["strata"][stratum]
    listed = {one["id"] for one in told["drawn"] + told["reserves"]}
    pool = (line.split("\t") for line in (folder / "pool.tsv").read_text().splitlines())
    return next(id_ for _, id_, code, *_ in pool if code == told["code"] and id_ not in listed)


def test_a_draw_is_verified_by_its_folder_or_its_seal(shell, folder):
    by_folder, by_seal = shell.says("verify", folder), shell.says("verify", folder / "seal.json")
    assert lines_of(by_folder) == list("1234567")
    assert by_folder == by_seal
    assert "drand quicknet/34199812 没有附签名" in by_folder


def test_the_installed_command_says_the_same(shell, folder):
    assert real("verify", folder).out == shell.says("verify", folder)


def test_a_city_is_verified_by_the_folder_of_its_draws(shell, folder):
    said = shell.says("verify", folder.parent)
    assert lines_of(said) == ["1", "2"] and "2. FA-2026-001-1" in said
    (folder / "seed.txt").write_bytes(b"")
    done = shell.run("verify", folder.parent)
    assert "✗ 2. FA-2026-001-1 种子：" in done.out and "核对不符" in refusal(done)


def test_what_is_not_there_is_no_draw(shell, tmp_path):
    assert "找不到文件夹" in shell.refused("verify", tmp_path / "nowhere")
    assert "找不到文件夹" in shell.refused("verify", tmp_path / "nowhere" / "seal.json")


def test_a_broken_result_is_a_line_that_does_not_hold_and_no_traceback(shell, folder):
    for content in (b"[]", b"{", b'{"evidence":1}', b"[" * 100_000, b"\xff"):
        (folder / "result.json").write_bytes(content)
        done = shell.run("verify", folder)
        assert "核对不符" in refusal(done) and "✗ 5." in done.out


def test_a_draw_is_verified_by_its_address(shell, folder, site):
    by_folder = shell.says("verify", folder)
    for address in (f"{site}/{folder.name}", f"{site}/{folder.name}/",
                    f"{site}/{folder.name}/seal.json"):  # fmt: skip
        assert shell.says("verify", address) == by_folder
    assert {Path(path).name for path in Site.asked} == set(fetching.DRAW_FILES)
    (folder / "pool.tsv").write_bytes(b"")
    assert "核对不符" in shell.refused("verify", f"{site}/{folder.name}")


def test_a_city_is_verified_by_its_address(shell, folder, site):
    assert lines_of(shell.says("verify", site)) == ["1", "2"]
    assert lines_of(shell.says("verify", f"{site}/chain.jsonl")) == ["1", "2"]
    shutil.rmtree(folder)
    done = shell.run("verify", site)
    assert "✗ 2. FA-2026-001-1 封存：缺少 seal.json" in done.out and refusal(done)


def test_an_address_with_nothing_to_verify_says_so(shell, site):
    said = shell.refused("verify", f"{site}/FA-2026-009-1")
    assert "没有 seal.json，也没有 chain.jsonl" in said
    assert "没有 seal.json" in shell.refused("verify", f"{site}/page")
    assert "回答 500" in shell.refused("verify", f"{site}/broken")
    assert "没有取完" in shell.refused("verify", f"{site}/endless")
    port = site.rpartition(":")[2]
    assert "取不到" in shell.refused("verify", site.replace(port, "1/draws"))
    assert "取不到" in shell.refused("verify", "http://[::1/draws")


def test_no_more_is_fetched_than_a_file_may_have(folder, site):
    size = (folder / "pool.tsv").stat().st_size
    with fetching.fetched(f"{site}/{folder.name}", {"pool.tsv": size}) as there:
        assert (there / "pool.tsv").read_bytes() == (folder / "pool.tsv").read_bytes()
    assert not there.exists(), "what was fetched does not stay"
    with pytest.raises(DrawError, match="没有取完"), fetching.fetched(
            f"{site}/{folder.name}", {"pool.tsv": size - 1}):  # fmt: skip
        pass


def test_a_chain_cannot_write_outside_its_folder(folder, site):
    """Whoever publishes a chain chooses the names on it."""
    outside = ["../../evil", "/evil", "a/b", "..", "a\0b", "a\nb", "\\evil", "x" * 300]
    entries = [{"scheme": name, "draw_number": 1} for name in [*outside, "fine"]]
    lines = b"".join(canonical(entry) + b"\n" for entry in entries)
    (folder.parent / "chain.jsonl").write_bytes(lines + b"[]\n")
    with fetching.fetched(site) as there:
        assert [path.name for path in there.iterdir()] == ["chain.jsonl"]
    asked = {path.split("/")[2] for path in Site.asked} - {"chain.jsonl", "seal.json"}
    assert asked == {"..-1", "fine-1"}


def test_a_silent_address_is_not_waited_for_for_ever(site, monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(fetching, "PATIENCE", 0.2)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/draws"
        with pytest.raises(NotAnswering, match="迟迟没有应答"), fetching.fetched(address):
            pass


def signed(folder, sealed_at, **changes):
    """Let the draw's drand source be round 123 of quicknet, with its signature as evidence."""
    seal = read(folder, "seal.json")
    source = seal["randomness"][0] | {"locator": "quicknet/123"}
    entry = {"kind": "drand", "locator": "quicknet/123", "signature": QUICK} | changes
    value = hashlib.sha256(bytes.fromhex(entry["signature"])).hexdigest()
    given = [line.partition("=")[2] for line in (folder / "seed.txt").read_text().splitlines()[3:]]
    remake(folder, [value, *given[1:]], [entry], sealed_at=sealed_at,
           randomness=[source, *seal["randomness"][1:]])  # fmt: skip
    (folder / "chain.jsonl").replace(folder.parent / "chain.jsonl")


def test_a_signature_of_drand_is_checked_beside_the_numbered_lines(shell, folder):
    signed(folder, "2023-08-23T00:00:00Z")
    said = shell.says("verify", folder)
    assert "✓ drand quicknet/123 签名有效；该轮产生于 2023-08-23T15:15:33Z，晚于封存" in said
    assert "签名有效" in shell.says("verify", folder.parent), "in a whole city too"


def test_a_round_made_before_the_seal_is_found_whatever_the_seal_says(shell, folder):
    signed(folder, "2026-11-23T02:00:00Z")
    done = shell.run("verify", folder)
    assert lines_of(done.out) == list("1234567"), "the seal gives a due date that is not the round's"
    assert "✗ drand quicknet/123 签名有效" in done.out and "不晚于封存" in done.out
    assert "核对不符" in refusal(done)


def test_a_false_signature_is_found_though_its_hash_is_the_value(shell, folder):
    signed(folder, "2023-08-23T00:00:00Z", signature="a" + QUICK[1:])
    done = shell.run("verify", folder)
    assert lines_of(done.out) == list("1234567")
    assert "✗ drand quicknet/123" in done.out and "签名不对" in done.out and refusal(done)
    signed(folder, "2023-08-23T00:00:00Z", previous_signature=1)
    assert refusal(shell.run("verify", folder))


def test_a_business_that_was_drawn_is_told_its_ticket_and_can_compute_it(shell, folder):
    seal, result = read(folder, "seal.json"), read(folder, "result.json")
    first = result["strata"][1]["drawn"][0]
    typed = first["id"].lower().translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    said = shell.says("verify", folder, "--id", f" {typed} ")
    assert f"{first['id']} 在待抽库中：35 户的第" in said and "步证明到封存的根值" in said
    assert f"SJD1\t{first['id']}\tD\t" in said
    assert first["digest"] in said and f"签值 {first['key']}" in said
    assert f"抽到签值 {result['strata'][1]['drawn'][-1]['key']} 为止" in said
    assert f"{first['id']} 抽中（第 1 名）" in said
    command = re.search(r"printf %s%s .*", said)[0]
    tool = {"sha256": "sha256sum", "sm3": "openssl"}[seal["hash"]]
    assert tool in command
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on this machine")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert first["digest"] in done.stdout


def test_a_reserve_and_one_not_drawn_and_a_stranger_are_told_so(shell, folder):
    reserve, other = business(folder, 0, "reserves", 1), not_drawn(folder)
    assert f"{reserve} 没有抽中，是备选第 2 名" in shell.says("verify", folder, "--id", reserve)
    assert f"{other} 没有抽中\n" in shell.says("verify", folder, "--id", other)
    said = shell.says("verify", folder, "--id", "91445200NOBODY")
    assert "91445200NOBODY 不在待抽库的 35 户之中" in said


def test_a_business_is_told_nothing_by_files_that_do_not_hold(shell, folder):
    id_ = business(folder)
    (folder / "pool.tsv").write_bytes((folder / "pool.tsv").read_bytes()[:-1])
    done = shell.run("verify", folder, "--id", id_)
    assert refusal(done) and "抽中（" not in done.out


def test_a_business_asks_one_draw_and_not_a_city(shell, folder):
    assert "只能用于一次抽取" in shell.refused("verify", folder.parent, "--id", business(folder))
    assert "请在名录中补上编号" in shell.refused("verify", folder, "--id", " ")


def test_of_a_void_draw_a_business_is_told_that_there_is_no_result(shell, folder):
    id_ = business(folder)
    voided(folder)
    (folder / "chain.jsonl").replace(folder.parent / "chain.jsonl")
    said = shell.says("verify", folder, "--id", id_)
    assert f"{id_} 在待抽库中" in said and "这次抽取没有结果" in said
