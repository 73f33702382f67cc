"""What may come to stand in one cell of a roster and must be noticed, by type of column."""

from collections.abc import Iterator

from blocks.rosters.columns import Field, Kind
from blocks.rules import uscc

NOTHING = ("", "  ", "无", "N/A", "—", "\u200b", "\u202e")
AS_NUMBER = ("9.14452E+17", "9.1e17")
UNKNOWN = "不在册-9"
WRONG = {
    "uscc": (*AS_NUMBER, "待查", "91445202YL440001", "OI445202YL4400013B", "445202"),
    "code": AS_NUMBER,
    "date": ("2026-02-30", "2026-13-01", "20260231", "明年", "2026-1", "46000", "0000-01-01",
             "2026年", "202601021530"),
    "bool": ("也许", "2", "是否", "半"),
    "number": ("三", "3家", "-1", "1.5", "O", "99999999999", "1,000"),
    "choice": ("从未见过的词",),
    "county": ("440103", "999999"),
    "text": (),
}
PRIVATE = ("样例 13800138000", "样例11010519491231002X", "6222020200112233446")


def damages(kind: Kind) -> Iterator[tuple[Field, str]]:
    """Yield every column of a kind with each thing that may not stand in it."""
    for one in kind.fields:
        for written in _of(one):
            yield one, written


def _of(one: Field) -> Iterator[str]:
    if one.required:
        yield from NOTHING
    if one.refers:
        yield UNKNOWN if one.type != "uscc" else broken(_other_code())
    if one.public:
        yield from PRIVATE
    if one.type == "list" and one.required:
        yield from ("、", "；;", "无、无", "、\u200b")
    if not one.lenient:
        yield from WRONG[one.of if one.type == "list" else one.type]
    if one.type == "county" and not one.derive:
        yield "不存在县"


def broken(code: str) -> str:
    """Return a credit code whose last character is another."""
    return code[:-1] + uscc.ALPHABET[(uscc.ALPHABET.index(code[-1]) + 1) % 31]


def _other_code() -> str:
    first = "91445200YL0000000"
    return first + uscc.check_character(first)
