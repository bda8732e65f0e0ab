"""Bets for tests: parlays that a bookmaker of the published slate takes whole."""

from __future__ import annotations

from typing import Any

import httpx


async def slip(client: httpx.AsyncClient, legs: int = 2, **query: Any) -> dict[str, Any]:
    """Return the body of a save: a parlay that the site itself suggests, at the price that it shows."""
    answer = await client.get("/api/parlays/suggest", params={"legs": legs, "risk": "balanced", **query})
    assert answer.status_code == 200, answer.text
    parlay = answer.json()
    return {
        "legs": [
            {name: leg[name] for name in ("game_id", "market", "outcome", "point")} for leg in parlay["legs"]
        ],
        "bookmaker": parlay["bookmaker"],
        "stake_cents": 1_000,
        "currency": "USD",
        "price_decimal": parlay["price_decimal"],
    }
