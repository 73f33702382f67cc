"""The verifier: alone, short, and not to be deceived."""

import ast
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.draw import chain, sealing, verifier
from blocks.draw.hashing import canonical_json, hexdigest

SOURCE = Path(verifier.__file__)


def failing(folder):
    return [name for _, name, holds, _ in verifier.verify(folder) if not holds]


@pytest.fixture
def folder(made, replacements, tmp_path):
    return made.write(tmp_path / "draw", replacements)


def test_it_imports_the_standard_library_only_and_has_under_200_lines():
    tree = ast.parse(SOURCE.read_text("utf-8"))
    modules = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import)
               for name in node.names]  # fmt: skip
    modules += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert set(modules) <= sys.stdlib_module_names
    assert len(SOURCE.read_text("utf-8").splitlines()) < 200


def test_a_true_draw_holds_in_every_numbered_check(folder):
    report = verifier.verify(folder)
    assert [(number, holds) for number, _, holds, _ in report] == [
        (number, True) for number in range(1, len(report) + 1)
    ], report


def test_it_runs_alone_and_says_so_by_its_exit(folder, tmp_path):
    alone = tmp_path / "verifier.py"
    alone.write_bytes(SOURCE.read_bytes())
    command = [sys.executable, "-I", str(alone), str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8",
                         env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"})  # fmt: skip
    assert run.returncode == 0 and run.stdout.startswith(" 1 通过 封存"), run
    (folder / "seed.txt").unlink()
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8",
                         env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"})  # fmt: skip
    assert run.returncode == 1 and "缺少 seed.txt" in run.stdout


@pytest.mark.parametrize(
    "name", ["pool.tsv", "seal.json", "seed.txt", "result.json", "chain.jsonl"]
)
def test_one_changed_byte_in_any_file_is_detected(folder, name):
    data = (folder / name).read_bytes()
    chance = random.Random(name)
    for at in [0, len(data) - 1, *chance.sample(range(len(data)), min(len(data), 60))]:
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        (folder / name).write_bytes(changed)
        assert failing(folder), (name, at, data[at - 10 : at + 10])
    (folder / name).write_bytes(data)
    assert not failing(folder)


@pytest.mark.parametrize("name", ["pool.tsv", "seed.txt", "result.json", "chain.jsonl"])
def test_a_byte_more_or_less_is_detected(folder, name):
    data = (folder / name).read_bytes()
    for changed in (data + b"\n", data[:-1], data + data, b""):
        (folder / name).write_bytes(changed)
        assert failing(folder)


@pytest.mark.parametrize("key", ["rank_out", "id_out", "rank_in", "id_in", "at", "reason", "extra"])
def test_a_replacement_out_of_order_or_without_reason_is_detected(folder, key):
    first, *rest = (folder / "replacements.jsonl").read_bytes().splitlines(keepends=True)
    wrong = {
        "rank_out": 99,
        "id_out": "X",
        "rank_in": 99,
        "id_in": "X",
        "at": "1.12.",
        "reason": "",
    }
    line = canonical_json(json.loads(first) | {key: wrong.get(key, 1)}) + b"\n"
    (folder / "replacements.jsonl").write_bytes(line + b"".join(rest))
    assert failing(folder) == ["递补"]
    (folder / "replacements.jsonl").write_bytes(b"".join([*rest, first]))
    assert failing(folder) == ["递补"]


def test_the_failing_check_is_named(made, folder):
    result = json.loads(made.result)
    result["strata"][0]["drawn"][0]["id"] = "91445200LOW99999"
    (folder / "result.json").write_bytes(canonical_json(result))
    assert "结果" in failing(folder) and "封存" not in failing(folder)


def test_a_draw_resealed_with_one_business_less_breaks_the_chain(made, maker, folder):
    other = maker(made.hash_name, pool=made.pool[1:])
    other.chain = made.chain
    other.write(folder)
    (folder / "replacements.jsonl").unlink()
    assert failing(folder) == ["链"]


def test_a_seal_without_a_result_is_detected(made, folder):
    (folder / "result.json").unlink()
    (folder / "chain.jsonl").write_bytes(chain.chain_jsonl(made.chain[:1]))
    assert {"结果", "链"} <= set(failing(folder))


def test_a_second_seal_for_the_scheme_is_detected(made, folder):
    again = chain.next_line(made.chain[1], "sealed", "FA-2026-001", 2, "ab" * 32, made.hash_name)
    (folder / "chain.jsonl").write_bytes(chain.chain_jsonl([*made.chain, again]))
    assert failing(folder) == ["链"]


def test_the_chain_is_also_found_beside_the_folder_and_may_be_absent(folder):
    (folder / "chain.jsonl").rename(folder.parent / "chain.jsonl")
    assert not failing(folder)
    (folder.parent / "chain.jsonl").unlink()
    assert "未核验" in verifier.verify(folder)[-1][3]


def test_a_source_known_before_the_seal_is_detected(made, folder):
    seal = json.loads(made.seal)
    seal["randomness"][0]["due_at"] = seal["sealed_at"]
    (folder / "seal.json").write_bytes(canonical_json(seal))
    assert "封存" in failing(folder)


def test_a_folder_with_nothing_in_it_fails_everywhere_and_does_not_crash(tmp_path):
    assert len(failing(tmp_path)) >= 5


def test_without_sm3_in_openssl_it_uses_its_own(made, folder, monkeypatch):
    monkeypatch.setattr(verifier.hashlib, "algorithms_available", {"sha256"})
    assert not failing(folder)


def test_all_drawn_and_none_drawn_hold_too(maker, tmp_path):
    from blocks.draw.strata import StratumRule

    for mode, number in (("number", 99), ("number", 0)):
        rules = [StratumRule("A", mode, number), StratumRule("D", "weighted", number, reserves=2)]
        made = maker("sm3", rules=rules)
        assert not failing(made.write(tmp_path / str(number)))
    empty = maker("sm3", pool=[], rules=[StratumRule("all", "ratio", 1, 10)])
    assert not failing(empty.write(tmp_path / "empty"))


def test_the_head_binds_the_file(made):
    assert made.chain[0]["file"] == sealing.seal_hash(made.seal)
    assert made.chain[1]["file"] == hexdigest(made.hash_name, made.result)
