"""The two hashes a draw may name in its seal, and the one way an object becomes bytes.

SM3 is the national standard (GB/T 32905-2016) and the default; some builds of OpenSSL leave it out,
so `cryptography`, which carries its own, takes over there.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from blocks.errors import DrawError

HASHES = ("sm3", "sha256")
ZERO = "0" * 64
MAX_INTEGER = 2**53


class Sm3:
    """SM3 of `cryptography`, with those methods of a hashlib object that the draw needs."""

    def __init__(self, data: bytes = b"") -> None:
        from cryptography.hazmat.primitives import hashes

        self._hash = hashes.Hash(hashes.SM3())
        self._hash.update(data)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def copy(self) -> "Sm3":
        twin = object.__new__(Sm3)
        twin._hash = self._hash.copy()
        return twin

    def digest(self) -> bytes:
        return self._hash.copy().finalize()


@cache
def _start(name: str) -> Any:
    """An empty hash to copy: looking SM3 up in OpenSSL each time costs more than hashing."""
    if name not in HASHES:
        raise DrawError(f"不认识的杂凑算法「{name}」", "请使用 sm3（国家标准，默认）或 sha256。")
    try:
        return hashlib.new(name)
    except ValueError:
        return Sm3()


def digest(name: str, data: bytes) -> bytes:
    """Return the 32 bytes of the hash `name` over `data`."""
    started = _start(name).copy()
    started.update(data)
    return started.digest()


def hexdigest(name: str, data: bytes) -> str:
    """Return `digest` as 64 lower-case hex characters."""
    return digest(name, data).hex()


def prefixed(name: str, prefix: bytes) -> Callable[[bytes], bytes]:
    """Return a function `rest -> HASH(prefix + rest)` that hashes the prefix once."""
    start = _start(name).copy()
    start.update(prefix)

    def finish(rest: bytes) -> bytes:
        each = start.copy()
        each.update(rest)
        return each.digest()

    return finish


def canonical_json(obj: Any) -> bytes:
    """Return `obj` as RFC 8785 canonical JSON: sorted keys, no spaces, UTF-8, integers only.

    Without floats the standard library's encoder writes just that, five times as fast as a library
    for the whole of RFC 8785; a test holds the two equal.

    Raises:
        DrawError: a float is in it, a whole number beyond 2^53, or a key that sorts differently
            in UTF-16.
    """
    _check_plain(obj)
    return json.dumps(obj, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _check_plain(obj: Any) -> None:
    if isinstance(obj, dict):
        for key, value in obj.items():
            if not isinstance(key, str) or (not key.isascii() and max(key) > "\uffff"):
                raise DrawError(f"内容的键「{key}」不能写成规范 JSON", "请改用普通文字作键。")
            _check_plain(value)
    elif isinstance(obj, (list, tuple)):
        for value in obj:
            _check_plain(value)
    elif isinstance(obj, float):
        raise DrawError(f"抽取文件只允许整数，出现了小数 {obj}", "请改用整数，比例写成分子和分母。")
    elif isinstance(obj, int) and abs(obj) >= MAX_INTEGER:
        raise DrawError(f"整数 {obj} 太大，不能写成规范 JSON", "大于 2^53 的整数请写成十进制文本。")
