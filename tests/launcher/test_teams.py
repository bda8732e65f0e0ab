"""What an operator sees of a game that no scoreboard has, how its name is mended, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from launcher.commands.teams import forget_name, list_unmatched, match_team, show_coverage
from quartapp.feeds.espn import EspnClient
from quartapp.jobs import scoreboard
from quartapp.records import Team
from quartapp.sandbox.espn_board import Stand, board
from quartapp.sandbox.espn_board import event as espn_event
from quartapp.settings import Settings
from quartapp.store import games, teams
from quartapp.store import scoreboard as stored
from tests.support.examples import AWAY, HOME, SPORT, TIP_OFF, event
from tests.support.leader import open_leader


async def test_an_unmatched_game_is_listed_and_a_name_matches_it(
    database: Any, redis: Any, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def listed() -> tuple[int, str]:
        code = await list_unmatched(settings)
        return code, capsys.readouterr().out

    shown = espn_event("401", SPORT, HOME, "Miami Hoops", TIP_OFF, Stand("in", 3, 2, 0.1))
    others = [
        espn_event(f"e{number}", SPORT, f"Home {number}", f"Away {number}", TIP_OFF, Stand("pre"))
        for number in range(15)
    ]
    events = [*others, shown]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=board(events, "20261124")))
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
        assert (code, said.splitlines()) == (
            1,
            [
                f"basketball_nba: {AWAY} at {HOME}, 2026-11-25 00:30 UTC",
                f"  the board has: Miami Hoops at {HOME}",
                '    if it is the same game: launcher teams match basketball_nba "Miami Hoops" "Miami Heat"',
                *(f"  the board has: Away {number} at Home {number}" for number in range(10)),
                "  and 5 more games without either team",
            ],
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


async def test_what_would_make_two_teams_one_is_refused_and_a_mistake_is_taken_back(
    database: Any, redis: Any, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def said(code: int, *arguments: str) -> str:
        assert await match_team(settings, *arguments) == code
        out = capsys.readouterr()
        return out.err if code else out.out

    async with open_leader(database, redis, settings) as leader:
        async with leader.transaction() as connection:
            listed = [
                event(),
                event("g2", home="Neu Stadt", away="Alt Stadt"),
                event("g3", home="Neu Stadt", away="Alt Stadt", starts=TIP_OFF + timedelta(hours=8)),
                event("g4", home="Berg Stadt", away="Utah Jazz"),
            ]
            await games.upsert(connection, SPORT, listed, "sandbox", TIP_OFF)

        assert "There is no league 'basketball_nbaa'" in await said(1, "basketball_nbaa", "A", "B")
        assert "Did you mean 'Miami Heat'?" in await said(1, SPORT, "Miami Hoops", "Miami Hete")
        refused = await said(1, SPORT, "LA Clippers", "Los Angeles Lakers")
        assert "'LA Clippers' is 'Los Angeles Clippers' in basketball_nba: two teams" in refused
        assert "forget" not in refused, "the table that ships with the code says so"
        assert "Did you mean basketball_nba?" in await said(1, "nba", "Miami Hoops", "Miami Heat")
        assert f'launcher teams match {SPORT} "Miami Hoops" "Miami Heat"' in await said(
            1, SPORT, "Miami Heat", "Miami Hoops"
        )
        assert "they are two teams" in await said(1, SPORT, "Neu Stadt", "Alt Stadt"), "they play each other"
        assert "they are two teams" in await said(1, SPORT, "Neu Stadt", "Berg Stadt"), "at the same time"
        assert "letters or digits" in await said(1, SPORT, " -- ", "Miami Heat")
        assert await leader.rows("SELECT 1 FROM team_aliases") == [], "none of these was kept"

        assert "Kept" in await said(0, SPORT, " Miami Hoops ", "Miami Heat")
        assert "one team already" in await said(0, SPORT, "MIAMI HOOPS", "Miami Heat"), "twice is once"
        assert "is 'Miami Heat' in basketball_nba" in await said(1, SPORT, "Miami Hoops", "Utah Jazz")
        assert f'teams forget {SPORT} "Miami Hoops"' in await said(1, SPORT, "Miami Hoops", "Utah Jazz")
        assert await forget_name(settings, SPORT, "Miami hoops") == 0
        assert "no longer 'Miami Heat'" in capsys.readouterr().out
        assert await forget_name(settings, SPORT, "Miami Hoops") == 1
        assert "Kept" in await said(0, SPORT, "Miami Hoops", "Utah Jazz")
        assert "Kept" in await said(0, SPORT, "Neustadt Club", "Neu Stadt"), (
            "a team that no table knows, and plays"
        )
        async with leader.transaction() as connection:
            kept = (await stored.aliases(connection))[SPORT]
        assert kept == [("Miami Hoops", "Utah Jazz"), ("Neustadt Club", "Neu Stadt")]


async def test_coverage_lists_the_teams_of_our_games_that_espn_does_not_have(
    database: Any, redis: Any, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def shown() -> tuple[int, str]:
        code = await show_coverage(settings)
        return code, capsys.readouterr().out

    assert await shown() == (0, "No league with a scoreboard has a game.\n")
    ahead = datetime.now(UTC) + timedelta(days=1)
    async with open_leader(database, redis, settings) as leader:
        async with leader.transaction() as connection:
            clippers = event("g2", home="Los Angeles Clippers", away="Nowhere Hoops", starts=ahead)
            await games.upsert(connection, SPORT, [event(starts=ahead), clippers], "sandbox", ahead)
        assert await shown() == (
            0,
            "basketball_nba: 4 teams; ESPN's list has not come yet (job roster_injuries)\n",
        )
        async with leader.transaction() as connection:
            theirs = [
                Team(str(number), name, None)
                for number, name in enumerate((HOME, AWAY, "LA Clippers", "Hoops"))
            ]
            await teams.upsert_teams(connection, SPORT, theirs, ahead)
        code, said = await shown()
        assert (code, said.splitlines()) == (
            1,
            ["basketball_nba: 3 of 4 teams (75.0 %)", "  'Nowhere Hoops' is not on ESPN's list"],
        )
        await match_team(settings, SPORT, "Hoops", "Nowhere Hoops")
        capsys.readouterr()
        assert await shown() == (
            0,
            "basketball_nba: 4 of 4 teams (100.0 %)\n  an operator added: 'Hoops' is 'Nowhere Hoops'\n",
        )
