"""The seed (种子): the seal and the random values, and what is derived from them."""

from collections.abc import Sequence

from blocks.draw.hashing import hexdigest
from blocks.draw.randomness import (
    ENOUGH_BITS,
    MAY_BE_MISSING,
    MISSING,
    Source,
    check_value,
    enough,
)
from blocks.draw.sealing import read_seal, sealed_sources
from blocks.errors import DrawError


def seed_text(
    seal_bytes: bytes, values: Sequence[str | None], least_bits: int = ENOUGH_BITS
) -> bytes:
    """Return the bytes of `seed.txt`: one value for each sealed source, in the sealed order.

    None stands for a secret not revealed or a round of drand not had in time; it is written
    `missing`, published, skipped.

    Raises:
        DrawError: a value is wrong or missing where none may be, or what came in is not enough.
    """
    seal = read_seal(seal_bytes)
    sources = sealed_sources(seal)
    if len(values) != len(sources):
        raise DrawError(
            f"封存了 {len(sources)} 个随机来源，给出了 {len(values)} 个值", "请逐一补齐。"
        )
    written = [
        f"{source.kind}:{source.locator}={_value(source, value, seal['hash'])}"
        for source, value in zip(sources, values, strict=True)
    ]
    enough(sources, values, least_bits)
    lines = ["SJD-SEED-1", seal["hash"], hexdigest(seal["hash"], seal_bytes), *written]
    return "".join(f"{line}\n" for line in lines).encode()


def base(seed_bytes: bytes, hash_name: str) -> str:
    """Return the hash of `seed.txt` in hex."""
    return hexdigest(hash_name, seed_bytes)


def seed_targets(base: str, hash_name: str) -> str:
    """Return the 64 hex characters that stand before each target's id in its ticket."""
    return hexdigest(hash_name, f"SJD-OBJ-1\n{base}\n".encode())


def seed_inspectors(base: str, department: str, hash_name: str) -> str:
    """Return the 64 hex characters for the pairing of one department."""
    return hexdigest(hash_name, f"SJD-MATCH-1\n{base}\n{department}\n".encode())


def _value(source: Source, value: str | None, hash_name: str) -> str:
    if value is not None:
        return check_value(source.kind, value, source, hash_name)
    if source.kind not in MAY_BE_MISSING:
        raise DrawError(
            f"随机来源「{source.locator}」还没有值",
            "公开数字和骰子不能缺，请等它产生后录入；确实不会产生的，本次抽取作废。",
        )
    return MISSING
