"""Documents as people get them: text and pictures of PDFs, Word files opened; pictures are kept."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from docx import Document

from blocks import settings

PICTURES = settings.ROOT / ".choucha" / "documents"


def squeezed(text: str) -> str:
    """Return a text without spaces, breaks and where one may be: lines break anywhere."""
    return re.sub(r"[\s\u200b\u2060]", "", text)


class Printed:
    """A PDF as it comes out of the printer."""

    def __init__(self, content: bytes) -> None:
        self.content, self.file = content, pypdfium2.PdfDocument(content)

    @property
    def text(self) -> str:
        return squeezed("".join(page.get_textpage().get_text_bounded() for page in self.file))

    @property
    def bookmarks(self) -> list[str]:
        return [one.get_title() for one in self.file.get_toc()]

    def keep(self, name: str, most: int = 2) -> None:
        """Keep pictures of the first pages to be looked at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        for number in range(min(most, len(self.file))):
            self.file[number].render(scale=1.3).to_pil().save(PICTURES / f"{name}-{number + 1}.png")


def word_text(content: bytes) -> str:
    """Return what a Word file says, tables and all."""
    document: Any = Document(BytesIO(content))
    return squeezed("".join(node.text or "" for node in document.element.body.iter()
                            if node.tag.endswith("}t")))


@pytest.fixture
def own_folder(tmp_path, monkeypatch) -> Path:
    """A folder of the office's own templates, in use for this test."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("CHOUCHA_DOCUMENTS", str(folder))
    settings.get.cache_clear()
    yield folder
    monkeypatch.undo()
    settings.get.cache_clear()
