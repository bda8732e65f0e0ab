"""The texts that prove who asks: access tokens (JWT), refresh tokens, and the mark of a known device.

Pure, but for the time and the chance that they take from the system.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from quartapp.accounts.keys import Key, Keys

ISSUER, AUDIENCE, ALGORITHM = "parlaygorilla", "parlaygorilla-api", "HS256"
ACCESS_SECONDS = 15 * 60
LEEWAY_SECONDS = 5  # between the clocks of two hosts
LONGEST_TOKEN = 2048  # characters; ours have about 400


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says."""

    user_id: UUID
    session_id: UUID
    region: str


async def load() -> None:
    """Import what reads and makes access tokens, beside the event loop: it takes up to 60 ms.

    Not at the start, because a process that only serves reads never needs it.
    """
    if "jwt" not in sys.modules:
        await asyncio.to_thread(import_module, "jwt")


def issue_access(keys: Keys, access: Access, now: float | None = None) -> str:
    """Return an access token that is valid for ACCESS_SECONDS."""
    import jwt  # not at the start of every process: see load

    issued = int(time.time() if now is None else now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(access.user_id),
        "sid": str(access.session_id),
        "iat": issued,
        "exp": issued + ACCESS_SECONDS,
        "region": access.region,
    }
    key = keys.current
    return jwt.encode(claims, key.secret, ALGORITHM, headers={"kid": key.kid})


def read_access(keys: Keys, token: str) -> Access | None:
    """Return what a token of ours says, or None: which check it failed is nobody's business.

    The key is the one that `kid` names and the algorithm is ours, whatever the token says of it.
    """
    import jwt

    if len(token) > LONGEST_TOKEN:
        return None
    try:
        key = keys.named(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            return None
        claims: dict[str, Any] = jwt.decode(
            token,
            key.secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "sub", "sid", "iat", "exp"]},
        )
        return Access(UUID(claims["sub"]), UUID(claims["sid"]), str(claims.get("region", "")))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Which session a refresh token belongs to, and which of its tokens it is."""

    user_id: UUID
    session_id: UUID
    counter: int


_MAC_BYTES = 32
_REFRESH_BYTES = 16 + 16 + 4 + _MAC_BYTES


def make_refresh(key: Key, refresh: Refresh, salt: bytes) -> str:
    """Return the token number `counter` of a session.

    Made from what the database keeps (`salt`) and what it does not (the key), so that the current token can be said
    again to who just missed it, and a copy of the database holds no token.
    """
    named = refresh.user_id.bytes + refresh.session_id.bytes + refresh.counter.to_bytes(4, "big")
    return _text(named + key.sign(b"refresh", named, salt))


def read_refresh(token: str) -> Refresh | None:
    """Return what a refresh token claims to be; `is_genuine` says whether it is."""
    parts = _bytes(token, _REFRESH_BYTES)
    if parts is None:
        return None
    return Refresh(UUID(bytes=parts[:16]), UUID(bytes=parts[16:32]), int.from_bytes(parts[32:36], "big"))


def is_genuine(keys: Keys, token: str, refresh: Refresh, salt: bytes) -> bool:
    """Tell whether one of the keys made this token. In constant time."""
    sent = token.encode("utf-8", "replace")
    equal = [hmac.compare_digest(sent, make_refresh(key, refresh, salt).encode()) for key in keys]
    return any(equal)


def current_refresh(keys: Keys, refresh: Refresh, salt: bytes, refresh_hash: bytes) -> str | None:
    """Return the session's current token, made again; None when its key is no longer known."""
    made = (make_refresh(key, refresh, salt) for key in keys)
    return next((one for one in made if hmac.compare_digest(digest(one), refresh_hash)), None)


def digest(token: str) -> bytes:
    """Return what is stored of a random token: it has no pattern to guess, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


_NONCE_BYTES, _MARK_BYTES = 12, 16


def make_device(keys: Keys, account: bytes) -> str:
    """Return the mark of a device on which this account has logged in."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _text(nonce + keys.current.sign(b"device", nonce, account)[:_MARK_BYTES])


def read_device(keys: Keys, mark: str, account: bytes) -> str | None:
    """Return the name of the device if the mark is genuine and of this account."""
    parts = _bytes(mark, _NONCE_BYTES + _MARK_BYTES)
    if parts is None:
        return None
    nonce, signature = parts[:_NONCE_BYTES], parts[_NONCE_BYTES:]
    genuine = [
        hmac.compare_digest(signature, key.sign(b"device", nonce, account)[:_MARK_BYTES]) for key in keys
    ]
    return nonce.hex() if any(genuine) else None


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str, length: int) -> bytes | None:
    """Return the bytes of a text in its one spelling."""
    if len(text) > 4 * length:
        return None
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return content if len(content) == length and _text(content) == text else None
