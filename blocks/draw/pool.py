"""The pool (待抽库): everybody who may be drawn, one line each, and the hash of all the lines.

A pool is its text, `pool.tsv`, and where in it each id stands; the lines are hashed and the tickets
drawn from that one buffer, so that a million candidates cost a hundred megabytes and not five.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from blocks.draw import columns, merkle
from blocks.draw.hashing import ZERO, canonical_json, hexdigest
from blocks.draw.ids import CANONICAL
from blocks.draw.tickets import Batch
from blocks.errors import DrawError

MAX_WEIGHT = 65535
NAMES = ("id", "stratum", "weight", "attributes", "salt")
_MARK = "SJD1"
_HEX = b"0123456789abcdef"
_PLAIN_ID = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-"
_AGAIN = "请从名录重新生成待抽库，不要手工修改。"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One target that may be drawn. `weight` is 1 except in a weighted stratum.

    `attributes` is the hash of what was known of it at the draw (see `attributes_hash`); `salt`
    (hex) is added where the line is withheld and must not be guessable.
    """

    id: str
    stratum: str
    weight: int = 1
    attributes: str = ZERO
    salt: str = ""


@dataclass(frozen=True, eq=False)
class Pool:
    """A pool as it is sealed: n lines sorted by the bytes of the id.

    `text` is the column of the lines, each with its LF; `id_lengths` (n,); `codes` are the strata
    in order, `strata` (n,) uint16 says which of them each candidate is in; `weights` (n,) uint16.
    """

    text: pa.LargeStringArray
    id_lengths: np.ndarray
    codes: tuple[str, ...]
    strata: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.text)

    @property
    def tsv(self) -> memoryview:
        """The bytes of `pool.tsv`."""
        return memoryview(columns.content(self.text))

    @property
    def sizes(self) -> dict[str, int]:
        """How many candidates each stratum has, in order of its code."""
        counts = np.bincount(self.strata, minlength=len(self.codes)).tolist()
        return dict(zip(self.codes, counts, strict=True))

    @property
    def weighted(self) -> frozenset[str]:
        """The strata in which somebody's weight is not 1."""
        return frozenset(self.codes[at] for at in np.unique(self.strata[self.weights != 1]))

    def line(self, index: int) -> str:
        """Return a line without its LF."""
        return self.text[index].as_py()[:-1]

    def find(self, id_: str) -> int | None:
        """Return the place of an id (from 0), or None."""
        sought, low, high = id_.encode(), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._id(middle) < sought else (low, middle)
        return low if low < len(self) and self._id(low) == sought else None

    def batch(self) -> Batch:
        """Return the pool as the tickets are drawn from it."""
        starts = self._starts + len(_MARK) + 1
        return Batch(columns.content(self.text), starts, starts + self.id_lengths,
                     self.strata, self.weights)  # fmt: skip

    def leaves(self, hash_name: str) -> np.ndarray:
        """Return the lowest level of the Merkle tree, (n, 32) uint8."""
        ends = columns.spans(self.text)[1:] - 1  # without the LF
        return columns.many.digests(
            hash_name, columns.content(self.text), self._starts, ends, merkle.LEAF
        )

    def sealed(self, hash_name: str) -> dict:
        """Return {"root", "size"} as the seal names the pool."""
        return {"root": merkle.root(self.leaves(hash_name), hash_name), "size": len(self)}

    @cached_property
    def _starts(self) -> np.ndarray:
        return columns.spans(self.text)[:-1]

    def _id(self, index: int) -> bytes:
        start = self._starts[index] + len(_MARK) + 1
        return columns.content(self.text)[start : start + self.id_lengths[index]].tobytes()


def of_candidates(candidates: Iterable[Candidate]) -> Pool:
    """Return the pool of these candidates; see `of_columns`."""
    rows = list(candidates)
    for row in rows:
        if type(row.weight) is not int:
            raise DrawError(f"「{row.id}」的权重 {row.weight} 不合规", "权重须为整数。")
    ids, strata, weights, hashes, salts = ([getattr(row, name) for row in rows] for name in NAMES)
    _check_hashes(columns.text(ids), columns.text(hashes))
    attributes = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, 32)
    return of_columns(ids, strata, weights, attributes, salts if any(salts) else None)


def of_columns(ids, strata, weights=None, attributes=None, salts=None) -> Pool:
    """Return the pool of n candidates given in columns (sequences or Arrow arrays), in any order.

    `ids` and `strata` are texts, `weights` integers (None: all 1), `attributes` digests, (n, 32)
    uint8 (None: zeros), `salts` bytes in hex (None: the lines are not salted).

    Raises:
        DrawError: an id stands twice or is not canonical, a stratum has no name, or a weight is
            not in 1..65535.
    """
    ids, strata = columns.text(ids), columns.text(strata)
    given = [ids, strata, _weights(pa.repeat(1, len(ids)) if weights is None else weights),
             *([] if salts is None else [columns.text(salts)])]  # fmt: skip
    if not columns.is_rising(ids):
        order = pc.sort_indices(ids)
        given = [column.take(order) for column in given]
        attributes = None if attributes is None else attributes[order]
    _check_once(given[0])
    _check_salts(given[0], *given[3:])
    hashes = ZERO if attributes is None else columns.hexadecimal(attributes)
    fields = [*given[:2], given[2].cast(columns.TEXT), hashes, *given[3:]]
    tabbed = [part for field in fields for part in ("\t", field)]
    return _of_sorted(columns.joined([_MARK, *tabbed, "\n"]), *given[:3])


def _of_sorted(text: pa.LargeStringArray, ids: pa.Array, strata: pa.Array,
               weights: pa.Array) -> Pool:
    """Check what stands in the lines, whose ids rise, and return the pool."""
    _check_ids(ids)
    _check_weights(ids, weights)
    coded = strata.dictionary_encode()
    found = coded.dictionary.to_pylist()
    _check_strata(found)
    codes = tuple(sorted(found))
    place = np.array([codes.index(code) for code in found], np.uint16)
    return Pool(text, pc.binary_length(ids).to_numpy(), codes,
                place[coded.indices.to_numpy()], weights.to_numpy())  # fmt: skip


def parse_pool(data) -> Pool:
    """Return the pool of a `pool.tsv` (any buffer of bytes), which is not copied.

    Raises:
        DrawError: a line is malformed, out of order, or there twice.
    """
    content = np.frombuffer(data, np.uint8)
    if not len(content):
        return of_candidates([])
    if content[-1] != ord("\n"):
        raise DrawError("pool.tsv 最后一行不完整", "请重新下载该文件。")
    mark, *given = _read(pa.py_buffer(data))
    ends = np.flatnonzero(content == ord("\n")) + 1
    if len(ends) != len(mark) or not _is_as_written(np.diff(ends, prepend=0), mark, given):
        raise DrawError("pool.tsv 没有按编号排序，或写法不规范", _AGAIN)
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    lines = pa.LargeStringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    _check_hashes(given[0], given[3])
    _check_salts(given[0], *given[4:])
    return _of_sorted(lines, *given[:3])


def _is_as_written(lengths: np.ndarray, mark: pa.Array, given: list[pa.Array]) -> bool:
    """Whether the lines are, to the byte, what the fields read from them would be written as.

    A field is all that stands between two tabs, except for a weight, where another spelling of
    the number has another length, like a line that ends otherwise than with LF.
    """
    texts = [mark, *given[:2], given[2].cast(columns.TEXT), *given[3:]]
    written = sum(pc.binary_length(text).to_numpy() for text in texts) + len(texts)
    marked = pc.all(pc.equal(mark, _MARK), min_count=0).as_py()
    return marked and bool((written == lengths).all()) and columns.is_rising(given[0])


def _read(data: pa.Buffer) -> list[pa.Array]:
    """Read the columns of a `pool.tsv`: the mark, id, stratum, weight, attributes and salt."""
    first = data.slice(0, min(len(data), 1 << 16)).to_pybytes().split(b"\n")[0]
    names = [_MARK, *NAMES[: first.count(b"\t")]]
    types = {name: pa.uint16() if name == "weight" else columns.TEXT for name in names}
    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as why:
        raise DrawError(f"pool.tsv 的格式不对：{why}", _AGAIN) from why
    if len(names) not in (5, 6):
        raise DrawError("pool.tsv 每行应有五个或六个字段", _AGAIN)
    return [table[name].combine_chunks() for name in names]


def attributes_hash(attributes: Mapping, hash_name: str) -> str:
    """Return the hash of a candidate's canonical JSON."""
    return hexdigest(hash_name, canonical_json(dict(attributes)))


def records_root(lines: Iterable[str] | pa.Array, hash_name: str) -> dict:
    """Return {"root", "size"} of records given as canonical JSON, in any order.

    Their lines, sorted by bytes, are the leaves. Used for exclusions, inspectors and interests,
    which are bound by the seal and not published.
    """
    lines = columns.text(lines)
    leaves = columns.digests(lines.take(pc.sort_indices(lines)), hash_name, merkle.LEAF)
    return {"root": merkle.root(leaves, hash_name), "size": len(lines)}


def is_code(text: str) -> bool:
    """Whether `text` can stand as a code in a line: something, and all of it printable."""
    return bool(text) and text.isprintable() and text == text.strip()


def _weights(weights) -> pa.Array:
    try:
        if isinstance(weights, (pa.Array, pa.ChunkedArray)):
            column = weights.cast(pa.uint16())
            return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return pa.array(weights, pa.uint16())
    except (pa.ArrowInvalid, OverflowError, TypeError) as why:
        raise DrawError(f"有权重不是 1 到 {MAX_WEIGHT} 的整数：{why}", "请改正权重。") from why


def _check_weights(ids: pa.Array, weights: pa.Array) -> None:
    wrong = pc.index(weights, 0).as_py()
    if wrong >= 0:
        raise DrawError(f"「{ids[wrong]}」的权重是 0", f"权重须为 1 到 {MAX_WEIGHT} 的整数。")


def _check_once(ids: pa.Array) -> None:
    """Check that no id of a sorted column stands twice."""
    if not columns.is_rising(ids):
        twice = ids[pc.index(pc.equal(ids[:-1], ids[1:]), True).as_py()]
        raise DrawError(f"待抽库中「{twice}」重复出现", "请在名录中合并重复的检查对象。")


def _check_ids(ids: pa.Array) -> None:
    odd = _misfit(ids, _PLAIN_ID, range(1, 56), CANONICAL)
    if odd is not None:
        raise DrawError(f"编号「{odd}」不规范", "请先用规范编号（canonical_id）转换。")


def _check_strata(codes: list[str]) -> None:
    for code in codes:
        if not is_code(code):
            raise DrawError(f"层别「{code}」为空或含有控制字符", "请给出层别代码。")
    if len(codes) > MAX_WEIGHT:
        raise DrawError(f"层别有 {len(codes)} 种，太多", "请按信用风险类别或县区分层。")


def _check_hashes(ids: pa.Array, hashes: pa.Array) -> None:
    _say_odd(ids, hashes, "属性杂凑值", _misfit(hashes, _HEX, range(64, 65), "[0-9a-f]{64}"))


def _check_salts(ids: pa.Array, salts: pa.Array | None = None) -> None:
    if salts is not None:
        _say_odd(ids, salts, "盐值", columns.misfit(salts, "(?:[0-9a-f]{2})+"))


def _say_odd(ids: pa.Array, column: pa.Array, what: str, odd: str | None) -> None:
    if odd is not None:
        where = ids[pc.index(column, odd).as_py()]
        raise DrawError(f"「{where}」的{what}「{odd[:80]}」不是小写十六进制", _AGAIN)


def _misfit(column: pa.Array, letters: bytes, lengths: range, form: str) -> str | None:
    """Return the first text that is not of the form; by letters and lengths most are seen to be."""
    sizes = pc.min_max(pc.binary_length(column))
    plain = not len(column) or (
        sizes["min"].as_py() in lengths and sizes["max"].as_py() in lengths)
    return None if plain and columns.is_only(column, letters) else columns.misfit(column, form)
