"""What stands beside every draw so that a stranger can check it: a page and a program."""

from pathlib import Path

from blocks.draw import verifier
from blocks.templating import render

PAGE, PROGRAM = "verify.html", "verifier.py"


def tools() -> dict[str, bytes]:
    """Return the two by name: the page needs only a browser, the program only Python."""
    program = Path(verifier.__file__).read_bytes()
    return {PAGE: render("public/verify.html.j2").encode(), PROGRAM: program}
