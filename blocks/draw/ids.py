"""The id under which a candidate is drawn: the same however somebody typed its code."""

import re
import unicodedata

from blocks.draw.hashing import hexdigest
from blocks.errors import DrawError

_PLAIN = re.compile(r"[0-9A-Z._:-]{1,55}")  # with the seed's 64 characters: two blocks of the hash
CANONICAL = rf"{_PLAIN.pattern}|H:[0-9a-f]{{40}}"


def canonical_id(text: str, hash_name: str) -> str:
    """Return the id of a target whose unified social credit code (or other code) is `text`.

    NFKC (full width becomes half width), trimmed, upper case. What is then still no plain code (a
    name in Chinese, something too long) becomes `H:` and 40 hex digits of the hash of the text as
    it stood (trimmed, NFC, UTF-8). Call it once, on the raw code: `H:` with its small letters is
    no raw code.

    Raises:
        DrawError: nothing is in it, or the hash is unknown.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if _PLAIN.fullmatch(plain):
        return plain
    whole = unicodedata.normalize("NFC", text).strip()
    if not whole or not plain:
        raise DrawError("检查对象没有统一社会信用代码或其他编号", "请在名录中补上编号后再抽取。")
    return "H:" + hexdigest(hash_name, whole.encode())[:40]


def is_canonical(text: str) -> bool:
    """Whether `text` may stand as an id in a pool."""
    return bool(re.fullmatch(CANONICAL, text))
