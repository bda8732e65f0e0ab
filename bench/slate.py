"""Slates of any size in The Odds API's v4 shape, made from a seed: the benchmarks' input."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any


def events(sport_key: str, games: int, books: int, start: datetime, *, seed: int = 7) -> list[dict[str, Any]]:
    """Return `games` events by `books` bookmakers with h2h, spreads and totals at American prices."""
    dice = random.Random(f"{seed}:{sport_key}")
    return [_event(dice, sport_key, number, books, start) for number in range(games)]


def _event(dice: random.Random, sport_key: str, number: int, books: int, start: datetime) -> dict[str, Any]:
    home, away = f"{sport_key} Home {number:02d}", f"{sport_key} Away {number:02d}"
    updated = _text(start)
    return {
        "id": f"{dice.getrandbits(128):032x}",
        "sport_key": sport_key,
        "sport_title": sport_key.upper(),
        "commence_time": _text(start + timedelta(hours=24 + number)),
        "home_team": home,
        "away_team": away,
        "bookmakers": [
            {
                "key": f"book{book:02d}",
                "title": f"Bookmaker {book:02d}",
                "last_update": updated,
                "markets": [
                    _market("h2h", updated, [(home, _price(dice), None), (away, _price(dice), None)]),
                    _market("spreads", updated, [(home, _price(dice), -2.5), (away, _price(dice), 2.5)]),
                    _market("totals", updated, [("Over", _price(dice), 44.5), ("Under", _price(dice), 44.5)]),
                ],
            }
            for book in range(books)
        ],
    }


def _market(key: str, updated: str, outcomes: list[tuple[str, int, float | None]]) -> dict[str, Any]:
    listed = [
        {"name": name, "price": price} | ({} if point is None else {"point": point})
        for name, price, point in outcomes
    ]
    return {"key": key, "last_update": updated, "outcomes": listed}


def _price(dice: random.Random) -> int:
    return dice.choice((-1, 1)) * dice.randint(101, 118)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
