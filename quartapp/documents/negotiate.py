"""What a request's headers ask for: an encoding, a fresher body, an id. Pure functions on bytes."""

from __future__ import annotations

import re
import uuid
from functools import lru_cache

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def request_id(given: bytes, cf_ray: bytes) -> bytes:
    """Return the caller's request id if it is well formed, else Cloudflare's, else a new one."""
    if given and _REQUEST_ID.fullmatch(given):
        return given
    if cf_ray and _REQUEST_ID.fullmatch(cf_ray):
        return cf_ray
    return uuid.uuid4().hex.encode()


LONG_HEADER = 256


@lru_cache(maxsize=512)
def encoding(accept: bytes) -> str:
    """Return br, gzip or identity for an Accept-Encoding header; of equal wishes the smaller body.

    >>> encoding(b"gzip, deflate, br"), encoding(b"gzip;q=1, br;q=0"), encoding(b"")
    ('br', 'gzip', 'identity')
    """
    wishes: dict[str, float] = {}
    for part in accept.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        wishes[name.strip()] = _quality(parameters)
    anything = wishes.get("*", 0.0)
    offers = [(wishes.get(name, anything), -rank, name) for rank, name in enumerate(("br", "gzip"))]
    quality, _, best = max(offers)
    return best if quality > 0 and quality >= wishes.get("identity", 0.0) else "identity"


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Return whether If-None-Match names `etag`, as `_matches` does; long headers are not remembered."""
    return (_matches if len(if_none_match) <= LONG_HEADER else _matches.__wrapped__)(if_none_match, etag)


@lru_cache(maxsize=4096)
def _matches(if_none_match: bytes, etag: bytes) -> bool:
    """Return whether If-None-Match names `etag`; compared weakly, for proxies weaken what they recompress."""
    if if_none_match.strip() == b"*":
        return True
    return any(tag.strip().removeprefix(b"W/") == etag for tag in if_none_match.split(b","))
