"""verify.html in a real Chromium: the seven checks, and where the files come from."""

import json
import re
import time

import pytest

from blocks.draw.hashing import canonical_json
from blocks.draw.pool import Candidate
from blocks.draw.strata import StratumRule
from tests.browser.conftest import INTRANET, publish, void

ALL = {number: "通过" for number in range(1, 8)}
FILES = ("seal.json", "pool.tsv", "seed.txt", "result.json", "replacements.jsonl", "chain.jsonl")


def change(folder, name, old, new):
    data = (folder / name).read_bytes()
    at = re.search(old, data)
    assert at and len(new) == at.end() - at.start()
    (folder / name).write_bytes(data[: at.start()] + new + data[at.end() :])


def test_a_true_draw_is_green_throughout_and_says_so_in_one_sentence(made, verifying):
    assert verifying.run() == ALL
    seal = made.chain[0]["file"]
    for words in ("FA-2026-001 第 1 次抽取", "从 35 户中抽出 7 户", f"{seal[:4]} {seal[4:8]}"):
        assert words in verifying.says()


def test_the_page_asks_nothing_of_anybody_else(folder, verifying, site):
    asked = []
    verifying.page.on("request", lambda request: asked.append(request.url))
    assert verifying.run() == ALL
    assert asked and all(address.startswith(f"{site}/") for address in asked)
    assert not re.search(r"(src|href)=\"(?!\.\./)", (folder / "verify.html").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "old", "new", "red"),
    [
        ("seal.json", rb'"sealed_at":"2026', b'"sealed_at":"2028', {1, 4, 5, 7}),
        ("seal.json", rb'"count":3', b'"count":4', {3, 4, 5, 7}),
        ("seal.json", rb'{"draw', b"{ draw", {1, 2, 3, 4, 5, 7}),
        ("pool.tsv", rb"\t0{64}\n", b"\t" + b"0" * 63 + b"1\n", {2}),
        ("pool.tsv", rb"LOW00002", b"LOW00001", {2, 3, 5}),
        ("seed.txt", b"5a5a", b"5a5b", {4, 5}),
        ("seed.txt", b"1664", b"1665", {5}),
        ("seed.txt", b"1664", b"1667", {4, 5}),
        ("result.json", b'"rank":1', b'"rank":2', {5, 6, 7}),
        ("result.json", "签名".encode(), "笺名".encode(), {7}),
        ("replacements.jsonl", b'"rank_in":4', b'"rank_in":5', {6}),
        ("replacements.jsonl", b"T01:00:00Z", b"T01:00:60Z", {6}),
        ("chain.jsonl", b'"number":2', b'"number":3', {7}),
        ("chain.jsonl", b'"sealed"', b'"drawn"' + b" ", {7}),
    ],
)
def test_one_changed_place_is_red_where_it_belongs(folder, verifying, name, old, new, red):
    change(folder, name, old, new)
    assert verifying.red() == red
    assert "不通过" in verifying.says() and "重新下载" in verifying.says()


@pytest.mark.parametrize("name", FILES)
def test_crlf_a_bom_a_lost_end_and_a_line_more_are_refused(folder, verifying, name):
    data = (folder / name).read_bytes()
    for spoilt in (data.replace(b"\n", b"\r\n") + b"\r\n" * (b"\n" not in data), b"\xef\xbb\xbf" + data,
                   data[:-1], data + b"\n"):  # fmt: skip
        (folder / name).write_bytes(spoilt)
        assert verifying.red(), spoilt[-20:]
    (folder / name).write_bytes(data)
    assert verifying.red() == set()


@pytest.mark.parametrize("text", ["1.0", "1e0", "true", "-1", "01", "12345678901234567"])
def test_json_other_than_text_and_whole_numbers_is_refused(folder, verifying, text):
    data = (folder / "seal.json").read_text("utf-8")
    (folder / "seal.json").write_text(data.replace('"draw_number":1,', f'"draw_number":{text},'))
    assert 1 in verifying.red()


@pytest.mark.parametrize("name", ["pool.tsv", "seed.txt", "result.json"])
def test_a_missing_file_is_red_and_named(folder, verifying, name):
    (folder / name).unlink()
    red = verifying.red()
    assert red and any(verifying.detail(number) == f"缺少 {name}" for number in red)


def test_without_a_chain_the_seventh_is_not_green(folder, verifying):
    (folder / "chain.jsonl").unlink()
    assert verifying.run() == ALL | {7: "未核验"}
    assert "未核对全市抽取链" in verifying.says()


def test_the_chain_is_found_one_folder_up(folder, verifying):
    (folder / "chain.jsonl").rename(folder.parent / "chain.jsonl")
    assert verifying.run() == ALL


def test_a_server_that_fails_is_not_taken_for_a_missing_file(verifying):
    verifying.page.route("**/void.json", lambda route: route.fulfill(status=503))
    verifying.run()
    assert "没有核验" in verifying.says() and "503" in verifying.says()


def test_sealed_and_not_yet_drawn_is_amber_until_the_chain_has_a_result(made, folder, verifying):
    for name in ("seed.txt", "result.json", "replacements.jsonl"):
        (folder / name).unlink()
    assert {4, 5, 7} <= verifying.red()
    first = (folder / "chain.jsonl").read_bytes().splitlines(keepends=True)[0]
    (folder / "chain.jsonl").write_bytes(first)
    assert verifying.run() == ALL | dict.fromkeys((4, 5, 6), "未核验")
    assert "尚无结果" in verifying.says() and "2026年11月23日" in verifying.detail(4)


def test_over_plain_http_without_webcrypto_it_computes_by_itself(folder, site, opened):
    verifying = opened(f"{site.replace('127.0.0.1', INTRANET)}/draw/verify.html")
    assert verifying.page.evaluate("typeof crypto.subtle") == "undefined"
    assert verifying.run() == ALL


def test_from_disk_the_files_are_handed_in_at_once_or_by_and_by(folder, opened):
    verifying = opened((folder / "verify.html").as_uri())
    verifying.run()
    assert "还没有文件" in verifying.says()
    last, *some = (folder / name for name in FILES)
    verifying.page.set_input_files("#choose", [*some, folder / "verify.html"])
    assert verifying.red() and "没有用到：verify.html" in verifying.page.inner_text("#files")
    verifying.page.set_input_files("#choose", [last])
    assert verifying.run() == ALL


def test_files_dropped_on_the_page_serve_also_under_the_name_of_a_second_download(folder, opened):
    verifying = opened((folder / "verify.html").as_uri())
    for name in reversed(FILES):
        renamed = name.replace(".", " (1).", 1)
        verifying.page.evaluate(
            """([name, text]) => {
                const data = new DataTransfer();
                data.items.add(new File([text], name));
                document.body.dispatchEvent(
                    new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
            }""",
            [renamed, (folder / name).read_text("utf-8")],
        )
    verifying.page.locator("#files li").nth(len(FILES) - 1).wait_for()
    assert verifying.run() == ALL


def test_voided_before_the_draw(made, folder, verifying):
    void(made, folder, drawn=False)
    assert verifying.run() == ALL
    assert [verifying.detail(number) for number in (4, 5, 6)] == ["作废前未抽取"] * 3
    assert verifying.page.inner_text("#voided") == "本次抽取已作废，理由：名单漏了一个镇"


def test_voided_after_the_draw_everything_is_still_checked(made, folder, verifying):
    void(made, folder, drawn=True)
    assert verifying.run() == ALL
    assert "本次抽取已作废" in verifying.page.inner_text("#voided")
    change(folder, "void.json", "漏".encode(), "多".encode())
    assert verifying.red() == {7}


def test_a_void_without_its_line_in_the_chain_or_without_chain_is_red(made, folder, verifying):
    void(made, folder, drawn=True)
    (folder / "chain.jsonl").write_bytes(b"".join(canonical_json(x) + b"\n" for x in made.chain))
    assert verifying.red() == {7}
    (folder / "chain.jsonl").unlink()
    assert verifying.red() == {7}


def test_withheld_lines_are_checked_by_their_leaves(salted, tmp_path, site, opened):
    verifying = opened(f"{site}/draw/verify.html")
    assert verifying.run() == ALL
    assert "监督人员" in verifying.detail(3) and "监督人员" in verifying.says()
    change(tmp_path / "draw", "leaves.txt", b"^.", b"x")
    assert 2 in verifying.red()


@pytest.mark.parametrize("place", ["key", "digest", "id", "order", "twice"])
def test_a_withheld_draw_cannot_list_a_false_ticket(salted, tmp_path, site, opened, place):
    result = json.loads(salted.result)
    first, second = result["strata"][1]["drawn"][:2]
    changes = {"key": {"key": str(int(first["key"]) * 65536 * 3 + 1)}, "digest": {"digest": "0" * 64},
               "id": {"id": "NOBODY"}, "order": {"rank": 2}, "twice": second}  # fmt: skip
    first |= changes[place]
    (tmp_path / "draw" / "result.json").write_bytes(canonical_json(result))
    assert 5 in opened(f"{site}/draw/verify.html").red()


def test_a_hundred_thousand_candidates_in_20_seconds_and_the_page_still_answers(
    maker, tmp_path, site, opened
):
    pool = [Candidate(f"9144520{n:011d}", "CD"[n % 2], 1 + n % 2 * (n % 9)) for n in range(100_000)]
    rules = [StratumRule("C", "ratio", 5, 100, 500), StratumRule("D", "weighted", 2500, 1, 500)]
    for name in ("sm3", "sha256"):
        publish(maker(name, pool=pool, rules=rules), tmp_path / name)
        verifying = opened(f"{site}/{name}/verify.html")
        verifying.page.evaluate("""() => { let last = performance.now(); window.longest = 0;
            setInterval(() => { const now = performance.now();
                window.longest = Math.max(window.longest, now - last); last = now; }, 10); }""")
        began = time.monotonic()
        assert verifying.run() == ALL
        took, stood = time.monotonic() - began, verifying.page.evaluate("window.longest")
        print(f"{name}: {took:.1f} s, the page stood still {stood:.0f} ms at most")
        assert took < 20
        assert stood < 2000
        assert "从 100000 户中抽出 5000 户" in verifying.says()


def test_on_a_phone_nothing_runs_over_the_edge_and_the_button_is_thumb_high(browser, folder, site):
    page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{site}/draw/verify.html")
    page.click("#start")
    page.locator("#says:not(:empty)").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("#start").bounding_box()["height"] >= 48
    page.context.close()


def test_by_keyboard_alone(verifying):
    page = verifying.page
    for _ in range(9):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start":
            break
    page.keyboard.press("Enter")
    page.locator("#says:not(:empty)").wait_for()
    page.focus("#code")
    page.keyboard.type("91445200low00001")
    page.keyboard.press("Enter")
    assert page.inner_text("#verdict").startswith("91445200LOW00001 ")
