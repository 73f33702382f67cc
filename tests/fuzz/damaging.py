"""How inputs are damaged: bytes, truncation, splices, members of the zip, words that mean something."""

import io
import random
import zipfile

WORDS = ("0", "-1", "%", "家", "至", "月", "年", "不少于", "；", "、", "2次/年", "=1+1", "\x00", "\ufeff", "\u202e",
         "\U0001f600", "䶮", "𬭩", "9" * 30, "1e308", "2026-02-30", "|", '"', ",", "\r\n", "<", "&#0;",
         "序号", "待定", "10%", "3月", "(", "【", "抽查比例" * 20, "。" * 50)
MARKUP = (b"<v>", b"</v>", b"<c", b"r=\"A1\"", b"t=\"s\"", b"<row", b"1048576", b"XFD1048576", b"&lt;",
          b"<!ENTITY a \"b\">", b"\xff", b"]]>", b"<is>", b"mergeCell", b"-1")


def damaged(dice: random.Random, content: bytes, other: bytes) -> bytes:
    """Return the bytes with some damage."""
    if content.startswith(b"PK") and dice.random() < 0.7:
        return _in_zip(dice, content, other)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        content = _one(dice, content, other)
    return content


def _one(dice: random.Random, content: bytes, other: bytes) -> bytes:
    at = dice.randrange(len(content) + 1)
    to = min(len(content), at + dice.choice((1, 2, 8, 200)))
    how = dice.randrange(7)
    if how == 0:
        return content[:at] + bytes([dice.randrange(256)]) + content[to:]
    if how == 1:
        return content[:at]
    if how == 2:
        return content[:at] + content[to:]
    if how == 3:
        return content[:at] + content[at:to] * dice.choice((2, 50)) + content[to:]
    if how == 4:
        begin = dice.randrange(len(other) + 1)
        return content[:at] + other[begin:begin + 200] + content[to:]
    if how == 5:
        return content[:at] + dice.choice(WORDS).encode("utf-8", "surrogatepass") + content[to:]
    return content[:at] + dice.choice(MARKUP) + content[to:]


def _in_zip(dice: random.Random, content: bytes, other: bytes) -> bytes:
    """Damage a member of a workbook and pack it again, so that the damage reaches the reader."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            members = {one.filename: book.read(one) for one in book.infolist()}
    except zipfile.BadZipFile:
        return _one(dice, content, other)
    names = sorted(members)
    name = dice.choice(names)
    how = dice.randrange(8)
    if how == 0:
        del members[name]
    elif how == 1:
        members[name] = members[dice.choice(names)]
    elif how == 2:
        members[name + dice.choice(("x", "/../a", ".bin"))] = members[name]
    else:
        for _ in range(dice.choice((1, 3, 10))):
            members[name] = _one(dice, members[name] or b" ", other)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", dice.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as book:
        for each, body in members.items():
            book.writestr(zipfile.ZipInfo(each), body)
    return out.getvalue()


def text(dice: random.Random) -> str:
    """Return a text such as nobody should have written into a cell."""
    parts = [dice.choice(WORDS) if dice.random() < 0.8 else chr(dice.choice(
        (dice.randrange(32, 127), dice.randrange(0x4E00, 0x9FA5), dice.randrange(0x110000))))
        for _ in range(dice.randrange(12))]
    return "".join(part for part in parts if not "\ud800" <= part[:1] <= "\udfff")
