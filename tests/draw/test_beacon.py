"""drand: when a round is made, and that only the network's own signature is believed."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from blocks import settings
from blocks.draw import beacon
from blocks.draw.beacon import DEFAULT, QUICKNET, Chain, due_at, locate, round_after, verify
from blocks.draw.randomness import instant
from blocks.errors import DrawError

points = beacon._library("bls.g2_primitives")
curve = beacon._library("optimized_bls12_381")
FQ, add, field_modulus = curve.FQ, curve.add, curve.field_modulus

VECTORS = settings.ROOT.parent / "shared" / "data" / "randomness" / "drand_vectors.json"
# Round 1 of `default` begins with the 32 bytes the chain began with; 101297f1… is its randomness
# as drand publishes it. Round 123 of `quicknet`.
FIRST = (
    "8d61d9100567de44682506aea1a7a6fa6e5491cd27a0a0ed349ef6910ac5ac20"
    "ff7bc3e09d7c046566c9f7f3c6f3b10104990e7cb424998203d8f7de586fb7fa"
    "5f60045417a432684f85093b06ca91c769f0e7ca19268375e659c2a2352b4655"
)
BEFORE_FIRST = "176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a"
FIRST_RANDOMNESS = "101297f1ca7dc44ef6088d94ad5fb7ba03455dc33d53ddb412bbc4564ed986ec"
QUICK = (
    "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482"
    "e26cd02df835d3546d23c4b13e0dfc92"
)
# Round 72785 of `default`, whose point has a small x.
LOW = (
    "82f5d3d2de4db19d40a6980e8aa37842a0e55d1df06bd68bddc8d60002e8e959"
    "eb9cfa368b3c1b77d18f02a54fe047b80f0989315f83b12a74fd8679c4f12aae"
    "86eaf6ab5690b34f1fddd50ee3cc6f6cdf59e95526d5a5d82aaa84fa6f181e42"
)
BEFORE_LOW = (
    "a609e19a03c2fcc559e8dae14900aaefe517cb55c840f6e69bc8e4f66c8d18e8"
    "a609685d9917efbfb0c37f058c2de88f13d297c7e19e0ab24813079efe57a182"
    "554ff054c7638153f9b26a60e7111f71a0ff63d9571704905d3ca6df0b031747"
)
TESTNET_KEY = (
    "8200fc249deb0148eb918d6e213980c5d01acd7fc251900d9260136da3b54836"
    "ce125172399ddc69c4e3e11429b62c11"
)
TESTNET = Chain("testnet", "", "pedersen-bls-unchained", TESTNET_KEY, genesis=0, period=3)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("chain", "number", "made"),
    [
        (DEFAULT, 1, "2020-07-22T15:17:30Z"),
        (DEFAULT, 2, "2020-07-22T15:18:00Z"),
        (QUICKNET, 1, "2023-08-23T15:09:27Z"),
        (QUICKNET, 2, "2023-08-23T15:09:30Z"),
        (QUICKNET, 34198612, "2026-11-23T02:00:00Z"),
    ],
)
def test_a_round_is_made_when_its_period_has_passed_and_round_1_at_genesis(chain, number, made):
    assert due_at(chain, number) == made


@pytest.mark.parametrize("number", [0, -1, 10**17, 10**30])
def test_a_round_that_cannot_be_is_refused(number):
    with pytest.raises(DrawError, match="没有第") as refused:
        due_at(QUICKNET, number)
    assert refused.value.remedy


@pytest.mark.parametrize("chain", [DEFAULT, QUICKNET])
@pytest.mark.parametrize("number", [1, 2, 1000, 34198612])
def test_the_round_after_a_round_is_the_next_and_a_second_before_it_is_the_round(chain, number):
    made = instant(due_at(chain, number))
    assert round_after(chain, made - SECOND) == number
    assert round_after(chain, made - SECOND / 1000) == number
    assert round_after(chain, made) == number + 1
    assert round_after(chain, made + SECOND) == number + 1


def test_before_a_chain_began_the_round_after_is_its_first():
    assert round_after(QUICKNET, datetime(2020, 1, 1, tzinfo=UTC)) == 1


def test_a_moment_counts_in_whatever_time_zone_it_is_told():
    in_shanghai = datetime(2026, 11, 23, 10, tzinfo=settings.SHANGHAI)
    assert round_after(QUICKNET, in_shanghai - SECOND) == 34198612


def test_a_moment_without_a_time_zone_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError):
        round_after(QUICKNET, datetime(2026, 11, 23, 2))


@pytest.mark.parametrize("chain", [DEFAULT, QUICKNET])
def test_a_chain_is_named_by_its_name_or_its_hash(chain):
    assert locate(f"{chain.name}/7") == locate(f"{chain.hash}/7") == (chain, 7)


@pytest.mark.parametrize(
    "locator",
    ["quicknet", "quicknet/", "quicknet/0", "quicknet/07", "quicknet/-1", "quicknet/1/2", "/1",
     "quicknet/１", "quicknet/1\n", "Quicknet/1", "testnet/1", "quicknet/" + "9" * 5000],
)  # fmt: skip
def test_a_locator_that_names_no_round_of_a_pinned_chain_is_refused(locator):
    with pytest.raises(DrawError) as refused:
        locate(locator)
    assert refused.value.remedy


def test_a_real_round_of_each_chain_holds():
    assert verify(DEFAULT, 1, FIRST, BEFORE_FIRST) == FIRST_RANDOMNESS
    assert verify(QUICKNET, 123, QUICK) == sha256(bytes.fromhex(QUICK)).hexdigest()


@pytest.mark.skipif(not VECTORS.exists(), reason="no ../shared/data/randomness here")
def test_every_published_vector_holds_with_its_public_key():
    vectors = json.loads(VECTORS.read_text("utf-8"))
    assert len(vectors) == 5
    chains = {chain.public_key: chain for chain in (DEFAULT, QUICKNET, TESTNET)}
    for one in vectors:
        chain = chains[one["public_key"]]
        assert chain.scheme == one["scheme"]
        assert chain.hash == one.get("chain_hash", chain.hash)
        signed = bytes.fromhex(one["signature"])
        value = verify(chain, one["round"], one["signature"], one["previous_signature"])
        assert value == one.get("randomness", sha256(signed).hexdigest())


def refused(chain, number, signature, previous=""):
    with pytest.raises(DrawError, match=f"第 {number} 轮的签名不对") as error:
        verify(chain, number, signature, previous)
    assert "重新取" in error.value.remedy
    return error.value.message


def test_the_right_signature_of_another_round_or_chain_is_refused():
    assert "与该链的公钥不符" in refused(QUICKNET, 124, QUICK)
    assert "与该链的公钥不符" in refused(DEFAULT, 1, FIRST, "00" * 32)
    other = replace(DEFAULT, public_key=TESTNET_KEY)
    assert "与该链的公钥不符" in refused(other, 1, FIRST, BEFORE_FIRST)


@pytest.mark.parametrize(
    "text", ["", QUICK[:-2], QUICK + "00", QUICK.upper(), QUICK[:-1] + " ", f"{QUICK}\n", FIRST]
)
def test_a_signature_is_written_in_one_way(text):
    assert "96 位小写十六进制" in refused(QUICKNET, 123, text)


def test_the_signature_before_belongs_to_a_chained_scheme_alone():
    assert "上一轮的签名应为 0 位" in refused(QUICKNET, 123, QUICK, FIRST)
    assert "上一轮的签名应为 64 位" in refused(DEFAULT, 1, FIRST)
    assert "上一轮的签名应为 192 位" in refused(DEFAULT, 2, FIRST, BEFORE_FIRST)


@pytest.mark.parametrize("text", ["c0" + "00" * 47, "00" * 48, "40" + "00" * 47, "e0" + "00" * 47])
def test_the_point_at_infinity_is_refused_however_it_is_written(text):
    message = refused(QUICKNET, 123, text)
    assert "无穷远点" in message or "写法不规范" in message


def test_an_infinite_key_signs_nothing():
    """With it every message would be signed by the infinite signature, and by no other."""
    nobody = replace(QUICKNET, public_key="c0" + "00" * 95)
    assert "无穷远点" in refused(nobody, 123, QUICK)


def test_a_second_encoding_of_the_right_point_is_refused():
    """x + p names the same x: taken, it would give a second randomness to choose from."""
    first, rest = int(LOW[:96], 16), int(LOW[96:], 16)
    assert verify(DEFAULT, 72785, LOW, BEFORE_LOW)
    for again in ((first + field_modulus, rest), (first, rest + field_modulus)):
        text = "".join(f"{half:096x}" for half in again)
        assert "写法不规范" in refused(DEFAULT, 72785, text, BEFORE_LOW)


def test_the_right_point_shifted_out_of_the_subgroup_is_refused():
    """(0, 2) has order 3, which the pairing does not see: the equation still holds."""
    right = points.pubkey_to_G1(bytes.fromhex(QUICK))
    shifted = points.G1_to_pubkey(add(right, (FQ(0), FQ(2), FQ(1)))).hex()
    assert "子群" in refused(QUICKNET, 123, shifted)


def test_a_number_that_is_the_x_of_no_point_is_refused():
    assert "不是曲线上的点" in refused(QUICKNET, 123, "80" + "00" * 46 + "01")


def test_the_library_does_not_let_the_process_recurse_until_it_crashes():
    program = ("import sys; before = sys.getrecursionlimit(); from blocks.draw import beacon; "
               "beacon._library('bls.hash_to_curve'); sys.exit(sys.getrecursionlimit() != before)")
    assert subprocess.run([sys.executable, "-c", program], cwd=settings.ROOT).returncode == 0
