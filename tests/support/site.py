"""Published documents of events, in memory and without a database: rendered by the functions that publish them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import Published
from quartapp.publish import addresses
from quartapp.publish.analysis import Inputs, analyse
from quartapp.publish.game import format_time, render
from quartapp.records import Event
from quartapp.store.games import Game
from quartapp.store.odds import Book, Market, Price


def books_of(event: Event) -> list[Book]:
    """Return an event's books as the store has them."""
    return [
        Book(
            book.key,
            book.title,
            book.last_update,
            [
                Market(
                    m.key,
                    m.last_update,
                    [Price(o.name, o.price, event.price_format, o.point) for o in m.outcomes],
                )
                for m in book.markets
            ],
        )
        for book in event.bookmakers
    ]


def documents_of(event: Event, status: str = "scheduled") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an event as its game's document and its analysis."""
    game = Game(
        event.id, event.sport_key, event.home_team, event.away_team, event.commence_time, status, None, None, None
    )  # fmt: skip
    books = books_of(event)
    return {**render(game, books)}, {**analyse(Inputs(game, books, [], [], [], [], [], None))}


def publish(held: HeldDocuments, sport: str, events: Iterable[Event], now: datetime, version: int) -> None:
    """Publish a league's games and analyses in `held`, as they are `now`."""
    contents: dict[str, Any] = {}
    analyses: list[dict[str, Any]] = []
    for event in events:
        status = "scheduled" if event.commence_time > now else "live"
        game, analysis = documents_of(event, status)
        analyses.append(analysis)
        contents[addresses.game(event.id)] = {"game": game}
        contents[addresses.analysis(event.id)] = {"analysis": analysis}
    contents[addresses.analyses(sport)] = {"sport": sport, "analyses": analyses}
    common = {"generated_at": format_time(now), "source": "sandbox"}
    held.apply(
        [
            Published(key, version, f'"{version}"', orjson.dumps(common | content), None, None, now)
            for key, content in contents.items()
        ],
        version,
    )
    held.in_step()
