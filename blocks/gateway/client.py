"""The platform by HTTP (config/gateway/platform.openapi.yaml): what may fail, told apart.

`NotTaken`: it is away or too busy, nothing arrived, later again. `Unsure`: handed over, and no answer
that can be believed; it is asked about first. `Refused`: it said no, a person must look. An answer is
believed only if its signature fits; 200 says nothing, the code inside does.
"""

import json
import random
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from blocks import settings
from blocks.errors import NotAnswering, NotTaken, Refused, Unsure
from blocks.gateway.signing import SKEW, fits, signature

ATTEMPTS = 3
PAUSE = 0.3  # seconds, doubled each time and scattered
MOST_BYTES = 64 * 1024**2
MOST_PAGES = 10_000
TAKEN, UNKNOWN = 0, 4040
BROKEN = 5000  # codes from here on: it went wrong on their side, nobody knows how far it came
AWAY = {5030: "正在维护", 4290: "太忙"}
CLOCK = 4011
OUR_SIDE = {4010: "签名不符，请核对密钥", CLOCK: "时钟不符", 4012: "随机串用过"}


@dataclass(frozen=True)
class Line:
    """How the platform is reached. `signing`: sm3 or sha256; `certificate`: PEM for mutual TLS."""

    url: str
    app: str
    secret: str
    signing: str = "sm3"
    certificate: Path | None = None
    ca: Path | None = None
    seconds: float = 20


class Platform:
    """The province's platform as its contract has it. One connection, used by one thread."""

    def __init__(self, line: Line) -> None:
        self.line, url = line, httpx.URL(line.url)
        if url.scheme != "https" and url.host not in ("127.0.0.1", "localhost", "::1"):
            raise NotAnswering(f"平台地址 {line.url} 不是 https", "请设 CHOUCHA_PLATFORM_URL 为 https 地址")
        self.http = httpx.Client(base_url=url, verify=_trust(line),
                                 timeout=httpx.Timeout(line.seconds, connect=min(5, line.seconds)))

    def __enter__(self) -> "Platform":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def give(self, key: str, kind: str, scheme_code: str, sha: str, rows: list[dict]) -> str:
        """Hand over an exchange under its key and return the platform's receipt."""
        said = self._call("PUT", f"/v1/exchanges/{quote(key, safe='')}",
                          {"kind": kind, "scheme": scheme_code, "sha": sha, "rows": rows})
        return self._receipt(said, sha)

    def ask(self, key: str, sha: str) -> str | None:
        """Ask what became of an exchange: its receipt, or None where the platform knows nothing of it."""
        try:
            return self._receipt(self._call("GET", f"/v1/exchanges/{quote(key, safe='')}"), sha)
        except _NothingThere:
            return None

    def _receipt(self, said: Any, sha: str) -> str:
        state, receipt = _of(said, "state"), _of(said, "receipt")
        if state == "refused":
            raise Refused(f"平台退回：{_of(said, 'reason')}")
        if state != "acknowledged" or not receipt:
            raise Unsure(f"平台还在处理（{state or '没有回执'}）")
        if _of(said, "sha") != sha:
            raise Refused("平台收到的内容与报送的不同（摘要不符）")
        return receipt

    def exchanges(self, scheme_code: str) -> Iterator[dict[str, Any]]:
        """Yield what the platform has of a scheme, page by page: key, kind, sha, rows (how many)."""
        yield from self._pages("/v1/exchanges", {"scheme": scheme_code})

    def summary(self, scheme_code: str) -> dict[str, Any]:
        """Return how many exchanges the platform has of a scheme, and the hash over their hashes."""
        return self._call("GET", f"/v1/summaries/{quote(scheme_code, safe='')}")

    def directory(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield a directory of the platform: targets, inspectors, items, accounts, tasks."""
        yield from self._pages(f"/v1/directories/{kind}", {})

    def drawn(self, scheme_code: str) -> list[dict[str, Any]]:
        """Return the list that was drawn there for a scheme; empty where there is none yet."""
        return list(self._pages("/v1/draws", {"scheme": scheme_code}))

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        cursor, seen = "", set()
        for _ in range(MOST_PAGES):
            asked = urlencode({**query, **({"cursor": cursor} if cursor else {})})
            said = self._call("GET", f"{path}?{asked}" if asked else path)
            yield from _of(said, "items") or []
            cursor = str(_of(said, "next") or "")
            if not cursor:
                return
            if cursor in seen:
                break
            seen.add(cursor)
        raise Unsure("平台的分页没有尽头")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        """Call, again after a pause where nothing arrived for sure; return the data of the answer."""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(method, path, body)
            except (Refused, Unsure):
                raise
            except NotTaken:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(PAUSE * 2**attempt * random.uniform(0.5, 1.5))
        raise AssertionError

    def _once(self, method: str, path: str, body: Any) -> Any:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        at, nonce = str(int(settings.now().timestamp())), secrets.token_hex(16)
        line = self.line
        headers = {"X-App": line.app, "X-Timestamp": at, "X-Nonce": nonce, "Content-Type": "application/json",
                   "X-Signature": signature(line.signing, line.secret, method, path, at, nonce, content)}
        try:
            status, given, answer = self._exchange(method, path, content, headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotTaken(f"平台 {self.http.base_url.host} 没有应答：{error}") from error
        except httpx.HTTPError as error:
            raise Unsure(f"已交给平台，没有等到回音：{type(error).__name__}") from error
        return self._judged(status, given, answer, path, nonce)

    def _exchange(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> tuple:
        until = time.monotonic() + self.line.seconds
        with self.http.stream(method, path, content=content, headers=headers) as answer:
            parts, size = [], 0
            for part in answer.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES or time.monotonic() > until:
                    raise httpx.ReadTimeout("too much, or too slowly")
            return answer.status_code, answer.headers, b"".join(parts)

    def _judged(self, status: int, given: httpx.Headers, answer: bytes, path: str, nonce: str) -> Any:
        if status in (429, 502, 503):  # by whatever stands before the platform, unsigned
            raise NotTaken(f"平台回答 {status}")
        at = given.get("X-Timestamp", "")
        if not fits(self.line.signing, self.line.secret, str(status), path, at, nonce, answer,
                    given.get("X-Signature", "")):
            raise self._unbelieved(status, given, answer)
        try:
            said = json.loads(answer)
            code, message = said["code"], str(said.get("message", ""))
        except (ValueError, KeyError, TypeError):
            raise Unsure(f"平台的回答看不懂（{status}）") from None
        if code == CLOCK:
            raise NotTaken(f"{OUR_SIDE[code]}：{_off(given)}")
        if not at.isdecimal() or abs(int(at) - settings.now().timestamp()) > SKEW:
            raise Unsure(f"平台的回答时钟不符：{_off(given)}")
        return self._meant(code, message, said.get("data"), status)

    def _meant(self, code: Any, message: str, data: Any, status: int) -> Any:
        if code == TAKEN and status == 200:
            return data
        if code == UNKNOWN:
            raise _NothingThere
        if code in AWAY:
            raise NotTaken(f"平台{AWAY[code]}：{message}")
        if code in OUR_SIDE:
            raise NotTaken(f"{OUR_SIDE[code]}：{message}")
        if status >= 500 or (isinstance(code, int) and code >= BROKEN):
            raise Unsure(f"平台出错（{status}，{code}）：{message}")
        raise Refused(f"平台退回（{code}）：{message}")

    def _unbelieved(self, status: int, given: httpx.Headers, answer: bytes) -> NotTaken:
        """Say why an unsigned answer is not believed; a refusal of our signature itself cannot be signed."""
        with suppress(ValueError, TypeError, AttributeError):
            code = json.loads(answer).get("code")
            if status == 401 and code in OUR_SIDE:
                return NotTaken(OUR_SIDE[code] + (f"：{_off(given)}" if code == CLOCK else ""))
        return Unsure(f"平台的回答签名不符（{status}）")


class _NothingThere(NotTaken):
    """The platform knows nothing of it."""


def _off(given: httpx.Headers) -> str:
    try:
        there = parsedate_to_datetime(given["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return "请核对本机时钟"
    minutes = round((settings.now().timestamp() - there) / 60)
    return f"本机比平台{'快' if minutes > 0 else '慢'}{abs(minutes)}分钟，请校准"


def _of(said: Any, name: str) -> Any:
    return said.get(name) if isinstance(said, dict) else None


def _trust(line: Line) -> ssl.SSLContext | bool:
    """Return whom to believe, and with which certificate we show ourselves (mutual TLS)."""
    if line.ca is None and line.certificate is None:
        return True
    try:
        context = ssl.create_default_context(cafile=str(line.ca) if line.ca else None)
        if line.certificate:
            context.load_cert_chain(line.certificate)
    except (OSError, ssl.SSLError) as error:
        raise NotAnswering(f"平台的证书用不了：{error}", "请核对 CHOUCHA_PLATFORM_CERTIFICATE 和 CHOUCHA_PLATFORM_CA"
                           ) from None
    return context
