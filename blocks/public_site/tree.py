"""The site's folder, changed all at once: a half-built site is never served (G12, G13).

Every folder of the site is a folder of its own in the store and is never written twice; what lies
in it are files, and links to the folders below. A change makes new folders along the paths that it
touches, takes everything else over as hard links, reads back what it wrote, and then switches the
one link that is served. Whoever dies before the switch leaves the old site, after it the new one;
the cost is that of the folders touched, however large the site is.

    public → site/a3     a3: index.html, results → ../9f     9f: 0 → ../51     51: 12-1.json

Source: path copying, as persistent trees and git do it.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blocks.errors import NotAnswering

MANY = 32  # files; beyond, one sync of the disk is quicker than one each
KEPT_SECONDS = 3600  # a replaced folder stays so long, for who is just reading it


class Tree:
    """The site at `public`, a link; its folders are in the store `site` beside it. One that is not yet
    `served` is brought to the disk when it takes over."""

    def __init__(self, public: Path, *, served: bool = True) -> None:
        self.public, self.store, self.served = public, public.with_name("site"), served

    def __contains__(self, relative: str) -> bool:
        return (self.public / relative).is_file()

    def __bool__(self) -> bool:
        """Whether there is a site."""
        return self.public.is_symlink() and self.public.is_dir()

    def read(self, relative: str) -> bytes | None:
        """Return a file of the site as it is served, None where there is none."""
        try:
            return (self.public / relative).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def files(self) -> Iterator[str]:
        """Yield the path of every file that is served."""
        for folder, _, names in os.walk(self.public, followlinks=True):
            yield from (str((Path(folder) / name).relative_to(self.public)) for name in names)

    def change(self, files: Mapping[str, bytes | None]) -> list[str]:
        """Write files, take out those that are None, switch once; return the paths that changed.

        Raises:
            NotAnswering: the disk does not take or keep a file; the old site is still served.
        """
        wanted = {path: content for path, content in files.items() if self.read(path) != content}
        if not wanted and self:
            return []
        try:
            self._make_room()
            few = len(wanted) <= MANY
            made = self._copy(self.public if self else None, _nested(wanted), few and self.served)
            if self.served and not few:
                os.sync()
            self._read_back(made, wanted)
            self._switch(made)
        except OSError as error:
            raise NotAnswering(f"公示网站没有写成：{error.strerror or error}",
                               "原来的网站没有改动；请检查磁盘空间和状态目录的权限，系统会再次公示") from error
        return sorted(wanted)

    def take_over(self, other: "Tree") -> None:
        """Serve the site that was made beside this one, in the same store."""
        os.sync()
        self._make_room()
        other.public.replace(self.public)
        _sync_folder(self.public.parent)

    def _make_room(self) -> None:
        """What an earlier version of the software served, a plain folder, steps aside."""
        self.store.mkdir(exist_ok=True)
        if self.public.is_dir() and not self.public.is_symlink():
            self.public.rename(self.public.with_name(f"public-{time.time_ns():x}"))

    def _copy(self, old: Path | None, changes: Mapping[str, Any], sync: bool) -> Path:
        """Return a new folder: what lies in `old`, with the changes."""
        new = self.store / f"{time.time_ns():x}{secrets.token_hex(2)}"
        new.mkdir()
        if old is not None:
            for entry in os.scandir(old):
                if entry.name not in changes:
                    os.link(entry.path, new / entry.name, follow_symlinks=False)
        for name, change in changes.items():
            if isinstance(change, dict):
                below = old / name if old is not None and (old / name).is_dir() else None
                made = self._copy(below, change, sync)
                if any(made.iterdir()):
                    os.symlink(f"../{made.name}", new / name)
            elif change is not None:
                _write(new / name, change, sync)
        if sync:
            _sync_folder(new)
        return new

    def _read_back(self, made: Path, wanted: Mapping[str, bytes | None]) -> None:
        for path, content in wanted.items():
            if content is not None and (made / path).read_bytes() != content:
                raise OSError(f"{path} 写入后读回不一致")

    def _switch(self, made: Path) -> None:
        link = self.store / f"{made.name}.link"
        os.symlink(f"{self.store.name}/{made.name}", link)
        link.replace(self.public)
        _sync_folder(self.public.parent)

    def tidy(self, older_than: float = KEPT_SECONDS) -> int:
        """Delete folders that are no longer served since some time (seconds); return how many."""
        served = {Path(os.path.realpath(folder)) for folder, _, _ in
                  os.walk(self.public, followlinks=True)}
        gone = [one for one in self.store.iterdir() if one.resolve() not in served
                and one.lstat().st_mtime < time.time() - older_than] if self.store.is_dir() else []
        for one in gone:
            one.unlink() if one.is_symlink() else shutil.rmtree(one)
        return len(gone)


def _nested(files: Mapping[str, bytes | None]) -> dict[str, Any]:
    """Return {"a/b": x} as {"a": {"b": x}}."""
    root: dict[str, Any] = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        if any(part in ("", ".", "..") for part in (*folders, name)):
            raise ValueError(f"no path of the site: {path}")
        here = root
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = content
    return root


def _write(path: Path, content: bytes, sync: bool) -> None:
    with path.open("xb") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
