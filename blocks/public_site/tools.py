"""What stands beside every draw so that a stranger can check it: a page and two programs."""

from pathlib import Path

from blocks.draw import pairing_verifier, verifier
from blocks.templating import render

PAGE, PROGRAMS = "verify.html", (verifier, pairing_verifier)


def tools() -> dict[str, bytes]:
    """Return them by name: the page needs only a browser, the programs only Python."""
    programs = [Path(module.__file__) for module in PROGRAMS]
    return {PAGE: render("public/verify.html.j2").encode()} | {
        program.name: program.read_bytes() for program in programs}
