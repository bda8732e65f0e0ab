"""Parlays that were being settled when the clock was killed are settled once."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import asyncpg

from ops.database import open_database
from quartapp.jobs.settle import settle
from quartapp.settings import Settings
from tests.conftest import PROJECT
from tests.support.leader import Leader, open_leader
from tests.support.settling import Placed, place_picks, put_game, put_member, save_parlays
from tests.support.waiting import eventually

PARLAYS = 2_000


async def run(leader: Leader) -> dict[str, Any]:
    return dict(await settle(leader.context("settle")) or {})


async def kept(sql: Any) -> dict[UUID, tuple[str, int | None]]:
    rows = await sql.fetch("SELECT id, status, payout_cents FROM saved_parlays")
    return {row["id"]: (row["status"], row["payout_cents"]) for row in rows}


def leg(number: int, game_id: str, outcome: str, price: str = "2", **other: Any) -> Placed:
    return Placed(
        "", number, game_id, other.pop("market", "h2h"), outcome, other.pop("point", None), Decimal(price)
    )


async def test_killed_in_the_middle_each_bet_is_graded_once(
    settings: Settings, settings_env: Callable[..., dict[str, str]], database_url: str, redis: Any, sql: Any
) -> None:
    await put_game(sql, "g", (5, 3))
    await put_game(sql, "h", (2, 3))
    many = {
        UUID(int=n): (1_000 + n, [leg(0, "g", "Cubs", "1.9"), leg(1, "h", "Mets", "2.1")])
        for n in range(1_000)
    }
    await save_parlays(sql, await put_member(sql), many)
    await place_picks(sql, [Placed("p", 0, "g", "h2h", "Cubs", None, Decimal(2))])
    held = await asyncpg.connect(database_url)
    async with held.transaction():
        # Its last batch waits for this row, so that it is in the middle when it is killed.
        await held.execute("SELECT FROM saved_parlays WHERE id = $1 FOR UPDATE", max(many))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.settle_process", cwd=PROJECT, env=settings_env()
        )
        await eventually(lambda: _waits(sql))
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    await held.close()
    assert 1 < await sql.fetchval("SELECT count(*) FROM grades") < 2_001
    torn = await sql.fetchval(
        """
        SELECT count(*) FROM saved_parlays
         WHERE (status = 'open') <> NOT EXISTS (
                   SELECT FROM grades WHERE bet_kind = 'parlay' AND bet_id = saved_parlays.id::text
               )
        """
    )
    assert torn == 0, "grades and what follows from them are one transaction"
    database = open_database(database_url, application_name="tests")
    await database.connect()
    async with open_leader(database, redis, settings) as next_leader:
        await run(next_leader)
    await database.disconnect()
    assert await sql.fetchval("SELECT count(*) FROM grades") == 2_001
    assert await kept(sql) == {
        parlay_id: ("won", int(Fraction("1.9") * Fraction("2.1") * stake + Fraction(1, 2)))
        for parlay_id, (stake, _) in many.items()
    }
    assert await sql.fetchval("SELECT count(*) FROM saved_parlay_history") == 1_000
    assert datetime.now(UTC) > await sql.fetchval("SELECT max(settled_at) FROM saved_parlays")


async def _waits(sql: Any) -> bool:
    return bool(await sql.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))
