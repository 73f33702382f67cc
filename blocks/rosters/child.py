"""The parent's side of the child that reads workbooks and Parquet (`workbook`).

The child sends frames: a line of JSON, then as many bytes of an Arrow stream as the line says.
{"sheet": name, "merged": […]}, {"bytes": n}, … and at last {"end": true} or {"error": code}. A stream that breaks
off was killed by its limits.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from blocks.rosters.batches import Batch, Stream
from blocks.rosters.refusal import SAVE_AS, refuse

SECONDS = 60  # until the next 100,000 rows have come
ERRORS = {
    "password": ("工作簿设有密码，无法读取", "请取消密码后另存，再上传"),
    "large": ("工作簿过大（行、列或解压后的内容超限）", "请删去表尾空白行和空白列，另存后再上传"),
    "broken": ("工作簿已损坏，或不是真正的 Excel 文件", SAVE_AS),
}


def sheets(path: Path) -> Iterator[Stream]:
    """Yield the sheets as the child reads them; each must be read to its end before the next.

    Raises:
        RosterError: protected, too large for the limits, or damaged.
    """
    command = [sys.executable, "-I", str(Path(__file__).with_name("workbook.py")), str(path)]
    # The system's allocator asks for what it needs; Arrow's own reserves addresses by the gigabyte.
    environment = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=environment) as process:
        frames = _Frames(path, process)
        try:
            while frames.ahead.get("sheet") is not None:
                yield Stream(frames.ahead["sheet"], frames.batches(),
                             tuple(map(tuple, frames.ahead["merged"])))
                frames.skip()
        finally:
            process.kill()
            frames.watch.cancel()


class _Frames:
    """What comes from the child, one frame ahead; silence of a minute ends it."""

    def __init__(self, path: Path, process: subprocess.Popen) -> None:
        self.path, self.process = path, process
        self.watch = threading.Timer(SECONDS, process.kill)
        self.ahead = self._next()
        self.entered = False

    def batches(self) -> Iterator[Batch]:
        self._enter()
        while size := self.ahead.get("bytes"):
            batch = self._batch(self.process.stdout.read(size), size).without_blank_rows()
            self.ahead = self._next()
            if len(batch.numbers):
                yield batch

    def skip(self) -> None:
        """Pass over what nobody read of a sheet."""
        for _ in self.batches():
            pass
        self.entered = False

    def _enter(self) -> None:
        if not self.entered:
            self.entered, self.ahead = True, self._next()

    def _batch(self, content: bytes, size: int) -> Batch:
        if len(content) == size:
            with contextlib.suppress(pa.ArrowException):
                table = pa.ipc.open_stream(content).read_all()
                table.validate(full=True)
                columns = [column.combine_chunks() for column in table.columns]
                return Batch(columns[0], columns[1:])
        self._fail("broken")

    def _next(self) -> dict:
        self.watch.cancel()
        self.watch = threading.Timer(SECONDS, self.process.kill)
        self.watch.daemon = True
        self.watch.start()
        line = self.process.stdout.readline()
        try:
            frame = json.loads(line)
        except ValueError:
            # Killed by its limits (memory, seconds) or by a fault inside the reader.
            self._fail("large" if self.process.wait() < 0 else "broken")
        if "error" in frame:
            self._fail(frame["error"])
        return frame

    def _fail(self, code: str) -> NoReturn:
        refuse(self.path, *ERRORS[code])
