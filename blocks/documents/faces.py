"""The faces that PDFs are set in, and which characters they have: a box instead of a name is no document."""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from blocks import settings
from blocks.documents.loading import own
from blocks.errors import DocumentError, NotAnswering

OURS = settings.ROOT / "node_modules" / "@expo-google-fonts" / "noto-serif-sc"
WEIGHTS = ("400Regular", "700Bold")
UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Zs")  # categories that need no glyph


def folders() -> tuple[Path, ...]:
    """Return the folders of the faces: the office's own first, then ours.

    Raises:
        NotAnswering: ours were not installed.
    """
    ours = tuple(OURS / weight for weight in WEIGHTS)
    if not all(folder.is_dir() for folder in ours):
        raise NotAnswering("公文用的字体还没有安装", "请运行 make setup（npm ci 会装上）")
    fonts = own("fonts")
    return (*((fonts,) if fonts else ()), *ours)


def check(texts: Iterable[str]) -> None:
    """Refuse texts with a character that no face has.

    Raises:
        DocumentError: names the characters and what to do.
    """
    missing = sorted({c for c in set("".join(texts)) - _characters(folders())
                      if unicodedata.category(c) not in UNSEEN})
    if missing:
        named = "、".join(f"「{c}」（U+{ord(c):04X}）" for c in missing[:5])
        raise DocumentError(f"PDF 的字体里没有{named}，印出来会是空框",
                            "请用 Word 版，或把有这个字的字体放进 CHOUCHA_DOCUMENTS 的 fonts 文件夹")


@lru_cache(maxsize=4)
def _characters(places: tuple[Path, ...]) -> frozenset[str]:
    files = [path for place in places for path in sorted(place.iterdir())
             if path.suffix.lower() in (".ttf", ".otf")]
    return frozenset(chr(code) for path in files for first, last in _ranges(path.read_bytes())
                     for code in range(first, last + 1) if not 0xD800 <= code < 0xE000)


def _ranges(font: bytes) -> Iterator[tuple[int, int]]:
    """Yield the first and last code of every stretch that a font's table `cmap` has (OpenType, formats
    12 and 4; where both are there they say the same)."""
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {font[at:at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    cmap = tables[b"cmap"]
    (subtables,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(subtables):
        at = cmap + struct.unpack_from(">I", font, cmap + 4 + 8 * number + 4)[0]
        (form,) = struct.unpack_from(">H", font, at)
        if form == 12:
            (groups,) = struct.unpack_from(">I", font, at + 12)
            yield from (struct.unpack_from(">II", font, at + 16 + 12 * n) for n in range(groups))
        elif form == 4:
            (twice,) = struct.unpack_from(">H", font, at + 6)
            ends = struct.unpack_from(f">{twice // 2}H", font, at + 14)
            starts = struct.unpack_from(f">{twice // 2}H", font, at + 16 + twice)
            yield from ((first, last) for first, last in zip(starts, ends, strict=True) if first < 0xFFFF)
