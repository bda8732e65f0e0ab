"""A game's life: scheduled, live, final; moved, vanished, unknown, and never backwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from quartapp.settle.states import News
from quartapp.store import games, scoreboard, sports
from tests.support.examples import AWAY, HOME, SPORT, TIP_OFF, event, score, sport
from tests.support.leader import Leader

BEFORE, DURING, AFTER = (TIP_OFF + timedelta(hours=hours) for hours in (-12, 1, 3))
SECOND = timedelta(seconds=1)


async def slate(leader: Leader, now: datetime, *events: Any) -> None:
    async with leader.transaction() as connection:
        await games.upsert(connection, SPORT, events, "sandbox", now)


async def scores(leader: Leader, now: datetime, *given: Any) -> int:
    async with leader.transaction() as connection:
        return await games.write_scores(connection, given, now)


async def results(leader: Leader, now: datetime, *given: Any) -> int:
    async with leader.transaction() as connection:
        return await games.insert_results(connection, given, "sandbox", now)


async def start_due(leader: Leader, now: datetime) -> set[str]:
    async with leader.transaction() as connection:
        return await games.start_due(connection, now)


async def test_a_game_is_scheduled_then_live_then_final(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    game = await leader.game()
    assert (game["status"], game["home_score"], game["final_at"]) == ("scheduled", None, None)
    assert await start_due(leader, TIP_OFF - SECOND) == set()
    assert await start_due(leader, TIP_OFF) == {SPORT}
    assert (await leader.game())["status"] == "live"
    assert await scores(leader, DURING, score("g1", (48, 51))) == 1
    game = await leader.game()
    assert (game["status"], game["home_score"], game["away_score"]) == ("live", 48, 51)
    assert await scores(leader, AFTER, score("g1", (110, 104), completed=True)) == 1
    game = await leader.game()
    assert (game["status"], game["home_score"], game["away_score"]) == ("final", 110, 104)
    assert game["final_at"] == AFTER


async def test_a_slate_that_lists_a_running_game_turns_it_live(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    await slate(leader, TIP_OFF, event())
    assert (await leader.game())["status"] == "live"
    assert await start_due(leader, TIP_OFF) == set()


async def test_a_game_that_began_early_stays_live_with_its_score(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    early = TIP_OFF - timedelta(minutes=3)
    await scores(leader, early, score("g1", (2, 0)))
    await slate(leader, early + SECOND, event())
    game = await leader.game()
    assert (game["status"], game["home_score"]) == ("live", 2)


async def test_a_live_game_that_is_put_off_is_scheduled_again(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    await start_due(leader, DURING)
    await slate(leader, DURING, event(starts=TIP_OFF + timedelta(days=1)))
    game = await leader.game()
    assert (game["status"], game["commence_time"]) == ("scheduled", TIP_OFF + timedelta(days=1))


@pytest.mark.parametrize(
    "older",
    [score("g1", (98, 101)), score("g1", (110, 104)), score("g1", (None, None))],
    ids=["another score", "the same score", "no score"],
)
async def test_a_final_game_does_not_become_live_from_an_older_answer(leader: Leader, older: Any) -> None:
    await slate(leader, BEFORE, event())
    await scores(leader, AFTER, score("g1", (110, 104), completed=True))
    final = await leader.game()
    assert await scores(leader, AFTER + timedelta(minutes=10), older) == 0
    assert await leader.game() == final


async def test_a_final_game_stays_final_whatever_the_odds_or_the_time_say(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    await scores(leader, AFTER, score("g1", (110, 104), completed=True))
    await slate(leader, AFTER, event())
    await slate(leader, AFTER, event(starts=AFTER + timedelta(days=1)))
    await start_due(leader, AFTER + timedelta(days=2))
    await slate(leader, AFTER)
    game = await leader.game()
    assert (game["status"], game["home_score"], game["final_at"]) == ("final", 110, AFTER)


async def test_a_corrected_result_is_taken_and_the_game_keeps_when_it_ended(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    final = score("g1", (110, 104), completed=True)
    assert await scores(leader, AFTER, final) == 1
    assert await scores(leader, AFTER + SECOND, final) == 0
    assert await scores(leader, AFTER + SECOND, score("g1", (111, 104), completed=True)) == 1
    game = await leader.game()
    assert (game["home_score"], game["final_at"]) == (111, AFTER)


@pytest.mark.parametrize("points", [(None, None), (110, None)], ids=str)
async def test_a_result_without_points_is_no_result_and_takes_no_final_points_away(
    leader: Leader, points: tuple[int | None, int | None]
) -> None:
    await slate(leader, BEFORE, event(), event("g2"))
    await scores(leader, DURING, score("g1", (48, 51)))
    await scores(leader, AFTER, score("g2", (110, 104), completed=True))
    without = [score(one, points, completed=True) for one in ("g1", "g2")]
    assert await scores(leader, AFTER, *without) == 1
    assert await scores(leader, AFTER + SECOND, *without) == 0
    first, second = await leader.game("g1"), await leader.game("g2")
    assert (first["status"], first["home_score"], first["away_score"]) == (
        "unresolved",
        None,
        None,
    )  # not half-time's
    assert (second["status"], second["home_score"], second["away_score"]) == ("final", 110, 104)


async def test_a_score_that_is_not_known_yet_changes_nothing(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    assert await scores(leader, DURING, score("g1", (None, None))) == 0
    assert (await leader.game())["status"] == "scheduled"
    await scores(leader, DURING, score("g1", (0, 0)))
    assert await scores(leader, DURING, score("g1", (0, 0))) == 0


async def test_a_game_without_a_result_is_unresolved_after_twelve_hours_and_takes_its_result_later(
    leader: Leader,
) -> None:
    await slate(leader, BEFORE, event())
    await start_due(leader, TIP_OFF)
    twelve = TIP_OFF + timedelta(hours=12)
    assert await start_due(leader, twelve - SECOND) == set()
    assert (await leader.game())["status"] == "live"
    assert await start_due(leader, twelve) == {SPORT}
    assert await start_due(leader, twelve + SECOND) == set()
    game = await leader.game()
    assert (game["status"], game["final_at"], game["home_score"]) == ("unresolved", None, None)
    late = twelve + timedelta(hours=20)
    await scores(leader, late, score("g1", (110, 104), completed=True))
    game = await leader.game()
    assert (game["status"], game["home_score"], game["final_at"]) == ("final", 110, late)


async def test_a_game_that_an_older_version_ended_by_the_clock_is_unresolved(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    async with leader.transaction() as connection:
        await connection.execute("UPDATE games SET status = 'final', final_at = now()")
    assert await start_due(leader, AFTER) == {SPORT}
    assert await start_due(leader, AFTER) == set()
    game = await leader.game()
    assert (game["status"], game["final_at"]) == ("unresolved", None)


@pytest.mark.parametrize("hours", [9, 13, 40])
async def test_a_game_that_is_relisted_comes_back(leader: Leader, hours: int) -> None:
    """Rained off and put off to the next day, under its id: whatever had become of it meanwhile."""
    await slate(leader, BEFORE, event())
    late = TIP_OFF + timedelta(hours=hours)
    await start_due(leader, late)
    assert (await leader.game())["status"] == ("live" if hours == 9 else "unresolved")
    await slate(leader, late, event(starts=late + timedelta(days=1)))
    game = await leader.game()
    assert (game["status"], game["commence_time"]) == ("scheduled", late + timedelta(days=1))


async def test_a_test_match_is_live_for_five_days_while_it_is_listed(leader: Leader) -> None:
    cricket = event("t1", sport_key="cricket_test_match")

    async def look(now: datetime, *listed: Any) -> str:
        async with leader.transaction() as connection:
            await games.upsert(connection, "cricket_test_match", listed, "sandbox", now)
        await start_due(leader, now)
        return str((await leader.game("t1"))["status"])

    async with leader.transaction() as connection:
        await sports.upsert(connection, [sport("cricket_test_match")], "sandbox", BEFORE)
    assert await look(BEFORE, cricket) == "scheduled"
    for hours in (9, 30, 100):
        assert await look(TIP_OFF + timedelta(hours=hours), cricket) == "live"
    assert await look(TIP_OFF + timedelta(hours=111)) == "live"
    assert await look(TIP_OFF + timedelta(hours=112)) == "unresolved"  # no list has named it for 12 hours
    assert await look(TIP_OFF + timedelta(hours=113), cricket) == "live"


@pytest.mark.parametrize("fate", ["postponed", "cancelled"])
async def test_a_game_that_is_put_off_or_cancelled_is_written_and_comes_back_at_a_new_time(
    leader: Leader, fate: Any
) -> None:
    async def write(now: datetime) -> int:
        told = scoreboard.Told(News(fate), None, None, None)
        async with leader.transaction() as connection:
            return await scoreboard.write_told(connection, {"g1": told, "unknown": told}, "espn", now)

    await slate(leader, BEFORE, event())
    await scores(leader, DURING, score("g1", (2, 0)))
    assert await write(DURING) == 1
    assert await write(DURING) == 0
    await slate(leader, DURING, event())  # a list that does not know it yet
    await slate(leader, DURING)  # and one that leaves it out
    assert await start_due(leader, AFTER + timedelta(days=1)) == set()
    assert (await leader.game())["status"] == fate
    await slate(leader, AFTER, event(starts=AFTER + timedelta(days=1)))
    game = await leader.game()
    assert (game["status"], game["home_score"]) == ("scheduled", None)


async def test_a_corrected_result_leaves_a_row_and_counts_for_72_hours(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    await scores(leader, AFTER, score("g1", (110, 104), completed=True))
    last = AFTER + timedelta(hours=72)
    assert await scores(leader, last, score("g1", (111, 104), completed=True)) == 1
    assert await scores(leader, last, score("g1", (111, 104), completed=True)) == 0
    assert await scores(leader, last + SECOND, score("g1", (99, 104), completed=True)) == 0
    game = await leader.game()
    assert (game["home_score"], game["final_at"], game["corrected_at"]) == (111, AFTER, last)
    (row,) = await leader.rows("SELECT * FROM game_corrections")
    assert (row["home_before"], row["home_after"], row["corrected_at"]) == (110, 111, last)


async def test_a_list_that_is_not_whole_withdraws_nothing_and_an_unread_game_stays(leader: Leader) -> None:
    await slate(leader, BEFORE, event(), event("g2"))
    async with leader.transaction() as connection:
        await games.upsert(connection, SPORT, [event("g2")], "sandbox", BEFORE, whole=False)
        await games.upsert(connection, SPORT, [event("g2")], "sandbox", BEFORE, unread={"g1"})
    assert (await leader.game())["status"] == "scheduled"


async def test_a_moved_game_is_one_game_at_its_new_time(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    for moved in (timedelta(hours=2), timedelta(days=3), timedelta(hours=-1)):
        await slate(leader, BEFORE, event(starts=TIP_OFF + moved))
        game = await leader.game()
        assert (game["status"], game["commence_time"]) == ("scheduled", TIP_OFF + moved)
        assert game["first_seen_at"] == BEFORE


async def test_a_game_that_vanishes_before_it_begins_is_withdrawn_and_returns(leader: Leader) -> None:
    other = event("g2", starts=TIP_OFF + timedelta(hours=2))
    await slate(leader, BEFORE, event(), other)
    await slate(leader, BEFORE, other)
    assert [(await leader.game(one))["status"] for one in ("g1", "g2")] == ["withdrawn", "scheduled"]
    assert await start_due(leader, TIP_OFF) == set()
    await slate(leader, BEFORE, event(), other)
    assert (await leader.game())["status"] == "scheduled"


async def test_a_running_game_that_the_odds_no_longer_list_goes_on(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    await slate(leader, DURING)
    assert (await leader.game())["status"] == "scheduled"
    await start_due(leader, DURING)
    await slate(leader, DURING)
    assert (await leader.game())["status"] == "live"


async def test_another_league_s_empty_slate_withdraws_nothing_here(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    async with leader.transaction() as connection:
        await games.upsert(connection, "icehockey_nhl", (), "sandbox", BEFORE)
    assert (await leader.game())["status"] == "scheduled"


async def test_a_withdrawn_game_that_was_played_after_all_has_its_result(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    await slate(leader, BEFORE)
    await scores(leader, AFTER, score("g1", (110, 104), completed=True))
    assert (await leader.game())["status"] == "final"


async def test_results_of_unknown_games_are_kept_only_when_finished_and_of_a_known_league(
    leader: Leader,
) -> None:
    given = (
        score("new", (99, 90), completed=True),
        score("running", (12, 10)),
        score("empty", (None, None), completed=True),
        score("half", (99, None), completed=True),
        score("elsewhere", (3, 1), completed=True, sport_key="cricket_odi"),
    )
    assert await scores(leader, AFTER, *given) == 0
    assert await results(leader, AFTER, *given) == 1
    assert [row["id"] for row in await leader.rows("SELECT id FROM games")] == ["new"]
    game = await leader.game("new")
    assert (game["status"], game["home_score"], game["final_at"]) == ("final", 99, AFTER)


async def test_a_result_of_a_known_game_makes_no_second_one(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    assert await results(leader, AFTER, score("g1", (110, 104), completed=True)) == 0
    assert (await leader.game())["status"] == "scheduled"


async def test_a_team_s_form_is_its_last_five_results_at_home_and_away(leader: Leader) -> None:
    played = [
        score(
            f"r{day}",
            (100 + day, 100),
            completed=True,
            starts=TIP_OFF - timedelta(days=day),
            home=HOME if day % 2 else AWAY,
            away=AWAY if day % 2 else HOME,
        )
        for day in range(1, 8)
    ]
    await results(
        leader, BEFORE, *played, score("old", (1, 0), completed=True, starts=TIP_OFF - timedelta(days=200))
    )
    async with leader.transaction() as connection:
        found = await games.recent_results(connection, [SPORT], BEFORE)
    assert found.keys() == {(SPORT, HOME), (SPORT, AWAY)}
    assert [game.id for game in found[SPORT, HOME]] == ["r1", "r2", "r3", "r4", "r5"]


async def test_the_leagues_that_have_an_unfinished_game_are_asked_for_scores(leader: Leader) -> None:
    await slate(leader, BEFORE, event())

    async def unfinished(now: datetime) -> set[str]:
        async with leader.transaction() as connection:
            return await games.sports_of_unfinished(connection, now)

    assert await unfinished(BEFORE) == set()
    assert await unfinished(TIP_OFF) == {SPORT}
    unresolved_at = TIP_OFF + timedelta(hours=12)
    await start_due(leader, unresolved_at)
    on_the_hour = unresolved_at.replace(minute=0)
    assert await unfinished(on_the_hour + timedelta(minutes=9)) == {
        SPORT
    }  # once an hour, by a job every ten minutes
    assert await unfinished(on_the_hour + timedelta(minutes=10)) == set()
    assert await unfinished(on_the_hour + timedelta(days=3)) == set()
    await scores(leader, AFTER, score("g1", (110, 104), completed=True))
    assert await unfinished(on_the_hour) == set()


async def test_a_final_that_another_source_tells_otherwise_stays_and_is_no_correction(leader: Leader) -> None:
    await slate(leader, BEFORE, event())
    async with leader.transaction() as connection:
        told = {"g1": scoreboard.Told(News("result", score=(110, 104)), 4, "0.0", "Final")}
        assert await scoreboard.write_told(connection, told, "espn", AFTER) == 1
    assert await scores(leader, AFTER + SECOND, score("g1", (111, 104), completed=True)) == 0
    async with leader.transaction() as connection:
        said = await games.disputes(connection, [score("g1", (111, 104), completed=True)])
    assert said == ["g1: espn says (110, 104), odds_api says (111, 104)"]
    async with leader.transaction() as connection:
        told = {"g1": scoreboard.Told(News("result", score=(112, 104)), 4, "0.0", "Final")}
        assert await scoreboard.write_told(connection, told, "espn", AFTER + SECOND) == 1
    assert (await leader.game())["home_score"] == 112
    (correction,) = await leader.rows("SELECT home_before, home_after, source FROM game_corrections")
    assert correction == {"home_before": 110, "home_after": 112, "source": "espn"}
