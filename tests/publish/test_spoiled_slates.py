"""The recorded slates with a book of each game spoiled in turn: it is left out by name, and nothing is built on it.

As the clock publishes them and web processes answer: the analyses, prices of parlays, suggestions and picks.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from ops.web.problems import ProblemError
from quartapp.api.parlays.prices import Prices
from quartapp.api.parlays.suggestions import Question, Suggestions
from quartapp.documents.derived import AbsentError, Turns
from quartapp.documents.held import HeldDocuments
from quartapp.feeds.odds_api_answers import parse_events
from quartapp.odds.formats import american_to_decimal, decimal_to_american
from quartapp.odds.picks import ALL, rules_met
from quartapp.odds.suggest import RISKS
from quartapp.publish import addresses
from quartapp.publish.picks import Search, quoted
from quartapp.records import Bookmaker, Event, Market, Outcome
from tests.support.site import publish

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
MARKETS = ("h2h", "spreads", "totals")
Spoil = Callable[[Event, Bookmaker], Bookmaker]


def stale(event: Event, book: Bookmaker) -> Bookmaker:
    days = timedelta(days=3)
    markets = tuple(
        replace(market, last_update=market.last_update and market.last_update - days)
        for market in book.markets
    )
    return replace(book, last_update=book.last_update and book.last_update - days, markets=markets)


def swapped(event: Event, book: Bookmaker) -> Bookmaker:
    other = {
        event.home_team: event.away_team,
        event.away_team: event.home_team,
        "Over": "Under",
        "Under": "Over",
    }
    return changed(book, lambda one: replace(one, name=other.get(one.name, one.name)))


def inflated(event: Event, book: Bookmaker) -> Bookmaker:
    """What home, or over, wins is doubled."""

    def higher(one: Outcome) -> Outcome:
        if one.name not in (event.home_team, "Over"):
            return one
        decimal = 2 * exact(event, one) - 1
        price = decimal if event.price_format == "decimal" else decimal_to_american(decimal)
        return replace(one, price=round(Decimal(price.numerator) / price.denominator, 4))

    return changed(book, higher)


def incomplete(event: Event, book: Bookmaker) -> Bookmaker:
    """The draw is missing, or the away team, or under."""
    markets = []
    for market in book.markets:
        gone = "Draw" if any(one.name == "Draw" for one in market.outcomes) else event.away_team
        markets.append(
            replace(market, outcomes=tuple(one for one in market.outcomes if one.name not in (gone, "Under")))
        )
    return replace(book, markets=tuple(markets))


def suspended(event: Event, book: Bookmaker) -> Bookmaker:
    no_price = Decimal(1 if event.price_format == "decimal" else 0)
    return changed(
        book, lambda one: replace(one, price=no_price) if one.name in (event.away_team, "Under") else one
    )


def changed(book: Bookmaker, change: Callable[[Outcome], Outcome]) -> Bookmaker:
    markets = tuple(
        replace(market, outcomes=tuple(change(one) for one in market.outcomes)) for market in book.markets
    )
    return replace(book, markets=markets)


def exact(event: Event, one: Outcome) -> Fraction:
    return Fraction(one.price) if event.price_format == "decimal" else american_to_decimal(one.price)


SPOILS: dict[str, tuple[Spoil, str]] = {
    "stale": (stale, "stale"),
    "swapped": (swapped, "outlier"),
    "inflated": (inflated, "outlier"),
    "incomplete": (incomplete, "incomplete"),
    "suspended": (suspended, "suspended"),
}


@cache
def recorded(path: Path) -> tuple[Event, ...]:
    """Return the games of a recording that had not begun, each moved in time so that its newest price is of now."""
    body = json.loads(path.read_text())
    found: list[Event] = []
    for event in parse_events(body, body[0]["sport_key"]):
        newest = max(book.last_update for book in event.bookmakers if book.last_update)
        later = NOW - newest
        if event.commence_time > newest:
            books = tuple(stale_by(book, -later) for book in event.bookmakers)
            found.append(replace(event, commence_time=event.commence_time + later, bookmakers=books))
    return tuple(found)


def stale_by(book: Bookmaker, span: timedelta) -> Bookmaker:
    markets = tuple(
        replace(market, last_update=market.last_update and market.last_update - span)
        for market in book.markets
    )
    return replace(book, last_update=book.last_update and book.last_update - span, markets=markets)


def slates(folder: Path) -> Iterator[tuple[str, list[Event]]]:
    yield "basketball_nba", list(recorded(folder / "basketball_nba_odds_2022-11-23.json"))
    season = recorded(folder / "soccer_epl_odds_2023-24.json")
    yield "soccer_epl", list(season[::16])


class Site:
    """What a web process answers of a published slate, and what the clock would pick of it."""

    def __init__(self, sport: str, events: Sequence[Event]) -> None:
        self.sport = sport
        self.events = {event.id: event for event in events}
        self.documents = HeldDocuments(max_bytes=200_000_000)
        publish(self.documents, sport, events, NOW, 1)
        self.prices = Prices(self.documents, lambda: NOW)

    def analyses(self) -> list[dict[str, Any]]:
        copy = self.documents.peek(addresses.analyses(self.sport))
        assert copy is not None
        found: list[dict[str, Any]] = orjson.loads(copy.body)["analyses"]
        return found

    async def suggested(self) -> list[dict[str, Any]]:
        suggestions = Suggestions(self.documents, self.prices.games, lambda: NOW)
        found: list[dict[str, Any]] = []
        for risk, legs in itertools.product(RISKS, (2, 5)):
            work = suggestions.question(Question(self.sport, legs, risk, None, same_game=False))
            try:
                found.append(orjson.loads(await (await work(Turns())).render()))
            except AbsentError:
                continue
        return found

    def priced(self) -> Iterator[dict[str, Any]]:
        """Yield the price of each game's main lines, with a leg of the game after it."""
        games = self.analyses()
        for number, game in enumerate(games):
            other = next((one for one in games[number + 1 :] + games[:number] if one["markets"]), None)
            if other is None:
                return
            second = leg(other, next(iter(other["markets"])))
            for key in game["markets"]:
                body = {"legs": [leg(game, key), second]}
                try:
                    yield orjson.loads(self.prices.answer(orjson.dumps(body)))
                except ProblemError as problem:
                    raise AssertionError(problem.errors) from problem

    def picked(self) -> Iterator[tuple[dict[str, Any], str, str]]:
        """Yield every price that may be picked: its game, market and bookmaker."""
        search = Search(NOW)
        for game in self.analyses():
            for one in quoted(game):
                if rules_met(one.candidate, search.now) == ALL:
                    yield game, one.candidate.market, one.candidate.bookmaker


def leg(game: dict[str, Any], key: str) -> dict[str, str]:
    return {"game_id": game["game_id"], "market": key, "outcome": next(iter(game["markets"][key]["fair"]))}


async def check_nothing_excluded_counts(site: Site) -> None:
    """Check every figure of a site."""
    excluded: dict[tuple[str, str], set[str]] = {}
    for game in site.analyses():
        for key, market in game["markets"].items():
            out = excluded[game["game_id"], key] = {one["bookmaker"] for one in market["excluded"]}
            assert not out & {best["bookmaker"] for best in market["best"].values()}
            assert not out & market["offers"].keys()
            assert all(best["too_good"] or (best["edge"] or 0) <= 0.10 for best in market["best"].values())
            sure = market["arbitrage"]
            assert sure is None or sure["profit"] <= 0.05 or sure["too_good"]
    for answer in [*site.priced(), *(await site.suggested())]:
        legs = [(one["game_id"], one["market"]) for one in answer["legs"]]
        for book in answer["bookmakers"]:
            assert not any(book["key"] in excluded[each] for each in legs)
        suggested_at = answer["bookmaker"] if "risk" in answer else None
        assert not any(suggested_at in excluded[each] for each in legs)
    for game, key, book in site.picked():
        assert book not in excluded[game["game_id"], key]


async def test_of_recorded_slates_as_they_are_no_excluded_book_counts_anywhere(shared_data: Path) -> None:
    for sport, events in slates(shared_data):
        site = Site(sport, events)
        await check_nothing_excluded_counts(site)
        assert await site.suggested()
        left_out = [
            one for game in site.analyses() for m in game["markets"].values() for one in m["excluded"]
        ]
        assert len(left_out) <= 2


@pytest.mark.parametrize("name", SPOILS)
async def test_a_spoiled_book_is_left_out_by_name_and_reason_and_counts_nowhere(
    shared_data: Path, name: str
) -> None:
    spoil, reason = SPOILS[name]
    for sport, events in slates(shared_data):
        for turn in range(max(len(event.bookmakers) for event in events)):
            spoiled: dict[str, str] = {}
            changed_events: list[Event] = []
            for number, event in enumerate(events):
                books = list(event.bookmakers)
                place = (turn + number) % len(books)
                spoiled[event.id] = books[place].key
                books[place] = spoil(event, books[place])
                changed_events.append(replace(event, bookmakers=tuple(books)))
            site = Site(sport, changed_events)
            await check_nothing_excluded_counts(site)
            originals = {event.id: event for event in events}
            for game in site.analyses():
                for key in MARKETS:
                    check_reason(
                        game, key, originals[game["game_id"]], spoiled[game["game_id"]], name, reason
                    )


def check_reason(game: dict[str, Any], key: str, event: Event, book: str, name: str, reason: str) -> None:
    quotes = {
        one.key: market for one in event.bookmakers for market in one.markets if market.key == key
    }  # fmt: skip
    if book not in quotes or len(quotes) == 1:
        return  # nothing is said of the market
    market = game["markets"][key]
    excluded = {one["bookmaker"]: one["reason"] for one in market["excluded"]}
    if name == "swapped" and not far_apart(event, quotes[book]):
        return  # near even its sides are as good swapped as not
    if name == "swapped" and key == "totals" and len(quotes) == 2:
        # Two books that contradict each other do not say which is wrong: no value is shown of either.
        assert all(best["edge"] is None for best in market["best"].values())
        return
    edges = [best["edge"] for best in market["best"].values() if best["bookmaker"] == book]
    if name == "inflated" and book not in excluded and max(edges, default=0) < 0.15:
        return  # as much as news explains, and marked from 0.10 on
    assert excluded.get(book) == reason, (event.id, key, book, market["excluded"])
    honest = excluded.keys() - {book}
    assert len(honest) <= 1, (event.id, key, book, market["excluded"])


def far_apart(event: Event, market: Market) -> bool:
    """Tell whether the sides of a line differ by more than books differ: by 12 % of chance, or 4 points of ten."""
    first, second = (one for one in market.outcomes if one.name != "Draw")
    if market.key == "spreads":
        assert first.point is not None
        points = abs(first.point) * (10 if event.sport_key.startswith("soccer") else 1)
        return points >= 6
    return abs(1 / exact(event, first) - 1 / exact(event, second)) > Fraction(24, 100)
