"""Robots of WeCom, DingTalk and Feishu, an SMS webhook, and Apprise for everything else.

A robot's address is the key of its webhook (not the whole URL: the host is set once, government
networks have their own). They answer 200 even when they refuse; the code stands inside.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from blocks.errors import NotTaken, Refused, Unsure

BUSY = {45009, 130101, 410100, 11232, 9499}  # too many messages a minute, by the robots' own codes


@dataclass(frozen=True)
class Request:
    url: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def _signed(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def wecom(host: str, key: str, secret: str, text: str, at: datetime) -> Request:
    return Request(f"{host}/cgi-bin/webhook/send?key={quote(key)}", {"msgtype": "text", "text": {"content": text}})


def dingtalk(host: str, key: str, secret: str, text: str, at: datetime) -> Request:
    """DingTalk signs `milliseconds LF secret` with the secret, in the address."""
    url = f"{host}/robot/send?access_token={quote(key)}"
    if secret:
        stamp = str(round(at.timestamp() * 1000))
        url += f"&timestamp={stamp}&sign={quote(_signed(secret, f'{stamp}' + chr(10) + secret), safe='')}"
    return Request(url, {"msgtype": "text", "text": {"content": text}})


def feishu(host: str, key: str, secret: str, text: str, at: datetime) -> Request:
    """Feishu signs nothing with the key `seconds LF secret`, in the body."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        stamp = str(int(at.timestamp()))
        body |= {"timestamp": stamp, "sign": _signed(f"{stamp}\n{secret}", "")}
    return Request(f"{host}/open-apis/bot/v2/hook/{quote(key)}", body)


def sms(host: str, number: str, secret: str, text: str, at: datetime) -> Request:
    """The city's own gateway takes {to, text}; its adapter answers {"code": 0}."""
    return Request(host, {"to": number, "text": text}, {"Authorization": f"Bearer {secret}"} if secret else {})


REQUESTS: dict[str, Callable[[str, str, str, str, datetime], Request]] = {
    "wecom": wecom, "dingtalk": dingtalk, "feishu": feishu, "sms": sms}


def post(request: Request, *, key: str, seconds: int) -> str:
    """Post once and return the host that took it; the key goes along as Idempotency-Key.

    Raises:
        NotTaken: away, 5xx, too busy.
        Refused: 4xx, or a refusal inside the answer.
        Unsure: handed over, and no answer that can be read.
    """
    url = httpx.URL(request.url)
    try:
        answer = httpx.post(url, json=request.body, timeout=seconds,
                            headers={**request.headers, "Idempotency-Key": quote(key)})
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotTaken(f"{url.host} 没有应答：{error}") from error
    except httpx.HTTPError as error:
        raise Unsure(f"已交给 {url.host}，没有等到回音：{type(error).__name__}") from error
    return _judged(answer, url.host)


def _judged(answer: httpx.Response, host: str) -> str:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise NotTaken(f"{host} 回答 {answer.status_code}")
    if answer.status_code >= 400:
        raise Refused(f"{host} 回答 {answer.status_code}")
    try:
        said = answer.json()
        code = next(said[name] for name in ("errcode", "code", "StatusCode") if name in said)
    except (json.JSONDecodeError, UnicodeDecodeError, StopIteration, TypeError):
        raise Unsure(f"{host} 的回答看不懂") from None
    if code in BUSY:
        raise NotTaken(f"{host} 说太忙（{code}）")
    if code != 0:
        raise Refused(f"{host} 拒绝（{code}）：{said.get('errmsg') or said.get('msg') or ''}")
    return host


def by_apprise(address: str, subject: str, text: str) -> str:
    """Send by Apprise, which says only yes or no."""
    import apprise  # half a second, and few need it

    carrier = apprise.Apprise()
    if not carrier.add(address):
        raise Refused("Apprise 不认识这个地址")
    if not carrier.notify(title=subject, body=text):
        raise NotTaken("Apprise 没有送出")
    return address.partition("://")[0]
