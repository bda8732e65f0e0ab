"""What every route must declare: who may ask, whether its answers may be cached, how often it may be asked.

The guard (quartapp/http/guard.py) enforces it; a route without a declaration keeps the application from starting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Cache = Literal["public", "no-store", "private"]

LIMIT_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Policy:
    """A route's declaration.

    `auth` names who may ask, and one of the guard's authenticators. `cache`: "public" answers are the same for
    everybody, "no-store" ones are kept by nobody, "private" ones belong to who asked and are kept by nobody.
    `limit` is requests a minute and client; None where a request costs nothing. `lookups` is the same of those few
    that the handler cannot answer from memory, over all routes together; it counts them. `stream`: the answer may
    last as long as it likes, and ends when the process stops.
    """

    auth: str
    cache: Cache = "no-store"
    limit: int | None = LIMIT_A_MINUTE
    stream: bool = False
    lookups: int | None = None


_BY_CACHE = -1


def policy(
    auth: str,
    cache: Cache = "no-store",
    limit: int | None = _BY_CACHE,
    *,
    stream: bool = False,
    lookups: int | None = None,
) -> Callable[[F], F]:
    """Declare a handler's policy. What is left out is closed: not cached, and limited.

    Only what is public and for everybody has no limit by default: such an answer is bytes in memory.
    """
    if limit == _BY_CACHE:
        limit = None if (cache, auth) == ("public", "none") else LIMIT_A_MINUTE

    def declare(handler: F) -> F:
        handler.policy = Policy(auth, cache, limit, stream, lookups)  # type: ignore[attr-defined]  # functions take attributes
        return handler

    return declare
