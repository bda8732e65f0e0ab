"""A saved parlay as it is kept: what was taken at which price, and how each leg ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SavedLeg:
    """A leg. `price` is exactly what the book quoted, in its format; `win` and `push` what was published then."""

    game_id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: datetime
    market_key: str
    kind: str
    outcome_name: str
    point: Decimal | None
    price: Decimal
    price_format: str
    price_decimal: Decimal
    label: str
    win: float | None
    push: float | None


@dataclass(frozen=True, slots=True)
class LegEnd:
    """How a leg ended: its newest grade and what that was made from; and the closing line, once it is known."""

    grade: str | None = None
    graded_at: datetime | None = None
    home: int | None = None
    away: int | None = None
    source: str | None = None
    told_at: datetime | None = None
    closing_probability: float | None = None
    closing_line_value: float | None = None
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SavedParlay:
    """A parlay that a member saved. `known` names the documents, with their versions, that its price was read in."""

    id: UUID
    created_at: datetime
    status: str
    bookmaker_key: str
    stake_cents: int
    currency: str
    price_decimal: Decimal
    payout_cents: int | None
    settled_at: datetime | None
    known: Mapping[str, Any]
    legs: tuple[SavedLeg, ...]
    ends: tuple[LegEnd, ...] = ()
    history: tuple[tuple[datetime, str, str], ...] = field(default=())
