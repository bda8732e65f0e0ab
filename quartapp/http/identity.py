"""Which id a request has: its caller's, Cloudflare's, or a new one. Pure functions on bytes."""

from __future__ import annotations

import re
import uuid

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def request_id(from_caller: bytes, cf_ray: bytes) -> bytes:
    """Return the caller's request id if it is well formed, else Cloudflare's, else a new one.

    A header that came twice arrives here as one value with a comma, which is not well formed: two ids are none.
    """
    if from_caller and _REQUEST_ID.fullmatch(from_caller):
        return from_caller
    if cf_ray and _REQUEST_ID.fullmatch(cf_ray):
        return cf_ray
    return uuid.uuid4().hex.encode()
