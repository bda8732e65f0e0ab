"""A message and what became of its answer. Apart from the rest, which a process loads at its first question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from quartapp.bot.facts import Citation, Source
    from quartapp.bot.parlay_asked import AskedLeg


MESSAGE_LETTERS = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What one member asks, and what they are looking at."""

    message: str
    region: str | None
    sport: str | None = None
    game_id: str | None = None
    history: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Told:
    """What became of an answer: what was sent, and why a model's text was not."""

    mode: str = "figures"
    texts: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    error: str | None = None
    failed: bool = False  # the last event was `error`


class Refused(NamedTuple):
    """Why a parlay has no price: a leg's game is `over`, the legs are in `conflict`, or one is `unquoted`."""

    why: Literal["over", "conflict", "unquoted", "unknown"]
    leg: int | None = None


class Parlays(Protocol):
    """Where parlays are priced and suggested: as documents, with their version."""

    async def priced(self, legs: Sequence[AskedLeg], bookmaker: str | None) -> Source | Refused:
        """Return the priced parlay, or why there is none."""

    async def suggested(
        self, legs: int, risk: str, sport: str | None, bookmaker: str | None
    ) -> Source | None:
        """Return a suggested parlay, None where nobody takes one."""
