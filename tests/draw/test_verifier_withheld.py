"""Withheld lines: what can be checked without them is checked, and what cannot is said."""

import pytest

from blocks.draw import verifier
from blocks.draw.pool import Candidate
from blocks.draw.strata import StratumRule
from tests.draw.third_hand import canonical, failing, link, read, seen, withheld


@pytest.fixture
def folder(made, tmp_path):
    return made.write(tmp_path / "draw")


def test_withheld_lines_hold_and_it_is_said_who_must_count_the_strata(folder):
    withheld(folder)
    assert not failing(folder)
    assert "各层户数须由监督人员用完整名单核对" in seen(folder)["分层"]
    assert "名单未公开" in seen(folder)["待抽库"]


def test_who_has_the_full_list_puts_it_there_and_checks_everything(folder):
    withheld(folder)
    full = folder.parent / f"{folder.name}.pool.tsv"
    full.rename(folder / "pool.tsv")
    assert not failing(folder) and "须由" not in seen(folder)["分层"]


def test_every_changed_byte_and_every_other_form_of_the_leaves_is_found(folder):
    withheld(folder)
    data = (folder / "leaves.txt").read_bytes()
    others = [data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
              for at in range(len(data)) for flip in (1, 0x20)]  # fmt: skip
    lines = data.splitlines(keepends=True)
    others += [data + b"\n", data[:-1], data.upper(), data.replace(b"\n", b"\r\n"), b"",
               b"".join(reversed(lines)), b"".join(lines[1:]), data + lines[-1]]  # fmt: skip
    draw = verifier.Draw(folder)
    assert draw.check("seal")[0]
    for number, other in enumerate(others):
        draw.files["leaves.txt"] = other
        assert not draw.check("pool")[0], number


def forged(folder, change):
    """Change the result of a draw and its line of the chain with it."""
    result = read(folder, "result.json")
    change(result["strata"])
    (folder / "result.json").write_bytes(canonical(result))
    link(folder)
    return failing(folder)


def swap(strata):
    first, second = strata[0]["drawn"][:2]
    first["id"], second["id"] = second["id"], first["id"]
    first["digest"], second["digest"] = second["digest"], first["digest"]
    first["key"], second["key"] = second["key"], first["key"]


def from_another_stratum(strata):
    strata[0]["drawn"][0] = dict(strata[1]["drawn"][0], rank=1)


def set_first(key, value, stratum=1):
    def change(strata):
        strata[stratum]["drawn"][0][key] = value

    return change


def shift_key(by, stratum):
    def change(strata):
        first = strata[stratum]["drawn"][0]
        first["key"] = str(int(first["key"]) + by)

    return change


@pytest.mark.parametrize(
    "change",
    [
        swap,
        from_another_stratum,
        shift_key(1, 0),
        shift_key(1, 1),
        shift_key(-1, 1),
        lambda strata: strata[0]["drawn"].pop(),
        lambda strata: strata[0]["reserves"].pop(),
        lambda strata: strata[0]["reserves"].append(dict(strata[0]["reserves"][-1], rank=7)),
        lambda strata: strata[0]["drawn"].append(strata[0]["reserves"].pop(0)),
        lambda strata: strata.pop(),
        lambda strata: strata.reverse(),
        lambda strata: strata[0].update(size=1),
        lambda strata: strata[0].update(more=1),
        set_first("id", "9" * 56),
        set_first("id", "91445200TOP99999"),
        set_first("digest", "0" * 64),
        set_first("key", "0"),
        set_first("key", "-1"),
        set_first("key", "-5"),
        set_first("key", "1_0"),
        set_first("key", "9" * 5000),
        set_first("key", 5),
        set_first("rank", 2),
        set_first("more", 1),
    ],
)
def test_a_forged_result_is_found_although_its_lines_are_withheld(folder, change):
    withheld(folder)
    assert forged(folder, change) == ["结果"] or failing(folder) == ["结果", "递补"]


def test_a_weight_no_line_may_have_gives_no_lawful_key(made, folder):
    """The key of a ticket divided by 65,536 is one the least weight of which is too large."""
    withheld(folder)
    first = read(folder, "result.json")["strata"][1]["drawn"][0]
    key = int(first["digest"][:16], 16) // 65536
    assert forged(folder, set_first("key", str(key))) == ["结果"]
    lawful = int(first["digest"][:16], 16) // 65535
    assert forged(folder, set_first("key", str(lawful))) == [], "only the full list tells"


def test_drawn_strata_in_which_a_withheld_id_stands_twice_do_not_hold(maker, tmp_path):
    """Two strata, the same business in both: each list alone is in order."""
    pool = [Candidate(f"ID{number}", "AB"[number % 2]) for number in range(8)]
    rules = [StratumRule("A", "number", 1), StratumRule("B", "number", 1)]
    folder = maker("sha256", pool=pool, rules=rules).write(tmp_path / "draw")
    withheld(folder)
    assert not failing(folder)
    assert forged(folder, from_another_stratum) == ["结果"]


def test_a_salted_line_may_be_public_too(folder):
    withheld(folder)
    (folder.parent / f"{folder.name}.pool.tsv").rename(folder / "pool.tsv")
    (folder / "leaves.txt").unlink()
    assert not failing(folder)
