"""查我的签: what the page tells one business, and how to check it by hand."""

import json
import re
import subprocess

from blocks.draw.ids import canonical_id
from tests.browser.conftest import NODE


def test_a_slip_shows_its_business_in_the_withheld_pool(salted, tmp_path, site, opened):
    slips = tmp_path / "draw" / "slips"
    verifying = opened(f"{site}/draw/verify.html")
    verifying.run()
    strata = json.loads(salted.result)["strata"]
    listed = [one["id"] for s in strata for one in s["drawn"] + s["reserves"]]
    out = next(one for one in salted.pool if one.id not in listed)
    assert "凭条" in verifying.look(out.id)
    verifying.page.set_input_files("#choose", [slips / f"{out.id}.proof.json"])
    verifying.page.locator("#verdict", has_text="在待抽库中，没有被抽中").wait_for()
    verifying.page.set_input_files("#choose", [slips / f"{listed[0]}.proof.json"])
    verifying.page.locator("#verdict", has_text=f"{listed[0]} 被抽中").wait_for()
    assert verifying.fact("签值") == strata[0]["drawn"][0]["key"]
    for old, new in (
        (b'"left"', b'"lefT"'),
        (rb"\\tA\\t1", rb"\tA\t2"),
        (b'"index":', b'"indeX":'),
    ):
        false = tmp_path / f"{listed[0]}.proof.json"
        true = (slips / f"{listed[0]}.proof.json").read_bytes()
        false.write_bytes(
            re.sub(old, lambda _, new=new: new, true.replace(b"right", b"left"), count=1)
        )
        verifying.page.set_input_files("#choose", [false])
        verifying.page.locator("#verdict[data-tone=bad]").wait_for()
        verifying.page.set_input_files("#choose", [slips / f"{listed[0]}.proof.json"])
        verifying.page.locator("#verdict[data-tone=good]").wait_for()


def test_my_ticket_drawn_reserve_not_drawn_and_not_in_the_pool(made, verifying):
    verifying.run()
    low, _ = json.loads(made.result)["strata"]
    listed = {one["id"] for one in low["drawn"] + low["reserves"]}
    last, reserve = low["drawn"][-1], low["reserves"][1]
    assert verifying.look(last["id"]) == f"{last['id']} 被抽中：A 层第 3 位。"
    assert verifying.fact("签（杂凑值）") == last["digest"]
    assert verifying.fact("签值") == last["key"]
    assert verifying.fact("抽中的线").startswith(last["key"])
    assert f"备选，排在第 {reserve['rank']} 位" in verifying.look(reserve["id"])
    assert "后来递补入选" in verifying.look(low["reserves"][0]["id"])
    other = next(one.id for one in made.pool if one.stratum == "A" and one.id not in listed)
    assert "没有被抽中，也不是备选" in verifying.look(other)
    assert "不在这次的待抽库中" in verifying.look("91445200NOBODY0000")
    assert "请输入" in verifying.look("  ")


def test_my_ticket_takes_a_code_however_it_is_typed(made, verifying):
    verifying.run()
    for typed in ("91445200top00003", " 91445200TOP00003　", "９１４４５２００ｔｏｐ００００３"):
        assert verifying.look(typed).startswith("91445200TOP00003 ")
    for odd in ("普宁市某某商行", "ﬁx/1", "é" * 30, "e\u0301!", "a" * 60):
        wanted = canonical_id(odd, made.hash_name)
        assert verifying.look(odd).startswith(f"{wanted} 不在")
        assert verifying.look(wanted).startswith(f"{wanted} 不在")


def test_the_shell_line_gives_the_ticket(verifying):
    verifying.run()
    verifying.look("91445200TOP00003")
    command = verifying.page.inner_text("#facts pre")
    program, _, tool = command.partition("|")
    text = subprocess.run(["sh", "-c", program], capture_output=True, check=True).stdout
    name = {"sha256sum": "sha256", "openssl dgst -sm3": "sm3"}[tool.strip()]
    script = f"process.stdin.pipe(require('crypto').createHash('{name}')).setEncoding('hex').pipe(process.stdout)"
    told = subprocess.run([NODE, "-e", script], input=text, capture_output=True, check=True).stdout
    assert told.decode() == verifying.fact("签（杂凑值）")
