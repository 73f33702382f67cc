"""Fetching what a city publishes of its draws, so that it can be verified away from its site.

Only files known by name are asked for; one that a draw need not have may be missing. What came is
as untrusted as a folder on a stick: it is the verifier that judges it.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import httpx

from blocks.errors import DrawError, NotAnswering

DRAW_FILES = (
    "seal.json", "pool.tsv", "leaves.txt", "seed.txt", "result.json", "pairing.json", "void.json",
    "replacements.jsonl", "chain.jsonl")  # fmt: skip
GIB = 1 << 30
MOST_BYTES = {"pool.tsv": 4 * GIB, "leaves.txt": 2 * GIB, "result.json": GIB}
MOST_OF_OTHERS = 64 << 20
PATIENCE = httpx.Timeout(20, connect=10)  # seconds, for each piece
_REMEDY = "请核对网址和网络；也可以下载文件后核验本机上的文件夹。"


def is_address(where: str) -> bool:
    """Whether `where` is an address on the web and no path."""
    return where.lower().startswith(("http://", "https://"))


@contextmanager
def fetched(url: str, most_bytes: Mapping[str, int] = MOST_BYTES) -> Iterator[Path]:
    """Fetch a draw, or all draws of a city, into a folder that is there within the context.

    `url` is that of a draw's folder, of its `seal.json`, or of the folder (or the file) of
    `chain.jsonl`; of a city come those draws that its chain tells of. `most_bytes` limits files by
    name; all others have 64 MiB.

    Raises:
        DrawError: there is nothing to verify, or a file is larger than its limit.
        NotAnswering: nobody answers there, or not as asked.
    """
    base = url.split("?")[0].removesuffix("seal.json").removesuffix("chain.jsonl").rstrip("/")
    with tempfile.TemporaryDirectory(prefix="choucha-") as folder, httpx.Client(
            timeout=PATIENCE, follow_redirects=True) as client:  # fmt: skip
        site = _Site(client, most_bytes)
        there = Path(folder) / "draws"
        draw = there / (_folder_name(unquote(base.rpartition("/")[2])) or "draw")
        if site.fetch_draw(base, draw):
            if not (draw / "chain.jsonl").exists():
                site.fetch(f"{base.rpartition('/')[0]}/chain.jsonl", there / "chain.jsonl")
            yield draw
        elif site.fetch(f"{base}/chain.jsonl", there / "chain.jsonl"):
            for name in _named_on((there / "chain.jsonl").read_bytes()):
                site.fetch_draw(f"{base}/{quote(name)}", there / name)
            yield there
        else:
            raise DrawError(
                f"{base}/ 下没有 seal.json，也没有 chain.jsonl",
                "请给出一次抽取的文件夹、它的 seal.json，或全市抽取文件夹的网址。",
            )


class _Site:
    """One visit to a site."""

    def __init__(self, client: httpx.Client, most_bytes: Mapping[str, int]) -> None:
        self.client, self.most_bytes = client, most_bytes

    def fetch_draw(self, base: str, folder: Path) -> bool:
        """Fetch the files of a draw; whether there is one."""
        if not self.fetch(f"{base}/seal.json", folder / "seal.json"):
            return False
        for name in DRAW_FILES[1:]:
            self.fetch(f"{base}/{name}", folder / name)
        return True

    def fetch(self, url: str, path: Path) -> bool:
        """Stream a file to `path`; whether it is there."""
        try:
            with self.client.stream("GET", url) as answer:
                if answer.status_code == 404:
                    return False
                if answer.status_code != 200:
                    raise NotAnswering(f"{url} 回答 {answer.status_code}，没有给出文件", _REMEDY)
                if "html" in answer.headers.get("content-type", ""):
                    return False  # some sites show a page where there is no file
                path.parent.mkdir(parents=True, exist_ok=True)
                self._keep(answer, url, path)
                return True
        except httpx.TimeoutException as error:
            raise NotAnswering(f"{url} 迟迟没有应答", _REMEDY) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotAnswering(f"{url} 取不到：{error}", _REMEDY) from error

    def _keep(self, answer: httpx.Response, url: str, path: Path) -> None:
        most = self.most_bytes.get(path.name, MOST_OF_OTHERS)
        promised = answer.headers.get("content-length", "")
        too_large = DrawError(
            f"{url} 超过 {most:,} 字节，没有取完", "请核对网址；文件确有这么大的，请下载后核验。"
        )
        if promised.isdecimal() and int(promised) > most:
            raise too_large
        with path.open("wb") as file:
            for piece in answer.iter_bytes(1 << 16):  # unpacked: it may be more than was promised
                if file.tell() + len(piece) > most:
                    raise too_large
                file.write(piece)


def _named_on(chain: bytes) -> list[str]:
    """Return the folders of the draws on a chain, as far as it can be read."""
    names = {}
    for line in chain.splitlines():
        try:
            entry = json.loads(line)
            name = _folder_name(f"{entry['scheme']}-{entry['draw_number']}")
        except (ValueError, TypeError, KeyError, RecursionError):
            break  # the verifier will say what is wrong with this line
        if name:
            names[name] = None
    return list(names)


def _folder_name(name: str) -> str:
    """Return `name` if it can only be a folder below, and else nothing."""
    is_plain = name.isprintable() and len(name.encode()) < 256 and not set(name) & set("/\\")
    return name if is_plain and name not in ("", ".", "..") else ""
