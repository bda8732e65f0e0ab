"""The job `settle`: what it writes, when it corrects itself, and that it writes nothing twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from quartapp.jobs.settle import settle
from quartapp.store.games import write_scores
from tests.support.examples import score
from tests.support.leader import Leader
from tests.support.settling import SPORT, TODAY, Placed, grade_rows, place_picks, put_game


def pick(
    bet_id: str, game_id: str, outcome: str = "Cubs", market: str = "h2h", point: str | None = None
) -> Placed:
    return Placed(
        bet_id, 0, game_id, market, outcome, None if point is None else Decimal(point), Decimal("1.91")
    )


async def run(leader: Leader) -> dict[str, Any]:
    return dict(await settle(leader.context("settle")) or {})


async def grades(sql: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in await grade_rows(sql):
        found.setdefault(row["bet_id"], []).append(row["grade"])
    return found


async def test_a_grade_names_its_evidence_and_a_second_run_writes_nothing(leader: Leader, sql: Any) -> None:
    await put_game(sql, "g", (5, 3))
    await place_picks(
        sql,
        [
            pick("win", "g"),
            pick("line", "g", "Mets", "spreads", "1.5"),
            pick("total", "g", "Over", "totals", "8"),
        ],
    )
    assert (await run(leader))["grades"] == 3
    rows = {row["bet_id"]: row for row in await grade_rows(sql)}
    assert {name: row["grade"] for name, row in rows.items()} == {
        "win": "won",
        "line": "lost",
        "total": "push",
    }
    game = await sql.fetchrow("SELECT * FROM games")
    for row in rows.values():
        assert (row["bet_kind"], row["leg"], row["game_id"], row["corrects"]) == ("pick", 0, "g", None)
        assert (row["home_score"], row["away_score"], row["game_status"]) == (5, 3, "final")
        assert (row["source"], row["told_at"]) == ("sandbox", game["final_at"])
        assert row["reason"] == "5-3"
    before = await grade_rows(sql)
    assert (await run(leader))["grades"] == 0
    assert await grade_rows(sql) == before


async def test_games_that_were_not_played_to_an_end(leader: Leader, sql: Any) -> None:
    for hours in (47, 49):
        for status in ("postponed", "withdrawn", "scheduled", "live", "unresolved", "cancelled"):
            await put_game(sql, f"{status}{hours}", None, status=status, hours_ago=hours)
    names = [row["id"] for row in await sql.fetch("SELECT id FROM games")]
    await place_picks(sql, [pick(name, name) for name in names])
    # Scheduled anew, four days after the start that was planned when the bets were made.
    for hours in (47, 49):
        await put_game(sql, f"scheduled{hours}", None, status="scheduled", hours_ago=hours - 96)
    await run(leader)
    assert await grades(sql) == {
        name: ["void"] for name in ("cancelled47", "cancelled49", "postponed49", "withdrawn49", "scheduled49")
    }
    # None of the rest is graded without a score, however long it stands.
    assert {row["grade"] for row in await grade_rows(sql) if row["home_score"] is None} == {"void"}


async def test_a_corrected_score_is_graded_anew_in_the_next_run_as_a_new_row(
    leader: Leader, sql: Any
) -> None:
    await put_game(sql, "g", (5, 3))
    await place_picks(
        sql, [pick("home", "g"), pick("away", "g", "Mets"), pick("over", "g", "Over", "totals", "6")]
    )
    await run(leader)
    async with leader.transaction() as connection:
        told = score("g", (4, 5), completed=True, sport_key=SPORT, home="Cubs", away="Mets")
        assert await write_scores(connection, [told], TODAY) == 1
    assert (await run(leader))["grades"] == 3
    assert await grades(sql) == {"home": ["won", "lost"], "away": ["lost", "won"], "over": ["won", "won"]}
    corrections = [row for row in await grade_rows(sql) if row["corrects"]]
    assert {row["source"] for row in corrections} == {"odds_api"}, "who told the score"
    assert {row["reason"] for row in corrections} == {"4-5; was won by 5-3", "4-5; was lost by 5-3"}
    assert {row["told_at"] for row in corrections} == {TODAY}
    firsts = {row["id"]: row["bet_id"] for row in await grade_rows(sql) if not row["corrects"]}
    assert all(firsts[row["corrects"]] == row["bet_id"] for row in corrections)
    assert (await run(leader))["grades"] == 0


async def test_a_void_bet_whose_game_is_played_late_stays_void(leader: Leader, sql: Any) -> None:
    await put_game(sql, "g", None, status="postponed", hours_ago=60)
    await place_picks(sql, [pick("p", "g")])
    await run(leader)
    await put_game(sql, "g", (5, 3), hours_ago=5)
    assert (await run(leader))["grades"] == 0
    assert await grades(sql) == {"p": ["void"]}


async def test_sides_follow_the_teams_when_they_change_places_or_names(leader: Leader, sql: Any) -> None:
    for name in ("swapped", "renamed"):
        await put_game(sql, name, None, status="scheduled")
    await place_picks(sql, [pick("s", "swapped", "Mets"), pick("r", "renamed", "Mets")])
    await put_game(sql, "swapped", (2, 1), home="Mets", away="Cubs")
    await put_game(sql, "renamed", (2, 1), away="New York Mets")
    await run(leader)
    assert await grades(sql) == {"s": ["won"], "r": ["lost"]}


async def test_an_outcome_that_its_game_does_not_have_stays_open_and_the_run_says_so(
    leader: Leader, sql: Any
) -> None:
    await put_game(sql, "g", (5, 3))
    await place_picks(sql, [pick("odd", "g", "Yankees"), pick("even", "g")])
    first = await run(leader)
    assert (first["due"], first["done"], first["unreadable"]) == (1, 1, 1)
    again = await run(leader)
    assert (again["due"], again["done"], again["unreadable"]) == (0, 0, 1)
    assert again["first_unreadable"].startswith("leg 1 of odd: 'Yankees' is not an outcome")
    assert await grades(sql) == {"even": ["won"]}


async def test_a_bet_that_waits_for_a_day_for_what_its_rule_asks_for_is_told(
    leader: Leader, sql: Any
) -> None:
    cup = "soccer_uefa_champs_league"
    await put_game(sql, "new", (2, 1), sport=cup, hours_ago=26)  # over for 23 hours
    await put_game(sql, "old", (2, 1), sport=cup, hours_ago=28)
    await put_game(sql, "ancient", (2, 1), sport=cup, hours_ago=24 * 31)  # the alert ends, the bet stays open
    await place_picks(sql, [pick("p", "new"), pick("q", "old"), pick("a", "ancient")])
    done = await run(leader)
    assert (done["due"], done["done"], done["waiting"]) == (0, 0, 1)
    assert done["first_waiting"] == "leg 1 of q: nobody told whether there was play after regulation"
    assert await grades(sql) == {}


async def test_bets_on_a_game_whose_end_nobody_tells_stay_open_and_are_told_after_48_hours(
    leader: Leader, sql: Any
) -> None:
    """A walkover in tennis, a fight without a result, a cricket score that is no number: over, and nobody says how."""
    for name, hours in (("new", 47), ("old", 49), ("ancient", 24 * 31)):
        await put_game(sql, name, None, status="unresolved", sport="tennis_atp_us_open", hours_ago=hours)
    await place_picks(sql, [pick(name, name) for name in ("new", "old", "ancient")])
    done = await run(leader)
    assert (done["due"], done["done"], done["waiting"]) == (0, 0, 1)
    assert done["first_waiting"] == "leg 1 of old: no source has told how the game ended"
    assert await grades(sql) == {}


async def test_a_grade_is_never_changed_and_never_doubled(leader: Leader, sql: Any) -> None:
    await put_game(sql, "g", (5, 3))
    await place_picks(sql, [pick("p", "g")])
    await run(leader)
    for statement in ("UPDATE grades SET grade = 'lost'", "DELETE FROM grades", "TRUNCATE grades"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changed"):
            await sql.execute(statement)
    again = """
        INSERT INTO grades (bet_kind, bet_id, leg, game_id, grade, reason, game_status, home_score, away_score, source,
                            graded_at, corrects)
        SELECT bet_kind, bet_id, leg, game_id, $1, reason, game_status, $2, away_score, source, graded_at, $3 FROM grades
         WHERE corrects IS NULL
    """
    with pytest.raises(asyncpg.UniqueViolationError):
        await sql.execute(again, "lost", 5, None)
    with pytest.raises(asyncpg.CheckViolationError):
        await sql.execute(again, "won", None, 1)
    await sql.execute(again, "lost", 5, 1)
    with pytest.raises(asyncpg.UniqueViolationError):
        await sql.execute(again, "won", 5, 1)


async def test_a_replaced_leader_grades_nothing(leader: Leader, sql: Any) -> None:
    await put_game(sql, "g", (5, 3))
    await place_picks(sql, [pick("p", "g")])
    await leader.take_over()
    with pytest.raises(Exception, match="replaced"):
        await run(leader)
    assert await grade_rows(sql) == []


async def test_a_score_found_late_still_counts(leader: Leader, sql: Any) -> None:
    await put_game(sql, "g", None, status="unresolved", hours_ago=30)
    await place_picks(sql, [pick("p", "g")])
    assert (await run(leader))["grades"] == 0
    await put_game(sql, "g", (5, 3), hours_ago=30)
    assert (await run(leader))["grades"] == 1
    (row,) = await grade_rows(sql)
    assert row["graded_at"] - TODAY < timedelta(hours=1)
