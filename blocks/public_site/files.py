"""Putting files on the site: every byte scanned, all at once, read back (art. 11, G11)."""

from collections.abc import Mapping

from blocks import settings
from blocks.public_site.tree import Tree
from blocks.rules.disclosure import IN_SEALED_FILES, KINDS, check_public


def tree() -> Tree:
    """Return the site under the state directory."""
    return Tree(settings.state_dir() / "public")


def is_sealed(path: str) -> bool:
    """Tell whether a file belongs to a draw: it must stay as it was sealed, to the byte."""
    return path.startswith("draws/")


def put(files: Mapping[str, bytes | None], site: Tree | None = None) -> list[str]:
    """Write files (of another site than the one served) and take out those that are None, all or
    nothing; return what changed.

    Each is scanned first for personal data; in a draw's files (codes, digests, public figures) for
    identity numbers alone, since a public figure may look like a card or a telephone.

    Raises:
        RuleViolation: a file holds personal data; nothing was written.
        NotAnswering: the disk did not take or keep a file; nothing was changed.
    """
    canaries = settings.get().canaries.split()
    for path, content in files.items():
        if content is not None:
            check_public(content.decode("utf-8"), canaries=canaries,
                         kinds=IN_SEALED_FILES if is_sealed(path) else KINDS)
    return (tree() if site is None else site).change(files)
