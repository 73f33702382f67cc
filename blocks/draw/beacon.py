"""drand, the public beacon (随机信标): randomness nobody can choose, and how a round is checked.

A network of independent parties signs the number of each round together, at a time fixed years
ahead. The signature is unique (BLS, threshold), so not even the parties can choose it, and nobody
knows it before enough of them have signed. The randomness is SHA-256 of the signature; whoever
holds the network's public key can check it, wherever the signature came from.

| chain | scheme | a round every | key on | signature on | message |
| --- | --- | --- | --- | --- | --- |
| `default` | pedersen-bls-chained | 30 s | G1 | G2 | SHA-256(signature before, round) |
| `quicknet` | bls-unchained-g1-rfc9380 | 3 s | G2 | G1 | SHA-256(round) |

The round is 8 bytes, big-endian. A seal names a round as `chain/round`, the chain by its name or by
its hash; only the chains pinned here can be named, for only their keys are known to be right.

Sources: drand's specification; RFC 9380 (hashing to a curve); draft-irtf-cfrg-bls-signature (the
checks of points); the compressed points of ZCash. Fetching a round is `blocks.beacons`.
"""

import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from blocks.errors import DrawError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Chain:
    """One network of drand. `genesis`: when round 1 is made, Unix seconds; `period`: seconds."""

    name: str
    hash: str
    scheme: str
    public_key: str
    genesis: int
    period: int


DEFAULT = Chain(
    "default",
    "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
    "pedersen-bls-chained",
    "868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a5699"
    "37c529eeda66c7293784a9402801af31",
    genesis=1595431050,
    period=30,
)
QUICKNET = Chain(
    "quicknet",
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "bls-unchained-g1-rfc9380",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
    "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
    "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    genesis=1692803367,
    period=3,
)
CHAINS = (DEFAULT, QUICKNET)


class _Scheme(NamedTuple):
    """`signs_on`: the group of the signatures, the key being on the other one."""

    is_chained: bool
    signs_on: str


_SCHEMES = {
    "pedersen-bls-chained": _Scheme(True, "G2"),
    "pedersen-bls-unchained": _Scheme(False, "G2"),  # of drand's test network
    "bls-unchained-g1-rfc9380": _Scheme(False, "G1"),
}
_DOMAIN = {group: f"BLS_SIG_BLS12381{group}_XMD:SHA-256_SSWU_RO_NUL_" for group in ("G1", "G2")}
_POINT_BYTES = {"G1": 48, "G2": 96}


def locate(locator: str) -> tuple[Chain, int]:
    """Return the chain and the round that `chain/round` names.

    Raises:
        DrawError: it is not written so, or the chain is not pinned here.
    """
    written = re.fullmatch(r"([^/]+)/([1-9][0-9]{0,17})", locator)
    if written is None:
        raise DrawError(f"drand 来源「{locator}」不对", "请写成 链/轮次，如 quicknet/34198612。")
    for chain in CHAINS:
        if written[1] in (chain.name, chain.hash):
            return chain, int(written[2])
    raise DrawError(
        f"不认识的 drand 链「{written[1]}」",
        f"可用：{'、'.join(chain.name for chain in CHAINS)}，或其链杂凑值。",
    )


def due_at(chain: Chain, number: int) -> str:
    """Return when the round is made, UTC: `2026-11-23T02:00:00Z`.

    Raises:
        DrawError: rounds count from 1, and none is made after the year 9999.
    """
    try:
        if number < 1:
            raise OverflowError
        made = EPOCH + timedelta(seconds=chain.genesis + (number - 1) * chain.period)
    except OverflowError:
        raise DrawError(
            f"drand 链「{chain.name}」没有第 {number} 轮", "轮次从 1 开始，请对照 drand 核对。"
        ) from None
    return f"{made:%Y-%m-%dT%H:%M:%SZ}"


def round_after(chain: Chain, moment: datetime) -> int:
    """Return the first round made strictly after `moment`, which bears its time zone."""
    elapsed = (moment - EPOCH) // timedelta(seconds=1) - chain.genesis
    return max(1, elapsed // chain.period + 2)


def verify(chain: Chain, number: int, signature_hex: str, previous_signature_hex: str = "") -> str:
    """Return the randomness of a round, 64 hex digits, once its signature is checked (0.3 s).

    The hex is in lower case. The previous signature belongs to a chained scheme alone; that of
    round 1 is the 32 bytes the chain began with.

    Raises:
        DrawError: there is no such round, or the signature is not the chain's for it.
    """
    due_at(chain, number)  # refuses a round that cannot be
    try:
        message = _message(chain, number, previous_signature_hex)
        signature = _point(_SCHEMES[chain.scheme].signs_on, signature_hex)
        if not _is_signed(chain, message, signature):
            raise ValueError("与该链的公钥不符")
    except ValueError as why:
        raise DrawError(
            f"drand「{chain.name}」第 {number} 轮的签名不对：{why}",
            "该值不能使用；请从另一个 drand 地址重新取这一轮。",
        ) from why
    return sha256(bytes.fromhex(signature_hex)).hexdigest()


def _message(chain: Chain, number: int, previous_hex: str) -> bytes:
    """Return the 32 bytes that were signed."""
    length = 0
    if _SCHEMES[chain.scheme].is_chained:
        length = 32 if number == 1 else _POINT_BYTES[_SCHEMES[chain.scheme].signs_on]
    if not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", previous_hex):
        raise ValueError(f"上一轮的签名应为 {2 * length} 位小写十六进制")
    return sha256(bytes.fromhex(previous_hex) + number.to_bytes(8, "big")).digest()


def _point(group: str, text: str) -> Any:
    """Decode a compressed point, and only from the one encoding it has.

    The randomness hashes the bytes, so a second encoding, or the point shifted by one outside the
    subgroup (which the pairing does not see), would be a second randomness to choose from.
    """
    points = _library("bls.g2_primitives")
    size = _POINT_BYTES[group]
    if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text):
        raise ValueError(f"应为 {2 * size} 位小写十六进制")
    decode = points.pubkey_to_G1 if group == "G1" else points.signature_to_G2
    try:
        point = decode(bytes.fromhex(text))
    except ValueError as why:
        raise ValueError("不是曲线上的点，或写法不规范") from why
    if points.is_inf(point):
        raise ValueError("是无穷远点")
    if not points.subgroup_check(point):
        raise ValueError("不在规定的子群内")
    return point


def _is_signed(chain: Chain, message: bytes, signature: Any) -> bool:
    """Whether e(signature, generator) = e(hash of the message, key): the equation of BLS.

    Both sides go into one product, for the final power costs as much as a pairing.
    """
    curve, hash_to_curve = _library("optimized_bls12_381"), _library("bls.hash_to_curve")
    if _SCHEMES[chain.scheme].signs_on == "G2":
        hashed = hash_to_curve.hash_to_G2(message, _DOMAIN["G2"].encode(), sha256)
        pairs = [(signature, curve.neg(curve.G1)), (hashed, _point("G1", chain.public_key))]
    else:
        hashed = hash_to_curve.hash_to_G1(message, _DOMAIN["G1"].encode(), sha256)
        pairs = [(curve.G2, curve.neg(signature)), (_point("G2", chain.public_key), hashed)]
    product = curve.FQ12.one()
    for on_g2, on_g1 in pairs:
        product *= curve.pairing(on_g2, on_g1, final_exponentiate=False)
    return curve.final_exponentiate(product) == curve.FQ12.one()


def _library(name: str) -> ModuleType:
    """Import a part of py_ecc, late, and without the recursion limit it sets for the whole process:
    with 100,000 a deeply nested JSON crashes the interpreter where it should be refused.
    """
    limit = sys.getrecursionlimit()
    try:
        return import_module(f"py_ecc.{name}")
    finally:
        sys.setrecursionlimit(limit)
