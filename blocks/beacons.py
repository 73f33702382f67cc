"""Fetching a round of drand over HTTP (随机信标): address after address, believed by its signature.

What an address says of itself counts for nothing: `blocks.draw.beacon.verify` decides, and the
randomness is computed here from the signature. So any mirror or relay will do, a plain HTTP one in
the government's own network too. Fetching never changes anything and may be repeated.
"""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from blocks.draw.beacon import Chain, verify
from blocks.errors import DrawError, NotAnswering

log = structlog.get_logger()
ADDRESSES = ("https://api.drand.sh", "https://drand.cloudflare.com")
PATIENCE = 10.0
MOST_BYTES = 16 * 1024  # a round has some 500


@dataclass(frozen=True)
class Beacon:
    """A round whose signature holds; hex in lower case. `from_url` is where it was read."""

    round: int
    randomness: str
    signature: str
    previous_signature: str
    from_url: str


class _UselessAnswer(Exception):
    """Why an address is passed over, in Chinese."""


def fetch(
    chain: Chain, number: int, addresses: Sequence[str] = ADDRESSES, patience: float = PATIENCE
) -> Beacon:
    """Return a round from the first of `addresses` that has it; each gets `patience` seconds.

    Raises:
        NotAnswering: none has it now, or none that has it tells the truth; ask again later.
    """
    passed_over = []
    for address in addresses:
        url = f"{address.rstrip('/')}/{chain.hash}/public/{number}"
        try:
            return _read(chain, number, _waited_for(_get(url, patience)), url)
        except (_UselessAnswer, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            why = _in_words(error, patience)
        log.warning("drand address passed over", url=url, why=why)
        passed_over.append(f"{address}（{why}）")
    raise NotAnswering(
        f"drand「{chain.name}」第 {number} 轮没有取到："
        f"{'；'.join(passed_over) or '没有设置任何地址'}",
        "封存和已收到的数值都在，没有任何改动；系统稍后自动再取，到期仍取不到的按缺失公布并跳过。"
        "如长期取不到，请检查网络，或在设置中改用可以访问的 drand 地址",
    )


async def _get(url: str, patience: float) -> bytes:
    """Return the body. The time holds for the whole of it, not for each byte that trickles in."""
    async with (
        asyncio.timeout(patience),
        httpx.AsyncClient(timeout=None, headers={"Accept-Encoding": "identity"}) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise _UselessAnswer(f"答复 {response.status_code}")
        body = b""
        async for part in response.aiter_raw():  # raw: nothing small unfolds into something large
            body += part
            if len(body) > MOST_BYTES:
                raise _UselessAnswer("答复过长")
        return body


def _waited_for(answer: Coroutine[Any, Any, bytes]) -> bytes:
    """Run it in a thread of its own, for the caller's may have an event loop that runs already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, answer).result()


def _read(chain: Chain, number: int, body: bytes, url: str) -> Beacon:
    """Read the answer and check it: this very round, signed by this very chain."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _UselessAnswer("答复不是完整的 JSON")
    if said.get("round") != number:
        raise _UselessAnswer("答复的是另一轮")
    signature = str(said.get("signature"))
    previous = str(said.get("previous_signature") or "")
    try:
        randomness = verify(chain, number, signature, previous)
    except DrawError as error:
        raise _UselessAnswer(error.message) from error
    return Beacon(number, randomness, signature, previous, url)


def _in_words(error: Exception, patience: float) -> str:
    """Say in Chinese why an address was passed over; what the network said stands as it is."""
    if isinstance(error, _UselessAnswer):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"{patience:g} 秒内没有答完"
    if isinstance(error, httpx.ConnectError):
        return f"连接不上：{error}"
    return f"通信中断或地址不对：{error}"
