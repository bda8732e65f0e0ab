"""What every route must declare: its cache policy, who may ask, and how often. A test walks them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """A route's declaration. `limit` is requests a minute and client; None for what costs nothing."""

    cache: Literal["public", "no-store"]
    auth: Literal["none", "ops", "ops-write"]
    limit: int | None = None


def policy(
    cache: Literal["public", "no-store"], auth: Literal["none", "ops", "ops-write"], limit: int | None = None
) -> Callable[[F], F]:
    """Declare a handler's policy. The application enforces no-store and the rate limit from it."""

    def declare(handler: F) -> F:
        handler.policy = Policy(cache, auth, limit)  # type: ignore[attr-defined]  # functions take attributes
        return handler

    return declare
