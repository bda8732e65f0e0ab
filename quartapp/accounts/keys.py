"""The keys that JWT_SECRET gives: the newest makes tokens, the newest and the one before read them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """A secret under its public name. The name is a digest, so that every process gives it the same one."""

    secret: bytes = field(repr=False)

    @property
    def kid(self) -> str:
        """The name that tokens carry: sixteen characters which tell nothing of the secret."""
        return hmac.new(self.secret, b"kid", hashlib.sha256).hexdigest()[:16]

    def sign(self, purpose: bytes, *parts: bytes) -> bytes:
        """Return a signature (HMAC-SHA256) of `parts` under a key made for one purpose only."""
        own = hmac.new(self.secret, b"parlaygorilla:" + purpose, hashlib.sha256).digest()
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(own, framed, "sha256")


class Keys:
    """The current key first, then the previous one where there is one. False without any."""

    def __init__(self, current: str, previous: str | None = None) -> None:
        secrets = [secret for secret in (current, previous if current else None) if secret]
        self._keys = [Key(secret.encode()) for secret in secrets]
        self._by_kid = {key.kid: key for key in reversed(self._keys)}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    @property
    def current(self) -> Key:
        """The key that signs."""
        return self._keys[0]

    def named(self, kid: object) -> Key | None:
        """Return the key that a token names."""
        return self._by_kid.get(kid) if isinstance(kid, str) else None
