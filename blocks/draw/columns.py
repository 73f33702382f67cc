"""Texts in columns: a million lines written, hashed and checked without a loop over them.

A column is an Arrow array of large strings (64-bit offsets, so that a province's pool fits): one
buffer of bytes, and where each text begins. What is written here is hashed from that same buffer.
"""

import json
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocks.draw import many

TEXT = pa.large_string()
_HEX = np.frombuffer(b"".join(b"%04x" % pair for pair in range(1 << 16)), np.uint32)
_ESCAPED = r'["\\\x00-\x1f]'  # what JSON writes otherwise than it stands
_UNESCAPED = bytes(byte for byte in range(0x20, 0x100) if byte not in b'"\\')
_SPANS = np.int64


def text(values: Iterable[str] | pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """Return a column of texts in one piece."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.cast(TEXT)
    return pa.array(values, TEXT)


def joined(parts: Iterable[pa.Array | str], separator: str = "") -> pa.LargeStringArray:
    """Return each row's parts in one text; a part is a column, or one text for all rows."""
    scalars = [pa.scalar(part, TEXT) if isinstance(part, str) else part for part in parts]
    return text(pc.binary_join_element_wise(*scalars, pa.scalar(separator, TEXT)))


def content(column: pa.LargeStringArray) -> np.ndarray:
    """Return the bytes of all the texts on end, uint8, without a copy."""
    offsets = spans(column)
    buffer = column.buffers()[2]
    data = np.frombuffer(buffer, np.uint8) if buffer is not None else np.empty(0, np.uint8)
    return data[offsets[0] : offsets[-1]]


def spans(column: pa.LargeStringArray) -> np.ndarray:
    """Return where each text begins in the column's buffer, and where the last ends: (n + 1,)."""
    if not len(column):
        return np.zeros(1, _SPANS)
    offsets = np.frombuffer(column.buffers()[1], _SPANS)
    return offsets[column.offset : column.offset + len(column) + 1]


def digests(column: pa.LargeStringArray, hash_name: str, prefix: bytes = b"") -> np.ndarray:
    """Return HASH(prefix + text) of each row, (n, 32) uint8."""
    offsets = spans(column) - spans(column)[0]
    return many.digests(hash_name, content(column), offsets[:-1], offsets[1:], prefix)


def hexadecimal(rows: np.ndarray) -> pa.LargeStringArray:
    """Return each row of bytes, (n, width) uint8 with an even width, as lower-case hex."""
    count, width = rows.shape
    letters = _HEX[np.ascontiguousarray(rows).view(">u2")]
    offsets = np.arange(count + 1, dtype=_SPANS) * (2 * width)
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters))


def canonical_objects(fields: Mapping[str, pa.Array]) -> pa.LargeStringArray:
    """Return each row as a canonical JSON object (RFC 8785) of texts; the keys are plain ASCII."""
    parts: list[pa.Array | str] = []
    for place, key in enumerate(sorted(fields)):
        parts += [f'{"," if place else "{"}"{key}":"', _escaped(text(fields[key])), '"']
    return joined([*parts, "}"])


def is_only(column: pa.LargeStringArray, letters: bytes) -> bool:
    """Whether no text of the column has a byte outside of `letters`."""
    return not content(column).tobytes().translate(None, letters)


def is_rising(column: pa.LargeStringArray) -> bool:
    """Whether each text comes after the one before it, by bytes; so none is there twice."""
    return bool(pc.all(pc.less(column[:-1], column[1:]), min_count=0).as_py())


def _escaped(column: pa.LargeStringArray) -> pa.LargeStringArray:
    if is_only(column, _UNESCAPED):
        return column
    odd = pc.match_substring_regex(column, _ESCAPED)
    written = [json.dumps(one, ensure_ascii=False)[1:-1] for one in column.filter(odd).to_pylist()]
    return text(pc.replace_with_mask(column, odd, pa.array(written, TEXT)))


def misfit(column: pa.LargeStringArray, form: str) -> str | None:
    """Return the first text that is not wholly of this form (a regular expression), or None."""
    fits = pc.match_substring_regex(column, rf"\A(?:{form})\z")
    at = pc.index(fits, False).as_py()
    return None if at < 0 else column[at].as_py()
