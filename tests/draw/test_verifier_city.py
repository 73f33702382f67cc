"""A whole city: its chain and every draw on it, nothing more and nothing less."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.draw import chain, verifier
from blocks.draw.pool import Candidate
from blocks.draw.strata import StratumRule
from tests.draw.third_hand import LISTS, failing, link, remake, seen, voided

SMALL = [Candidate(f"ID{number}", "all") for number in range(5)]


@pytest.fixture(scope="module")
def one(maker, tmp_path_factory):
    """One draw of each hash, to be copied."""
    rules = [StratumRule("all", "number", 1, reserves=1)]
    return [maker(name, SMALL, rules).write(tmp_path_factory.mktemp(name) / "draw")
            for name in ("sm3", "sha256")]  # fmt: skip


@pytest.fixture
def city(one, tmp_path):
    """Three schemes: drawn; void and drawn again; sealed only. SM3 and SHA-256 take turns."""
    there, lines = tmp_path / "draws", []
    there.mkdir()

    def add(number, scheme, draw_number, *kinds):
        folder = shutil.copytree(one[number % 2], there / f"{scheme}-{draw_number}")
        head = lines[-1]["head"] if lines else "0" * 64
        remake(folder, scheme=scheme, draw_number=draw_number, previous=head)
        if "void" in kinds:
            voided(folder, kinds)
        elif "drawn" not in kinds:
            for name in LISTS:
                (folder / name).unlink(missing_ok=True)
        lines.extend(link(folder, kinds, lines[-1] if lines else None))
        (folder / "chain.jsonl").unlink()

    add(0, "2026-001", 1, "sealed", "drawn")
    add(1, "2026-002", 1, "sealed", "void")
    add(2, "2026-002", 2, "sealed", "drawn")
    add(3, "2026-003", 1, "sealed", "drawn", "void")
    add(4, "2026-003", 2, "sealed")
    (there / "chain.jsonl").write_bytes(chain.chain_jsonl(lines))
    return there


def rewrite(city, change):
    """Change the chain's lines as a list; their heads stay as they are."""
    path = city / "chain.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    return failing(city)


def test_a_true_city_holds_line_by_line_and_says_what_has_no_result_yet(city):
    report = verifier.verify(city)
    assert [(number, name, holds) for number, name, holds, _ in report] == [
        (1, "链", True), (2, "2026-001-1", True), (3, "2026-002-1", True), (4, "2026-002-2", True),
        (5, "2026-003-1", True), (6, "2026-003-2", True)]  # fmt: skip
    told = seen(city)
    assert told["链"].endswith("尚无结果：2026-003-2")
    assert told["2026-003-2"] == "尚无结果" and told["2026-002-1"] == "作废前未抽取"
    assert "重算一致" in told["2026-001-1"] and "重算一致" in told["2026-003-1"]


def test_a_city_is_verified_by_the_one_file_alone(city, tmp_path):
    alone = tmp_path / "verifier.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", alone, city]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 6, done
    (city / "2026-001-1" / "seal.json").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "2 不通过 2026-001-1" in done.stdout and not done.stderr


def test_every_draw_of_a_city_also_holds_by_itself_but_for_one_without_result(city):
    alone = {folder.name: failing(folder) for folder in city.iterdir() if folder.is_dir()}
    assert alone.pop("2026-003-2") == ["种子", "结果", "递补", "链"]
    assert set(map(tuple, alone.values())) == {()}


def test_any_changed_byte_of_the_chain_is_found(city):
    data = (city / "chain.jsonl").read_bytes()
    for at in range(len(data)):
        (city / "chain.jsonl").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert failing(city), at


def test_a_name_changed_on_the_last_line_of_the_chain_is_found_by_its_folder(city):
    """The head does not bind the scheme's name: only its folder and its seal do."""
    def change(lines):
        lines[-1] = lines[-1].replace(b"2026-003", b"2026-004").replace(
            b'"draw_number":2', b'"draw_number":1')  # fmt: skip

    assert rewrite(city, change) == ["2026-003-2", "2026-004-1"]


@pytest.mark.parametrize("at", range(9))
def test_a_line_left_out_or_twice_is_found(city, at):
    data = (city / "chain.jsonl").read_bytes()
    assert rewrite(city, lambda lines: lines.pop(at))
    (city / "chain.jsonl").write_bytes(data)
    assert "链" in rewrite(city, lambda lines: lines.insert(at, lines[at]))


@pytest.mark.parametrize(
    ("kinds", "scheme", "number"),
    [
        (["sealed"], "2026-001", 2),  # a second seal for a scheme that has been drawn
        (["sealed"], "2026-003", 3),  # and for one whose seal has no result
        (["sealed"], "2026-004", 2),  # a draw number missing
        (["sealed"], "2026-002", 2),  # the same number again
        (["drawn"], "2026-001", 1),  # a second result
        (["drawn"], "2026-009", 1),  # a result without a seal
        (["void"], "2026-002", 1),  # void twice
        (["sealed", "void", "drawn"], "2026-009", 1),  # a result after the voiding
        (["opened"], "2026-009", 1),  # nothing the chain knows
    ],
)  # fmt: skip
def test_a_chain_in_a_wrong_order_is_found_though_its_heads_are_right(city, kinds, scheme, number):
    last = json.loads((city / "chain.jsonl").read_bytes().splitlines()[-1])
    more = []
    for kind in kinds:
        known = kind if kind in chain.KINDS else "sealed"
        last = chain.next_line(last, known, scheme, number, "ab" * 32, "sm3")
        if known != kind:
            last |= {"kind": kind, "head": chain.head(last["previous"], kind, "ab" * 32, "sm3")}
        more.append(last)
    assert "链" in rewrite(city, lambda lines: lines.append(chain.chain_jsonl(more)))


def test_a_draw_of_the_chain_that_is_not_there_is_named(city):
    shutil.rmtree(city / "2026-002-1")
    assert failing(city) == ["2026-002-1"]
    assert "缺少 seal.json" in seen(city)["2026-002-1"]


def test_a_draw_that_is_not_on_the_chain_is_named(city):
    shutil.copytree(city / "2026-001-1", city / "2026-001-2")
    assert failing(city) == ["2026-001-2"]
    assert "文件夹里是另一次抽取" in seen(city)["2026-001-2"]


def test_a_draw_under_the_name_of_another_is_named(city):
    shutil.rmtree(city / "2026-001-1")
    shutil.copytree(city / "2026-002-2", city / "2026-001-1")
    assert failing(city) == ["2026-001-1"]


def test_a_result_taken_away_is_not_told_as_no_result_yet(city):
    for name in LISTS:
        (city / "2026-001-1" / name).unlink(missing_ok=True)
    assert failing(city) == ["2026-001-1"]


def test_a_folder_with_a_chain_of_its_own_is_checked_by_the_chain_of_the_city(city):
    folder = city / "2026-001-1"
    remake(folder, sealed_at="2026-11-23T01:00:00Z")
    assert not failing(folder) and failing(city) == ["2026-001-1"]


def test_an_empty_city_and_a_chain_that_is_no_chain_end_without_a_traceback(tmp_path):
    (tmp_path / "chain.jsonl").write_bytes(b"")
    assert verifier.verify(tmp_path) == [(1, "链", True, "0 行相接；已封存、尚无结果：无")]
    (tmp_path / "chain.jsonl").write_bytes(b"\xff\n")
    (tmp_path / "draw").mkdir()
    assert failing(tmp_path) == ["链", "draw"]
