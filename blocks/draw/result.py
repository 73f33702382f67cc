"""The result (抽取结果): who was drawn, who stands in reserve, and who stepped in for whom."""

import json
from collections.abc import Mapping, Sequence

from blocks.draw import merkle
from blocks.draw.hashing import canonical_json, hexdigest
from blocks.draw.pool import Pool
from blocks.draw.randomness import instant
from blocks.draw.sealing import VERSION, read_seal, seal_hash
from blocks.draw.seed import base, seed_targets
from blocks.draw.tickets import Drawn, draw
from blocks.errors import DrawError


def build_result(
    *, seal_bytes: bytes, seed_bytes: bytes, pool: Pool, evidence: Sequence[Mapping]
) -> bytes:
    """Draw, and return the bytes of `result.json`.

    `evidence` says, per source in sealed order, what shows the value to be the true one (a
    signature, a page's hash, the two persons who typed it): objects of texts and integers.

    Raises:
        DrawError: the pool or the seed is not that of the seal.
    """
    seal = read_seal(seal_bytes)
    hash_name = seal["hash"]
    if pool.sealed(hash_name) != seal["pool"]:
        raise DrawError(
            "待抽库与封存时不一致，不能抽取", "请恢复封存时的待抽库；不能恢复的，作废重抽。"
        )
    sealed = hexdigest(hash_name, seal_bytes)
    named = f"SJD-SEED-1\n{hash_name}\n{sealed}\n"
    if not seed_bytes.startswith(named.encode()):
        raise DrawError("种子文件不是这份封存的", "请用本次封存的随机来源重新生成种子。")
    seed_base = base(seed_bytes, hash_name)
    seed_hex = seed_targets(seed_base, hash_name)
    wanted = {one["code"]: one["count"] + one["reserves"] for one in seal["strata"]}
    tickets = draw([pool.batch()], [wanted[code] for code in pool.codes], seed_hex, hash_name)
    lowest = dict(zip(pool.codes, tickets, strict=True))
    return canonical_json(
        {
            "version": VERSION,
            "seal": sealed,
            "base": seed_base,
            "seed_targets": seed_hex,
            "evidence": [dict(entry) for entry in evidence],
            "strata": [
                _drawn(stratum, lowest.get(stratum["code"])) for stratum in seal["strata"]
            ],
        }
    )


def replacement_line(
    result_bytes: bytes, earlier: Sequence[Mapping], *, id_out: str, reason: str, at: str
) -> bytes:
    """Return the next line of `replacements.jsonl` (with LF): the next reserve steps in (递补).

    `earlier` are the lines so far, parsed. Reserves are used strictly in order within the stratum
    of `id_out`, who may be drawn or a reserve already in.

    Raises:
        DrawError: `id_out` is not in, is out already, has no reason, or no reserve is left.
    """
    instant(at)
    if not reason.strip():
        raise DrawError("递补没有写明理由", "请写明原因，如「已注销」「查无下落」。")
    gone = {line["id_out"] for line in earlier}
    came = {line["id_in"] for line in earlier}
    for stratum in json.loads(result_bytes)["strata"]:
        into = [*stratum["drawn"], *(one for one in stratum["reserves"] if one["id"] in came)]
        out = next((one for one in into if one["id"] == id_out and id_out not in gone), None)
        if out is None:
            continue
        after = next((one for one in stratum["reserves"] if one["id"] not in came), None)
        if after is None:
            raise DrawError(
                f"层「{stratum['code']}」的备选已用完，「{id_out}」无人递补", "请另行制定方案补抽。"
            )
        line = {"rank_out": out["rank"], "id_out": id_out, "reason": reason, "at": at}
        return canonical_json(line | {"rank_in": after["rank"], "id_in": after["id"]}) + b"\n"
    raise DrawError(f"「{id_out}」不在抽中名单中，或已被递补", "请核对编号。")


def void_record(seal_bytes: bytes, reason: str, at: str) -> bytes:
    """Return the bytes of `void.json`: a second person has approved that this draw is void.

    Raises:
        DrawError: no reason is given.
    """
    instant(at)
    if not reason.strip():
        raise DrawError("作废没有写明理由", "请写明理由；它会一直公开。")
    seal = seal_hash(seal_bytes)
    return canonical_json(
        {"version": VERSION, "seal": seal, "reason": reason, "at": at, "persons": 2}
    )


def slip_record(seal: str, pool: Pool, index: int, hash_name: str) -> bytes:
    """Return one candidate's line and its proof, `<id>.proof.json`, to be checked by anybody."""
    proof = merkle.proof(pool.leaves(hash_name), index, hash_name)
    return canonical_json(
        {"version": VERSION, "seal": seal, "line": pool.line(index), "index": index, "proof": proof}
    )


def _drawn(stratum: Mapping, lowest: Drawn | None) -> dict:
    tickets = list(lowest.records()) if lowest else []
    return {
        "code": stratum["code"],
        "size": stratum["size"],
        "count": stratum["count"],
        "drawn": tickets[: stratum["count"]],
        "reserves": tickets[stratum["count"] :],
    }
