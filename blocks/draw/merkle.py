"""One hash over many lines, and a short proof that a line is among them.

Source: RFC 6962, section 2.1: leaf H(00 + line), node H(01 + left + right). Written level by level:
an odd node at the end of a level is promoted unchanged, which gives the same tree. A level is an
array of digests, (n, 32) uint8.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from blocks.draw import many
from blocks.draw.hashing import ZERO, prefixed
from blocks.errors import DrawError

Proof = list[tuple[str, str]]
LEAF, NODE = b"\x00", b"\x01"


def leaves(lines: Sequence[bytes], hash_name: str) -> np.ndarray:
    """Return the lowest level of the tree over these lines."""
    ends = np.fromiter(accumulate(map(len, lines)), np.int64, len(lines))
    starts = ends - np.fromiter(map(len, lines), np.int64, len(lines))
    return many.digests(hash_name, b"".join(lines), starts, ends, LEAF)


def root(level: np.ndarray, hash_name: str) -> str:
    """Return the root over the lowest level, in hex; of no leaves at all, 64 zeros."""
    *_, top = _levels(level, hash_name)
    return top[0].tobytes().hex() if len(top) else ZERO


def proof(level: np.ndarray, index: int, hash_name: str) -> Proof:
    """Return the siblings from leaf `index` (from 0) up to the root, as (side, hex).

    The side, `left` or `right`, is where the sibling stands; a promoted node has none.
    """
    if not 0 <= index < len(level):
        raise DrawError(f"名单中没有第 {index + 1} 行", "请核对行号。")
    path: Proof = []
    for nodes in _levels(level, hash_name):
        sibling = index ^ 1
        if sibling < len(nodes):
            side = "left" if sibling < index else "right"
            path.append((side, nodes[sibling].tobytes().hex()))
        index //= 2
    return path


def verify(line: bytes, proof: Sequence[tuple[str, str]], root: str, hash_name: str) -> bool:
    """Whether `proof` leads from `line` to `root`."""
    node = prefixed(hash_name, NODE)
    here = prefixed(hash_name, LEAF)(line)
    for side, sibling_hex in proof:
        try:
            sibling = bytes.fromhex(sibling_hex)
        except ValueError:
            return False
        if side not in ("left", "right") or len(sibling) != 32:
            return False
        here = node(sibling + here if side == "left" else here + sibling)
    return here.hex() == root


def _levels(level: np.ndarray, hash_name: str) -> Iterator[np.ndarray]:
    yield level
    fast = many.is_fast(len(level))  # then for the small levels too: together they are as many
    while len(level) > 1:
        level = many.parents(hash_name, level, fast=fast)
        yield level
