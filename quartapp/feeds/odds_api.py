"""The Odds API v4: sports, odds, events, scores. Documentation: the-odds-api.com/liveapi/guides/v4."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar, Unpack

import httpx

from quartapp.feeds.errors import FeedError, FeedRefusedError, OutOfCreditsError
from quartapp.feeds.http import Fetching, JsonFetcher
from quartapp.feeds.odds_api_answers import NAME, parse_credits, parse_events, parse_scores, parse_sports
from quartapp.feeds.reading import Reading
from quartapp.odds.market_keys import MARKETS
from quartapp.records import AccountCredits, Event, PriceFormat, Score, SportInfo, price_format

T = TypeVar("T")

SCORES_COST = 2


class OddsApiClient:
    """Asks The Odds API. Every method also returns the credits that the answer's headers tell."""

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, key: str, **fetching: Unpack[Fetching]
    ) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._base_url = base_url.rstrip("/")
        self._key = key

    async def sports(self) -> tuple[Reading[SportInfo], AccountCredits]:
        """Return the sports, in season or not. Costs nothing. Raises FeedError."""
        return await self._ask("/v4/sports", {"all": "true"}, 0, parse_sports)

    async def events(self, sport_key: str) -> tuple[Reading[Event], AccountCredits]:
        """Return a sport's upcoming and running games, without odds. Costs nothing. Raises FeedError."""
        path = f"/v4/sports/{sport_key}/events"
        return await self._ask(path, {"dateFormat": "iso"}, 0, lambda body: parse_events(body, sport_key))

    async def odds(
        self,
        sport_key: str,
        markets: tuple[str, ...] = MARKETS,
        regions: str = "us",
        odds_format: PriceFormat | None = None,
    ) -> tuple[Reading[Event], AccountCredits]:
        """Return a sport's upcoming and running games with odds. Costs markets x regions. Raises FeedError."""
        wanted = {
            "regions": regions,
            "markets": ",".join(markets),
            "oddsFormat": odds_format or price_format(sport_key),
            "dateFormat": "iso",
        }
        price = len(markets) * len(regions.split(","))
        path = f"/v4/sports/{sport_key}/odds"
        return await self._ask(path, wanted, price, lambda body: parse_events(body, sport_key))

    async def scores(self, sport_key: str, days_from: int = 3) -> tuple[Reading[Score], AccountCredits]:
        """Return results of the last `days_from` (1 to 3) days and running scores. Costs 2. Raises FeedError."""
        wanted = {"daysFrom": str(days_from), "dateFormat": "iso"}
        path = f"/v4/sports/{sport_key}/scores"
        return await self._ask(path, wanted, SCORES_COST, lambda body: parse_scores(body, sport_key))

    async def _ask(
        self, path: str, params: Mapping[str, str], price: int, parse: Callable[[Any], T]
    ) -> tuple[T, AccountCredits]:
        """Return what `parse` reads of the answer; a FeedError carries what the answers cost all the same."""
        bill = _Bill(price)
        try:
            url, asked = self._base_url + path, {**params, "apiKey": self._key}
            body, _ = await self._fetch.get(url, asked, heard=bill.add)
            # In a thread: a slate of 1,800 prices takes a while to read, in which others are stored.
            return await asyncio.to_thread(parse, body), bill.total
        except FeedError as problem:
            error = _out_of_credits(problem) or problem
            error.credits = bill.total
            raise error from None


class _Bill:
    """Adds up what the answers to one question cost: retries are answers too."""

    def __init__(self, price: int) -> None:
        self.total = AccountCredits(None, None, None)
        self._price = price

    def add(self, status: int, headers: Mapping[str, str]) -> None:
        """Count an answer: at its headers' word, else at the documented price, which an error does not cost."""
        said = parse_credits(headers)
        cost = said.last_cost if said.last_cost is not None else self._price if status == HTTPStatus.OK else 0
        self.total = AccountCredits(
            self.total.remaining if said.remaining is None else said.remaining,
            self.total.used if said.used is None else said.used,
            (self.total.last_cost or 0) + cost,
        )


def _out_of_credits(problem: FeedError) -> OutOfCreditsError | None:
    if not isinstance(problem, FeedRefusedError):
        return None
    if problem.code != "OUT_OF_USAGE_CREDITS" and problem.status != HTTPStatus.PAYMENT_REQUIRED:
        return None
    message = f"{NAME}: no credits left this month; a larger plan or the next month brings more"
    return OutOfCreditsError(message, problem.status, problem.code)
