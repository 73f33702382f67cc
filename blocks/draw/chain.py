"""The chain: one line for each seal, result and voiding of a city, each bound to the one before.

It shows a seal without a result, a gap, and a second seal for a scheme: nobody draws until it suits.
"""

from collections.abc import Iterable, Mapping

from blocks.draw.hashing import HASHES, ZERO, canonical_json, hexdigest
from blocks.errors import DrawError

KINDS = ("sealed", "drawn", "void")
_REMEDY = "请使用公布的原始文件；若确有改动，须查明原因。"


def head(previous: str, kind: str, file_hash: str, hash_name: str) -> str:
    """Return the head of the chain after a line."""
    return hexdigest(hash_name, f"SJD-HEAD-1\n{previous}\n{kind}\n{file_hash}\n".encode())


def next_line(
    previous: Mapping | None, kind: str, scheme: str, draw_number: int, file_hash: str,
    hash_name: str,
) -> dict:  # fmt: skip
    """Return the line after `previous` (None: the first), not yet checked against all before it.

    `kind` is `sealed`, `drawn` or `void`; `file_hash` that of seal.json, result.json or void.json.
    """
    if kind not in KINDS:
        raise DrawError(f"链上没有「{kind}」这种记录", f"可用：{'、'.join(KINDS)}。")
    before = previous["head"] if previous else ZERO
    return {
        "number": previous["number"] + 1 if previous else 1,
        "kind": kind,
        "scheme": scheme,
        "draw_number": draw_number,
        "file": file_hash,
        "previous": before,
        "head": head(before, kind, file_hash, hash_name),
    }


def chain_jsonl(lines: Iterable[Mapping]) -> bytes:
    """Return the bytes of `chain.jsonl`."""
    return b"".join(canonical_json(dict(line)) + b"\n" for line in lines)


def check(lines: Iterable[Mapping]) -> list[tuple[str, int]]:
    """Check a whole chain, and return the (scheme, draw number) sealed and still without result.

    Each draw names its own hash, so a head may be of either. Per scheme: sealed 1, then drawn or
    void; sealed 2 only after 1 is void; a drawn one may still become void.

    Raises:
        DrawError: naming the first line that does not follow.
    """
    previous: Mapping | None = None
    stands: dict[str, tuple[int, str]] = {}
    for place, line in enumerate(lines, 1):
        _check_link(place, previous, line)
        _check_order(place, stands.get(line["scheme"], (0, "void")), line)
        stands[line["scheme"]] = (line["draw_number"], line["kind"])
        previous = line
    return [(scheme, number) for scheme, (number, kind) in stands.items() if kind == "sealed"]


def _check_link(place: int, previous: Mapping | None, line: Mapping) -> None:
    after = (line["kind"], line["scheme"], line["draw_number"], line["file"])
    if not any(line == next_line(previous, *after, name) for name in HASHES):
        raise DrawError(f"链的第 {place} 行与前一行接不上", _REMEDY)


def _check_order(place: int, stands: tuple[int, str], line: Mapping) -> None:
    number, kind = stands
    due = {
        "sealed": kind == "void" and line["draw_number"] == number + 1,
        "drawn": kind == "sealed" and line["draw_number"] == number,
        "void": kind in ("sealed", "drawn") and line["draw_number"] == number and number > 0,
    }
    if not due[line["kind"]]:
        raise DrawError(
            f"链的第 {place} 行：方案「{line['scheme']}」第 {line['draw_number']} 次的"
            f"「{line['kind']}」不合次序（此前为第 {number} 次「{kind}」）",
            _REMEDY,
        )
