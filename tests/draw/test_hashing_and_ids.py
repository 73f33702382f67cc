"""The hashes, canonical JSON and ids: the first things a verifier elsewhere must agree on."""

import hashlib
import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from blocks.draw import verifier
from blocks.draw.hashing import HASHES, Sm3, canonical_json, digest, hexdigest, prefixed
from blocks.draw.ids import canonical_id, is_canonical
from blocks.errors import DrawError

ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
USCC = "91445200MA4W0XYZ1K"


def test_sm3_of_abc_is_the_example_of_the_standard():
    assert hexdigest("sm3", b"abc") == ABC


def test_sm3_of_the_standards_second_example():
    expected = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert hexdigest("sm3", b"abcd" * 16) == expected


@pytest.mark.parametrize("size", [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 200])
def test_all_three_sm3_agree_at_every_block_boundary(size):
    data = bytes(range(size))
    carried = Sm3(data[:7])
    carried.copy().update(b"not seen by the original")
    carried.update(data[7:])
    assert carried.digest() == digest("sm3", data) == verifier.sm3(data)
    assert carried.digest() == carried.digest()


@pytest.mark.parametrize("name", HASHES)
def test_a_prefix_hashed_once_gives_the_same_hash(name):
    finish = prefixed(name, b"seed")
    assert [finish(b"a"), finish(b"b")] == [digest(name, b"seeda"), digest(name, b"seedb")]


def test_sha256_is_hashlibs():
    assert digest("sha256", b"abc") == hashlib.sha256(b"abc").digest()


def test_an_unknown_hash_is_refused():
    with pytest.raises(DrawError, match="md5"):
        digest("md5", b"")


def test_canonical_json_sorts_keys_and_keeps_chinese():
    assert canonical_json({"b": 1, "a": "层", "c": [True, None]}) == (
        '{"a":"层","b":1,"c":[true,null]}'.encode()
    )


@pytest.mark.parametrize("bad", [1.0, {"a": [0.1]}, {"a": {"b": 1.5}}, 2**53 + 1])
def test_floats_and_numbers_beyond_2_53_are_refused(bad):
    with pytest.raises(DrawError):
        canonical_json(bad)


@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize(
    "written", [USCC, USCC.lower(), f"  {USCC}\t", "９１４４５２００ＭＡ４Ｗ０ＸＹＺ１ｋ"]
)
def test_a_code_is_the_same_in_small_letters_full_width_and_with_spaces(written, hash_name):
    assert canonical_id(written, hash_name) == USCC


def test_what_is_no_plain_code_becomes_a_hash():
    name = "揭阳市某某餐饮店"
    assert canonical_id(name, "sm3") == "H:" + hexdigest("sm3", name.encode())[:40]
    assert canonical_id(name, "sha256") == "H:" + hexdigest("sha256", name.encode())[:40]
    assert is_canonical(canonical_id(name, "sm3"))


def test_a_hashed_id_does_not_depend_on_how_accents_are_composed():
    composed = "Café 咖啡"
    assert canonical_id(unicodedata.normalize("NFD", composed), "sm3") == canonical_id(
        composed, "sm3"
    )


def test_55_characters_stand_as_they_are_and_56_do_not():
    assert canonical_id("a" * 55, "sm3") == "A" * 55
    assert canonical_id("a" * 56, "sm3").startswith("H:")


@pytest.mark.parametrize("empty", ["", "   ", "\u3000"])
def test_an_empty_code_is_refused(empty):
    with pytest.raises(DrawError, match="编号"):
        canonical_id(empty, "sm3")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), inner),
    max_leaves=20)  # fmt: skip


@given(PLAIN)
def test_without_floats_the_standard_encoder_writes_what_rfc_8785_asks(value):
    assert canonical_json(value) == rfc8785.dumps(value)
