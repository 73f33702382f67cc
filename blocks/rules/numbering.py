"""The readable number of a scheme (方案编号): the scheme 2026-003 is 揭双随机〔2026〕3号.

Each city has its own words before the year; the code stands in folders, commands and addresses.
"""

import re
import unicodedata

from blocks.errors import InspectionError

_CODE = re.compile(r"(\d{4})-(\d{1,6})")
_NUMBER = re.compile(r"(?P<words>[^\d〔\[(【]*)[〔\[(【](?P<year>\d{4})[〕\])】]第?(?P<number>\d{1,6})号?")


def say(code: str, prefix: str) -> str:
    """Return the readable number of a scheme's code."""
    year, _, number = code.partition("-")
    return f"{prefix}〔{year}〕{int(number)}号"


def read(text: str, prefix: str) -> str:
    """Return the code of the scheme that somebody means, or its id, as events name it, unchanged.

    Brackets may be 〔〕, [], () or 【】, digits and brackets full-width, and blanks stand anywhere.

    Raises:
        InspectionError: it is no number of a scheme, or that of another city.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if plain.isdecimal() and len(plain) < 10:
        return str(int(plain))
    if code := _CODE.fullmatch(plain):
        return f"{code[1]}-{int(code[2]):03d}"
    told = f"请写成 {say('2026-003', prefix)} 或 2026-003；方案编号在门户的方案列表里"
    number = _NUMBER.fullmatch(plain)
    if number is None:
        raise InspectionError(f"「{text}」不是方案编号，什么都没有改动", told)
    if number["words"] not in ("", prefix):
        raise InspectionError(f"「{text}」不是本市的方案编号，什么都没有改动", told)
    return f"{number['year']}-{int(number['number']):03d}"
