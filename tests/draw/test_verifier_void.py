"""Void draws: with reason and second person, on the chain, and nothing that was known hidden."""

import pytest

from tests.draw.third_hand import failing, link, remake, seen, voided


@pytest.fixture
def folder(made, tmp_path):
    return made.write(tmp_path / "draw")


def test_the_third_hand_draws_what_the_drawing_draws(made, folder):
    remake(folder)
    assert (folder / "result.json").read_bytes() == made.result
    assert not failing(folder)


def test_a_draw_void_before_its_result_holds_and_says_that_nothing_was_drawn(folder):
    voided(folder)
    assert not failing(folder)
    assert [seen(folder)[name] for name in ("种子", "结果", "递补")] == ["作废前未抽取"] * 3


def test_a_draw_void_after_its_result_is_checked_as_any_other(folder, replacements):
    (folder / "replacements.jsonl").write_bytes(replacements)
    voided(folder, ("sealed", "drawn", "void"))
    assert not failing(folder)
    assert "重算一致" in seen(folder)["结果"] and seen(folder)["递补"].startswith("3 次")
    (folder / "seed.txt").unlink()
    assert "种子" in failing(folder)


@pytest.mark.parametrize(
    "changes",
    [{"reason": " "}, {"reason": 1}, {"at": "2026-11-23"}, {"at": "2026-11-23T05:00:00"},
     {"persons": 1}, {"persons": "2"}, {"seal": "0" * 64}, {"version": "SJD-2"}, {"more": 1}],
)  # fmt: skip
def test_a_void_without_reason_or_second_person_does_not_hold(folder, changes):
    voided(folder, **changes)
    assert failing(folder) == ["链"]


def test_what_is_void_must_be_void_on_the_chain_too(folder):
    voided(folder)
    (folder / "chain.jsonl").unlink()
    assert failing(folder) == ["链"]
    link(folder, ["sealed"])
    assert failing(folder) == ["链"]
    voided(folder)
    (folder / "void.json").unlink()
    assert {"结果", "链"} <= set(failing(folder))


def test_a_result_and_its_line_of_the_chain_are_there_both_or_neither(folder, made):
    voided(folder, ("sealed", "drawn", "void"))
    for name in ("seed.txt", "result.json"):
        (folder / name).unlink()
    assert failing(folder) == ["链"], "a result is on the chain and was taken away"
    voided(folder)
    made.write(folder).joinpath("chain.jsonl").unlink()
    assert "链" in failing(folder)
    link(folder, ("sealed", "void"))
    assert failing(folder) == ["链"], "a result is there that the chain does not know"


def test_a_seed_known_before_the_voiding_is_not_passed_over(folder, made):
    voided(folder)
    (folder / "seed.txt").write_bytes(made.seed)
    assert failing(folder) == ["结果", "递补"]


def test_every_changed_byte_of_a_void_is_found_in_the_chain(folder):
    voided(folder)
    data = (folder / "void.json").read_bytes()
    for at in range(len(data)):
        (folder / "void.json").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert failing(folder) == ["链"], at
