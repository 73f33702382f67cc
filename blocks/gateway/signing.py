"""Signing (签名): HMAC-SM3 or HMAC-SHA256 over method, path, time, nonce and the hash of the body.

    METHOD LF PATH?QUERY LF TIMESTAMP LF NONCE LF hex(hash(body))

The timestamp is in seconds since 1970; whoever checks refuses what is over five minutes off, so that
nothing can be replayed later. An answer is signed the same way, over its status instead of the method.

Source: RFC 2104; GB/T 32905-2016 (SM3), block size 64 bytes as SHA-256.
"""

import hmac

from blocks.draw.hashing import digest

BLOCK = 64
SKEW = 300  # seconds


def mac(name: str, key: bytes, message: bytes) -> str:
    """Return the HMAC in hex; `name` is sm3 or sha256."""
    key = (digest(name, key) if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner = digest(name, bytes(byte ^ 0x36 for byte in key) + message)
    return digest(name, bytes(byte ^ 0x5C for byte in key) + inner).hex()


def signature(name: str, key: str, what: str, path: str, at: str, nonce: str, body: bytes) -> str:
    """Return the signature of a request (`what`: its method) or of an answer (its status)."""
    message = "\n".join((what, path, at, nonce, digest(name, body).hex()))
    return mac(name, key.encode(), message.encode())


def fits(name: str, key: str, what: str, path: str, at: str, nonce: str, body: bytes, given: str) -> bool:
    """Tell whether a signature is that of this message, in constant time."""
    return hmac.compare_digest(signature(name, key, what, path, at, nonce, body).encode(), given.encode())
