"""The Odds API v4: sports, odds, events, scores. Documentation: the-odds-api.com/liveapi/guides/v4."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Unpack

import httpx

from quartapp.feeds.errors import FeedRefusedError, OutOfCreditsError
from quartapp.feeds.http import Fetching, JsonFetcher
from quartapp.feeds.odds_api_answers import (
    NAME,
    Bookmaker,
    Credits,
    Event,
    Market,
    Outcome,
    PriceFormat,
    Score,
    SportInfo,
    parse_credits,
    parse_events,
    parse_scores,
    parse_sports,
    price_format,
)

__all__ = [
    "Bookmaker",
    "Credits",
    "Event",
    "Market",
    "OddsApiClient",
    "Outcome",
    "PriceFormat",
    "Score",
    "SportInfo",
    "parse_credits",
    "parse_events",
    "parse_scores",
    "parse_sports",
    "price_format",
]


class OddsApiClient:
    """Asks The Odds API. Every method also returns the credits that the answer's headers tell."""

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, key: str, **fetching: Unpack[Fetching]
    ) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._base_url = base_url.rstrip("/")
        self._key = key

    async def sports(self) -> tuple[tuple[SportInfo, ...], Credits]:
        """Return the sports, in season or not. Costs nothing. Raises FeedError."""
        body, cost = await self._get("/v4/sports", {"all": "true"})
        return parse_sports(body), cost

    async def events(self, sport_key: str) -> tuple[tuple[Event, ...], Credits]:
        """Return a sport's upcoming and running games, without odds. Costs nothing. Raises FeedError."""
        body, cost = await self._get(f"/v4/sports/{sport_key}/events", {"dateFormat": "iso"})
        return parse_events(body), cost

    async def odds(
        self,
        sport_key: str,
        markets: tuple[str, ...] = ("h2h", "spreads", "totals"),
        regions: str = "us",
        odds_format: PriceFormat | None = None,
    ) -> tuple[tuple[Event, ...], Credits]:
        """Return a sport's upcoming and running games with odds. Costs markets x regions. Raises FeedError."""
        wanted = {
            "regions": regions,
            "markets": ",".join(markets),
            "oddsFormat": odds_format or price_format(sport_key),
            "dateFormat": "iso",
        }
        body, cost = await self._get(f"/v4/sports/{sport_key}/odds", wanted)
        # In a thread: a slate of 1,800 prices takes a while to read, in which others are stored.
        return await asyncio.to_thread(parse_events, body), cost

    async def scores(self, sport_key: str, days_from: int = 3) -> tuple[tuple[Score, ...], Credits]:
        """Return results of the last `days_from` (1 to 3) days and running scores. Costs 2. Raises FeedError."""
        wanted = {"daysFrom": str(days_from), "dateFormat": "iso"}
        body, cost = await self._get(f"/v4/sports/{sport_key}/scores", wanted)
        return parse_scores(body), cost

    async def _get(self, path: str, params: Mapping[str, str]) -> tuple[Any, Credits]:
        try:
            body, headers = await self._fetch.get(self._base_url + path, {**params, "apiKey": self._key})
        except FeedRefusedError as problem:
            if problem.code == "OUT_OF_USAGE_CREDITS":
                message = f"{NAME}: no credits left this month; a larger plan or the next month brings more"
                raise OutOfCreditsError(message, problem.status, problem.code) from None
            raise
        return body, parse_credits(headers)
