"""What an operator sees of a game that no scoreboard has, and how its name is mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from launcher.commands.teams import list_unmatched, match_team
from quartapp.feeds.espn import EspnClient
from quartapp.jobs import scoreboard
from quartapp.sandbox.espn_board import Stand, board
from quartapp.sandbox.espn_board import event as espn_event
from quartapp.settings import Settings
from quartapp.store import games
from tests.support.examples import AWAY, HOME, SPORT, TIP_OFF, event
from tests.support.leader import open_leader


async def test_an_unmatched_game_is_listed_and_a_name_matches_it(
    database: Any, redis: Any, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def listed() -> tuple[int, str]:
        code = await list_unmatched(settings)
        return code, capsys.readouterr().out

    shown = espn_event("401", SPORT, HOME, "Miami Hoops", TIP_OFF, Stand("in", 3, 2, 0.1))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=board([shown], "20261124")))
    async with (
        open_leader(database, redis, settings) as leader,
        httpx.AsyncClient(transport=transport) as client,
    ):
        leader.resources = replace(leader.resources, espn=EspnClient(client, "http://upstream"))
        now = TIP_OFF + timedelta(minutes=5)
        async with leader.transaction() as connection:
            await games.upsert(connection, SPORT, [event()], "sandbox", TIP_OFF)
        await scoreboard.follow(leader.context("scoreboard"), [SPORT], now)
        code, said = await listed()
        assert (code, f"{AWAY} at {HOME}" in said, f"the board has: Miami Hoops at {HOME}" in said) == (
            1,
            True,
            True,
        )

        assert await match_team(settings, SPORT, "Miami Hoops", "Miami Hete") == 1
        assert await match_team(settings, SPORT, "Miami Hoops", AWAY) == 0
        await scoreboard.follow(leader.context("scoreboard"), [SPORT], now + timedelta(seconds=30))
        assert await listed() == (0, "Kept: in basketball_nba, 'Miami Hoops' is 'Miami Heat'. The next run of "
                                  "scoreboard uses it.\nEvery game under way is on its scoreboard.\n")  # fmt: skip
        game = await leader.game()
        assert (game["status"], game["home_score"], game["away_score"], game["live_source"]) == (
            "live",
            3,
            2,
            "espn",
        )
        shown_game = (await leader.read("/api/game/g1"))["game"]
        assert shown_game["live"]["period"] == 1
        assert shown_game["live"]["source"] == "espn"
