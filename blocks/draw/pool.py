"""The pool (待抽库): everybody who may be drawn, one line each, and the hash of all the lines."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from blocks.draw import merkle
from blocks.draw.hashing import ZERO, canonical_json, hexdigest
from blocks.draw.ids import is_canonical
from blocks.errors import DrawError

MAX_WEIGHT = 65535
_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"(?:[0-9a-f]{2})*")
_AGAIN = "请从名录重新生成待抽库，不要手工修改。"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One target that may be drawn. `weight` is 1 except in a weighted stratum.

    `attributes_hash` binds what was known of it at the draw (see `attributes_hash`); `salt` (hex)
    is added where the line is published and must not be guessable.
    """

    id: str
    stratum: str
    weight: int = 1
    attributes_hash: str = ZERO
    salt: str = ""


def attributes_hash(attributes: Mapping, hash_name: str) -> str:
    """Return the hash of a candidate's canonical JSON."""
    return hexdigest(hash_name, canonical_json(dict(attributes)))


def pool_lines(candidates: Iterable[Candidate]) -> list[str]:
    """Return the lines of `pool.tsv` without LF, sorted by the bytes of the id.

    Raises:
        DrawError: an id stands twice or is not canonical, or a weight is not in 1..65535.
    """
    ordered = sorted(candidates, key=lambda candidate: candidate.id)  # ASCII: characters are bytes
    for before, after in pairwise(ordered):
        if before.id == after.id:
            raise DrawError(f"待抽库中「{after.id}」重复出现", "请在名录中合并重复的检查对象。")
    return [_line(candidate) for candidate in ordered]


def pool_tsv(lines: Sequence[str]) -> bytes:
    """Return the bytes of `pool.tsv`: UTF-8, each line ended by LF."""
    return "".join(f"{line}\n" for line in lines).encode()


def pool_root(lines: Sequence[str], hash_name: str) -> dict:
    """Return {"root", "size"} of the pool."""
    leaves = [line.encode() for line in lines]
    return {"root": merkle.root(leaves, hash_name), "size": len(leaves)}


def parse_pool(data: bytes) -> list[Candidate]:
    """Return the candidates of a `pool.tsv`, in its order.

    Raises:
        DrawError: a line is malformed, out of order, or there twice.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as why:
        raise DrawError("pool.tsv 不是 UTF-8 文本", _AGAIN) from why
    if text and not text.endswith("\n"):
        raise DrawError("pool.tsv 最后一行不完整", "请重新下载该文件。")
    lines = text.split("\n")[:-1]
    candidates = [_candidate(number, line) for number, line in enumerate(lines, 1)]
    if pool_lines(candidates) != lines:
        raise DrawError("pool.tsv 没有按编号排序，或写法不规范", _AGAIN)
    return candidates


def records_root(records: Iterable[Mapping], hash_name: str) -> dict:
    """Return {"root", "size"} of records: their canonical JSON, sorted by bytes, as leaves.

    Used for exclusions, inspectors and interests, which are bound by the seal and not published.
    """
    leaves = sorted(canonical_json(dict(record)) for record in records)
    return {"root": merkle.root(leaves, hash_name), "size": len(leaves)}


def is_code(text: str) -> bool:
    """Whether `text` can stand as a code in a line: something, and all of it printable."""
    return bool(text) and text.isprintable() and text == text.strip()


def _line(candidate: Candidate) -> str:
    _check(candidate)
    line = "\t".join(
        ("SJD1", candidate.id, candidate.stratum, str(candidate.weight), candidate.attributes_hash)
    )
    return f"{line}\t{candidate.salt}" if candidate.salt else line


def _check(candidate: Candidate) -> None:
    weight = candidate.weight
    if not is_canonical(candidate.id):
        raise DrawError(f"编号「{candidate.id}」不规范", "请先用规范编号（canonical_id）转换。")
    if not is_code(candidate.stratum):
        raise DrawError(f"「{candidate.id}」的层别为空或含有控制字符", "请给出层别代码。")
    if type(weight) is not int or not 1 <= weight <= MAX_WEIGHT:
        raise DrawError(
            f"「{candidate.id}」的权重 {weight} 不合规", f"权重须为 1 到 {MAX_WEIGHT} 的整数。"
        )
    if not _HASH.fullmatch(candidate.attributes_hash) or not _SALT.fullmatch(candidate.salt):
        raise DrawError(f"「{candidate.id}」的属性杂凑值或盐值不是小写十六进制", _AGAIN)


def _candidate(number: int, line: str) -> Candidate:
    fields = line.split("\t")
    if len(fields) not in (5, 6) or fields[0] != "SJD1" or not fields[3].isascii():
        raise DrawError(f"pool.tsv 第 {number} 行格式不对", _AGAIN)
    if not fields[3].isdigit():
        raise DrawError(f"pool.tsv 第 {number} 行的权重不是整数", _AGAIN)
    return Candidate(fields[1], fields[2], int(fields[3]), *fields[4:])
