"""What a scoreboard does to mislead: renamed teams, starts hours or a day apart, doubleheaders, one pair in two leagues.

The answer is the right game, or one alert; never another game's score.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from launcher.commands.teams import match_team
from quartapp.feeds.errors import FeedError
from quartapp.feeds.espn import BOARDS, EspnClient
from quartapp.feeds.espn_scoreboard import board_day
from quartapp.freshness.report import report
from quartapp.freshness.troubles import looking
from quartapp.jobs import scoreboard
from quartapp.sandbox.espn_board import Stand, board
from quartapp.sandbox.espn_board import event as espn_event
from quartapp.settings import Settings
from quartapp.store import games, sports
from quartapp.store.scoreboard import unmatched_games
from tests.support.examples import event, sport
from tests.support.leader import Leader, open_leader
from tests.support.service import start

MLB, NBA = "baseball_mlb", "basketball_nba"
NINE_PM = datetime(2026, 7, 5, 1, 5, tzinfo=UTC)  # of July 4 in New York
HOUR = timedelta(hours=1)


class Boards:
    """ESPN's boards: events by league, each on the board of the day of its own start."""

    def __init__(self, leader: Leader, settings: Settings) -> None:
        self.leader, self.settings = leader, settings
        self.events: list[tuple[str, datetime, dict[str, Any]]] = []
        self.asked: list[str] = []

    def show(
        self, identity: str, home: str, away: str, at: datetime, stand: Stand, sport_key: str = MLB
    ) -> None:
        self.events = [one for one in self.events if one[2]["id"] != identity]
        self.events.append((sport_key, at, espn_event(identity, sport_key, home, away, at, stand)))

    def answer(self, request: httpx.Request) -> httpx.Response:
        day = request.url.params["dates"]
        self.asked.append(day)
        path = "/".join(request.url.path.split("/")[-3:-1])
        shown = [
            one for key, at, one in self.events if BOARDS[key] == path and f"{board_day(at):%Y%m%d}" == day
        ]
        return httpx.Response(200, json=board(shown, day))

    async def store(self, *listed: Any, sport_key: str = MLB) -> None:
        async with self.leader.transaction() as connection:
            await sports.upsert(connection, [sport(sport_key)], "sandbox", NINE_PM)
            await games.upsert(connection, sport_key, listed, "sandbox", NINE_PM - 3 * HOUR)

    async def tick(self, now: datetime, sport_keys: Sequence[str] = (MLB,)) -> None:
        await scoreboard.follow(self.leader.context("scoreboard"), sport_keys, now)

    async def scores(self) -> dict[str, tuple[str, int | None, int | None]]:
        rows = await self.leader.rows("SELECT id, status, home_score, away_score FROM games ORDER BY id")
        return {row["id"]: (row["status"], row["home_score"], row["away_score"]) for row in rows}

    async def unmatched(self) -> list[str]:
        return [
            row["game_id"]
            for row in await self.leader.rows("SELECT game_id FROM unmatched_games ORDER BY game_id")
        ]


@pytest.fixture
async def boards(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Boards]:
    async with open_leader(database, redis, settings) as leader:
        made = Boards(leader, settings)
        async with httpx.AsyncClient(transport=httpx.MockTransport(made.answer)) as client:
            leader.resources = replace(leader.resources, espn=EspnClient(client, "http://upstream"))
            yield made


def mets(identity: str = "g1", at: datetime = NINE_PM, **more: Any) -> Any:
    return event(identity, home="New York Mets", away="Chicago Cubs", starts=at, sport_key=MLB, **more)


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_start_three_hours_apart_is_the_same_game_on_whichever_side_of_midnight_it_stands(
    boards: Boards, hours: int
) -> None:
    await boards.store(mets())
    theirs = NINE_PM + hours * HOUR
    boards.show("e1", "New York Mets", "Chicago Cubs", theirs, Stand("in", 2, 1, 0.3))
    await boards.tick(NINE_PM + timedelta(minutes=5))
    assert await boards.scores() == {"g1": ("live", 2, 1)}
    assert await boards.unmatched() == []
    assert len(set(boards.asked)) == (2 if hours > 0 else 1), (
        "the day beside only for a game that its own lacks"
    )


async def test_a_game_that_espn_has_a_day_later_is_nobody_s_guess(boards: Boards) -> None:
    await boards.store(mets())
    boards.show("e1", "New York Mets", "Chicago Cubs", NINE_PM + 24 * HOUR, Stand("pre"))
    await boards.tick(NINE_PM + timedelta(minutes=5))
    assert (await boards.scores())["g1"][1:] == (None, None)
    assert await boards.unmatched() == ["g1"]


async def test_a_game_that_no_board_ever_had_is_forgotten_once_boards_are_not_asked_about_it(
    boards: Boards,
) -> None:
    await boards.store(mets())
    await boards.tick(NINE_PM + timedelta(minutes=5))
    for hours, count in ((71, 1), (73, 0)):
        async with boards.leader.transaction() as connection:
            assert len(await unmatched_games(connection, NINE_PM + hours * HOUR)) == count


async def test_a_doubleheader_s_other_game_is_not_taken_for_the_one_that_was_put_off(boards: Boards) -> None:
    noon, evening = NINE_PM - 8 * HOUR, NINE_PM
    await boards.store(mets("g1", noon))  # of the second game The Odds API has no word yet
    boards.show("e2", "New York Mets", "Chicago Cubs", evening, Stand("in", 5, 0, 0.5))
    await boards.tick(evening + HOUR)
    assert (await boards.scores())["g1"][1:] == (None, None), "it is not the evening's game"
    assert await boards.unmatched() == ["g1"]
    await boards.store(mets("g1", noon), mets("g2", evening))
    await boards.tick(evening + HOUR)
    assert (await boards.scores())["g2"] == ("live", 5, 0)
    boards.show("e1", "New York Mets", "Chicago Cubs", noon, Stand("postponed"))
    await boards.tick(evening + HOUR)
    assert {key: status for key, (status, *_) in (await boards.scores()).items()} == {
        "g1": "postponed",
        "g2": "live",
    }
    assert await boards.unmatched() == []


async def test_one_pair_of_teams_in_two_leagues_at_once_has_each_its_own_score(boards: Boards) -> None:
    for key, identity, points in (("soccer_epl", "league", 1), ("soccer_uefa_champs_league", "cup", 3)):
        one = event(identity, home="Arsenal", away="Chelsea", starts=NINE_PM, sport_key=key)
        await boards.store(one, sport_key=key)
        boards.show(f"e-{identity}", "Arsenal", "Chelsea", NINE_PM, Stand("in", points, 0, 0.2), key)
    await boards.tick(NINE_PM + timedelta(minutes=20), ("soccer_epl", "soccer_uefa_champs_league"))
    assert await boards.scores() == {"cup": ("live", 3, 0), "league": ("live", 1, 0)}


async def test_a_preseason_game_is_on_its_league_s_board(boards: Boards) -> None:
    key = "baseball_mlb_preseason"
    await boards.store(
        event(home="New York Mets", away="Oakland Athletics", starts=NINE_PM, sport_key=key), sport_key=key
    )
    boards.show("e1", "New York Mets", "Athletics", NINE_PM, Stand("in", 4, 2, 0.4), key)
    await boards.tick(NINE_PM + HOUR, (key,))
    assert await boards.scores() == {"g1": ("live", 4, 2)}


async def test_a_team_renamed_in_mid_season_is_one_alert_until_an_operator_names_it(
    boards: Boards, database: Any, redis: Any, settings: Settings
) -> None:
    watched = await start(database, redis, settings, NINE_PM - HOUR)
    boards.leader.token = watched.term.token
    look = looking(settings)
    await boards.store(mets("m1"))
    boards.show("e1", "Queens Mets", "Chicago Cubs", NINE_PM, Stand("in", 2, 1, 0.3))

    async def minute() -> None:
        for _ in range(2):
            await watched.odds_arrive()
            try:
                await boards.tick(watched.now)
            except FeedError:
                pytest.fail("the boards answer")
            await report(watched.term, look, watched.now)
            watched.now += timedelta(seconds=30)

    watched.now = NINE_PM + timedelta(minutes=1)
    for _ in range(5):
        await minute()
    assert [reason["code"] for reason in (await watched.published())["reasons"]] == ["games_unmatched"]
    for _ in range(11):  # longer than the ten minutes after which a standing trouble would repeat
        await minute()
    assert await watched.told() == [("games:unmatched", "failure")], "one alert, however long it lasts"
    assert (await boards.scores())["m1"][1:] == (None, None)
    assert await match_team(settings, MLB, "Queens Mets", "New York Mets") == 0
    await minute()
    assert (await boards.scores())["m1"] == ("live", 2, 1)
    assert (await watched.published())["reasons"] == []
    assert await watched.told() == [("games:unmatched", "failure"), ("games:unmatched", "recovery")]
