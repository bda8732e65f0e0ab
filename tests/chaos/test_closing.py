"""A clock that is killed at the moment when games begin: their closing lines are captured all the same."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from quartapp.sandbox import league as world
from tests.chaos.conftest import Start
from tests.support.upstream import Answer, Request, open_upstream, raw
from tests.support.waiting import eventually

pytestmark = pytest.mark.chaos

SEED, GAMES = 7, 60
MARKETS = {"h2h", "spreads", "totals"}


class Slate:
    """The sandbox's games, all beginning at `start`; while they run the prices are others."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        self.moment = now  # the sandbox's prices stand still at it until the games begin
        self.start = now.replace(microsecond=0) + timedelta(hours=1)
        leagues = [one for one in world.LEAGUES if one.key in ("basketball_nba", "icehockey_nhl")]
        self.games = [game for one in leagues for game in world.upcoming(one, SEED, now)][:GAMES]

    def answer(self) -> Answer:
        async def write(request: Request, writer: asyncio.StreamWriter) -> None:
            said = (
                self.listed() if request.path.endswith("/sports") else self.odds(request.path.split("/")[-2])
            )
            headers = {"x-requests-remaining": "19000", "x-requests-last": "3"}
            await raw(200, orjson.dumps(said), headers).write(request, writer)

        return Answer(write)

    def listed(self) -> list[dict[str, Any]]:
        keys = {game.league.key: game.league for game in self.games}
        return [
            {"key": key, "title": key, "group": one.group, "active": True, "has_outrights": False}
            for key, one in keys.items()
        ]

    def odds(self, key: str) -> list[dict[str, Any]]:
        moment = self.moment if datetime.now(UTC) < self.start else self.moment + timedelta(hours=7)
        return [
            world.event(replace(game, start=self.start), moment, american=True, markets=MARKETS)
            for game in self.games
            if game.league.key == key
        ]

    def closing(self) -> Iterator[tuple[tuple[str, str, str, str], tuple[Decimal, Decimal | None]]]:
        """Every price before the start."""
        for game in self.games:
            for book in world.event(game, self.moment, american=True, markets=MARKETS)["bookmakers"]:
                for market in book["markets"]:
                    for one in market["outcomes"]:
                        point = None if one.get("point") is None else Decimal(str(one["point"]))
                        yield (
                            (game.id, book["key"], market["key"], one["name"]),
                            (Decimal(str(one["price"])), point),
                        )


async def test_a_clock_killed_at_the_start_of_games_costs_no_closing_line(
    start_clock: Start, ledger: Any
) -> None:
    slate = Slate()
    wanted = dict(slate.closing())
    async with open_upstream() as upstream:
        upstream.answers(slate.answer())
        killed = start_clock("odds", ODDS_API_BASE_URL=upstream.url)
        await eventually(lambda: count(ledger, "SELECT count(*) FROM odds", len(wanted)), timeout=30)
        slate.start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
        await fetch_anew(ledger)  # the list brings the start forward
        await eventually(lambda: datetime.now(UTC) >= slate.start)
        os.kill(killed.pid, signal.SIGKILL)
        await asyncio.to_thread(killed.wait)

        await fetch_anew(ledger)
        start_clock("odds", ODDS_API_BASE_URL=upstream.url)
        live = "SELECT count(*) FROM games WHERE status = 'live'"
        await eventually(lambda: count(ledger, live, len(slate.games)), timeout=30)
        running = "SELECT count(*) FROM odds WHERE market_updated > $1"
        await eventually(lambda: count(ledger, running, len(wanted) // 2, slate.start), timeout=30)
        captured = "SELECT count(*) FROM games WHERE closing_for = commence_time"
        await eventually(lambda: count(ledger, captured, len(slate.games)), timeout=30)

    rows = await ledger.fetch("SELECT * FROM closing_prices")
    found = {
        (row["game_id"], row["bookmaker_key"], row["market_key"], row["outcome_name"]): (
            row["price"],
            row["point"],
        )
        for row in rows
    }
    whole = [
        game.id
        for game in slate.games
        if all(found.get(key) == value for key, value in wanted.items() if key[0] == game.id)
    ]
    assert len(whole) >= 0.99 * len(slate.games)
    current = await ledger.fetchval(
        "SELECT count(*) FROM odds JOIN closing_prices USING"
        " (game_id, bookmaker_key, market_key, outcome_name, price)"
    )
    assert current < len(wanted) / 2  # the prices of the running games are others
    consensus = await ledger.fetch("SELECT game_id FROM closing_consensus WHERE market_key = 'h2h'")
    assert len(consensus) >= 0.99 * len(slate.games)


async def fetch_anew(ledger: Any) -> None:
    """Let the next tick ask for the odds at once, instead of a minute after the last time."""
    await ledger.execute("UPDATE sports SET odds_updated_at = NULL")


async def count(ledger: Any, query: str, least: int, *arguments: Any) -> bool:
    return bool(await ledger.fetchval(query, *arguments) >= least)
