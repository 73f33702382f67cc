"""A proxy as an operator puts before several servers: one address, the next server in turn, past a dead one."""

import asyncio
import itertools
import sys
from contextlib import suppress


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def serve(host: str, port: int, behind: list[tuple[str, int]]) -> None:
    """Take connections until killed."""
    turn = itertools.cycle(range(len(behind)))

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turn)
        for place in range(len(behind)):
            try:
                there = await asyncio.open_connection(*behind[(first + place) % len(behind)])
            except OSError:
                continue
            await asyncio.gather(_pour(reader, there[1]), _pour(there[0], writer))
            return
        writer.close()

    async with await asyncio.start_server(take, host, port) as server:
        await server.serve_forever()


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    asyncio.run(serve(*_place(sys.argv[1]), [_place(one) for one in sys.argv[2:]]))
