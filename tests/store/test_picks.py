"""A published pick is a row that nothing changes, and a day has eight of them at most."""

from __future__ import annotations

import asyncpg
import pytest

from ops.database import raw
from tests.support.examples import book, event, h2h
from tests.support.leader import Leader

INSERT = """
INSERT INTO picks (id, day, place, game_id, sport_key, home_team, away_team, commence_time, market_key, kind,
                   outcome_name, bookmaker_key, price, price_format, price_decimal, win, push, edge, books,
                   odds_age_seconds, consensus, published_at, reason, source)
SELECT $1, '2026-06-01', $2::int, id, sport_key, home_team, away_team, commence_time, 'h2h', 'two_way',
       $1, 'fanduel', -150, 'american', 1.6667, 0.62, 0, 0.033, 5, 40, '{}', now(), 'why', source
  FROM games
"""


async def test_a_published_pick_can_be_neither_changed_nor_deleted(leader: Leader) -> None:
    await leader.store(event("g1", book("fanduel", h2h("-150", "+130"))))
    async with leader.transaction() as connection:
        await raw(connection).execute(INSERT, "a", 1)
    for statement in ("UPDATE picks SET edge = 1", "DELETE FROM picks", "TRUNCATE picks CASCADE"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changed"):
            async with leader.transaction() as connection:
                await raw(connection).execute(statement)
    assert [row["edge"] for row in await leader.rows("SELECT edge FROM picks")] == [0.033]


async def test_the_database_takes_no_ninth_pick_of_a_day(leader: Leader) -> None:
    await leader.store(event("g1", book("fanduel", h2h("-150", "+130"))))
    async with leader.transaction() as connection:
        for place in range(1, 9):
            await raw(connection).execute(INSERT, str(place), place)
    for place in (8, 9):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            async with leader.transaction() as connection:
                await raw(connection).execute(INSERT, "one more", place)
