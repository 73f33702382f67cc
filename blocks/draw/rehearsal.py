"""A draw without a register (试抽): for practice, and for offices that draw on another platform and
want a second draw beside it that anybody can check.

Nothing but what is handed in decides it, so the same rehearsal twice gives the same bytes. It has
no clock: it is sealed at SEALED_AT unless a time is given, and a source whose time is not known
falls due one second later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from blocks.draw import beacon
from blocks.draw.chain import chain_jsonl, next_line
from blocks.draw.hashing import ZERO, hexdigest
from blocks.draw.pool import Pool
from blocks.draw.randomness import Source, commitment, instant, parse_source
from blocks.draw.result import build_result
from blocks.draw.sealing import NOTHING, build_seal, method_hash, seal_hash
from blocks.draw.seed import seed_text
from blocks.draw.strata import StratumRule, sealed_strata
from blocks.errors import DrawError

SEALED_AT = "2000-01-01T00:00:00Z"


def rehearse(
    pool: Pool,
    rules: Sequence[StratumRule],
    randomness: Sequence[str],
    *,
    method: Mapping[str, bytes],
    hash_name: str = "sm3",
    scheme: str = "REHEARSAL",
    sealed_at: str = SEALED_AT,
) -> dict[str, bytes]:
    """Draw, and return the files of a published draw by name.

    `randomness`: `KIND:LOCATOR=VALUE` each (see `randomness.parse_source`); unlike in a real draw
    it may promise less than 64 bits. `method`: the source files of the code that draws.

    Raises:
        DrawError: the pool is empty, or something in it or in the rules or sources will not do.
    """
    if not len(pool):
        raise DrawError("待抽库是空的", "请在文件中写入检查对象，每行一个。")
    parsed = [parse_source(text) for text in randomness]
    seal = build_seal(
        hash_name=hash_name, scheme=scheme, draw_number=1, previous=ZERO, sealed_at=sealed_at,
        pool=pool, strata=sealed_strata(rules, pool.sizes), exclusions=NOTHING,
        inspectors=NOTHING, interests=NOTHING, pairing={},
        sources=[_due(source, value, sealed_at, hash_name) for source, value in parsed],
        method=method_hash(hash_name, method), least_bits=0,
    )  # fmt: skip
    seed = seed_text(seal, [value for _, value in parsed], least_bits=0)
    evidence = [{"kind": source.kind, "locator": source.locator} for source, _ in parsed]
    result = build_result(seal_bytes=seal, seed_bytes=seed, pool=pool, evidence=evidence)
    first = next_line(None, "sealed", scheme, 1, seal_hash(seal), hash_name)
    second = next_line(first, "drawn", scheme, 1, hexdigest(hash_name, result), hash_name)
    return {
        "pool.tsv": bytes(pool.tsv),
        "seal.json": seal,
        "seed.txt": seed,
        "result.json": result,
        "chain.jsonl": chain_jsonl([first, second]),
    }


def _due(source: Source, value: str | None, sealed_at: str, hash_name: str) -> Source:
    """Give a source its time, and a secret the commitment that a department would have made."""
    due = f"{instant(sealed_at) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    if source.kind == "drand":
        due = beacon.due_at(*beacon.locate(source.locator))
    if source.kind == "reveal":
        bound = commitment(hash_name, source.locator, value or ZERO)
        return replace(source, due_at=due, commitment=bound)
    return replace(source, due_at=due)
