"""One hash over many lines, and a short proof that a line is among them.

Source: RFC 6962, section 2.1: leaf H(00 + line), node H(01 + left + right). Written level by level:
an odd node at the end of a level is promoted unchanged, which gives the same tree.
"""

from collections.abc import Sequence

from blocks.draw.hashing import ZERO, prefixed
from blocks.errors import DrawError

Proof = list[tuple[str, str]]


def root(leaves: Sequence[bytes], hash_name: str) -> str:
    """Return the root in hex; of no leaves at all, 64 zeros."""
    level = _leaf_hashes(leaves, hash_name)
    node = prefixed(hash_name, b"\x01")
    while len(level) > 1:
        level = _parents(level, node)
    return level[0].hex() if level else ZERO


def proof(leaves: Sequence[bytes], index: int, hash_name: str) -> Proof:
    """Return the siblings from leaf `index` (from 0) up to the root, as (side, hex).

    The side, `left` or `right`, is where the sibling stands; a promoted node has none.
    """
    if not 0 <= index < len(leaves):
        raise DrawError(f"名单中没有第 {index + 1} 行", "请核对行号。")
    level = _leaf_hashes(leaves, hash_name)
    node = prefixed(hash_name, b"\x01")
    path: Proof = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(("left" if sibling < index else "right", level[sibling].hex()))
        level, index = _parents(level, node), index // 2
    return path


def verify(line: bytes, proof: Sequence[tuple[str, str]], root: str, hash_name: str) -> bool:
    """Whether `proof` leads from `line` to `root`."""
    node = prefixed(hash_name, b"\x01")
    here = prefixed(hash_name, b"\x00")(line)
    for side, sibling_hex in proof:
        try:
            sibling = bytes.fromhex(sibling_hex)
        except ValueError:
            return False
        if side not in ("left", "right") or len(sibling) != 32:
            return False
        here = node(sibling + here if side == "left" else here + sibling)
    return here.hex() == root


def _leaf_hashes(leaves: Sequence[bytes], hash_name: str) -> list[bytes]:
    leaf = prefixed(hash_name, b"\x00")
    return [leaf(line) for line in leaves]


def _parents(level: list[bytes], node) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    parents = [node(left + right) for left, right in pairs]
    return parents + level[-1:] if len(level) % 2 else parents
