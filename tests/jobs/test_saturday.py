"""A Saturday of games: every one ends in its right state, and its score is never a minute behind.

Time is simulated, the stores are real. SATURDAY_GAMES=80 SATURDAY_HOURS=14 SATURDAY_STEP=30 is the whole day.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from quartapp.feeds.errors import FeedError
from quartapp.feeds.espn import EspnClient
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.jobs import results, scoreboard
from quartapp.sandbox.espn_board import Stand
from quartapp.settings import Settings
from quartapp.store import games, sports
from quartapp.store.scoreboard import unmatched_games
from tests.support.examples import sport
from tests.support.leader import Leader, open_leader
from tests.support.saturday import MINUTE, NOON, SPORTS, Fixture, Saturday, fixtures

COUNT, STEP = int(os.environ.get("SATURDAY_GAMES", "16")), int(os.environ.get("SATURDAY_STEP", "60"))
HOURS = timedelta(hours=float(os.environ.get("SATURDAY_HOURS", "6.5")))
OUTAGE = (NOON + timedelta(hours=2), NOON + timedelta(hours=3))
ENDS = {
    "final": "final",
    "overtime": "final",
    "shootout": "final",
    "postponed": "postponed",
    "cancelled": "cancelled",
    "abandoned": "cancelled",
    "forfeit": "cancelled",
}


async def nobody_waits(_: float) -> None:
    """Stand in for the pauses between attempts."""


@pytest.fixture
async def day(database: Any, redis: Any, settings: Settings) -> AsyncIterator[tuple[Leader, Saturday]]:
    saturday = Saturday(fixtures(COUNT, HOURS), outage=OUTAGE)
    plenty = settings.model_copy(update={"odds_api_daily_credits": 100_000, "odds_api_credit_floor": 0})
    transport = httpx.MockTransport(saturday.answer)
    async with (
        open_leader(database, redis, plenty) as leader,
        httpx.AsyncClient(transport=transport) as client,
    ):
        leader.resources = replace(
            leader.resources,
            espn=EspnClient(client, "http://upstream/espn", sleep=nobody_waits),
            odds_api=OddsApiClient(client, "http://upstream/odds-api", "key", sleep=nobody_waits),
        )
        async with leader.transaction() as connection:
            await sports.upsert(connection, [sport(key) for key in SPORTS], "sandbox", NOON)
            for key in SPORTS:
                await games.upsert(connection, key, saturday.slate(key), "sandbox", NOON - timedelta(days=1))
        yield leader, saturday


async def tick(leader: Leader, saturday: Saturday) -> None:
    """Run both jobs at the day's moment, as the clock would; `results` once a minute."""
    try:
        await scoreboard.follow(leader.context("scoreboard"), SPORTS, saturday.now)
    except FeedError:
        assert saturday.down or saturday.games[9].start <= saturday.now
    if saturday.now.second == 0:
        await results.ask(leader.context("results"), saturday.now)


async def behind(leader: Leader, saturday: Saturday) -> tuple[int, int]:
    """Return (games under way, those whose stored state or score is more than a minute old)."""
    stored = {
        row["id"]: (row["status"], row["home_score"], row["away_score"])
        for row in await leader.rows("SELECT id, status, home_score, away_score FROM games")
    }

    def right(one: Fixture, identity: str) -> bool:
        stands = [one.stand(saturday.now), one.stand(saturday.now - MINUTE)]
        return any(
            stored[identity] == ("live", stand.home, stand.away)
            for stand in stands
            if stand.state in ("in", "delayed")
        )

    live = [
        (one, identity)
        for one in saturday.games
        if one.stand(saturday.now).state in ("in", "delayed")
        for identity in one.ids
    ]
    return len(live), sum(not right(one, identity) for one, identity in live)


def _course(one: Fixture, stand: Stand) -> tuple[Any, ...]:
    """Return what is to be known of how a game came to its end."""
    if one.fate == "abandoned":  # half of it was played: two halves of 20 minutes
        return "abandoned", False, (None, None), 20
    if one.fate == "forfeit":
        return "forfeit", None, (None, None), None
    if ENDS[one.fate] != "final":
        return None, None, (None, None), None
    return None, stand.regulation is not None, stand.regulation or (None, None), None


async def test_every_game_of_a_saturday_ends_right_and_no_score_is_a_minute_behind(
    day: tuple[Leader, Saturday],
) -> None:
    leader, saturday = day
    live_minutes = late_minutes = spent_while_up = 0
    while saturday.now < NOON + HOURS:
        before = saturday.credits
        await tick(leader, saturday)
        spent_while_up += 0 if saturday.down else saturday.credits - before
        live, late = await behind(leader, saturday)
        live_minutes, late_minutes = live_minutes + live, late_minutes + late
        saturday.now += timedelta(seconds=STEP)
    wrong = {}
    for one in saturday.games:
        stand = one.stand(saturday.now)
        for identity in one.ids:
            game = await leader.game(identity)
            over = ENDS[one.fate] == "final"
            expected = (ENDS[one.fate], (stand.home, stand.away) if over else None, _course(one, stand))
            score = (game["home_score"], game["away_score"]) if game["status"] == "final" else None
            regulation = (game["regulation_home"], game["regulation_away"])
            course = (game["fate"], game["overtime"], regulation, game["played"])
            if (game["status"], score, course) != expected:
                wrong[identity] = (game["status"], score, course, expected)
    assert wrong == {}
    assert spent_while_up == 0
    assert saturday.credits > 0, "an hour without ESPN is paid for"
    assert live_minutes > COUNT * 100 * 60 / STEP
    assert late_minutes <= live_minutes * 0.01, (late_minutes, live_minutes)
    corrections = await leader.rows(
        "SELECT game_id, home_after - home_before AS more, source FROM game_corrections"
    )
    assert corrections == [{"game_id": "odds8", "more": 1, "source": "espn"}]
    async with leader.transaction() as connection:
        assert await unmatched_games(connection, saturday.now) == []
