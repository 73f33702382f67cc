"""`choucha verify --slip`: what a business can show where the pool's lines are withheld."""

import json
import re
from pathlib import Path

import pytest

from tests.draw.conftest import make
from tests.draw.third_hand import canonical, digest, link, read, withheld


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


def lines_of(said: str) -> list[str]:
    return re.findall(r"✓ (\d+)\. ", said)


def business(folder, stratum=0, part="drawn", at=0) -> str:
    return read(folder, "result.json")["strata"][stratum][part][at]["id"]


@pytest.fixture
def hidden(folder):
    """The draw with its lines withheld; returns a function that writes the slip of a business."""
    lines, tree = withheld(folder)
    (folder / "chain.jsonl").replace(folder.parent / "chain.jsonl")

    def slip(id_: str, **changes: object) -> Path:
        index = next(at for at, line in enumerate(lines) if line.split("\t")[1] == id_)
        proof, at = [], index
        for level in tree:
            if at ^ 1 < len(level):
                proof.append(["left" if at & 1 else "right", level[at ^ 1]])
            at //= 2
        seal = digest(read(folder, "seal.json")["hash"], (folder / "seal.json").read_bytes())
        told = {"version": "SJD-1", "seal": seal, "line": lines[index], "index": index,
                "proof": proof}  # fmt: skip
        path = folder.parent.parent / f"{id_}.proof.json"
        path.write_bytes(canonical(told | changes))
        return path

    return slip


def test_a_withheld_line_is_proven_by_the_slip_of_the_business(shell, folder, hidden):
    drawn, reserve = business(folder, 1), business(folder, 1, "reserves")
    said = shell.says("verify", folder, "--id", drawn)
    assert "名单未公开" in said and "--slip" in said and "抽中（" not in said
    said = shell.says("verify", folder, "--slip", hidden(drawn))
    assert f"{drawn} 在待抽库中：35 户的第" in said and f"{drawn} 抽中（第 1 名）" in said
    assert "是备选第 1 名" in shell.says("verify", folder, "--id", reserve, "--slip", hidden(reserve))


def test_a_slip_of_another_draw_or_business_or_with_a_changed_word_is_refused(shell, folder, hidden):
    id_, other = business(folder, 1), business(folder, 1, "reserves")
    told = json.loads(hidden(id_).read_bytes())
    assert "另一次抽取" in shell.refused("verify", folder, "--slip", hidden(id_, seal="0" * 64))
    assert f"证明是 {id_} 的" in shell.refused("verify", folder, "--id", other,
                                            "--slip", hidden(id_))  # fmt: skip
    fields = told["line"].split("\t")
    for changes in ({"line": "\t".join([*fields[:3], "9", *fields[4:]])}, {"proof": []},
                    {"proof": told["proof"][1:]}, {"index": told["index"] ^ 1}, {"more": 1},
                    {"version": "SJD-2"}, {"proof": [["up", "00" * 32]]}):  # fmt: skip
        assert "不成立" in shell.refused("verify", folder, "--slip", hidden(id_, **changes)), changes
    for changes in ({"line": 1}, {"line": "SJD1"}, {"proof": 1}, {"proof": [1]}, {"index": "1"},
                    {"index": None}):  # fmt: skip
        said = shell.refused("verify", folder, "--slip", hidden(id_, **changes))
        assert "不是在库证明" in said or "不成立" in said, changes
    nothing = folder.parent.parent / "nothing.json"
    assert "读不了" in shell.refused("verify", folder, "--slip", nothing)
    nothing.write_bytes(b"[" * 100_000)
    assert "不是在库证明" in shell.refused("verify", folder, "--slip", nothing)


def test_who_should_have_been_drawn_finds_out_by_the_slip(shell, folder, hidden):
    """The office leaves out the lowest ticket: the public files hold, and its slip shows it."""
    id_ = business(folder, 0)
    result = read(folder, "result.json")
    stratum = result["strata"][0]
    listed = [*stratum["drawn"][1:], *stratum["reserves"]]
    name = read(folder, "seal.json")["hash"]
    seen = {one["id"] for one in stratum["drawn"] + stratum["reserves"]}
    lines = (folder.parent / f"{folder.name}.pool.tsv").read_text().splitlines()
    others = [line.split("\t")[1] for line in lines if "\tA\t" in line]
    tickets = sorted((digest(name, result["seed_targets"] + other), other)
                     for other in others if other not in seen)  # fmt: skip
    more = {"id": tickets[0][1], "digest": tickets[0][0], "key": str(int(tickets[0][0][:16], 16))}
    listed = [one | {"rank": rank} for rank, one in enumerate([*listed, more], 1)]
    stratum |= {"drawn": listed[: stratum["count"]], "reserves": listed[stratum["count"] :]}
    (folder / "result.json").write_bytes(canonical(result))
    link(folder)
    (folder / "chain.jsonl").replace(folder.parent / "chain.jsonl")
    assert lines_of(shell.says("verify", folder)) == list("1234567")
    assert f"按签值 {id_} 应在名单之中" in shell.refused("verify", folder, "--slip", hidden(id_))
