"""Where the random value comes from: named in the seal, known only after it.

| kind | locator | value | bits counted |
| --- | --- | --- | --- |
| `drand` | `chain/round` | the round's randomness, 64 hex digits, or `missing` | 256 |
| `reveal` | the department's code | its secret, 64 hex digits, or `missing` | 256 |
| `typed` | a name, ending in `/N` where N digits are expected | digits and `.,-` | 1 a digit |
| `dice` | a name, ending in `/N` where N throws are expected | digits 1-6 | 2 a throw |

A draw needs 64 bits together, counted before any value is known. The bits are deliberately low and
whole: two digits of a lottery ball of 33 hold 5 bits and not log2(100), the leading digits of an
index hold next to nothing, a throw of a die holds 2.58. A locator without `/N` promises no length,
so it counts 0: it may be added to other sources and cannot carry a draw alone.

What is not there at the sealed deadline falls to the next sealed source: it is written `missing`,
published and skipped, never replaced. Only a withheld secret and a beacon out of reach can be
missing; figures and dice are waited for, or the draw is voided (作废). What is left must still be
`enough`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.draw import beacon
from blocks.draw.hashing import hexdigest
from blocks.draw.pool import is_code
from blocks.errors import DrawError

KINDS = ("drand", "reveal", "typed", "dice")
ENOUGH_BITS = 64
MISSING = "missing"
MAY_BE_MISSING = ("drand", "reveal")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_FORMS = {
    "drand": (_HEX64, "应为该轮次的 64 位小写十六进制随机数，请从 drand 页面重新复制。"),
    "reveal": (_HEX64, "应为该部门封存的 64 位小写十六进制密值，请该部门核对后重新揭示。"),
    "typed": (re.compile(r"(?=.*[0-9])[0-9.,-]{1,200}"), "只能有数字和 . , - ，请照公告原样录入。"),
    "dice": (re.compile(r"[1-6]{1,500}"), "只能有 1 到 6 的数字，请按掷出的顺序录入。"),
}


@dataclass(frozen=True)
class Source:
    """One source of randomness. `due_at` is UTC, `2026-11-23T02:00:00Z`; see the module's table."""

    kind: str
    locator: str
    due_at: str
    commitment: str | None = None


def commitment(hash_name: str, code: str, secret_hex: str) -> str:
    """Return what the department `code` publishes at the seal to be bound to its secret."""
    return hexdigest(hash_name, f"SJD-COMMIT-1\n{code}\n{secret_hex}\n".encode())


def instant(text: str) -> datetime:
    """Read `2026-11-23T02:00:00Z`."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        moment = None
    if moment is None or f"{moment:%Y-%m-%dT%H:%M:%SZ}" != text:
        raise DrawError(f"时间「{text}」写法不对", "请写成 2026-11-23T02:00:00Z（世界时）。")
    return moment


def check_sources(sources: Sequence[Source], sealed_at: str, least: int = ENOUGH_BITS) -> int:
    """Check the sources a seal is to name, and return the bits they promise together.

    `least`: how many bits they must promise; only a rehearsal may ask for less than 64.

    Raises:
        DrawError: none, an unknown one, one that may be known before the seal, a beacon's round
            expected before it is made, a reveal without a commitment, the same one twice, or less
            than `least` bits together.
    """
    if not sources:
        raise DrawError("没有随机来源", "请至少选定一个封存之后才会产生的随机来源。")
    sealed = instant(sealed_at)
    for source in sources:
        _check_form(source)
        if instant(source.due_at) <= sealed:
            raise DrawError(
                f"随机来源「{source.locator}」在封存之前或同时就已产生",
                "请改用封存之后才产生的轮次、期号或时间。",
            )
        if source.kind == "drand":
            _check_round(source, sealed)
    if len({_identity(source) for source in sources}) != len(sources):
        raise DrawError("同一个随机来源列了两次", "请删去重复的一个。")
    bits = sum(_bits(source) for source in sources)
    if bits < least:
        raise DrawError(
            f"随机来源合计只有 {bits} 位，不足 {least} 位",
            "请增加来源（drand、部门承诺与揭示），或在名称末尾注明位数，如「开奖号码/70」「骰子/32」。",
        )
    return bits


def check_value(kind: str, value: str, source: Source, hash_name: str) -> str:
    """Return `value` if it may stand in the seed for `source`.

    Raises:
        DrawError: it has not the form of its kind, or is not what was committed to.
    """
    if kind not in KINDS or kind != source.kind:
        raise DrawError(f"来源「{source.locator}」不是「{kind}」", "请对照封存文件中的来源录入。")
    _check_digits(source, value)
    if kind == "reveal" and commitment(hash_name, source.locator, value) != source.commitment:
        raise DrawError(
            f"部门「{source.locator}」揭示的密值与其承诺不符",
            "请该部门重新提交封存时的密值；到期仍不符的，按未揭示公布并跳过。",
        )
    return value


def enough(
    sources: Sequence[Source], values: Sequence[str | None], least: int = ENOUGH_BITS
) -> None:
    """Check that what came in still carries the draw; None stands for a source that is missing.

    Raises:
        DrawError: it holds less than `least` bits, or the seal named a source that no department
            controls and none of that sort came in. The draw can then only be voided.
    """
    came = [source for source, value in zip(sources, values, strict=True) if value is not None]
    remedy = "本次抽取只能说明理由，经另一人批准后作废，再重新封存。"
    bits = sum(_bits(source) for source in came)
    if not came or bits < least:
        raise DrawError(f"到期取得的随机来源合计只有 {bits} 位，不足 {least} 位", remedy)
    if any(map(_is_outside, sources)) and not any(map(_is_outside, came)):
        raise DrawError("封存时选定的来源中，部门不能左右的一个也没有取得", remedy)


def parse_source(text: str) -> tuple[Source, str | None]:
    """Read `KIND:LOCATOR=VALUE`, a line of `seed.txt`, as somebody types it for a rehearsal.

    Return the source, its `due_at` empty and a reveal not yet committed to, and the value: None
    where it says `missing`.

    Raises:
        DrawError: it is not written so, or kind, locator or value will not do.
    """
    written = re.fullmatch(r"([^:=]+):([^=]+)=(.*)", text, re.DOTALL)
    if written is None:
        raise DrawError(
            f"随机来源「{text}」写法不对",
            "请写成 种类:名称=数值，用半角冒号和等号，如 dice:现场/4=1664。",
        )
    source, value = Source(written[1], written[2], ""), written[3]
    _check_locator(source)
    if value == MISSING and source.kind in MAY_BE_MISSING:
        return source, None
    _check_digits(source, value)
    return source, value


def _check_form(source: Source) -> None:
    _check_locator(source)
    if source.kind == "reveal" and not _HEX64.fullmatch(source.commitment or ""):
        raise DrawError(f"部门「{source.locator}」还没有提交承诺", "请该部门先提交承诺，再封存。")
    if source.kind != "reveal" and source.commitment is not None:
        raise DrawError(f"来源「{source.locator}」不应有承诺", "只有部门揭示的来源才有承诺。")


def _check_locator(source: Source) -> None:
    if source.kind not in KINDS:
        raise DrawError(f"不认识的随机来源「{source.kind}」", f"可用：{'、'.join(KINDS)}。")
    if not is_code(source.locator) or "=" in source.locator:
        raise DrawError(f"随机来源的名称「{source.locator}」不可用", "名称不能为空，也不能含等号。")
    if source.kind == "drand":
        beacon.due_at(*beacon.locate(source.locator))


def _check_round(source: Source, sealed: datetime) -> None:
    """Refuse a round that may be known at the seal, and one expected before it is made."""
    chain, number = beacon.locate(source.locator)
    made_at = beacon.due_at(chain, number)
    made = instant(made_at)
    if made <= sealed:
        raise DrawError(
            f"drand「{source.locator}」在 {made_at} 产生，不在封存之后",
            f"请改用第 {beacon.round_after(chain, sealed)} 轮或更后的轮次。",
        )
    if instant(source.due_at) < made:
        raise DrawError(
            f"drand「{source.locator}」在 {made_at} 才产生，晚于约定的 {source.due_at}",
            f"请把约定时间改为 {made_at} 或更晚，或改用更早的轮次。",
        )


def _check_digits(source: Source, value: str) -> None:
    form, remedy = _FORMS[source.kind]
    if not form.fullmatch(value):
        raise DrawError(f"来源「{source.locator}」的值「{value}」不对", remedy)
    expected = _expected(source)
    digits = sum(character.isdigit() for character in value)
    if source.kind in ("typed", "dice") and expected and digits != expected:
        raise DrawError(
            f"来源「{source.locator}」应有 {expected} 位数字，录入了 {digits} 位",
            "请照公告或记录补全后重新录入。",
        )


def _identity(source: Source) -> tuple:
    """What makes two sources the same one: a chain may be called by its name and by its hash."""
    named = beacon.locate(source.locator) if source.kind == "drand" else source.locator
    return source.kind, named


def _is_outside(source: Source) -> bool:
    """Whether no department controls it."""
    return source.kind != "reveal"


def _expected(source: Source) -> int:
    """How many digits the locator promises; 0 where it promises none."""
    found = re.search(r"/([1-9][0-9]{0,2})$", source.locator)
    return int(found[1]) if found else 0


def _bits(source: Source) -> int:
    if source.kind in ("drand", "reveal"):
        return 256
    return _expected(source) * (1 if source.kind == "typed" else 2)
