"""A clock that is killed while it settles."""

from __future__ import annotations

import asyncio
import os
import signal
from decimal import Decimal
from fractions import Fraction
from typing import Any

import asyncpg
import pytest

from tests.chaos.conftest import Start
from tests.settle.second_grader import Question, answer
from tests.support.settling import SPORT, Placed, grade_rows, place_picks, put_game
from tests.support.waiting import eventually

pytestmark = pytest.mark.chaos

# An advisory lock that a test holds stops the clock in the middle of a batch: the third of ten.
GATE = """
CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1414);
    RETURN new;
END
$$;
CREATE TRIGGER gate BEFORE INSERT ON grades FOR EACH ROW WHEN (new.bet_id = 'p050')
EXECUTE FUNCTION wait_at_the_gate();
"""


async def test_a_clock_killed_in_the_middle_of_settling_leaves_each_bet_graded_once(
    start_clock: Start, ledger: Any, database_url: str
) -> None:
    await place(ledger)
    await ledger.execute(GATE)
    holder = await asyncpg.connect(database_url)
    await holder.execute("SELECT pg_advisory_lock(1414)")
    killed = start_clock("settle")
    await eventually(lambda: waits_at_the_gate(ledger), timeout=60)
    committed = len(await grade_rows(ledger))
    os.kill(killed.pid, signal.SIGKILL)
    await asyncio.to_thread(killed.wait)
    await holder.close()
    assert committed == 40  # two whole batches, and nothing of the third

    start_clock("settle")
    await eventually(lambda: all_graded(ledger), timeout=60)
    # Runs go on every second: what a later one writes twice would be seen.
    successes = "SELECT count(*) FROM scheduler_job_runs WHERE status = 'success'"
    before = await ledger.fetchval(successes)
    await eventually(lambda: more_than(ledger, successes, before + 1), timeout=60)
    rows = await grade_rows(ledger)
    assert len(rows) == len({row["bet_id"] for row in rows}) == 200
    assert not any(row["corrects"] for row in rows)
    assert {row["bet_id"]: row["grade"] for row in rows} == EXPECTED


SCORES = [(5, 3), (3, 5), (4, 4), (2, 0)]
PICKS = [
    Placed(
        f"p{number:03d}", 0, f"g{number}", "totals" if number % 3 else "h2h",
        ("Over", "Under")[number % 2] if number % 3 else ("Cubs", "Mets")[number % 2],
        Decimal("7.5") + Decimal(number % 5) / 4 if number % 3 else None, Decimal("1.9"),
    )
    for number in range(200)
]  # fmt: skip
EXPECTED = {
    pick.bet_id: answer(
        Question(
            SPORT, pick.market, {"Cubs": "home", "Mets": "away"}.get(pick.outcome, pick.outcome.lower()),
            None if pick.point is None else Fraction(pick.point), False, "final", *SCORES[int(pick.game_id[1:]) % 4],
            False, None, None, Fraction(0), Fraction(4),
        )
    )
    for pick in PICKS
}  # fmt: skip


async def place(connection: Any) -> None:
    for number in range(len(PICKS)):
        await put_game(connection, f"g{number}", SCORES[number % 4])
    await place_picks(connection, PICKS)


async def waits_at_the_gate(connection: Any) -> bool:
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 1414 AND NOT granted)"
        )
    )


async def all_graded(connection: Any) -> bool:
    return len(await grade_rows(connection)) >= len(PICKS)


async def more_than(connection: Any, query: str, count: int) -> bool:
    return bool(await connection.fetchval(query) > count)
