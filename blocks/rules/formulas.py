"""Text that a spreadsheet would take for a formula, and how it travels in a CSV.

A business may be called `=HYPERLINK(…)`. A CSV has no types, so such a text goes out behind an
apostrophe, and whoever takes the file in again drops it: `unguard(guard(text)) == text` for every
text that `cells.clean` lets into the register. A workbook has types and needs no apostrophe.

Source: OWASP, CSV Injection.
"""

SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BEGINNINGS = (*SIGNS, "\t", "\r")


def guard(text: str) -> str:
    """Return the text as it may stand in a CSV that a spreadsheet opens."""
    return f"'{text}" if text.startswith(_BEGINNINGS) else text


def unguard(text: str) -> str:
    """Return the text without the one apostrophe that `guard` put before a sign of a formula."""
    return text[1:] if text.startswith("'") and text.startswith(SIGNS, 1) else text
