"""What stands beside every draw so that a stranger can check it: a page and two programs."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from blocks.draw import pairing_verifier, verifier
from blocks.templating import render

PAGE, PROGRAMS = "verify.html", (verifier, pairing_verifier)


@cache
def tools() -> dict[str, bytes]:
    """Return them by name: the page needs only a browser, the programs only Python.

    The page is one file that can be kept and opened anywhere, so its script and style stand in it;
    its policy names them by their hashes, and nothing else may run (CSP level 2).
    """
    parts = {name: "\n" + render(f"public/verify/{name}.j2") for name in ("script", "style")}
    page = render("public/verify.html.j2", **parts, **{
        f"{name}_hash": _hash(text) for name, text in parts.items()})
    programs = [Path(module.__file__ or "") for module in PROGRAMS]
    return {PAGE: page.encode()} | {program.name: program.read_bytes() for program in programs}


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
