"""Who may ask /ops: nobody unless it is enabled; the bearers of a token when there is one."""

from __future__ import annotations

import hashlib
import hmac
import re

_NAMED_TOKEN = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,31}):([^\s:,]{8,})")
UNNAMED = "ops"  # who acts with a token that has no name


def parse_tokens(setting: str) -> list[tuple[str, str]]:
    """Return the (name, token) pairs of OPS_DEBUG_TOKEN: one token, or a list `name:token,name:token`.

    Raises ValueError for a list that is malformed, without a word of its tokens.

    >>> parse_tokens("one-long-token")
    [('ops', 'one-long-token')]
    >>> parse_tokens("ann:a-long-token, bob:another-token")
    [('ann', 'a-long-token'), ('bob', 'another-token')]
    """
    parts = [part.strip() for part in setting.split(",") if part.strip()]
    named = [_NAMED_TOKEN.fullmatch(part) for part in parts]
    pairs = [(match[1], match[2]) for match in named if match is not None]
    if pairs and len(pairs) == len(parts):
        return pairs
    if pairs and len(parts) > 1:
        raise ValueError(
            "must be one token, or a list name:token,name:token with tokens of 8 characters or more"
        )
    return [(UNNAMED, setting)] if setting else []


class OpsAccess:
    """Holds digests only, so that no repr and no traceback can show a token."""

    def __init__(self, enabled: bool, setting: str | None) -> None:
        self.enabled = enabled
        self._digests = [(name, _digest(token)) for name, token in parse_tokens(setting or "")]

    @property
    def has_token(self) -> bool:
        """Whether any token is configured. Without one, what changes state is closed to everybody."""
        return bool(self._digests)

    def bearer(self, authorization: str, x_ops_token: str) -> str | None:
        """Return the name of the token that a request carries, or None.

        Digests are compared, each with each and in constant time: neither the length of a token nor how much of
        it was guessed can be measured.
        """
        scheme, _, credentials = authorization.partition(" ")
        offered = [_digest(x_ops_token)]
        if scheme.lower() == "bearer":
            offered.append(_digest(credentials))
        bearer: str | None = None
        for name, digest in self._digests:
            for candidate in offered:
                if hmac.compare_digest(candidate, digest):
                    bearer = name
        return bearer


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
