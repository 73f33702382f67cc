"""A small draw, made as a flow makes it, and written as a folder as it is published."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from blocks.draw import chain, sealing, seed
from blocks.draw.hashing import ZERO, canonical_json, hexdigest
from blocks.draw.pool import Candidate, of_candidates, records_root
from blocks.draw.randomness import Source, commitment
from blocks.draw.result import build_result, replacement_line
from blocks.draw.strata import StratumRule, sealed_strata

SECRET = "5a" * 32
VALUES = ["ab" * 32, SECRET, None, "3,871.24", "1664"]


@dataclass
class Made:
    """Everything of one draw, as bytes."""

    hash_name: str
    pool: list[Candidate]
    seal: bytes
    seed: bytes
    result: bytes
    chain: list[dict]

    def write(self, folder: Path, replacements: bytes = b"") -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "pool.tsv").write_bytes(of_candidates(self.pool).tsv)
        (folder / "seal.json").write_bytes(self.seal)
        (folder / "seed.txt").write_bytes(self.seed)
        (folder / "result.json").write_bytes(self.result)
        (folder / "chain.jsonl").write_bytes(chain.chain_jsonl(self.chain))
        if replacements:
            (folder / "replacements.jsonl").write_bytes(replacements)
        return folder


def candidates() -> list[Candidate]:
    low = [Candidate(f"91445200LOW{number:05d}", "A") for number in range(23)]
    high = [Candidate(f"91445200TOP{number:05d}", "D", 1 + number % 4) for number in range(12)]
    return low + high


def root_of(records: list[dict], hash_name: str) -> dict:
    return records_root([canonical_json(record).decode() for record in records], hash_name)


def make(hash_name: str, pool=None, rules=None, values=None) -> Made:
    pool = candidates() if pool is None else pool
    rules = rules or [StratumRule("A", "ratio", 1, 10, 3), StratumRule("D", "weighted", 4, 1, 2)]
    due = "2026-11-23T03:00:00Z"
    sources = [
        Source("drand", "quicknet/34199812", due),
        Source("reveal", "市监", due, commitment(hash_name, "市监", SECRET)),
        Source("reveal", "消防", due, commitment(hash_name, "消防", SECRET)),
        Source("typed", "沪指收盘", due),
        Source("dice", "现场/4", due),
    ]
    columns = of_candidates(pool)
    sealed = sealing.build_seal(
        hash_name=hash_name,
        scheme="FA-2026-001",
        draw_number=1,
        previous=ZERO,
        sealed_at="2026-11-23T02:00:00Z",
        pool=columns,
        strata=sealed_strata(rules, columns.sizes),
        exclusions=root_of([{"id": "X", "reason": "本年度已抽查"}], hash_name),
        inspectors=root_of([{"id": "粤V001"}], hash_name),
        interests=sealing.NOTHING,
        pairing={"first_k": 16},
        sources=sources,
        method=sealing.method_hash(hash_name, {"tickets.py": b"x", "seed.py": b"y"}),
    )
    seeded = seed.seed_text(sealed, values or VALUES)
    result = build_result(
        seal_bytes=sealed,
        seed_bytes=seeded,
        pool=columns,
        evidence=[{"kind": "drand", "note": "签名已核验"}],
    )
    scheme = ("FA-2026-001", 1)
    first = chain.next_line(None, "sealed", *scheme, sealing.seal_hash(sealed), hash_name)
    second = chain.next_line(first, "drawn", *scheme, hexdigest(hash_name, result), hash_name)
    return Made(hash_name, pool, sealed, seeded, result, [first, second])


def replace_three(made: Made) -> bytes:
    """Three replacements: a drawn one, the reserve that came for it, and one of the other stratum."""
    strata = json.loads(made.result)["strata"]
    first, reserve = strata[0]["drawn"][0]["id"], strata[0]["reserves"][0]["id"]
    lines: list[dict] = []
    written = b""
    for id_out in (first, reserve, strata[1]["drawn"][2]["id"]):
        line = replacement_line(
            made.result, lines, id_out=id_out, reason="查无下落", at="2026-12-01T01:00:00Z"
        )
        lines.append(json.loads(line))
        written += line
    return written


@pytest.fixture(scope="session", params=["sm3", "sha256"])
def made(request) -> Made:
    return make(request.param)


@pytest.fixture(scope="session")
def maker():
    return make


@pytest.fixture(scope="session")
def replacements(made) -> bytes:
    return replace_three(made)
