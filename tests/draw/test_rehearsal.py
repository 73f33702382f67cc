"""A draw without a register: the same twice, checkable by a stranger, and nothing half done."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from blocks.draw import verifier
from blocks.draw.pool import Candidate, of_candidates
from blocks.draw.rehearsal import rehearse
from blocks.errors import DrawError, InspectionError
from blocks.rosters.candidates import read_pool, rules_for

DICE = "dice:现场/4=1664"
ROUND = f"drand:quicknet/123={'ab' * 32}"
METHOD = {"tickets.py": b"x"}
IDS = [f"91445200MA{number:08d}" for number in range(40)]
FIFTH = Fraction(1, 5)


def csv(folder: Path, text: str | bytes, name: str = "pool.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def listed(folder: Path, ids=IDS, **extra: list) -> Path:
    rows = zip(ids, *extra.values(), strict=True)
    return csv(folder, "\n".join([",".join(["id", *extra]), *(",".join(row) for row in rows)]) + "\n")


def drawn(pool, rules, *randomness: str, **more) -> dict[str, bytes]:
    return rehearse(pool, rules, randomness or [DICE], method=METHOD, **more)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def rules(sizes, **how):
    return rules_for(sizes, FIFTH, **how)


@pytest.mark.parametrize("hash_name", ["sm3", "sha256"])
@pytest.mark.parametrize("how", [{"rate": "10%"}, {"count": 7}])
def test_the_same_rehearsal_twice_gives_the_same_bytes_and_holds(tmp_path, hash_name, how):
    path = listed(tmp_path, stratum=["AB"[number % 2] for number in range(40)])
    pool = read_pool(path, hash_name)
    files = drawn(pool, rules(pool.sizes, **how), ROUND, "reveal:市监=missing", hash_name=hash_name)
    again = drawn(pool, rules(pool.sizes, **how), ROUND, "reveal:市监=missing", hash_name=hash_name)
    assert files == again
    report = verifier.verify(write(tmp_path / "out", files))
    assert [row for row in report if not row[2]] == []


def test_a_csv_of_windows_with_bom_blanks_and_small_letters_is_the_same_pool(tmp_path):
    plain = read_pool(listed(tmp_path), "sm3")
    rows = "\r\n".join([" ID ,name", *(f" {code.lower()} ,旅馆" for code in reversed(IDS))])
    for encoded in (rows.encode("utf-8-sig"), rows.encode("gb18030")):
        assert read_pool(csv(tmp_path, encoded), "sm3").tsv == plain.tsv


def test_a_number_is_shared_by_size_and_a_rate_means_at_least(tmp_path):
    pool = read_pool(listed(tmp_path, stratum=["A"] * 33 + ["B"] * 7), "sm3")
    shared = {rule.code: (rule.mode, rule.numerator) for rule in rules(pool.sizes, count=10)}
    assert shared == {"A": ("number", 8), "B": ("number", 2)}
    files = drawn(pool, rules(pool.sizes, rate="10%"))
    assert [one["count"] for one in json.loads(files["seal.json"])["strata"]] == [4, 1]


@pytest.mark.parametrize(("name", "text"), [
    ("rules.yaml", "A: 50%\nB: 3\n"), ("rules.json", '{"A": "50%", "B": 3}'),
    ("rules.csv", "stratum,rate,count\nA,50%,\nB,,3\n")])
def test_each_stratum_may_have_its_own_rule_in_a_file(tmp_path, name, text):
    found = rules({"A": 8, "B": 9}, strata=csv(tmp_path, text, name))
    assert [(one.code, one.mode, one.numerator, one.denominator, one.reserves) for one in found] == [
        ("A", "ratio", 1, 2, 1), ("B", "number", 3, 1, 1)]


def test_with_weights_every_stratum_is_weighted(tmp_path):
    pool = read_pool(listed(tmp_path, risk=[str(1 + number % 4) for number in range(40)]), "sm3",
                     "risk")
    files = drawn(pool, rules(pool.sizes, count=9, weighted=True))
    (stratum,) = json.loads(files["seal.json"])["strata"]
    assert (stratum["mode"], stratum["count"]) == ("weighted", 9)
    assert not [row for row in verifier.verify(write(tmp_path / "out", files)) if not row[2]]


@pytest.mark.parametrize(("text", "said"), [
    ("", "不是能读的 CSV"), ("name\nx\n", "应有一列「id」"), ("id\nA1\nA1\n", "「A1」重复出现"),
    ("id\nA1\na1\n", "「A1」重复出现"), ("id,w\nA1,0\n", "权重「0」不合规"), ("id,stratum\nA1,\n", "层别「」为空"),
    ("id,w\nA1,-1\n", "权重「-1」不合规"), ("id,w\nA1,65536\n", "权重「65536」不合规"),
    ("id,w\nA1,1.5\n", "权重「1.5」不合规"), ("id,w\nA1,\n", "权重「」不合规"),
    ("id,w\nA1\n", "不是能读的 CSV"), ("id\n\u3000,\n", "不是能读的 CSV"), ('id\n" "\n', "没有统一社会信用代码"),
])
def test_a_faulty_pool_is_refused_with_the_value_that_is_wrong(tmp_path, text, said):
    with pytest.raises(InspectionError, match=said) as caught:
        read_pool(csv(tmp_path, text), "sm3", "w" if ",w" in text else None)
    assert caught.value.remedy


def test_an_empty_pool_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(DrawError, match="空的"):
        drawn(read_pool(csv(tmp_path, "id\n"), "sm3"), [])
    with pytest.raises(InspectionError, match="读不了文件"):
        read_pool(tmp_path / "none.csv", "sm3")


@pytest.mark.parametrize("how", [
    {}, {"rate": "5%", "count": 3}, {"rate": "100.1%"}, {"rate": "x"}, {"count": 41},
    {"count": -1}])
def test_how_many_must_be_said_once_and_be_there(how):
    with pytest.raises(InspectionError):
        rules({"A": 40}, **how)


@pytest.mark.parametrize("text", ["C: 5%", "A: 41", "A: 101%", "- A", ": :", "A: {"])
def test_a_faulty_file_of_rules_is_refused(tmp_path, text):
    with pytest.raises(InspectionError):
        rules({"A": 40}, strata=csv(tmp_path, text, "rules.yaml"))


@pytest.mark.parametrize("randomness", [
    (), ("dice:现场/4",), ("dice:现场/4=1670",), ("dice:现场/4=166",), ("drand:quicknet/0=" + "ab" * 32,),
    ("drand:quicknet/1=xyz",), ("coin:x=1",), (DICE, DICE), ("typed:=1",), ("reveal:市监=zz",),
    ("typed:x=missing",), ("reveal:市监=missing",)])
def test_randomness_that_is_missing_or_malformed_is_refused(randomness):
    pool = of_candidates([Candidate("A1", "all")])
    with pytest.raises(DrawError):
        rehearse(pool, rules(pool.sizes, count=1), randomness, method=METHOD)


def test_a_round_made_before_the_seal_is_refused():
    pool = of_candidates([Candidate("A1", "all")])
    with pytest.raises(DrawError, match="封存"):
        drawn(pool, rules(pool.sizes, count=1), ROUND, sealed_at="2023-08-23T15:15:33Z")
    assert drawn(pool, rules(pool.sizes, count=1), ROUND, sealed_at="2023-08-23T15:15:32Z")


def test_an_unknown_hash_is_refused():
    pool = of_candidates([Candidate("A1", "all")])
    with pytest.raises(DrawError, match="md5"):
        drawn(pool, rules(pool.sizes, count=1), hash_name="md5")
