"""Sets one large document and ends: run by its path, it imports nothing of ours.

typst keeps what it has laid out, almost a gigabyte for a thousand sheets; only the end of a process
gives it back.
"""

import json
import sys

import typst


def main() -> None:
    """Read {source, fonts, paper} from standard input, write the PDF to standard output."""
    told = json.load(sys.stdin)
    sys.stdout.buffer.write(typst.compile(
        told["source"], font_paths=told["fonts"], ignore_system_fonts=True, format="pdf",
        sys_inputs={"paper": told["paper"]}))


if __name__ == "__main__":
    main()
