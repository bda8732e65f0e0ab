"""Questions about parlays of every kind, by dice, and the sandbox's games that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson

from quartapp.documents.held import HeldDocuments
from quartapp.feeds.odds_api_answers import parse_events
from quartapp.odds.suggest import RISKS
from quartapp.records import Event, price_format
from quartapp.sandbox import league as world
from tests.support.site import publish

LEAGUES = [
    league for league in world.LEAGUES if league.key.startswith(("soccer", "americanfootball", "icehockey"))
]
POINTS = (None, -10.0, -3.5, -3.0, -0.25, 0.0, 0.25, 1.0, 2.5, 2.75, 44.5)


def fill(held: HeldDocuments, now: datetime) -> list[Event]:
    """Publish the sandbox's games of three kinds of sport, one of them under two ids; return them."""
    everything: list[Event] = []
    for version, league in enumerate(LEAGUES, 1):
        games = [one for one in world.upcoming(league, 3, now) if one.start < now + timedelta(hours=30)][:6]
        american = price_format(league.key) == "american"
        bodies = [
            world.event(one, now, american=american, markets={"h2h", "spreads", "totals"}) for one in games
        ]
        events = list(parse_events(bodies, league.key))
        publish(held, league.key, events, now, version)
        everything += events
    return everything


def bodies(events: list[Event], dice: Random, count: int) -> Iterator[bytes]:
    """Yield bodies: legs as they are quoted and at other lines, of one game and of several, possible and not."""
    books = sorted({book.key for event in events for book in event.bookmakers})
    for _ in range(count):
        games = dice.choices(events, k=dice.choice((2, 2, 3, 3, 4, 8)))
        if dice.random() < 0.3:
            games[1] = games[0]
        asked: dict[str, Any] = {"legs": [leg(game, dice) for game in games]}
        if dice.random() < 0.3:
            asked["bookmaker"] = dice.choice([*books, "nobody"])
        if dice.random() < 0.3:
            asked["bankroll_cents"] = dice.randrange(1_000_000)
        yield orjson.dumps(asked)


def leg(game: Event, dice: Random) -> dict[str, Any]:
    book = dice.choice(game.bookmakers)
    market = dice.choice(book.markets)
    outcome = dice.choice(market.outcomes)
    found: dict[str, Any] = {"game_id": game.id, "market": market.key, "outcome": outcome.name}
    if market.key != "h2h" and dice.random() < 0.7:
        found["point"] = None if outcome.point is None else float(outcome.point)
        if dice.random() < 0.4:
            found["point"] = dice.choice(POINTS)
    if dice.random() < 0.05:
        found["bookmaker"] = dice.choice((book.key, "nobody"))
    return found


def queries(dice: Random, count: int) -> Iterator[str]:
    for _ in range(count):
        parts = {"legs": str(dice.randint(2, 5)), "risk": dice.choice(RISKS)}
        if dice.random() < 0.8:
            parts["sport"] = dice.choice(LEAGUES).key
        if dice.random() < 0.5:
            parts["bookmaker"] = dice.choice([key for key, *_ in world.BOOKS])
        if dice.random() < 0.4:
            parts["same_game"] = "true"
        names = list(parts)
        dice.shuffle(names)
        yield "&".join(f"{name}={parts[name]}" for name in names)
