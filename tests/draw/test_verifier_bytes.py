"""Every byte of a draw is bound: whatever is changed, the verifier finds it and says where."""

import json
import re

import pytest

from blocks.draw import verifier
from blocks.draw.pool import Candidate
from blocks.draw.strata import StratumRule

FLIPS = (0x01, 0x20, 0x80)  # the next digit, the other case, no ASCII any more


@pytest.fixture(scope="module", params=["sm3", "sha256"])
def draw(request, maker, tmp_path_factory):
    """A small draw: its folder's files, ready to be changed one after the other."""
    pool = [Candidate(f"9144520{number}", "A") for number in range(4)]
    pool += [Candidate("H:" + "0a" * 20, "D", 7), Candidate("9144520X", "D", 65535)]
    rules = [StratumRule("A", "ratio", 1, 4, 2), StratumRule("D", "weighted", 1, reserves=1)]
    made = maker(request.param, pool=pool, rules=rules)
    return verifier.Draw(made.write(tmp_path_factory.mktemp("draw")))


def wrong(draw, name, data):
    """Check the draw with another file, and return the names of what does not hold."""
    true = draw.files[name]
    other = object.__new__(verifier.Draw)
    vars(other).update(name=draw.name, city=None, draws={}, files=draw.files | {name: data})
    assert data != true
    report = [(label, *other.check(check)) for check, label in verifier.NAMES.items()]
    assert all(isinstance(holds, bool) and isinstance(seen, str) for _, holds, seen in report)
    return {label for label, holds, _ in report if not holds}


def flipped(data):
    for at in range(len(data)):
        for flip in FLIPS:
            yield at, data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]


def test_any_changed_byte_of_the_seal_is_found_as_a_wrong_seal_or_seed_and_chain(draw):
    for at, data in flipped(draw.files["seal.json"]):
        found = wrong(draw, "seal.json", data)
        assert "链" in found and ("封存" in found or "种子" in found), (at, found)


def test_any_changed_byte_of_the_pool_is_found_in_the_pool(draw):
    for at, data in flipped(draw.files["pool.tsv"]):
        assert "待抽库" in wrong(draw, "pool.tsv", data), at


def test_any_changed_byte_of_the_seed_is_found_in_the_seed_or_else_changes_every_ticket(draw):
    for at, data in flipped(draw.files["seed.txt"]):
        found = wrong(draw, "seed.txt", data)
        line = draw.files["seed.txt"][:at].count(b"\n")
        is_value = line in (3, 6, 7)  # the round, the figure, the dice: nobody committed to them
        assert "种子" in found or (is_value and "结果" in found), (at, found)


def test_any_changed_byte_of_the_result_is_found_in_the_result_and_evidence_by_the_chain(draw):
    evidence = re.search(rb'"evidence":\[.*?\]', draw.files["result.json"]).span()
    for at, data in flipped(draw.files["result.json"]):
        found = wrong(draw, "result.json", data)
        assert "链" in found, at
        assert "结果" in found or at in range(*evidence), at


def test_any_changed_byte_of_the_chain_is_found_in_the_chain_alone(draw):
    for at, data in flipped(draw.files["chain.jsonl"]):
        assert wrong(draw, "chain.jsonl", data) == {"链"}, at


def test_any_changed_byte_of_a_replacement_is_found_but_in_its_reason_and_time(made, replacements,
                                                                               tmp_path):
    draw = verifier.Draw(made.write(tmp_path / "draw", replacements))
    data = draw.files["replacements.jsonl"]
    unbound = [at for found in re.finditer(rb'"(?:at|reason)":"([^"]*)"', data)
               for at in range(*found.span(1))]  # fmt: skip
    for at, other in flipped(data):
        if at not in unbound:
            assert wrong(draw, "replacements.jsonl", other) == {"递补"}, at


def forms(data):
    """Yield other files that a careless reader would take for the same."""
    lines = data.splitlines(keepends=True)
    yield "CRLF", data.replace(b"\n", b"\r\n") if b"\n" in data else data + b"\r\n"
    yield "BOM", b"\xef\xbb\xbf" + data
    yield "LF more", data + b"\n"
    yield "space more", data + b" "
    yield "truncated", data[: len(data) // 2]
    yield "one byte less", data[:-1]
    yield "empty", b""
    yield "twice", data + data
    yield "UTF-16", data.decode().encode("utf-16")
    yield "a zero byte", data + b"\0"
    if len(lines) > 1:
        yield "reordered", b"".join(reversed(lines))
        yield "a line twice", lines[0] + data
        yield "a line less", b"".join(lines[1:])
        yield "the last line less", b"".join(lines[:-1])


@pytest.mark.parametrize(
    ("name", "check"), [("seal.json", "封存"), ("pool.tsv", "待抽库"), ("seed.txt", "种子"),
                        ("result.json", "结果"), ("chain.jsonl", "链")])  # fmt: skip
def test_another_form_of_the_same_file_is_another_file(draw, name, check):
    for form, data in forms(draw.files[name]):
        assert check in wrong(draw, name, data), form


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (b'"draw_number":1', b'"draw_number":true'),
        (b'"draw_number":1', b'"draw_number":1.0'),
        (b'"draw_number":1', b'"draw_number":"1"'),
        (b'"draw_number":1', b'"draw_number":1,"draw_number":1'),
        (b'"draw_number":1', b'"draw_number":-1'),
        (b'"draw_number":1', b'"draw_number":1e0'),
        (b'"draw_number":1', b'"draw_number":NaN'),
        (b'"draw_number":1', b'"draw_number":null'),
        (b'"draw_number":1', b'"draw_number":01'),
        (b'"draw_number":1', b'"draw_number": 1'),
        (b'"draw_number":1', b'"draw_number":' + b"9" * 17),
        (b'"draw_number":1', b'"draw_number":' + b"9" * 5000),
        (b'"draw_number":1', b'"draw_number":' + b"[" * 100_000 + b"]" * 100_000),
        (b'"draw_number":1', b'"draw_number":"\xff"'),
        (b'"draw_number":1', rb'"draw_number":"\ud800"'),
        (b'"scheme":"FA', rb'"scheme":"\u0046A'),
    ],
)  # fmt: skip
def test_json_that_is_not_in_its_one_form_is_refused_wherever_it_stands(draw, key, written):
    for name, check in (("seal.json", "封存"), ("chain.jsonl", "链")):
        found = wrong(draw, name, draw.files[name].replace(key, written[:200_050], 1))
        assert check in found or written == b'"draw_number":"1"', (name, found)
        assert found


@pytest.mark.parametrize("value", [b"true", b"1.0", b'"1"', b"-1", b"null", b"NaN"])
def test_a_rank_is_a_whole_number_and_nothing_that_equals_it(draw, value):
    data = draw.files["result.json"].replace(b'"rank":1}', b'"rank":' + value + b"}", 1)
    assert "结果" in wrong(draw, "result.json", data)


@pytest.mark.parametrize("top", [b"[]", b"{}", b'"x"', b"1", b"null", b"[[[]]]"])
@pytest.mark.parametrize("name", ["seal.json", "result.json", "chain.jsonl"])
def test_any_other_json_is_a_check_that_does_not_hold_and_no_traceback(draw, name, top):
    assert wrong(draw, name, top + (b"\n" if name == "chain.jsonl" else b""))


@pytest.mark.parametrize(
    "line",
    [
        "SJD1\t" + "9" * 56 + "\tA\t1\t" + "0" * 64,
        "SJD1\t\tA\t1\t" + "0" * 64,
        "SJD1\th:" + "0" * 40 + "\tA\t1\t" + "0" * 64,
        "SJD1\tZ\t\t1\t" + "0" * 64,
        "SJD1\tZ\tA\t0\t" + "0" * 64,
        "SJD1\tZ\tA\t-1\t" + "0" * 64,
        "SJD1\tZ\tA\t1.0\t" + "0" * 64,
        "SJD1\tZ\tA\t１\t" + "0" * 64,
        "SJD1\tZ\tA\t123456\t" + "0" * 64,
        "SJD1\tZ\tA\t1\t" + "0" * 63,
        "SJD1\tZ\tA\t1\t" + "0" * 64 + "\t",
        "SJD1\tZ\tA\t1\t" + "0" * 64 + "\tabc",
        "SJD2\tZ\tA\t1\t" + "0" * 64,
    ],
)
def test_a_line_of_the_pool_that_no_pool_may_hold_is_named_by_its_number(draw, line, tmp_path):
    (tmp_path / "seal.json").write_bytes(draw.files["seal.json"])
    (tmp_path / "pool.tsv").write_bytes(draw.files["pool.tsv"] + line.encode() + b"\n")
    found = {name: detail for _, name, holds, detail in verifier.verify(tmp_path) if not holds}
    assert found["待抽库"] == "第 7 行的顺序或格式不对"


def test_what_fails_only_because_an_earlier_check_failed_says_so(draw):
    other = object.__new__(verifier.Draw)
    files = draw.files | {"seal.json": json.dumps({"version": 1}).encode()}
    vars(other).update(name=draw.name, city=None, draws={}, files=files)
    told = {check: other.check(check) for check in verifier.NAMES}
    assert told["fill"] == (False, "前面的检查未通过")
