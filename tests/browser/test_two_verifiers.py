"""The page and verifier.py, which share no line, on the same spoilt files: the same check fails first.

What fails after it follows from it, and each says that in its own way."""

import random
from base64 import b64encode
from pathlib import Path

import pytest

from blocks.draw import verifier
from tests.browser.conftest import publish, void, withhold
from tests.draw.test_three_agree import odd_draw

CHECK = """async (files) => {
    const bytes = Object.entries(files).map(([name, text]) =>
        [name, Uint8Array.from(atob(text), (one) => one.charCodeAt(0))]);
    return (await verify(new Map(bytes), () => {}, () => {})).failed;
}"""


def read(folder: Path) -> dict[str, str]:
    """Return the published files as the page is handed them here, in base64."""
    return {path.name: b64encode(path.read_bytes()).decode() for path in folder.iterdir()
            if path.suffix in (".json", ".jsonl", ".tsv", ".txt")}  # fmt: skip


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """Change one bit, or put in, take out or repeat some bytes."""
    at = chance.randrange(len(data))
    kind = chance.randrange(5)
    if kind < 2:
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if kind == 2:
        return data[:at] + chance.choice([b"0", b"\t", b"\n", b" ", b",", b"\x00"]) + data[at:]
    length = chance.choice([1, 2, 40])
    if kind == 3:
        return data[:at] + data[at + length :]
    return data[: at + length] + data[at:]


@pytest.mark.parametrize("form", ["plain", "void", "withheld"])
def test_they_refuse_the_same_files_in_the_same_check(made, folder, opened, form):
    if form == "void":
        void(made, folder, drawn=True)
    if form == "withheld":
        withhold(made, folder)
    page = opened((folder / "verify.html").as_uri()).page
    names = sorted(read(folder))
    chance, refused = random.Random(form), 0
    for turn in range(40 * len(names)):
        name = names[turn % len(names)]
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(spoilt(data, chance))
        theirs = [number for number, _, holds, _ in verifier.verify(folder) if not holds]
        assert page.evaluate(CHECK, read(folder))[:1] == theirs[:1], (
            name,
            (folder / name).read_bytes(),
        )
        refused += bool(theirs)
        (folder / name).write_bytes(data)
    assert refused > 30 * len(names)


def test_odd_draws_of_every_shape_are_green(tmp_path, opened):
    page, chance = None, random.Random("odd draws")
    for number in range(150):
        folder = publish(odd_draw(chance), tmp_path / "draw")
        page = page or opened((folder / "verify.html").as_uri()).page
        assert page.evaluate(CHECK, read(folder)) == [], number
