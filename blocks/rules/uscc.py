"""The unified social credit code (统一社会信用代码, GB 32100-2015), its check character and parts.

18 characters: 1 registering department, 2 kind of organisation, 3-8 division (GB/T 2260), 9-17 the
organisation code (GB 11714) with its own check character, 18 check character. The letters I, O, S,
V and Z are not used. Check: weights 3^i mod 31, the weighted sum with the last character is 0 mod 31.

First characters 1-9, N, Y and A are in use (N and A came after the standard was printed).
"""

import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FIRST = "123456789NYA"
LENGTH = 18
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def normalise(text: str) -> str:
    """Return the text in NFKC (full width becomes half), trimmed, in upper case."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def check_character(first17: str) -> str:
    """Return the 18th character for the first 17 (normalised).

    Raises:
        ValueError: not 17 characters of the alphabet.
    """
    if len(first17) != 17 or not set(first17) <= set(ALPHABET):
        raise ValueError("17 characters of the alphabet of GB 32100-2015 are wanted")
    total = sum(_VALUE[c] * w for c, w in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def organisation_check_character(first8: str) -> str:
    """Return the 9th character of an organisation code (组织机构代码, GB 11714-1997).

    Raises:
        ValueError: not 8 characters of 0-9 and A-Z.
    """
    if not re.fullmatch(r"[0-9A-Z]{8}", first8):
        raise ValueError("8 characters of 0-9 and A-Z are wanted")
    total = sum(int(c, 36) * w for c, w in zip(first8, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def problem(text: str) -> str | None:
    """Return what is wrong with a code as a Chinese sentence, or None. The text is normalised."""
    code = normalise(text)
    if is_old_registration(code):
        return "这是15位的旧注册号，不是统一社会信用代码"
    if len(code) != 18:
        return f"统一社会信用代码应为18位，现为{len(code)}位"
    if odd := "".join(sorted(set(code) - set(ALPHABET))):
        return f"统一社会信用代码中不应有「{odd}」（不使用 I、O、S、V、Z）"
    if code[0] not in FIRST:
        return f"统一社会信用代码的第1位「{code[0]}」不是登记管理部门代码"
    if not re.fullmatch(r"[0-9]{6}", code[2:8]):
        return f"统一社会信用代码的第3至8位「{code[2:8]}」应为6位行政区划代码"
    if check_character(code[:17]) != code[17]:
        return "统一社会信用代码的校验位不符，至少有一位写错"
    return None


def is_old_registration(text: str) -> bool:
    """Tell whether the text is an old registration number (旧注册号): 15 digits."""
    return re.fullmatch(r"[0-9]{15}", normalise(text)) is not None


def county_of(uscc: str) -> str:
    """Return the division (GB/T 2260) that registered it: characters 3 to 8, of an old registration
    number the first six.

    Often only the city's own (445200 in Jieyang); then the county is not known from the code.
    """
    code = normalise(uscc)
    return code[:6] if is_old_registration(code) else code[2:8]
