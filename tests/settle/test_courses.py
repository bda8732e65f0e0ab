"""From ESPN's board to the grade: extra time, games cut short, forfeits, and what happens when more is told later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from quartapp.feeds.espn import EspnClient
from quartapp.jobs import scoreboard
from quartapp.jobs.settle import settle
from quartapp.sandbox.espn_board import Stand, board, event
from quartapp.store import games
from tests.support.examples import event as listing
from tests.support.examples import score
from tests.support.leader import Leader, open_leader
from tests.support.settling import TODAY, Placed, grade_rows, place_picks, put_game

UCL, NFL, MLB, NHL = "soccer_uefa_champs_league", "americanfootball_nfl", "baseball_mlb", "icehockey_nhl"
HOME, AWAY = "Roma", "Porto"
AET = Stand("extra_time", 2, 1, regulation=(1, 1))


@dataclass
class Board:
    """One game as ESPN and the operators' clock see it."""

    leader: Leader
    sql: Any
    sport: str = UCL
    shown: dict[str, Any] = field(default_factory=dict)
    now: datetime = TODAY

    async def place(self, sport: str, hours_ago: float = 3, *bets: tuple[str, str, str | None]) -> None:
        """Put a running game and bet on it: (market, outcome, point)."""
        self.sport = sport
        await put_game(
            self.sql, "g", None, status="live", sport=sport, home=HOME, away=AWAY, hours_ago=hours_ago
        )
        await place_picks(
            self.sql,
            [
                Placed(
                    f"{outcome} {point or 'to win'}", 0, "g", market, outcome, None if point is None else Decimal(point),
                    Decimal("1.91"), sport == UCL and market == "h2h",
                )
                for market, outcome, point in bets
            ],
        )  # fmt: skip

    async def tell(self, stand: Stand, *, swapped: bool = False, bare: bool = False) -> None:
        """Let ESPN say how the game stands, and the job read it; each time half an hour later."""
        start = await self.sql.fetchval("SELECT commence_time FROM games")
        home, away = (AWAY, HOME) if swapped else (HOME, AWAY)
        made = event("401", self.sport, home, away, start, stand, neutral=swapped)
        if bare:
            made["competitions"][0].pop("details", None)
            for side in made["competitions"][0]["competitors"]:
                side.pop("linescores", None)
        self.shown = board([made], "20261128")
        self.now += timedelta(minutes=31)
        await scoreboard.follow(self.leader.context("scoreboard"), [self.sport], self.now)

    async def pass_time(self) -> None:
        """Let the clock see which games are overdue."""
        async with self.leader.transaction() as connection:
            await games.start_due(connection, self.now)

    async def pay(self, points: tuple[int, int]) -> int:
        """Let The Odds API say that it is over."""
        told = score("g", points, completed=True, sport_key=self.sport, home=HOME, away=AWAY)
        async with self.leader.transaction() as connection:
            assert await games.disputes(connection, [told]) == []
            return await games.write_scores(connection, [told], self.now)

    async def grades(self) -> dict[str, list[str]]:
        """Settle, and return each bet's grades, oldest first."""
        await settle(self.leader.context("settle"))
        found: dict[str, list[str]] = {}
        for row in await grade_rows(self.sql):
            found.setdefault(row["bet_id"], []).append(row["grade"])
        return found

    async def game(self) -> Any:
        return await self.sql.fetchrow("SELECT * FROM games")


@pytest.fixture
async def espn(database: Any, redis: Any, settings: Any, sql: Any) -> AsyncIterator[Board]:
    async with open_leader(database, redis, settings) as leader:
        made = Board(leader, sql)
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=made.shown))
        async with httpx.AsyncClient(transport=transport) as client:
            leader.resources = replace(leader.resources, espn=EspnClient(client, "http://espn"))
            yield made


BETS = (("h2h", HOME, None), ("h2h", "Draw", None), ("totals", "Over", "2.5"), ("spreads", AWAY, "0.5"))
BY_NINETY = {"Roma to win": ["lost"], "Draw to win": ["won"], "Over 2.5": ["lost"], "Porto 0.5": ["won"]}


async def test_a_cup_match_is_graded_by_its_score_after_ninety_minutes_which_the_grade_keeps(
    espn: Board,
) -> None:
    await espn.place(UCL, 3, *BETS)
    await espn.tell(AET)
    assert await espn.grades() == BY_NINETY
    for row in await grade_rows(espn.sql):
        assert (row["home_score"], row["away_score"]) == (2, 1)
        assert (row["regulation_home"], row["regulation_away"], row["source"]) == (1, 1, "espn")
        assert row["reason"] == "1-1 at the end of regulation"
    game = await espn.game()
    assert (game["status"], game["overtime"], game["home_score"], game["away_score"]) == ("final", True, 2, 1)


async def test_at_a_neutral_venue_both_scores_are_turned_round_with_the_sides(espn: Board) -> None:
    await espn.place(UCL, 3, *BETS)
    await espn.tell(Stand("extra_time", 1, 3, regulation=(1, 2)), swapped=True)
    game = await espn.game()
    assert [game[one] for one in ("home_score", "away_score", "regulation_home", "regulation_away")] == [
        3,
        1,
        2,
        1,
    ]
    assert await espn.grades() == {
        "Roma to win": ["won"],
        "Draw to win": ["lost"],
        "Over 2.5": ["won"],
        "Porto 0.5": ["lost"],
    }


async def test_where_nobody_tells_how_it_stood_a_cup_bet_waits_and_is_graded_once_it_is_told(
    espn: Board,
) -> None:
    await espn.place(UCL, 3, *BETS)
    await espn.tell(AET, bare=True)
    assert (await espn.game())["status"] == "final"
    assert await espn.grades() == {}
    await espn.tell(AET)
    assert await espn.grades() == BY_NINETY
    await espn.tell(AET, bare=True)  # what is not said any more is not unsaid
    assert await espn.grades() == BY_NINETY


async def test_a_corrected_score_at_the_end_of_regulation_is_graded_anew_in_the_next_run_for_72_hours(
    espn: Board,
) -> None:
    await espn.place(UCL, 3, *BETS)
    await espn.tell(AET)
    await espn.grades()
    corrected = replace(AET, regulation=(2, 1))
    await espn.tell(corrected)
    assert await espn.grades() == {
        "Roma to win": ["lost", "won"],
        "Draw to win": ["won", "lost"],
        "Over 2.5": ["lost", "won"],
        "Porto 0.5": ["won", "lost"],
    }
    reasons = {row["reason"] for row in await grade_rows(espn.sql) if row["corrects"]}
    was = "by 2-1, 1-1 at the end of regulation"
    assert reasons == {
        f"2-1 at the end of regulation; was lost {was}",
        f"2-1 at the end of regulation; was won {was}",
    }
    row = await espn.sql.fetchrow("SELECT * FROM game_corrections")
    assert [row[f"regulation_{one}"] for one in ("home_before", "home_after", "away_after")] == [1, 2, 1]
    assert (row["home_before"], row["home_after"], row["corrected_at"]) == (2, 2, espn.now)
    before = await grade_rows(espn.sql)
    await espn.sql.execute("UPDATE games SET final_at = final_at - interval '73 hours'")
    await espn.tell(AET)
    await espn.grades()
    assert await grade_rows(espn.sql) == before


@pytest.mark.parametrize("paid", [(2, 1), (1, 1)])
async def test_the_second_source_cannot_tell_extra_time_and_espn_adds_it(
    espn: Board, paid: tuple[int, int]
) -> None:
    await espn.place(UCL, 3, *BETS)
    assert await espn.pay(paid) == 1
    assert await espn.grades() == {}
    await espn.tell(AET)
    assert await espn.grades() == BY_NINETY
    assert ((await espn.game())["home_score"], (await espn.game())["score_source"]) == (paid[0], "odds_api")
    assert await espn.pay(paid) == 0
    assert await espn.sql.fetchval("SELECT count(*) FROM game_corrections") == 0


async def test_a_source_that_counts_to_ninety_minutes_does_not_dispute_one_that_counts_on(
    espn: Board,
) -> None:
    await espn.place(UCL, 3, *BETS)
    await espn.tell(AET)
    assert await espn.pay((1, 1)) == 0
    assert (await espn.game())["home_score"] == 2


async def test_a_match_abandoned_at_half_time_waits_for_its_48_hours_and_is_void(espn: Board) -> None:
    await espn.place(UCL, 47, *BETS)
    await espn.tell(Stand("in", 1, 0, 0.4))
    await espn.tell(Stand("abandoned", 2, 0, period=1, clock="45'+2'"))
    game = await espn.game()
    assert (game["status"], game["fate"], game["home_score"], game["played"]) == (
        "cancelled",
        "abandoned",
        2,
        45,
    )
    assert await espn.grades() == {}
    await espn.sql.execute("ALTER TABLE picks DISABLE TRIGGER ALL")
    await espn.sql.execute("UPDATE picks SET commence_time = commence_time - interval '2 hours'")
    assert await espn.grades() == {name: ["void"] for name in BY_NINETY}
    row = (await grade_rows(espn.sql))[0]
    assert row["reason"].startswith("45 minutes played of the 90 that")
    assert (row["played"], row["game_status"]) == (45, "cancelled")


async def test_an_abandoned_game_that_had_its_minimum_stands_at_once(espn: Board) -> None:
    await espn.place(NFL, 3, ("h2h", HOME, None), ("totals", "Over", "40.5"))
    await espn.tell(Stand("abandoned", 24, 17, period=4, clock="4:59"))
    stood = {"Roma to win": ["won"], "Over 40.5": ["won"]}
    assert await espn.grades() == stood
    await espn.tell(Stand("awarded", 0, 9, period=4))  # a ruling of the days after
    assert await espn.grades() == stood
    assert {row["played"] for row in await grade_rows(espn.sql)} == {Decimal("55.02")}


async def test_an_abandoned_game_that_is_played_anew_in_time_counts_by_its_result(espn: Board) -> None:
    await espn.place(NHL, 3, ("h2h", HOME, None))
    await espn.tell(Stand("abandoned", 2, 3, period=1, clock="12:00"))
    assert await espn.pay((2, 3)) == 0  # totals of a game that was stopped are no result
    assert await espn.grades() == {}
    anew = listing("g", starts=TODAY + timedelta(hours=20), sport_key=NHL, home=HOME, away=AWAY)
    async with espn.leader.transaction() as connection:
        await games.upsert(connection, NHL, [anew], "sandbox", espn.now)
    game = await espn.game()
    assert (game["status"], game["fate"], game["played"], game["home_score"]) == (
        "scheduled",
        None,
        None,
        None,
    )
    await espn.pay((4, 1))
    assert await espn.grades() == {"Roma to win": ["won"]}


@pytest.mark.parametrize("innings", [4, 6])
async def test_a_suspended_game_is_resumed_the_next_day_or_judged_by_what_was_played(
    espn: Board, innings: int
) -> None:
    await espn.place(MLB, 3, ("h2h", HOME, None), ("totals", "Over", "6.5"))
    await espn.tell(Stand("suspended", 5, 3, period=innings, batted=False))
    assert (await espn.game())["status"] == "live"
    assert await espn.grades() == {}
    await espn.sql.execute("UPDATE games SET status = 'unresolved'")  # as after twelve hours
    await espn.sql.execute("ALTER TABLE picks DISABLE TRIGGER ALL")
    await espn.sql.execute("UPDATE picks SET commence_time = commence_time - interval '48 hours'")
    assert await espn.grades() == {
        "Roma to win": ["void" if innings == 4 else "won"],
        "Over 6.5": ["void"],
    }


@pytest.mark.parametrize("stopped", ["suspended", "abandoned"])
async def test_what_was_decided_when_the_time_was_over_stands_though_the_game_is_ended_later(
    espn: Board, stopped: str
) -> None:
    await espn.place(MLB, 3, ("h2h", HOME, None), ("totals", "Over", "6.5"))
    await espn.tell(Stand(stopped, 5, 3, period=6, batted=False))
    await espn.sql.execute("ALTER TABLE picks DISABLE TRIGGER ALL")
    await espn.sql.execute("UPDATE picks SET commence_time = commence_time - interval '48 hours'")
    decided = {"Roma to win": ["won"], "Over 6.5": ["void"]}
    assert await espn.grades() == decided
    await espn.tell(Stand("final", 5, 9))
    assert (await espn.game())["status"] == "final"
    assert await espn.grades() == decided


async def test_a_suspended_game_is_live_until_it_is_resumed_the_next_day_and_ends_by_its_result(
    espn: Board,
) -> None:
    await espn.place(MLB, 3, ("h2h", HOME, None))
    await espn.tell(Stand("suspended", 5, 3, period=7))
    for hours in (8, 8):
        espn.now += timedelta(hours=hours)
        await espn.tell(Stand("suspended", 5, 3, period=7))
        await espn.pass_time()
        assert ((await espn.game())["status"], (await espn.game())["fate"]) == ("live", "suspended")
    for runs in (4, 5):  # a run was taken back
        await espn.tell(Stand("in", runs, 6, 0.8))
        await espn.pass_time()
        game = await espn.game()
        assert (game["status"], game["home_score"], game["played"]) == ("live", runs, None)
    await espn.tell(Stand("final", 5, 7))
    assert await espn.grades() == {"Roma to win": ["lost"]}
    await espn.tell(Stand("in", 5, 7, 0.9))  # a board that takes its end back
    game = await espn.game()
    assert (game["status"], game["fate"], game["played"]) == ("final", None, None)


async def test_a_shortened_final_needs_its_minimum_by_market(espn: Board) -> None:
    await espn.place(MLB, 3, ("h2h", HOME, None), ("totals", "Over", "6.5"), ("spreads", HOME, "-1.5"))
    await espn.tell(Stand("shortened", 5, 3, period=6))
    assert await espn.grades() == {"Roma to win": ["won"], "Over 6.5": ["void"], "Roma -1.5": ["void"]}


@pytest.mark.parametrize("state", ["forfeit", "awarded"])
async def test_a_forfeited_or_awarded_game_is_void_whatever_score_is_put_down(
    espn: Board, state: str
) -> None:
    await espn.place(MLB, 3, ("h2h", HOME, None))
    await espn.tell(Stand(state, 9, 0, period=9))
    game = await espn.game()
    assert (game["status"], game["fate"]) == ("cancelled", "forfeit")
    assert await espn.grades() == {"Roma to win": ["void"]}
    assert (await grade_rows(espn.sql))[0]["reason"] == "forfeited"


async def test_a_tie_after_overtime_in_football_is_a_push_and_nil_nil_an_end(espn: Board) -> None:
    await espn.place(NFL, 3, ("h2h", HOME, None), ("totals", "Under", "40"))
    await espn.tell(Stand("overtime", 20, 20, regulation=(17, 17)))
    assert await espn.grades() == {"Roma to win": ["push"], "Under 40": ["push"]}


async def test_nothing_is_graded_from_an_end_without_a_score(espn: Board) -> None:
    await espn.place(NHL, 3, ("h2h", HOME, None))
    for points in (None, "-1", "x"):
        made = event("401", NHL, HOME, AWAY, (await espn.game())["commence_time"], Stand("final", 3, 2))
        made["competitions"][0]["competitors"][0]["score"] = points
        espn.shown = board([made], "20261128")
        espn.now += timedelta(minutes=31)
        await scoreboard.follow(espn.leader.context("scoreboard"), [NHL], espn.now)
        assert (await espn.game())["status"] == "unresolved"
        assert await espn.grades() == {}
    await espn.tell(Stand("final", 0, 0))
    assert await espn.grades() == {"Roma to win": ["push"]}


async def test_a_board_that_lists_nothing_while_a_game_is_on_has_done_nothing_of_what_was_due(
    espn: Board,
) -> None:
    await espn.place(NHL, 1, ("h2h", HOME, None))
    start = (await espn.game())["commence_time"]
    running = event("401", NHL, HOME, AWAY, start, Stand("in", 1, 0, 0.3))
    for events, done in (([], 0), ([running], 1)):
        context = espn.leader.context("scoreboard")
        espn.shown = board(events, "20261128")
        await scoreboard.follow(context, [NHL], espn.now)
        assert (context.stats["due"], context.stats["done"]) == (1, done)
