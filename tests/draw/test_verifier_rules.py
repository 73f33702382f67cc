"""A forger who recomputes all that follows: what the rules forbid is found all the same."""

import hashlib
import shutil

import pytest

from tests.draw.third_hand import canonical, failing, read, remake, seen


@pytest.fixture
def folder(made, tmp_path):
    return made.write(tmp_path / "draw")


def test_a_value_of_drand_must_be_the_hash_of_its_signature(folder):
    signature, source = "5a" * 48, read(folder, "seal.json")["randomness"][0]
    value = hashlib.sha256(bytes.fromhex(signature)).hexdigest()
    given = [line.partition("=")[2] for line in (folder / "seed.txt").read_text().splitlines()[3:]]
    entry = {"kind": "drand", "locator": source["locator"], "signature": signature}
    remake(folder, [value, *given[1:]], [entry])
    assert not failing(folder)
    assert "1 个值与所附签名相符（BLS 另行核验）" in seen(folder)["结果"]
    for other in ({"signature": "5b" * 48}, {"signature": "x"}, {"locator": "quicknet/1"},
                  {"signature": 1}):  # fmt: skip
        remake(folder, [value, *given[1:]], [entry | other])
        assert failing(folder) == ["结果"], other


def test_drand_and_reveals_may_be_missing_but_nothing_else_and_never_all(folder):
    given = [line.partition("=")[2] for line in (folder / "seed.txt").read_text().splitlines()[3:]]
    remake(folder, ["missing", "missing", *given[2:]])
    assert not failing(folder) and "缺失 3 个" in seen(folder)["种子"]
    for place in (3, 4):
        remake(folder, [*given[:place], "missing", *given[place + 1 :]])
        assert "种子" in failing(folder)
    sources = read(folder, "seal.json")["randomness"][:3]
    remake(folder, ["missing"] * 3, randomness=sources)
    assert "种子" in failing(folder)


@pytest.mark.parametrize(
    ("check", "sealed"),
    [
        ("封存", {"version": "SJD-2"}),
        ("封存", {"missing_rule": "repeat"}),
        ("封存", {"sealed_at": "2026-11-23T03:00:00Z"}),
        ("封存", {"sealed_at": "2026-11-23T02:00:00"}),
        ("封存", {"sealed_at": "２026-11-23T02:00:00Z"}),
        ("链", {"draw_number": 2}),
        ("链", {"previous": "1" * 64}),
    ],
)
def test_a_seal_that_breaks_the_rules_is_found_though_all_was_drawn_from_it(folder, check, sealed):
    remake(folder, **sealed)
    assert check in failing(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"count": 4},
        {"numerator": 2},
        {"denominator": 0},
        {"mode": "all"},
        {"reserves": 30},
        {"reserves": "3"},
        {"size": 22},
        {"code": "E"},
        {"mode": "number", "numerator": 3},
    ],
)
def test_a_stratum_that_does_not_add_up_is_found_though_all_was_drawn_from_it(folder, change):
    seal = read(folder, "seal.json")
    seal["strata"][0] |= change
    (folder / "seal.json").write_bytes(canonical(seal))
    assert "分层" in failing(folder)


def test_a_source_may_not_stand_twice(folder):
    sources = read(folder, "seal.json")["randomness"]
    given = [line.partition("=")[2] for line in (folder / "seed.txt").read_text().splitlines()[3:]]
    remake(folder, [given[0], *given], randomness=[sources[0], *sources])
    assert "种子" in failing(folder)


def test_copies_of_a_folder_do_not_disturb_one_another(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "again")
    (folder / "pool.tsv").unlink()
    assert "缺少 pool.tsv" in seen(folder)["待抽库"]
    assert not failing(tmp_path / "again")
