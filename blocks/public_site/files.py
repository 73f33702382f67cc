"""Writing a public file: whole or not at all, and read back."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from blocks import settings
from blocks.errors import NotAnswering
from blocks.rules.disclosure import check_public


def folder() -> Path:
    """Return the site's folder under the state directory, made at its first use."""
    path = settings.state_dir() / "public"
    path.mkdir(exist_ok=True)
    return path


def put(relative: str, content: bytes, *, scanned: bool = True) -> str:
    """Write a file of the site, read it back, and return its SHA-256.

    A text is scanned for personal data first (art. 11, G11); a draw's files are not (`scanned`
    False): they hold codes and digests only, and must stay as they were sealed.

    Raises:
        RuleViolation: the text holds personal data; nothing was written.
        NotAnswering: the disk did not keep the file.
    """
    if scanned:
        check_public(content.decode("utf-8"))
    path = folder() / relative
    if path.exists() and path.read_bytes() == content:
        return hashlib.sha256(content).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # a full disk keeps no scraps
    if path.read_bytes() != content:
        raise NotAnswering(f"公示文件 {relative} 写入后读回不一致", "请检查磁盘；系统会再次公示")
    return hashlib.sha256(content).hexdigest()


def put_all(texts: Mapping[str, bytes], sealed: Mapping[str, bytes]) -> None:
    """Write the sealed files of draws and then the texts; nothing unless every text may be public.

    Raises:
        RuleViolation: a text holds personal data; nothing was written.
        NotAnswering: the disk did not keep a file.
    """
    for content in texts.values():
        check_public(content.decode("utf-8"))
    for relative, content in sealed.items():
        put(relative, content, scanned=False)
    for relative, content in texts.items():
        put(relative, content)
