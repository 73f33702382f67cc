"""The seal (封存): everything that decides the outcome, hashed before the outcome can be known."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from blocks.draw.hashing import canonical_json, hexdigest
from blocks.draw.pool import Pool, is_code
from blocks.draw.randomness import ENOUGH_BITS, Source, check_sources
from blocks.errors import DrawError

VERSION = "SJD-1"
NOTHING = {"root": "0" * 64, "size": 0}


def build_seal(
    *,
    hash_name: str,
    scheme: str,
    draw_number: int,
    previous: str,
    sealed_at: str,
    pool: Pool,
    strata: Sequence[Mapping],
    exclusions: Mapping,
    inspectors: Mapping,
    interests: Mapping,
    pairing: Mapping,
    sources: Sequence[Source],
    method: str,
    least_bits: int = ENOUGH_BITS,
) -> bytes:
    """Return the bytes of `seal.json`.

    `previous` is the head of the chain, or 64 zeros. `exclusions`, `inspectors` and `interests` are
    each {"root", "size"} (`records_root`); a rehearsal passes `NOTHING`. `pairing` holds the
    pairing's rules, integers and texts. `method` is `method_hash` of the code that will draw.

    Raises:
        DrawError: the strata do not add up to the pool, or a source of randomness will not do.
    """
    check_sources(sources, sealed_at, least_bits)
    _check_strata(pool, strata)
    if not is_code(scheme) or draw_number < 1:
        raise DrawError("工作方案编号或抽取次序不对", "次序从 1 开始，编号不能为空。")
    return canonical_json(
        {
            "version": VERSION,
            "hash": hash_name,
            "scheme": scheme,
            "draw_number": draw_number,
            "previous": previous,
            "sealed_at": sealed_at,
            "pool": pool.sealed(hash_name),
            "strata": [dict(stratum) for stratum in strata],
            "exclusions": dict(exclusions),
            "inspectors": dict(inspectors),
            "interests": dict(interests),
            "pairing": dict(pairing),
            "randomness": [_without_nothing(asdict(source)) for source in sources],
            "missing_rule": "publish-and-skip",
            "method": method,
        }
    )


def _check_strata(pool: Pool, strata: Sequence[Mapping]) -> None:
    sizes = {stratum["code"]: stratum["size"] for stratum in strata if stratum["size"]}
    if sizes != pool.sizes:
        raise DrawError("各层户数与待抽库不符", "请用同一份待抽库重新计算各层。")
    uneven = pool.weighted - {one["code"] for one in strata if one["mode"] == "weighted"}
    if uneven:
        raise DrawError(
            f"层「{min(uneven)}」不按权重抽取，但其中有权重不是 1 的检查对象",
            "请把权重改为 1，或把该层改为按权重抽取。",
        )


def read_seal(seal_bytes: bytes) -> dict[str, Any]:
    """Return the content of a `seal.json`, refusing bytes that are not canonical."""
    try:
        seal = json.loads(seal_bytes)
    except ValueError as why:
        raise DrawError("seal.json 无法读取", "请重新下载封存文件。") from why
    if not isinstance(seal, dict) or seal.get("version") != VERSION:
        raise DrawError("seal.json 的版本不认识", "请使用公布的原始文件。")
    if canonical_json(seal) != seal_bytes:
        raise DrawError("seal.json 不是规范写法，可能被改动", "请使用公布的原始文件。")
    return seal


def seal_hash(seal_bytes: bytes) -> str:
    """Return the seal: the hash of the file's bytes, by the hash the file names."""
    return hexdigest(read_seal(seal_bytes)["hash"], seal_bytes)


def sealed_sources(seal: Mapping) -> list[Source]:
    """Return the sources of randomness a seal names, in its order."""
    return [Source(**entry) for entry in seal["randomness"]]


def method_hash(hash_name: str, sources: Mapping[str, bytes]) -> str:
    """Return one hash over the source files of the method, {name: bytes}, in any order."""
    each = {name: hexdigest(hash_name, source) for name, source in sources.items()}
    return hexdigest(hash_name, canonical_json(each))


def _without_nothing(entry: dict) -> dict:
    return {key: value for key, value in entry.items() if value is not None}
